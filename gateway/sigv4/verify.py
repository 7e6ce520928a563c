"""Whether a signed request was made in time, by the holder of the key, and about this body."""

from datetime import datetime, timedelta
from typing import Final

from gateway.domain.errors import PayloadHashMismatch, PresignedUrlExpired, RequestTimeSkewed
from gateway.sigv4.dates import MAXIMUM_SKEW, basic
from gateway.sigv4.payload import PayloadMode, payload_mode
from gateway.sigv4.rules import SigningRules
from gateway.sigv4.signed_request import SignedRequest
from gateway.sigv4.string_to_sign import check_signature, strings_to_sign

_MINUTES: Final = int(MAXIMUM_SKEW / timedelta(minutes=1))


def check_time(signed: SignedRequest, now: datetime) -> None:
    """Raise RequestTimeSkewed outside 15 minutes around `now`; a presigned URL lives from its date for its seconds.

    Raises PresignedUrlExpired after that; before its date it has the same 15 minutes for clocks that differ.
    """
    check_not_early(signed.timestamp, now)
    if signed.expires is None:
        check_not_late(signed.timestamp, now)
        return
    expired_at = signed.timestamp + timedelta(seconds=signed.expires)
    if now > expired_at:
        raise PresignedUrlExpired(expired_at=expired_at, now=now)


def check_not_early(timestamp: datetime, now: datetime) -> None:
    """Raise RequestTimeSkewed for a time more than 15 minutes after `now`."""
    if timestamp - now > MAXIMUM_SKEW:
        raise RequestTimeSkewed(
            f"Signature not yet current: {basic(timestamp)} is still later than {basic(now + MAXIMUM_SKEW)} "
            f"({basic(now)} + {_MINUTES} min.)",
            requested_at=timestamp,
            now=now,
        )


def check_not_late(timestamp: datetime, now: datetime) -> None:
    """Raise RequestTimeSkewed for a time more than 15 minutes before `now`."""
    if now - timestamp > MAXIMUM_SKEW:
        raise RequestTimeSkewed(
            f"Signature expired: {basic(timestamp)} is now earlier than {basic(now - MAXIMUM_SKEW)} "
            f"({basic(now)} - {_MINUTES} min.)",
            requested_at=timestamp,
            now=now,
        )


def verify(signed: SignedRequest, key: bytes, rules: SigningRules, *, body_sha256: str | None) -> None:
    """Return when the request was signed with this signing key, and its body is the one signed.

    body_sha256: lower-case hex of the real body; None where the body is not seen, and then a hash in
    x-amz-content-sha256 is proven to be the signer's, but whoever reads the body must compare it.
    Time and scope are checked by `check_time` and `scope.check_scope`.

    Raises MalformedSignedRequest for a payload hash that these rules need and lack, or do not accept;
    SignatureMismatch; PayloadHashMismatch, only to one who holds the key.
    """
    check_signature(strings_to_sign(signed, rules, body_sha256=body_sha256), signed.signature, key)
    check_body(signed.payload_hash, body_sha256)


def check_body(payload_hash: str | None, body_sha256: str | None) -> None:
    """Raise PayloadHashMismatch where the body is seen, and is not the one whose hash was signed."""
    if payload_hash == body_sha256 or payload_hash is None or body_sha256 is None:
        return
    if payload_mode(payload_hash) is PayloadMode.HASH:
        raise PayloadHashMismatch
