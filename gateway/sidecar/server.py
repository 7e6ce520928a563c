"""A local HTTP server with bounds on everything that a client may take: one request and one answer a connection."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.sidecar.journal import tell
from gateway.sidecar.message import Fault, Request, Response, fault_response, length_of, read_head, rendered

Answering = Callable[[Request], Response]

_CLOSING: Final = 2.0
"""Seconds that answers under way get when the server ends."""

_TURNS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What clients may take. Sizes in bytes, times in seconds."""

    head: int = 16 * 1024
    body: int = 4 * 1024
    time: float = 5.0
    connections: int = 128


class LocalServer:
    """Gives each request to `answer`, which answers from memory or raises Fault."""

    def __init__(self, answer: Answering, bounds: Bounds = Bounds()) -> None:
        self._answer = answer
        self._bounds = bounds
        self._open: set[asyncio.Task[None]] = set()
        # Connections on which nothing was asked yet, the longest first.
        self._unasked: dict[asyncio.StreamWriter, None] = {}
        self._is_closing = False
        self._servers: list[asyncio.Server] = []

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Serve on sockets that are bound."""
        for listening in sockets:
            self._servers.append(
                await asyncio.start_server(self._connected, sock=listening, limit=self._bounds.head, backlog=128)
            )

    async def close(self) -> None:
        """Take no more; answers under way get a moment, and who has not asked yet gets none."""
        for server in self._servers:
            server.close()
        self._is_closing = True
        # What the system had accepted comes to its task within a few turns of the loop.
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        for writer in self._unasked:
            writer.transport.abort()
        if self._open:
            await asyncio.wait(self._open, timeout=_CLOSING)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or self._is_closing or not self._has_room():
            writer.transport.abort()
            return
        self._open.add(task)
        self._unasked[writer] = None
        try:
            await self._exchange(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            writer.transport.abort()  # the client went away, asked nothing, or does not read its answer
        finally:
            self._open.discard(task)
            self._unasked.pop(writer, None)

    def _has_room(self) -> bool:
        """Whoever has asked nothing for longest gives way, or nobody's probe and no container would be heard."""
        if len(self._open) < self._bounds.connections:
            return True
        writer = next(iter(self._unasked), None)
        if writer is None:
            return False
        del self._unasked[writer]
        writer.transport.abort()
        return True

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(self._bounds.time):
            answer = await self._answered(reader)
        self._unasked.pop(writer, None)
        async with asyncio.timeout(self._bounds.time):
            writer.write(answer)
            writer.close()
            await writer.wait_closed()

    async def _answered(self, reader: asyncio.StreamReader) -> bytes:
        try:
            request = await self._read(reader)
        except Fault as fault:
            return rendered(fault_response(fault), with_body=True)
        return rendered(self._response(request), with_body=request.method != "HEAD")

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise Fault(431, "HeadersTooLarge", f"send at most {self._bounds.head} bytes of headers") from None
        request = read_head(head)
        # Read and dropped: to close with bytes unread would take the answer from the client.
        await reader.readexactly(length_of(request, self._bounds.body))
        return request

    def _response(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except Fault as fault:
            return fault_response(fault)
        except Exception as error:  # noqa: BLE001  the HTTP edge: a fault of ours is one answer, and not the end
            tell(f"a fault of its own: {type(error).__name__} at {_place(error)}")
            return fault_response(Fault(500, "InternalFailure", "the sidecar failed; its log says where"))


def _place(error: Exception) -> str:
    """Where it was raised: a place in the code, no values."""
    found = error.__traceback__
    while found is not None and found.tb_next is not None:
        found = found.tb_next
    return "?" if found is None else f"{found.tb_frame.f_code.co_filename}:{found.tb_lineno}"
