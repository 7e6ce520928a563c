"""A real server on a loopback port for raw-socket tests: its application, and how to talk to it byte by byte."""

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from gateway.assembly.listening import listen, port_of
from gateway.assembly.worker import Server, ServerSettings
from gateway.doors.operations.probes import routes
from gateway.telemetry.meters import HttpMeter
from gateway.web.asgi import Receive, Scope, Send
from gateway.web.limits import ClientDisconnected, read_body
from gateway.web.responses import TEXT, Answer, send_answer

HOST = b"Host: gateway.test\r\n"


@dataclass
class Application:
    """Answers with what it read. `/slow` waits for `release` with its answer, `/lazy` with reading the body; `/early`
    answers without reading it.
    """

    seen: list[Scope] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    slow: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        self.seen.append(scope)
        probe = routes(self._unready).get(scope["path"])
        if probe is not None:
            await probe(scope, receive, send)
        elif scope["path"] == "/early":
            await send_answer(send, Answer(status=413, body=b"early", headers=TEXT))
        elif scope["path"] == "/large":
            await send_answer(send, Answer(status=200, body=b"x" * 8_000_000, headers=TEXT))
        else:
            await self._echo(scope, receive, send)

    async def _echo(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/lazy":
            await self._released()
        try:
            body = await read_body(receive, 10_000_000)
        except ClientDisconnected:
            self.gone.set()
            return
        self.bodies.append(body)
        if scope["path"] == "/slow":
            self.slow.set()
            await self._released()
        await send_answer(send, Answer(status=200, body=b"%d bytes" % len(body), headers=TEXT))

    async def _released(self) -> None:
        while not self.release.is_set():
            await asyncio.sleep(0.005)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.ended.set()
        await send({"type": "lifespan.shutdown.complete"})

    async def _unready(self) -> list[str]:
        return []


@dataclass
class Served:
    """A running server in a thread."""

    app: Application
    server: Server
    port: int
    thread: threading.Thread

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def exchange(self, request: bytes) -> bytes:
        """Everything that comes back until the server closes, or a whole answer that leaves the connection open."""
        with self.connect() as connection:
            with suppress(ConnectionError):
                connection.sendall(request)
            return answer(connection)


@contextmanager
def served(
    settings: ServerSettings,
    internal: Sequence[socket.socket] = (),
    app: Application | None = None,
    meter: HttpMeter | None = None,
) -> Iterator[Served]:
    """Run a server until the block ends."""
    app, started = app or Application(), threading.Event()
    sockets = listen("127.0.0.1", 0)
    port = port_of(sockets)
    server = Server(app, settings, on_started=started.set, internal=internal, meter=meter)
    thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield Served(app, server, port, thread)
    finally:
        app.release.set()
        server.handle_exit(signal.SIGINT, None)
        thread.join(10)
        assert not thread.is_alive()


def answer(connection: socket.socket) -> bytes:
    """One answer with a length, or what came until the connection ended."""
    received = b""
    with suppress(ConnectionError):
        while not _whole(received):
            piece = connection.recv(65536)
            if not piece:
                break
            received += piece
    return received


def poured(connection: socket.socket, piece: bytes, *, at_most: int, pause: float = 0) -> int:
    """Send `piece` again and again until the server ends the connection; how many bytes left this side."""
    sent = 0
    with suppress(ConnectionError):
        while sent < at_most:
            sent += connection.send(piece)
            time.sleep(pause)
    return sent


def is_closed(connection: socket.socket, within: float) -> bool:
    """Whether the server ends the connection in time."""
    connection.settimeout(within)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


def status(received: bytes) -> int:
    return int(received.split(b" ", 2)[1]) if received else 0


def request(method: bytes = b"GET", target: bytes = b"/", *, headers: bytes = b"", body: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    return method + b" " + target + b" HTTP/1.1\r\n" + HOST + length + headers + b"\r\n" + body


def _whole(received: bytes) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) >= int(lengths[0].split(b":")[1])


def scope_of(*headers: tuple[bytes, bytes], **more: object) -> Scope:
    """A scope for tests that need no server."""
    return {
        "type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "scheme": "http",
        "headers": list(headers), "client": ("192.0.2.1", 1234), "state": {}, **more,
    }  # fmt: skip


def eventually(condition: Callable[[], bool], within: float = 5.0) -> bool:
    until = time.monotonic() + within
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
