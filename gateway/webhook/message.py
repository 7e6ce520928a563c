"""HTTP/1.1 as far as the API server, the kubelet and Prometheus speak it: read strictly, and with bounds."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

LARGEST_HEAD: Final = 16 * 1024
LARGEST_BODY: Final = 4 * 1024 * 1024
"""etcd takes 1.5 MiB an object, and a review holds it once or twice."""
_END: Final = b"\r\n\r\n"
_REQUEST_LINE: Final = re.compile(rb"([A-Z]{1,16}) (/[!-~]*) HTTP/1\.([01])")
# Blanks around a value are taken off afterwards: an expression that does it tries every split of thousands of them.
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([ -~\t\x80-\xff]*)")
_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Refused(Exception):
    """A request that gets this status and sentence. `closes`: what follows on the connection cannot be read."""

    def __init__(self, status: int, message: str, *, closes: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.closes = closes


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A request without its body; names of `headers` are in lower case, and each stands once."""

    method: str
    path: str
    headers: Mapping[str, str]
    is_old: bool

    @property
    def length(self) -> int:
        """Bytes of the body. Raises Refused."""
        if "transfer-encoding" in self.headers:
            raise Refused(411, "send the body with its Content-Length", closes=True)
        text = self.headers.get("content-length", "0")
        if not (text.isascii() and text.isdigit() and len(text) <= 12):
            raise Refused(400, "Content-Length is no number", closes=True)
        if int(text) > LARGEST_BODY:
            raise Refused(413, f"the body is larger than {LARGEST_BODY} bytes", closes=True)
        return int(text)

    @property
    def keeps_open(self) -> bool:
        return not self.is_old and "close" not in self.headers.get("connection", "").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    def rendered(self, *, keeps_open: bool) -> bytes:
        fields = {
            "content-type": self.content_type,
            "content-length": str(len(self.body)),
            "connection": "keep-alive" if keeps_open else "close",
            **self.headers,
        }
        lines = [f"HTTP/1.1 {self.status} {_REASONS[self.status]}", *(f"{name}: {it}" for name, it in fields.items())]
        return "\r\n".join(lines).encode("latin-1") + _END + self.body


def plain(status: int, message: str) -> Response:
    return Response(status=status, body=f"{message}\n".encode())


async def read_head(reader: asyncio.StreamReader, first: bytes) -> Head | None:
    """The head of a request whose first byte has come; None where the connection ends within it. Raises Refused."""
    try:
        text = first + await reader.readuntil(_END)
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError:
        raise Refused(431, f"the head is larger than {LARGEST_HEAD} bytes", closes=True) from None
    return parse_head(text.removesuffix(_END))


def parse_head(text: bytes) -> Head:
    """Raises Refused: anything that two readers could read differently."""
    first, *rest = text.split(b"\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if line is None:
        raise Refused(400, "not a request of HTTP/1.1", closes=True)
    headers: dict[str, str] = {}
    for one in rest:
        matched = _FIELD.fullmatch(one)
        if matched is None:
            raise Refused(400, "a header that cannot be read", closes=True)
        name = matched[1].decode("ascii").lower()
        if name in headers and name in {"content-length", "transfer-encoding", "content-type", "host"}:
            raise Refused(400, f"{name} stands twice", closes=True)
        headers[name] = matched[2].strip(b" \t").decode("latin-1")
    return Head(
        method=line[1].decode("ascii"),
        path=line[2].decode("ascii").partition("?")[0],
        headers=headers,
        is_old=line[3] == b"0",
    )
