"""Whether a sign-in has been revoked, or its provider replaced: then nothing that came of it opens anything more."""

from gateway.domain.errors import NotSignedIn, RevokedSession
from gateway.domain.principal import Principal, PrincipalType
from gateway.exchange.parts import Parts
from gateway.exchange.people.signed_in import SignedIn


def check_sign_in(parts: Parts, signed_in: SignedIn) -> SignedIn:
    """The sign-in where it may go on. Raises NotSignedIn, StateUnavailable."""
    identity = signed_in.identity
    provider = parts.registry.by_name(identity.provider)
    # Another by now, or none, vouches for nobody whom the one before let in, and must not get their refresh tokens.
    # Which one a SAML provider is, its metadata says: nothing while that was never fetched.
    if provider is None or provider.issuer not in {"", identity.issuer}:
        raise NotSignedIn(cause="the provider of the sign-in was taken away, or replaced by another")
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
