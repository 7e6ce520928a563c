"""Whether a sign-in has been revoked, or its provider replaced: then nothing that came of it opens anything more."""

from gateway.domain.errors import NotSignedIn, RevokedSession
from gateway.domain.principal import Principal, PrincipalType
from gateway.exchange.parts import Parts
from gateway.exchange.people.signed_in import SignedIn


def check_sign_in(parts: Parts, signed_in: SignedIn) -> SignedIn:
    """The sign-in where it may go on. Raises NotSignedIn, StateUnavailable."""
    identity = signed_in.identity
    saml = parts.registry.saml(identity.provider)
    # Which provider a SAML one is, its metadata says: another by now vouches for nobody whom the one before let in.
    if saml is not None and saml.issuer not in {"", identity.issuer}:
        raise NotSignedIn(cause="the provider of the sign-in was replaced by another")
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
