"""The two values that everything here is about: a request as it came, and one with a signature that can be read."""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.values import quickly_made
from gateway.sigv4.scope import CredentialScope


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request as ASGI gives it.

    raw_path: undecoded, without the query; raw_query: undecoded, without `?`; headers: names lower-case, in order.
    """

    method: str
    raw_path: bytes
    raw_query: bytes = field(repr=False)
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request with a signature that can be read, and is not verified.

    timestamp_text: the timestamp as `YYYYMMDDTHHMMSSZ`, which is how it is signed.
    expires: seconds that a presigned URL lives; None in the header form.
    payload_hash: what x-amz-content-sha256 says, where it is covered by the signature; None where it says nothing.
    canonical_headers: the block of signed headers; canonical_queries: the queries that a conforming signer may have
    signed, likeliest first.
    """

    http: HttpRequest
    access_key_id: str
    scope: CredentialScope
    timestamp: datetime
    timestamp_text: str
    expires: int | None
    signed_headers: tuple[str, ...]
    signature: str = field(repr=False)
    session_token: str | None = field(repr=False)
    payload_hash: str | None
    canonical_headers: bytes = field(repr=False)
    canonical_queries: tuple[bytes, ...] = field(repr=False)
