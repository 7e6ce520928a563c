"""One HTTP request as bytes in, one answer as bytes out: only what credential clients send, read strictly."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

MAXIMUM_HEADERS: Final = 64
_LINE: Final = re.compile(r"([A-Z]{1,16}) (/[!-~]{0,2047}) HTTP/1\.([01])", re.ASCII)
# Blanks around a value are taken off afterwards: an expression that does it tries every split of thousands of them.
_HEADER: Final = re.compile(r"([\w!#$%&'*+.^`|~-]+):([ -~\t\x80-\xff]*)", re.ASCII)
_ONCE: Final = frozenset(
    {
        "authorization",
        "content-length",
        "host",
        "x-aws-ec2-metadata-token",
        "x-aws-ec2-metadata-token-ttl-seconds",
    }
)


class Fault(Exception):
    """A request that gets an error. `code`: a word for programs; the message names the mend and holds no secret."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Names of headers in lower case. `path`: as sent, without the query."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer; the server adds length, date-less caching and the end of the connection."""

    status: int
    body: bytes = field(repr=False)
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def read_head(head: bytes) -> Request:
    """The request up to the empty line. Raises Fault."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    line = _LINE.fullmatch(first)
    if line is None or len(lines) > MAXIMUM_HEADERS:
        raise _malformed("the request is not HTTP/1.1 with a path, and at most 64 headers")
    headers: dict[str, str] = {}
    for text in lines:
        found = _HEADER.fullmatch(text)
        name = "" if found is None else found[1].lower()
        # Two values: what one program checks is not what another one takes.
        if found is None or (name in headers and name in _ONCE):
            raise _malformed("a header cannot be read, or stands there twice")
        headers[name] = found[2].strip(" \t")
    if "transfer-encoding" in headers:
        raise _malformed("send no chunked body")
    return Request(method=line[1], path=line[2].partition("?")[0], headers=headers)


def length_of(request: Request, limit: int) -> int:
    """How many bytes of a body follow. Raises Fault."""
    text = request.headers.get("content-length", "0")
    if not (text.isascii() and text.isdecimal()):
        raise _malformed("content-length is no number")
    if len(text) > 9 or int(text) > limit:
        raise Fault(413, "BodyTooLarge", "nothing here takes a body")
    return int(text)


def json_response(status: int, document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps(document).encode("ascii")
    return Response(status=status, body=body, content_type="application/json", headers=headers or {})


def text_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status=status, body=text.encode(), content_type="text/plain", headers=headers or {})


def fault_response(fault: Fault) -> Response:
    """The error as every SDK finds it: most read `Code` and `Message`, Go reads `code` and `message`."""
    told = {"Code": fault.code, "Message": str(fault), "code": fault.code, "message": str(fault)}
    return json_response(fault.status, told, fault.headers)


def rendered(response: Response, *, with_body: bool) -> bytes:
    """The whole answer, the last of its connection."""
    fields = {
        "content-type": response.content_type,
        "content-length": str(len(response.body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "connection": "close",
        **response.headers,
    }
    head = f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return head.encode("latin-1") + b"\r\n" + (response.body if with_body else b"")


def _malformed(message: str) -> Fault:
    return Fault(400, "BadRequest", message)
