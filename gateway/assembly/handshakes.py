"""Accepting connections that begin with TLS: each is counted at once, and not only when its handshake has ended."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Final

from gateway.telemetry.meters import HttpMeter
from gateway.web.bounded_protocol import BoundedProtocol
from gateway.web.connections import Admissions

_LOG: Final = logging.getLogger("gateway.server")
_AT_ONCE: Final = 16
"""Connections: the next are for whichever worker looks first."""
_AFTER_FAULT: Final = 0.5
_GOODBYE: Final = 5.0
"""Seconds that a client gets to say its last: one that pools connections says nothing until it wants the next."""


class TlsListener:
    """One listening socket, as a loop's own server is closed.

    A loop that is given the context itself makes the protocol only after the handshake: whoever begins none would take
    descriptors from everybody, however few places an address has.
    """

    def __init__(
        self,
        listening: socket.socket,
        make: Callable[[str], BoundedProtocol],
        context: ssl.SSLContext,
        admissions: Admissions,
        meter: HttpMeter,
        *,
        seconds: float,
    ) -> None:
        """`make`: a protocol that has the place of this name. `seconds`: of a handshake."""
        self._listening = listening
        self._make = make
        self._context = context
        self._admissions = admissions
        self._meter = meter
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._under_way: set[asyncio.Task[None]] = set()
        self._is_closed = False
        listening.setblocking(False)
        self._listen()

    def close(self) -> None:
        """Accept no more; the socket stays open, and handshakes under way go on."""
        self._is_closed = True
        self._loop.remove_reader(self._listening)

    async def wait_closed(self) -> None:
        """As a loop's own server has it."""

    def _listen(self) -> None:
        if not self._is_closed:
            self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                accepted, peer = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # too many files are open
                _LOG.warning("a connection could not be accepted: %s", error)
                self._loop.remove_reader(self._listening)
                self._loop.call_later(_AFTER_FAULT, self._listen)
                return
            self._take(accepted, peer[0])

    def _take(self, accepted: socket.socket, peer: str) -> None:
        admission = self._admissions.admit(peer)
        if admission is None:
            self._meter.connection_refused()
            accepted.close()
            return
        task = self._loop.create_task(self._secured(accepted, self._make(admission), admission))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _secured(self, accepted: socket.socket, protocol: BoundedProtocol, admission: str) -> None:
        try:
            accepted.setblocking(False)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(
                lambda: protocol,
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=self._seconds,
                ssl_shutdown_timeout=_GOODBYE,
            )
        except OSError:  # of the network, of TLS, and the handshake's time
            accepted.close()
        finally:
            # Of a connection that was made it is the protocol's to give back.
            transport: asyncio.Transport | None = protocol.transport
            if transport is None:
                self._admissions.release(admission)
