"""The signature schemes that the gateway knows by name: the one it takes, and those it refuses with a hint."""

from collections.abc import Mapping
from typing import Final, Never

from gateway.domain.errors import UnsupportedSignature

HMAC_SHA256: Final = "AWS4-HMAC-SHA256"
SIGV4A: Final = "AWS4-ECDSA-P256-SHA256"

_MEND: Final = f"The authorization mechanism you have provided is not supported. Please use {HMAC_SHA256}."
_SIGV2_HINT: Final = (
    "Signature Version 2 is not supported: with boto3, set Config(signature_version='s3v4'), presigned URLs included."
)
_SIGV4A_HINT: Final = (
    f"Signature Version 4A ({SIGV4A}) is not supported: configure the client to sign for one region with {HMAC_SHA256}."
)
# Told by name; the word of any other scheme is not repeated: a bare token has no scheme, and would be told whole.
_KNOWN: Final[Mapping[str, tuple[str, str]]] = {
    "aws": ("AWS", f"{_MEND} {_SIGV2_HINT}"),
    "aws3": ("AWS3", _MEND),
    "aws3-https": ("AWS3-HTTPS", _MEND),
    SIGV4A.lower(): (SIGV4A, f"{_MEND} {_SIGV4A_HINT}"),
    **{name.lower(): (name, _MEND) for name in ("Basic", "Bearer", "Digest", "DPoP", "Negotiate", "NTLM")},
}
SIGV2_QUERY: Final = "AWS"


def refuse_scheme(scheme: str) -> Never:
    """Raise UnsupportedSignature for an Authorization scheme or query algorithm other than AWS4-HMAC-SHA256."""
    name, message = _KNOWN.get(scheme.lower(), ("unknown", _MEND))
    raise UnsupportedSignature(message, scheme=name)
