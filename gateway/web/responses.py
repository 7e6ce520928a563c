"""Answers as values, and the two ASGI messages that send one."""

from dataclasses import dataclass, field
from typing import Final

from gateway.domain.values import quickly_made
from gateway.web.asgi import Send

Headers = tuple[tuple[bytes, bytes], ...]

TEXT: Final[Headers] = ((b"content-type", b"text/plain; charset=utf-8"),)
XML: Final[Headers] = ((b"content-type", b"text/xml"),)
JSON: Final[Headers] = ((b"content-type", b"application/json"),)


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer. `headers` have lower-case names; the length is added when it is sent.

    `block`: the headers as they go over the wire, where the same ones are sent again and again.
    """

    status: int
    body: bytes = b""
    headers: Headers = ()
    block: bytes | None = field(default=None, compare=False, repr=False)


async def send_answer(send: Send, answer: Answer) -> None:
    """Send `answer`; for HEAD the server leaves the body out and keeps its length."""
    length = b"%d" % len(answer.body)
    headers = [*answer.headers, (b"content-length", length)]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
