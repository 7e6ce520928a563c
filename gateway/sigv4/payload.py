"""What x-amz-content-sha256 may say, and what a signature therefore says about the body."""

import re
from enum import Enum
from typing import Final

from gateway.domain.errors import MalformedSignedRequest

UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class PayloadMode(Enum):
    """Every form of x-amz-content-sha256 that AWS defines; the value is its text, but for a hash."""

    HASH = "a SHA-256 hash"
    UNSIGNED = UNSIGNED_PAYLOAD
    STREAMING_UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    STREAMING_HMAC = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    STREAMING_HMAC_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    STREAMING_ECDSA = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
    STREAMING_ECDSA_TRAILER = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"


_LITERALS: Final = {mode.value: mode for mode in PayloadMode if mode is not PayloadMode.HASH}


def payload_mode(payload_hash: str) -> PayloadMode:
    """Name the form of an x-amz-content-sha256 value.

    Raises MalformedSignedRequest for any other: a form that nobody knows is a form that nobody verifies
    (CVE-2025-31489: a new form was missed in one handler, and signatures were not checked at all).
    """
    if _SHA256.fullmatch(payload_hash):
        return PayloadMode.HASH
    mode = _LITERALS.get(payload_hash)
    if mode is None:
        raise MalformedSignedRequest(
            f"x-amz-content-sha256 must be {', '.join(_LITERALS)}, or a valid sha256 value.",
            kind="unsupported_payload_hash",
        )
    return mode


def check_mode(payload_hash: str, accepted: frozenset[PayloadMode]) -> PayloadMode:
    """The form of the value; raises MalformedSignedRequest, naming it, for one that is not accepted here."""
    mode = payload_mode(payload_hash)
    if mode not in accepted:
        others = ", ".join(sorted(other.value for other in accepted))
        raise MalformedSignedRequest(
            f"x-amz-content-sha256 {mode.value} is not accepted here; send {others}.", kind="unsupported_payload_hash"
        )
    return mode
