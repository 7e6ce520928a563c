"""The HTTPS server: bounds and deadlines on everything that anybody in the cluster may take."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Final

from gateway.webhook.message import LARGEST_BODY, LARGEST_HEAD, Head, Refused, Response, plain, read_head

Answering = Callable[[Head, bytes], Awaitable[Response]]
_BACKLOG: Final = 256
_GOODBYE: Final = 1.0
"""Seconds that a client gets to say its last."""
_AFTER_FAULT: Final = 0.1
_LOG: Final = logging.getLogger("gateway.webhook.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Times in seconds. `idle` is longer than the 90 s for which Go's client keeps a connection that nobody uses."""

    connections: int = 512
    at_once: int = 32
    """Requests that are answered; others wait."""
    large: int = 128 * 1024
    """Bytes. Bodies beyond it are answered one after another: JSON that is read takes 25 times the room of its text."""
    bodies: int = 8 * LARGEST_BODY
    """Bytes of all large bodies that are announced and not yet answered; all others together may have as many."""
    handshake: float = 5.0
    head: float = 5.0
    idle: float = 120.0
    body: float = 5.0
    answer: float = 4.5
    """Below the shortest useful timeoutSeconds of the API server, so that it hears the reason."""
    written: float = 5.0
    closing: float = 10.0


class WebhookServer:
    """Gives each request to `answer`, which answers or raises Refused."""

    def __init__(self, answer: Answering, context: ssl.SSLContext, bounds: Bounds = Bounds()) -> None:
        self._answer = answer
        self._context = context
        self._bounds = bounds
        self._slots = asyncio.Semaphore(bounds.at_once)
        self._large = asyncio.Semaphore(1)
        self._open: set[asyncio.Task[None]] = set()
        # Connections that wait for a request, the longest first.
        self._idle: dict[asyncio.Task[None], None] = {}
        # Those whose client has to send something, be it a request, a handshake or a body, the longest first.
        self._waiting: dict[asyncio.Task[None], None] = {}
        self._bodies: dict[asyncio.Task[None], int] = {}
        self._accepting: asyncio.Task[None] | None = None
        self.is_draining = False

    async def start(self, host: str, port: int) -> int:
        """Listen; the port. Raises OSError."""
        family, *_, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.create_server(
            address[:2], family=family, backlog=_BACKLOG, dualstack_ipv6=family == socket.AF_INET6
        )
        listening.setblocking(False)
        self._accepting = asyncio.create_task(self._accept(listening))
        bound: int = listening.getsockname()[1]
        return bound

    async def close(self) -> None:
        """Take no more connections; requests under way get their answers."""
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.wait([self._accepting])
        for task in list(self._idle):
            task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=self._bounds.closing)
        for task in self._open:
            task.cancel()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listening:
            while True:
                try:
                    accepted, _ = await loop.sock_accept(listening)
                except OSError as error:  # too many files are open, or the client has gone already
                    _LOG.warning("a connection could not be accepted: %s", error)
                    await asyncio.sleep(_AFTER_FAULT)
                    continue
                self._take(accepted)

    def _take(self, accepted: socket.socket) -> None:
        """Counted before its handshake: whoever never ends one takes up no more than who does."""
        if len(self._open) >= self._bounds.connections and not self._end(next(iter(self._waiting), None)):
            accepted.close()
            return
        task = asyncio.create_task(self._connected(accepted))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    def _end(self, task: asyncio.Task[None] | None) -> bool:
        """Whether there was one to end: nobody keeps the API server out by connections on which nothing moves."""
        if task is None:
            return False
        for kept in (self._idle, self._waiting, self._bodies):
            kept.pop(task, None)
        self._open.discard(task)
        task.cancel()
        return True

    @contextmanager
    def _client_turn(self) -> Iterator[asyncio.Task[None] | None]:
        """While the client has to send something; whoever is kept waiting longest gives way where there is no room."""
        task = asyncio.current_task()
        if task is not None:
            self._waiting[task] = None
        try:
            yield task
        finally:
            self._waiting.pop(task, None)  # type: ignore[arg-type]

    async def _connected(self, accepted: socket.socket) -> None:
        try:
            with self._client_turn():
                reader, writer = await self._secured(accepted)
        except (OSError, TimeoutError):
            accepted.close()
            return
        try:
            while await self._exchanged(reader, writer):
                pass
            writer.close()
            await writer.wait_closed()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()

    async def _secured(self, accepted: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The handshake. Raises OSError, TimeoutError."""
        loop = asyncio.get_running_loop()
        accepted.setblocking(False)
        reader = asyncio.StreamReader(limit=LARGEST_HEAD)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            accepted,
            ssl=self._context,
            ssl_handshake_timeout=self._bounds.handshake,
            ssl_shutdown_timeout=_GOODBYE,
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _exchanged(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether the connection stays open."""
        try:
            head = await self._head(reader)
            if head is None:
                return False
            response = await self._response(head, reader)
            keeps_open = head.keeps_open and not self.is_draining
        except Refused as refusal:
            response, keeps_open = plain(refusal.status, str(refusal)), not refusal.closes and not self.is_draining
        writer.write(response.rendered(keeps_open=keeps_open))
        async with asyncio.timeout(self._bounds.written):
            await writer.drain()
        return keeps_open

    async def _head(self, reader: asyncio.StreamReader) -> Head | None:
        # A connection may idle; one that has begun a request must go on with it.
        first = await self._first(reader)
        if not first:
            return None
        with self._client_turn():
            async with asyncio.timeout(self._bounds.head):
                return await read_head(reader, first)

    async def _first(self, reader: asyncio.StreamReader) -> bytes:
        with self._client_turn() as task:
            if task is not None:
                self._idle[task] = None
            try:
                async with asyncio.timeout(_GOODBYE if self.is_draining else self._bounds.idle):
                    return await reader.read(1)
            finally:
                self._idle.pop(task, None)  # type: ignore[arg-type]

    async def _response(self, head: Head, reader: asyncio.StreamReader) -> Response:
        with self._room(head.length):
            # Read before its turn: whoever announces a body and does not send it must not hold up who does.
            with self._client_turn():
                async with asyncio.timeout(self._bounds.body):
                    body = await reader.readexactly(head.length)
            async with self._large if head.length > self._bounds.large else nullcontext(), self._slots:
                return await self._answered(head, body)

    @contextmanager
    def _room(self, length: int) -> Iterator[None]:
        """Room for a body, at the expense of whoever has been sending one longest. Raises Refused."""
        while sum((alike := self._bodies_like(length)).values()) + length > self._bounds.bodies:
            if not self._end(next((one for one in self._waiting if alike.get(one)), None)):
                raise Refused(503, "too many bodies are being read", closes=True)
        task = asyncio.current_task()
        if task is not None:
            self._bodies[task] = length
        try:
            yield
        finally:
            self._bodies.pop(task, None)  # type: ignore[arg-type]

    def _bodies_like(self, length: int) -> dict[asyncio.Task[None], int]:
        """The large ones or all others: large ones wait for one another, and must leave the others their room."""
        is_large = length > self._bounds.large
        return {task: size for task, size in self._bodies.items() if (size > self._bounds.large) is is_large}

    async def _answered(self, head: Head, body: bytes) -> Response:
        try:
            async with asyncio.timeout(self._bounds.answer):
                return await self._answer(head, body)
        except TimeoutError:
            raise Refused(503, "the answer took too long") from None
        except Refused:
            raise
        except Exception:  # noqa: BLE001  the HTTP edge: one fault ends one request
            _LOG.exception("a request could not be answered")
            raise Refused(500, "a fault of the webhook's; its log has more") from None
