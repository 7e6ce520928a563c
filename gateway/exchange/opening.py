"""Opening the session that a grant gives: where every use case that grants a role ends."""

from datetime import datetime

from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.grant import Grant
from gateway.domain.revocation import role_value
from gateway.domain.session import Session
from gateway.exchange.parts import Parts


def open_granted(parts: Parts, grant: Grant, now: datetime) -> tuple[Session, TemporaryCredentials]:
    """Mint it, as of the first second that no revocation of its role or subject covers. Raises as `mint`."""
    role, sign_in = grant.role.arn, grant.sign_in
    birth = parts.revocations.birth(
        now, role=role_value(role.account, role.name), provider=sign_in.provider, subject=sign_in.subject
    )
    return parts.issuer.mint(grant, birth)
