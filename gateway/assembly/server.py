"""Serving an application: in this process, or in several that a supervisor looks after."""

import logging
import resource
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gateway.assembly.listening import listen, port_of
from gateway.assembly.supervisor import START_FAILED, supervise
from gateway.assembly.tls import server_context
from gateway.assembly.worker import Server, ServerSettings, StartFailed
from gateway.web.asgi import Application

INTERRUPTED: Final = 130

_LOG: Final = logging.getLogger("gateway.server")
_DESCRIPTORS: Final = 65_536
_RESERVED: Final = 64
"""Descriptors that connections leave for files, the log, and calls to others."""

_MARGIN: Final = 10.0


def serve(make_app: Callable[[], Application], *, host: str, port: int, workers: int, settings: ServerSettings) -> int:
    """Serve what `make_app` gives, which is called once in each worker, until a signal ends it; the exit code.

    0: ended in order; 1: the application did not start; 130: interrupted from the terminal. Port 0 takes a free one;
    the log's line `listening` tells which. Raises AddressUnavailable, UnusableTls, and what `make_app` raises.
    """
    if settings.tls is not None:
        server_context(settings.tls)  # told before anything is forked
    settings = replace(settings, connections=min(settings.connections, _descriptors() - _RESERVED))
    sockets = listen(host, port)
    if workers == 1:
        code = _work(make_app, sockets, settings, on_started=lambda: _announce(sockets, host, settings, workers))
        return 1 if code == START_FAILED else code
    patience = settings.drain + settings.linger + settings.finish + _MARGIN
    _announce(sockets, host, settings, workers)
    role = supervise(sockets, workers=workers, patience=patience)
    if isinstance(role, int):
        return role
    return _work(make_app, sockets, settings, on_started=_ready, lifeline=role.lifeline)


def _work(
    make_app: Callable[[], Application],
    sockets: list[socket.socket],
    settings: ServerSettings,
    *,
    on_started: Callable[[], None],
    lifeline: int | None = None,
) -> int:
    server = Server(make_app(), settings, on_started=on_started, lifeline=lifeline)
    try:
        server.run(sockets)
    except StartFailed:
        return START_FAILED
    return INTERRUPTED if server.interrupted else 0


def _announce(sockets: list[socket.socket], host: str, settings: ServerSettings, workers: int) -> None:
    scheme = "http" if settings.tls is None else "https"
    shown = f"[{host}]" if ":" in host else host
    _LOG.info("listening", extra={"url": f"{scheme}://{shown}:{port_of(sockets)}", "workers": workers})


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
