"""A client that keeps a server busy: raw HTTP/1.1 over a few connections, each with one request at a time."""

import asyncio
import itertools
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "
_STATUS = slice(9, 12)
PATIENCE = 120.0


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a load met: seconds of each answer in the order of their ends, statuses, and broken connections."""

    took: list[float] = field(default_factory=list)
    statuses: dict[bytes, int] = field(default_factory=dict)
    broken: int = 0
    seconds: float = 0.0
    answers: list[bytes] | None = None

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def post(body: bytes, host: str = "127.0.0.1") -> bytes:
    """One form as it goes over the wire."""
    head = (
        f"POST / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: benchmark/1\r\nAccept-Encoding: identity\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def drive(
    port: int, requests: Sequence[bytes], *, connections: int, total: int, answers: list[bytes] | None = None
) -> Outcome:
    """Send `total` of the requests in turn over so many connections. `answers` gets each whole answer."""
    return uvloop.run(_driven(port, requests, connections, total, answers))


async def _driven(
    port: int, requests: Sequence[bytes], connections: int, total: int, answers: list[bytes] | None
) -> Outcome:
    outcome = Outcome(answers=answers)
    loop = asyncio.get_running_loop()
    turns = itertools.islice(itertools.cycle(requests), total)
    started = time.perf_counter()
    clients = [Client(turns, outcome) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(client.ended for client in clients))
    outcome.seconds = time.perf_counter() - started
    return outcome


class Client(asyncio.Protocol):
    """One connection; `ended` is done when no request is left, or when the server broke it."""

    def __init__(self, requests: Iterator[bytes], outcome: Outcome) -> None:
        self._requests = requests
        self._outcome = outcome
        self._received = b""
        self._sent_at = 0.0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(_HEAD_END)
        if head_end < 0:
            return
        at = self._received.lower().index(_LENGTH, 0, head_end) + len(_LENGTH)
        length = int(self._received[at : self._received.index(b"\r", at)])
        if len(self._received) < head_end + len(_HEAD_END) + length:
            return
        outcome, status = self._outcome, self._received[_STATUS]
        outcome.took.append(time.perf_counter() - self._sent_at)
        outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
        if outcome.answers is not None:
            outcome.answers.append(self._received)
        self._received = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        if not self.ended.done():
            self._outcome.broken += 1
            self.ended.set_result(None)

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.ended.set_result(None)
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)
