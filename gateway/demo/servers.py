"""Several ASGI servers on one event loop, in a thread of their own, so that a program beside them may block."""

import asyncio
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal, Self, cast

import uvicorn

from gateway.web.asgi import Application

_START_SECONDS: Final = 15.0
_LAST_REQUESTS_SECONDS: Final = 2


class ServersFailed(Exception):
    """The servers did not start; what was logged says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An application and the listening socket that it answers at."""

    app: Application
    listener: socket.socket
    lifespan: Literal["on", "off"] = "off"


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


class Servers:
    """Runs while it is entered: all servers answer when `with` begins, none when it has ended."""

    def __init__(self, served: Sequence[Served]) -> None:
        self._served: Final = served
        self._servers: Final = [uvicorn.Server(_settings(one)) for one in served]
        self._thread: Final = threading.Thread(target=self._run, name="demo-servers")

    def __enter__(self) -> Self:
        self._thread.start()
        waiting = threading.Event()
        for _ in range(int(_START_SECONDS / 0.01)):
            if all(server.started for server in self._servers):
                return self
            if not self._thread.is_alive():
                break
            waiting.wait(0.01)
        self._stop()
        raise ServersFailed("the demo's servers did not start; their log above says why")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        for server in self._servers:
            server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        pairs = zip(self._servers, self._served, strict=True)
        await asyncio.gather(*(server.serve(sockets=[served.listener]) for server, served in pairs))


def _settings(served: Served) -> uvicorn.Config:
    return uvicorn.Config(
        cast("Any", served.app),  # uvicorn writes ASGI's types its own way
        lifespan=served.lifespan,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        # Whoever speaks from loopback is no proxy here.
        proxy_headers=False,
        timeout_graceful_shutdown=_LAST_REQUESTS_SECONDS,
    )
