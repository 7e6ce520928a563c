"""What a connection answers before any application sees the request."""

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

METHODS: Final = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"})
_ALLOW: Final = b"allow: " + b", ".join(sorted(METHODS)) + b"\r\n"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is given before any application sees the request."""

    status: int
    text: str
    headers: bytes = b""


MALFORMED: Final = Refusal(400, "The request is not valid HTTP/1.1")
TARGET: Final = Refusal(400, "The request target must be a path that begins with / and has no fragment")
HOST: Final = Refusal(400, "The request must have exactly one Host header")
TRANSFER_CODING: Final = Refusal(400, "The only transfer coding is chunked, given once, in HTTP/1.1")
METHOD: Final = Refusal(405, "The gateway does not take this method", _ALLOW)
TOO_SLOW: Final = Refusal(408, "The request did not arrive in time")
URL_TOO_LONG: Final = Refusal(414, "The request target is too long")
HEADERS_TOO_LARGE: Final = Refusal(431, "The request has too many headers, or they are too large")
FRAMING_TOO_LARGE: Final = Refusal(413, "The request body has more framing than content")
OVERFULL: Final = Refusal(503, "Too many large requests are on their way; try again")
VERSION: Final = Refusal(505, "The gateway speaks HTTP/1.1 and HTTP/1.0")


def rendered(refusal: Refusal, request_id: str, more: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The whole answer, the last of its connection. `more`: the headers that the server gives every answer."""
    text = f"{refusal.text}\n".encode("ascii")
    status = HTTPStatus(refusal.status)
    return (
        b"HTTP/1.1 %d %b\r\n" % (status, status.phrase.encode("ascii"))
        + b"".join(b"%b: %b\r\n" % header for header in more)
        + refusal.headers
        + b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n" % len(text)
        + b"cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n"
        + b"x-amzn-requestid: %b\r\n\r\n" % request_id.encode("ascii")
        + text
    )
