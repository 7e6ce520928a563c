"""Whether a sign-in has been revoked: then nothing that came of it opens anything more."""

from gateway.domain.errors import NotSignedIn, RevokedSession
from gateway.domain.principal import Principal, PrincipalType
from gateway.exchange.parts import Parts
from gateway.exchange.people.signed_in import SignedIn


def check_sign_in(parts: Parts, signed_in: SignedIn) -> SignedIn:
    """The sign-in where it may go on. Raises NotSignedIn, StateUnavailable."""
    identity = signed_in.identity
    person = Principal(
        type=PrincipalType.ASSUMED_ROLE,
        arn="",
        identity_arn="",
        account="",
        unique_id="",
        access_key_id="",
        session_id=signed_in.sign_in_id,
        issued_at=signed_in.begun,
        expires_at=signed_in.ends,
        provider=identity.provider,
        subject=identity.subject,
    )
    try:
        parts.revocations.check(person)
    except RevokedSession:
        raise NotSignedIn(cause="the sign-in was revoked") from None
    return signed_in
