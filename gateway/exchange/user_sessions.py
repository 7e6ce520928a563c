"""Sessions that a long-lived user opens: temporary keys of its own, or keys for somebody whom it vouches for.

Source: AWS STS API Reference, "GetSessionToken" and "GetFederationToken".
"""

from typing import Final

from gateway.actions.action import ServiceAction
from gateway.domain.arn import federated_user_arn
from gateway.domain.assumption import FederationRequest, OpenedSession, SessionTokenRequest
from gateway.domain.errors import MfaRefused, SessionCallerRefused
from gateway.domain.grant import UserGrant
from gateway.domain.user import User
from gateway.exchange import audit_identities, audit_parameters
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.deciding import allowed
from gateway.exchange.parts import Parts
from gateway.exchange.proof import Proof, SignedCall, proven_to_sts
from gateway.exchange.request_keys import Value
from gateway.exchange.session_policies import session_policies
from gateway.roles.statements import TAG_SESSION

DEFAULT_DURATION: Final = 43_200
GET_FEDERATION_TOKEN: Final = "sts:GetFederationToken"  # noqa: S105  an action's name


def session_token(parts: Parts, request: SessionTokenRequest, call: SignedCall, entry: AuditEntry) -> OpenedSession:
    """GetSessionToken: it needs no permission. Raises AuthenticationError, AccessDenied, ServiceError."""
    given = {"durationSeconds": request.duration, "serialNumber": request.serial_number}
    entry.request_parameters = {name: value for name, value in given.items() if value is not None}
    proof = proven_to_sts(parts, call, entry)
    user = _long_lived(proof, "GetSessionToken")
    if request.serial_number is not None or request.mfa_code:
        raise MfaRefused
    grant = UserGrant(user=user, duration=request.duration or DEFAULT_DURATION)
    session, credentials = parts.issuer.mint_for_user(grant, proof.now)
    opened = OpenedSession(credentials=credentials, principal=session.principal)
    entry.session_id = session.principal.session_id
    entry.succeeded({"credentials": audit_identities.told_credentials(credentials)})
    return opened


def federation_token(parts: Parts, request: FederationRequest, call: SignedCall, entry: AuditEntry) -> OpenedSession:
    """GetFederationToken. Without session policies the federated user may do nothing.

    Raises RequestError, AuthenticationError, AccessDenied, ServiceError.
    """
    entry.request_parameters = audit_parameters.federation_parameters(request)
    proof = proven_to_sts(parts, call, entry)
    user = _long_lived(proof, "GetFederationToken")
    name = request.session.session_name or ""
    resource = federated_user_arn(user.account, name)
    keys: dict[str, Value] = {
        "aws:TagKeys": list(request.tags),
        **{f"aws:RequestTag/{key}": value for key, value in request.tags.items()},
    }
    for action in (GET_FEDERATION_TOKEN, *([TAG_SESSION] if request.tags else [])):
        allowed(parts, proof, ServiceAction(name=action, resource=resource), keys)
    grant = UserGrant(
        user=user,
        duration=request.session.duration or DEFAULT_DURATION,
        federated_name=name,
        tags=request.tags,
        session_policies=session_policies(request.session, user.account, parts.catalog),
    )
    session, credentials = parts.issuer.mint_for_user(grant, proof.now)
    opened = OpenedSession(credentials=credentials, principal=session.principal)
    entry.session_id = session.principal.session_id
    entry.succeeded(audit_identities.opened_federation(opened))
    return opened


def _long_lived(proof: Proof, action: str) -> User:
    """The user whose long-lived key signed. Raises SessionCallerRefused."""
    if proof.claimant.user is None or proof.session is not None:
        raise SessionCallerRefused(action=action)
    return proof.claimant.user
