"""RS256, which nearly every issuer signs with, straight over `cryptography`: RSASSA-PKCS1-v1_5 with SHA-256.

What reaches this was read by `compact_jws`: three segments of canonical base64url, of which the header said RS256. All
other algorithms go by joserfc, and so does this one in the tests: both must say the same of every token.
"""

import binascii
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

_PADDING: Final = PKCS1v15()
_HASH: Final = SHA256()
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


def holds(key: RSAPublicKey, header_segment: bytes, payload_segment: bytes, signature_segment: bytes) -> bool:
    """Whether `key` signed the two segments (RFC 7518 3.3). The segments are base64url text without padding."""
    padded = signature_segment.translate(_TO_STANDARD) + b"=" * (-len(signature_segment) & 3)
    try:
        # RFC 8017 8.2.2, step 1: a signature of another length than the modulus is none; `verify` sees to it.
        key.verify(binascii.a2b_base64(padded), header_segment + b"." + payload_segment, _PADDING, _HASH)
    except (InvalidSignature, binascii.Error):
        return False
    return True
