"""The HTTPS server: bounds and deadlines on everything that anybody in the cluster may take."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from gateway.webhook.message import LARGEST_HEAD, Head, Refused, Response, plain, read_head

Answering = Callable[[Head, bytes], Awaitable[Response]]
_LOG: Final = logging.getLogger("gateway.webhook.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Times in seconds. `idle` is longer than the 90 s for which Go's client keeps a connection that nobody uses."""

    connections: int = 512
    at_once: int = 32
    """Requests whose bodies are read or answered; others wait."""
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
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.is_draining = False

    async def start(self, host: str, port: int) -> int:
        """Listen; the port. Raises OSError."""
        self._server = await asyncio.start_server(
            self._connected,
            host.strip("[]"),
            port,
            ssl=self._context,
            limit=LARGEST_HEAD,
            ssl_handshake_timeout=self._bounds.handshake,
            ssl_shutdown_timeout=1.0,
            backlog=256,
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Take no more connections; requests under way get their answers."""
        if self._server is not None:
            self._server.close()
        if self._open:
            await asyncio.wait(self._open, timeout=self._bounds.closing)
        for task in self._open:
            task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._open) >= self._bounds.connections:
            writer.transport.abort()
            return
        self._open.add(task)
        try:
            while await self._exchanged(reader, writer):
                pass
            writer.close()
            await writer.wait_closed()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._open.discard(task)

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
        async with asyncio.timeout(1.0 if self.is_draining else self._bounds.idle):
            first = await reader.read(1)
        if not first:
            return None
        async with asyncio.timeout(self._bounds.head):
            return await read_head(reader, first)

    async def _response(self, head: Head, reader: asyncio.StreamReader) -> Response:
        length = head.length
        async with self._slots:
            async with asyncio.timeout(self._bounds.body):
                body = await reader.readexactly(length)
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
