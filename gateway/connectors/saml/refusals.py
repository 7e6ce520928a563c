"""What a refused answer is told: few neutral sentences outside, the exact cause for the audit log alone."""

from datetime import datetime
from typing import Final, Never

from gateway.domain.errors import ExpiredIdentityToken, InvalidIdentityToken

_SHAPE: Final = "The SAML response is not valid"
_SIGNATURE: Final = "Response signature invalid"
_CONDITION: Final = "The SAML response does not hold here and now"
_ENCRYPTION: Final = "The SAML response cannot be decrypted"
_ISSUER: Final = "Issuer not present in specified provider"
# AWS's words, whatever it was that ended.
_EXPIRED: Final = "Token must be redeemed within 5 minutes of issuance"


def misshapen(cause: str) -> Never:
    """The answer is not built as honest ones are; nothing of it was verified."""
    raise InvalidIdentityToken(_SHAPE, cause=cause) from None


def unsigned(cause: str) -> Never:
    """No signature of the identity provider holds."""
    raise InvalidIdentityToken(_SIGNATURE, cause=cause) from None


def undecryptable() -> Never:
    """One sentence for padding, digest and key: who tells them apart decrypts by asking (Bleichenbacher, Vaudenay)."""
    raise InvalidIdentityToken(_ENCRYPTION, cause="an encrypted assertion does not open with our key") from None


def encrypted_otherwise(cause: str) -> Never:
    """The encryption is not of a kind that is taken; nothing was decrypted."""
    raise InvalidIdentityToken(_ENCRYPTION, cause=cause) from None


def inapplicable(cause: str) -> Never:
    """Signed, and still not for us, not for this purpose, or not now."""
    raise InvalidIdentityToken(_CONDITION, cause=cause) from None


def foreign(cause: str) -> Never:
    """Signed by somebody, and not issued by this provider."""
    raise InvalidIdentityToken(_ISSUER, cause=cause) from None


def outlived(ends: datetime, now: datetime) -> Never:
    """It held until `ends`: the assertion, its confirmation, the session at the provider, or an authentication."""
    raise ExpiredIdentityToken(now=int(now.timestamp()), expired_at=int(ends.timestamp()), message=_EXPIRED) from None
