"""One process's server: uvicorn with bounded connections, a watchdog, and an end that cuts nobody off."""

import asyncio
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final, cast

import uvicorn

from gateway.assembly.handshakes import TlsListener
from gateway.assembly.listening import are_queues_empty, refuse_newcomers, take_newcomers
from gateway.assembly.tls import Certificate, TlsFiles, server_context
from gateway.assembly.watchdog import Watchdog
from gateway.telemetry.meters import HttpMeter, Meters
from gateway.web.asgi import Application
from gateway.web.at_once import Prompt
from gateway.web.bounded_protocol import BoundedProtocol
from gateway.web.bounds import Bounds
from gateway.web.connections import Admissions
from gateway.web.draining import begin_draining
from gateway.web.lean_protocol import ConnectionState
from gateway.web.listeners import mark_internal
from gateway.web.origin import Network

_LOG: Final = logging.getLogger("gateway.server")
_POLL: Final = 0.02
_TICKS_OF_CERTIFICATE: Final = 20
"""uvicorn ticks ten times a second: a changed certificate is found within two."""

_HANDSHAKE: Final = 0.25
"""Seconds in which a handshake that has begun is finished."""
_COLLECTED_AFTER: Final = 20_000
"""Objects that a worker makes before it looks for cycles among them, of which a request leaves none."""


class StartFailed(Exception):
    """The application did not start; the log says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How a server runs. Times in seconds.

    `drain`: how long connections are still accepted after the first SIGTERM, while readiness says no: whoever balances
    the load needs it to notice. `linger`: how long after that a connection that is open may still ask. `finish`: how
    long a request may then go on. `keep_alive` is longer than the idle time of usual proxies (60). `patience`: after so
    long a standstill of the event loop the process ends itself. `connections`: in all, of one process.
    """

    tls: TlsFiles | None = None
    trusted_proxies: Sequence[Network] = ()
    bounds: Bounds = field(default_factory=Bounds)
    connections: int = 10_000
    connections_per_address: int = 512
    internal_connections: int = 2_500
    keep_alive: int = 75
    drain: float = 5.0
    linger: float = 1.0
    finish: int = 20
    patience: float = 10.0


