"""Serving an application: in this process, or in several that a supervisor looks after."""

import logging
import resource
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from gateway.assembly.listening import AddressUnavailable, Listeners, close_all, listen, port_of
from gateway.assembly.supervisor import START_FAILED, supervise
from gateway.assembly.tls import server_context
from gateway.assembly.worker import Server, ServerSettings, StartFailed
from gateway.client.core_files import leave_no_core_file
from gateway.telemetry.cells import Board
from gateway.telemetry.meters import Meters
from gateway.web.asgi import Application

INTERRUPTED: Final = 130

_LOG: Final = logging.getLogger("gateway.server")
_DESCRIPTORS: Final = 65_536
_RESERVED: Final = 64
"""Descriptors that connections leave for files, the log, and calls to others."""

_MARGIN: Final = 10.0


def serve(
    make_app: Callable[[Meters], Application],
    *,
    host: str,
    port: int,
    workers: int,
    settings: ServerSettings,
    internal: tuple[str, int] | None = None,
    refresh: Callable[[], None] = lambda: None,
) -> int:
    """Serve what `make_app` gives, which is called once in each worker, until a signal ends it; the exit code.

    `make_app` gets the worker's meters. `refresh`: brings up to date what `make_app` of the next worker works with;
    called in the supervisor. `internal`: host and port of the listener for proxies, probes and metrics.

    0: ended in order; 1: the application did not start; 130: interrupted from the terminal. Port 0 takes a free one;
    the log's line `listening` tells which. Raises AddressUnavailable, UnusableTls, and what `make_app` raises.
    """
    leave_no_core_file()
    if settings.tls is not None:
        server_context(settings.tls)  # told before anything is forked
    places = _descriptors() - _RESERVED
    inside = 0 if internal is None else min(settings.internal_connections, places // 4)
    outside = min(settings.connections, places - inside)
    settings = replace(settings, connections=outside, internal_connections=inside)
    listeners = _listeners((host, port), internal)
    board = Board(workers)
    if workers == 1:
        meters = Meters(board)
        announce = partial(_announce, listeners, host, settings, workers)
        code = _work(make_app, listeners, settings, meters, on_started=announce)
        return 1 if code == START_FAILED else code
    patience = settings.drain + settings.linger + settings.finish + _MARGIN
    _announce(listeners, host, settings, workers)
    role = supervise(listeners.all, workers=workers, patience=patience, refresh=refresh)
    if isinstance(role, int):
        return role
    meters = Meters(board, role.number)
    return _work(make_app, listeners, settings, meters, on_started=_ready, lifeline=role.lifeline)


def _listeners(public: tuple[str, int], internal: tuple[str, int] | None) -> Listeners:
    listening = listen(*public)
    try:
        return Listeners(public=listening, internal=[] if internal is None else listen(*internal))
    except AddressUnavailable:
        close_all(listening)
        raise


def _work(
    make_app: Callable[[Meters], Application],
    listeners: Listeners,
    settings: ServerSettings,
    meters: Meters,
    *,
    on_started: Callable[[], None],
    lifeline: int | None = None,
) -> int:
    app = make_app(meters)
    server = Server(
        app, settings, on_started=on_started, lifeline=lifeline, internal=listeners.internal, meter=meters.http
    )
    try:
        server.run(listeners.public)
    except StartFailed:
        return START_FAILED
    return INTERRUPTED if server.interrupted else 0


def _announce(listeners: Listeners, host: str, settings: ServerSettings, workers: int) -> None:
    scheme = "http" if settings.tls is None else "https"
    shown = f"[{host}]" if ":" in host else host
    told: dict[str, object] = {"url": f"{scheme}://{shown}:{port_of(listeners.public)}", "workers": workers}
    if listeners.internal:
        told["internal_port"] = port_of(listeners.internal)
    _LOG.info("listening", extra=told)


def _ready() -> None:
    _LOG.info("worker ready")


def _descriptors() -> int:
    """Raise the soft limit of open files as far as is useful; how many there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
