"""Signing an allowed request anew, with the gateway's own key at a store that knows nothing of the gateway."""

from datetime import datetime
from typing import Final

from gateway.domain.errors import MalformedSignedRequest
from gateway.domain.service import Upstream
from gateway.sigv4.payload import UNSIGNED_PAYLOAD, PayloadMode
from gateway.sigv4.request import HttpRequest
from gateway.sigv4.rules import S3_RULES
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.sign import REPLACED, sign
from gateway.sigv4.signed_request import SignedRequest

CHAINED: Final = frozenset({PayloadMode.STREAMING_HMAC.value, PayloadMode.STREAMING_HMAC_TRAILER.value})


def refuse_chained_chunks(signed: SignedRequest) -> None:
    """Raise MalformedSignedRequest for a body whose chunks chain from the client's own signature."""
    # The store computes each chunk's signature from the one of the headers, which is another after signing anew.
    if signed.payload_hash in CHAINED:
        raise MalformedSignedRequest(
            f"x-amz-content-sha256 {signed.payload_hash} cannot be passed on to this store: turn chunked encoding off "
            "in the client (AWS SDK for Java: chunkedEncodingEnabled(false)), or use https, over which today's SDKs "
            "send STREAMING-UNSIGNED-PAYLOAD-TRAILER.",
            kind="unsupported_payload_hash",
        )


def signed_anew(signed: SignedRequest, upstream: Upstream, now: datetime) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that make a proven request valid at `upstream`."""
    return http_signed_anew(signed.http, signed.payload_hash, upstream, now)


def http_signed_anew(
    http: HttpRequest, payload_hash: str | None, upstream: Upstream, now: datetime
) -> tuple[tuple[bytes, bytes], ...]:
    """As `signed_anew`. `payload_hash`: what the request's signature said."""
    return sign(
        _as_it_arrives(http, upstream.host),
        access_key_id=upstream.access_key_id,
        secret_access_key=upstream.secret_access_key,
        session_token=None,
        scope=CredentialScope(date=f"{now:%Y%m%d}", region=upstream.region, service="s3"),
        now=now,
        rules=S3_RULES,
        # What the client bound to its signature the store's signature binds again; a presigned URL binds no body.
        payload_hash=payload_hash or UNSIGNED_PAYLOAD,
    )


def left_behind(replaced: tuple[tuple[bytes, bytes], ...]) -> tuple[bytes, ...]:
    """The headers of the client's own signature that nothing replaces."""
    return tuple(sorted(REPLACED - {name for name, _ in replaced}))


def _as_it_arrives(http: HttpRequest, host: str | None) -> HttpRequest:
    if host is None:
        return http
    others = tuple(header for header in http.headers if header[0] != b"host")
    return HttpRequest(
        method=http.method,
        raw_path=http.raw_path,
        raw_query=http.raw_query,
        headers=((b"host", host.encode("ascii")), *others),
    )