class Server(uvicorn.Server):
    """`await serve(sockets)` on a running loop, or `run(sockets)`; the sockets listen already."""

    server_state: ConnectionState

    def __init__(
        self,
        app: Application,
        settings: ServerSettings,
        *,
        on_started: Callable[[], None],
        lifeline: int | None = None,
        internal: Sequence[socket.socket] = (),
        meter: HttpMeter | None = None,
    ) -> None:
        """`lifeline`: a descriptor that ends when the process that looks after this one does.

        `internal`: listening sockets, without TLS, whose requests are marked (`web.listeners`).

        Raises UnusableTls.
        """
        super().__init__(_uvicorn_config(app, settings))
        self.config.load()
        self._settings = settings
        self._on_started = on_started
        self._lifeline = lifeline
        self._internal = list(internal)
        self._internal_state: dict[str, Any] = {}
        inside = settings.internal_connections
        self._internal_admissions = Admissions(total=inside, per_address=inside, trusted_proxies=())
        self.server_state = ConnectionState(
            Admissions(
                total=settings.connections,
                per_address=settings.connections_per_address,
                trusted_proxies=settings.trusted_proxies,
            ),
            meter or Meters.alone().http,
        )
        prompt: object = app
        self._prompt = prompt if isinstance(prompt, Prompt) else None
        self._watchdog = Watchdog(settings.patience)
        self._closes_at: float | None = None
        self._hurried = False
        self._certificate: Certificate | None = None
        self.interrupted = False

    def drain(self) -> None:
        """Begin the end: not ready from now on, each answer is its connection's last, closed after the drain time."""
        if self._closes_at is not None:
            return
        self._closes_at = time.monotonic() + self._settings.drain
        self.server_state.draining = True
        if self.started:
            begin_draining(self.lifespan.state)
            begin_draining(self._internal_state)
        for connection in list(self.server_state.connections):
            cast("BoundedProtocol", connection).end_with_this_answer()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  uvicorn's signature
        """The first SIGTERM drains; a second, or SIGINT, closes at once; SIGINT after that waits for nothing."""
        if sig == signal.SIGTERM and self._closes_at is None:
            self.drain()
            return
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.interrupted = sig == signal.SIGINT
        self._hurried = True
        self.drain()
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then accept on `sockets`. Raises StartFailed."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise StartFailed
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_log_stray)
        take_newcomers([*(sockets or []), *self._internal])
        self.servers = [await self._server(one) for one in sockets or ()]
        self._internal_state |= self.lifespan.state
        mark_internal(self._internal_state)
        self.servers += [
            await loop.create_server(self._internal_protocol, sock=one, backlog=self.config.backlog)
            for one in self._internal
        ]
        if self._lifeline is not None:
            loop.add_reader(self._lifeline, self._orphaned, self._lifeline)
        self._watchdog.start()
        _settle()
        self.started = True
        self._on_started()

    async def _server(self, listening: socket.socket) -> Any:
        context, state = self.config.ssl, self.server_state
        if context is None or self._settings.tls is None:
            loop = asyncio.get_running_loop()
            return await loop.create_server(self._protocol, sock=listening, backlog=self.config.backlog)
        if self._certificate is None:
            self._certificate = Certificate(self._settings.tls, context, state.meter.certificate_ends)
        listening.listen(self.config.backlog)
        return TlsListener(
            listening,
            self._protocol,
            context,
            state.admissions,
            state.meter,
            seconds=self._settings.bounds.head_time,
        )

    def _protocol(self, admission: str | None = None) -> BoundedProtocol:
        bounds, prompt = self._settings.bounds, self._prompt
        at_once, below = (None, None) if prompt is None else (prompt.at_once, prompt.below)
        return BoundedProtocol(
            self.config,
            self.server_state,
            self.lifespan.state,
            bounds=bounds,
            at_once=at_once,
            below=below,
            admission=admission,
        )

    def _internal_protocol(self) -> BoundedProtocol:
        below = None if self._prompt is None else self._prompt.below_internal
        return BoundedProtocol(
            self.config,
            self.server_state,
            self._internal_state,
            bounds=self._settings.bounds,
            below=below,
            admissions=self._internal_admissions,
        )

    def _orphaned(self, lifeline: int) -> None:
        asyncio.get_running_loop().remove_reader(lifeline)
        os.close(lifeline)
        _LOG.warning("the supervising process is gone; ending")
        self.drain()

    async def on_tick(self, counter: int) -> bool:
        if self._certificate is not None and counter % _TICKS_OF_CERTIFICATE == 0:
            await asyncio.to_thread(self._certificate.follow)
        if self._closes_at is not None and time.monotonic() >= self._closes_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting without a reset, let open connections ask once more, finish what runs, end the application."""
        listening = [*(sockets or []), *self._internal]
        refuse_newcomers(listening)
        await asyncio.sleep(_HANDSHAKE)
        queued = time.monotonic() + _HANDSHAKE
        while not are_queues_empty(listening) and time.monotonic() < queued:  # noqa: ASYNC110  the kernel's queue
            await asyncio.sleep(_POLL)
        for server in self.servers:
            server.close()
        until = time.monotonic() + self._settings.linger
        while self.server_state.connections and time.monotonic() < until and not self._hurried:  # noqa: ASYNC110
            await asyncio.sleep(_POLL)  # uvicorn tells of no connection's end
        await super().shutdown(listening)
        self._watchdog.stop()


def _uvicorn_config(app: Application, settings: ServerSettings) -> uvicorn.Config:
    files = settings.tls
    return uvicorn.Config(
        cast("Any", app),
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,  # telemetry.log has configured it
        access_log=False,  # it would hold the query
        proxy_headers=False,  # it would believe anybody on loopback; web.origin knows whom to believe
        server_header=False,
        workers=1,
        timeout_keep_alive=settings.keep_alive,
        timeout_graceful_shutdown=settings.finish,
        ssl_context_factory=None if files is None else lambda _config, _default: server_context(files),
    )


def _settle() -> None:
    """What was made until now stays: the collector need never walk it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER)


def _log_stray(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # asyncio's own handler would print the objects concerned, and with them what they hold.
    _LOG.error("outside a request: %s", context["message"], exc_info=context.get("exception"))
