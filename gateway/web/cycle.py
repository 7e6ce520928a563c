"""One request and its answer on a connection: as uvicorn's, with the answer's head and body written at once.

Two writes are two packets and wake the client twice, which costs as much as sealing and signing do.
"""

import asyncio
from collections.abc import Callable, Iterable, Sized
from contextlib import suppress
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

from gateway.web.asgi import Message
from gateway.web.at_once import Ready
from gateway.web.responses import Headers

# What doors say again and again: looked at and rendered once.
_REPEATED: Final = frozenset(
    (
        b"cache-control",
        b"content-security-policy",
        b"content-type",
        b"date",
        b"referrer-policy",
        b"strict-transport-security",
        b"x-content-type-options",
    )
)
_HEEDED: Final = frozenset((b"content-length", b"connection"))
_OFTEN: Final = _REPEATED | _HEEDED | {b"x-amzn-requestid"}
_PRINTABLE: Final = bytes(range(0x20, 0x7F))
_REMEMBERED: Final = 512
_NO_BODY: Final = frozenset((204, 304))

Answering = bytes | Callable[[], bytes]
"""An answer as it goes over the wire, or what brings it. The latter raises nothing."""

_lines: Final[dict[tuple[bytes, bytes], bytes]] = {}
_blocks: Final[dict[Headers, bytes]] = {}


class Outbox:
    """What one turn of the event loop answers, written at its end: a client that sleeps is woken once for all.

    An answer that still has to be asked for is asked for then.

    After a turn with one answer the next one's are written as they come, and so are those of a connection that is the
    only one: a lone client need not wait for nobody.
    """

    __slots__ = ("_connections", "_is_lone", "_waiting", "_written")

    def __init__(self, connections: Sized) -> None:
        """`connections`: those that are open."""
        self._connections = connections
        self._waiting: list[tuple[asyncio.Transport, Answering]] = []
        self._written = 0
        self._is_lone = False

    def put(self, transport: asyncio.Transport, answer: Answering) -> None:
        if self._is_lone and len(self._connections) == 1:
            _write(transport, answer)
            return
        if not (self._waiting or self._written):
            asyncio.get_running_loop().call_soon(self.empty)
        if self._is_lone:
            self._written += 1
            _write(transport, answer)
        else:
            self._waiting.append((transport, answer))

    def empty(self) -> None:
        """Write all that waits; whoever closes a connection, or writes to it past this, does so first."""
        waiting, self._waiting = self._waiting, []
        self._is_lone, self._written = len(waiting) + self._written <= 1, 0
        for transport, answer in waiting:
            _write(transport, answer)


def _write(transport: asyncio.Transport, answer: Answering) -> None:
    whole = answer if isinstance(answer, bytes) else answer()
    # uvloop's word for a client that has gone. The answers behind this one are other clients'.
    with suppress(RuntimeError):
        transport.write(whole)


class Cycle(RequestResponseCycle):
    """The head of an answer is held back until its first piece of body comes. `outbox` is set by whoever makes one."""

    outbox: Outbox
    _head: bytes = b""

    async def send(self, message: Any) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if not self.response_started:
            self._begin(message)
        elif not self.response_complete:
            self._go_on(message)
        else:
            raise RuntimeError(f"{message['type']} after the answer's end")

    def _begin(self, message: Message) -> None:
        if message["type"] != "http.response.start":
            raise RuntimeError(f"{message['type']} before http.response.start")
        self.response_started = True
        self.waiting_for_100_continue = False
        status = message["status"]
        lines = [STATUS_LINE[status]]
        for header in (*self.default_headers, *message.get("headers", ())):
            lines.append(_lines.get(header) or _rendered(*header))
            if header[0] in _HEEDED:
                self._heed(*header)
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        if self.chunked_encoding is None and self.scope["method"] != "HEAD" and status not in _NO_BODY:
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        self._head = b"".join(lines)

    def _heed(self, name: bytes, value: bytes) -> None:
        """What a header of the answer means for the connection."""
        if name == b"content-length":
            self.expected_content_length = int(value)
            self.chunked_encoding = False
        elif name == b"connection" and b"close" in value.lower():
            self.keep_alive = False

    def _go_on(self, message: Message) -> None:
        if message["type"] != "http.response.body":
            raise RuntimeError(f"{message['type']} within an answer")
        body, more_body = message.get("body", b""), message.get("more_body", False)
        head, self._head = self._head, b""
        self.outbox.put(self.transport, head + self._framed(body, more_body))
        if more_body:
            return
        if self.expected_content_length:
            raise RuntimeError("the answer is shorter than its content-length")
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.outbox.empty()
            self.transport.close()
        self.on_response()

    def _framed(self, body: bytes, more_body: bool) -> bytes:  # noqa: FBT001  ASGI's own word
        if self.scope["method"] == "HEAD":
            self.expected_content_length = 0
            return b""
        if self.chunked_encoding:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            return chunk if more_body else chunk + b"0\r\n\r\n"
        self.expected_content_length -= len(body)
        if self.expected_content_length < 0:
            raise RuntimeError("the answer is longer than its content-length")
        return body


def whole_answer(ready: Ready, defaults: bytes) -> bytes:
    """An answer as it goes over the wire: what `Cycle` would write of it, on a connection that stays.

    `defaults`: the server's own headers, as they go over the wire.
    """
    body = ready.body
    return b"%b%b%bcontent-length: %d\r\n%bx-amzn-requestid: %b\r\n\r\n%b" % (
        STATUS_LINE[ready.status],
        defaults,
        (_blocks.get(ready.before) or _block(ready.before)) if ready.block is None else ready.block,
        len(body),
        (_blocks.get(ready.after) or _block(ready.after)) if ready.after_block is None else ready.after_block,
        ready.request_id.encode("ascii"),
        body,
    )


def block_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The headers as they go over the wire. Raises RuntimeError for one that holds what no header may."""
    return b"".join([_lines.get(header) or _rendered(*header) for header in headers])


def _block(headers: Headers) -> bytes:
    block = block_of(headers)
    # Those of doors and of the edge, which are few: one that differs from answer to answer has no place among them.
    if len(_blocks) < _REMEMBERED:
        _blocks[headers] = block
    return block


def _rendered(name: bytes, value: bytes) -> bytes:
    """A header as it goes over the wire. Raises RuntimeError: one that would end the head, or begin another."""
    # Printable ASCII needs no expression to be found harmless.
    if name not in _OFTEN and HEADER_RE.search(name):
        raise RuntimeError("a header of the answer has a name that no header may have")
    if value.translate(None, _PRINTABLE) and HEADER_VALUE_RE.search(value):
        raise RuntimeError("a header of the answer holds what no header may")
    line = b"%b: %b\r\n" % (name.lower(), value)
    if name in _REPEATED:
        if len(_lines) >= _REMEMBERED:
            _lines.clear()
        _lines[name, value] = line
    return line
