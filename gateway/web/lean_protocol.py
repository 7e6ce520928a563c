"""uvicorn's HTTP/1.1 protocol without what the gateway never does (upgrades, a limit of its own) at each request."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway.telemetry.meters import HttpMeter
from gateway.web.at_once import AtOnce, Below, Ready
from gateway.web.connections import Admissions
from gateway.web.cycle import Cycle, Outbox, block_of, whole_answer
from gateway.web.requests_under_way import RequestsUnderWay

_ROOT: Final = b"/"
_POST: Final = b"POST"


class ConnectionState(ServerState):
    """What all connections of a server share. While `draining`, each answer is its connection's last."""

    def __init__(self, admissions: Admissions, meter: HttpMeter) -> None:
        super().__init__()
        self.admissions = admissions
        self.meter = meter
        self.outbox: Final = Outbox(self.connections)
        self.under_way: Final[RequestsUnderWay[Any]] = RequestsUnderWay()
        self.draining = False
        self._rendered: tuple[object, bytes] = (None, b"")

    @property
    def defaults(self) -> bytes:
        """`default_headers` as they go over the wire. uvicorn puts others in their place each second, for the date."""
        headers, block = self._rendered
        if headers is not self.default_headers:
            block = block_of(self.default_headers)
            self._rendered = self.default_headers, block
        return block


class LeanProtocol(HttpToolsProtocol):
    """One connection. Its timer for idle times is set once, and looks at the time when it comes.

    A POST of `/`, or a request below a path that has such a way, is held until the piece of bytes that it came in is
    read: where it is whole then, `at_once` or `below` is asked first, of the first request in a piece.
    """

    server_state: ConnectionState

    _idle_until: float | None = None
    _at_once: AtOnce | None = None
    _below: Below | None = None
    _held: bytes | None = None
    """The body, as far as it has come, of a request that is held."""
    _is_answered: bool = False
    """Whether a request of this piece was answered at once: others on it wait for their turn, as all connections do."""

    def connection_lost(self, exc: Exception | None) -> None:
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_headers_complete(self) -> None:
        if self._is_prompt() and self._may_be_held():
            self._held = b""
        else:
            self._start()

    def _is_prompt(self) -> bool:
        """Whether there is such a way for the request."""
        if self.url == _ROOT:
            return self._at_once is not None and self.parser.get_method() == _POST
        return self._below is not None and self.url.startswith(self._below.paths)

    def _may_be_held(self) -> bool:
        cycle, parser = self.cycle, self.parser
        return (
            not self._is_answered
            and (cycle is None or cycle.response_complete)  # type: ignore[redundant-expr]  # as below
            and parser.should_keep_alive()
            # `Connection: keep-alive` of HTTP/1.0 is not honoured: such a client reads until the connection ends.
            and parser.get_http_version() != "1.0"
            and not (self.expect_100_continue or self.flow.write_paused or parser.should_upgrade())
            and not self.server_state.draining
        )

    def _let_go(self, body: bytes) -> None:
        """The application's way for a request that was held."""
        self._held = None
        self._start()
        if body:
            self.on_body(body)

    def _start(self) -> None:
        parser, before = self.parser, self.cycle
        self._idle_until = None  # an answer at once, to a request before this one in the same bytes, may have set it
        self._read_target()
        self.cycle = cycle = Cycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=parser.get_http_version() != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        cycle.outbox = self.server_state.outbox
        if before is None or before.response_complete:  # type: ignore[redundant-expr]  # uvicorn's type lacks None
            self._start_asgi_task(cycle, self.app)
        else:
            # A pipelined request waits for its turn.
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def _read_target(self) -> None:
        scope: Any = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": self.root_path,
            "headers": self.headers,
            "state": self.app_state.copy(),
            "method": self.parser.get_method().decode("ascii"),
        }
        self.scope = scope
        version = self.parser.get_http_version()
        if version != "1.1":
            scope["http_version"] = version
        if self.url == _ROOT:
            scope["path"], scope["raw_path"], scope["query_string"] = "/", _ROOT, b""
            return
        parsed = httptools.parse_url(self.url)
        path = parsed.path.decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"], scope["query_string"] = parsed.path, parsed.query or b""

    def on_body(self, body: bytes) -> None:
        if self._held is not None:
            self._held += body
            return
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        if self._held is not None:
            body, self._held = self._held, None
            if self._answered(body):
                return
            self._let_go(body)
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def _answered(self, body: bytes) -> bool:
        """Whether the request that was held is answered, or will be as this turn ends."""
        peer, secure, headers = self.client[0] if self.client else None, self.scheme == "https", self.headers
        answer: bytes | Callable[[], bytes] | None = None
        if self.url == _ROOT and self._at_once is not None:
            decided = self._at_once(peer, secure, headers, body)
            answer = decided and partial(self._whole, decided)
        elif self._below is not None and not body:
            ready = self._below.answer(peer, secure, self.parser.get_method(), self.url, headers)
            answer = ready and whole_answer(ready, self.server_state.defaults)
        if answer is None:
            return False
        self._is_answered = True
        self.server_state.outbox.put(self.transport, answer)
        self.on_response_complete()
        return True

    def _whole(self, decided: Callable[[], Ready]) -> bytes:
        return whole_answer(decided(), self.server_state.defaults)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            return
        self._idle_until = self.loop.time() + self.timeout_keep_alive
        if self.timeout_keep_alive_task is None:
            self._look_again(self.timeout_keep_alive)

    def _idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _forget(self) -> None:
        """Hold nothing any more of a request that was answered: the connection may stay idle for long."""
        cycle: RequestResponseCycle | None = self.cycle
        self.url, self.headers, self.scope = b"", [], {}  # type: ignore[typeddict-item]
        if cycle is not None:
            cycle.scope, cycle.body = self.scope, bytearray()

    def end_with_this_answer(self) -> None:
        """Announce the end of the connection in the answer that is still to begin."""
        if not self._idle() and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        self.server_state.outbox.empty()
        super().shutdown()

    def _unset_keepalive_if_required(self) -> None:
        # Something came, or goes on: the timer will find that nobody waits.
        self._idle_until = None

    def _look_again(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._idle_until is None:
            return
        left = self._idle_until - self.loop.time()
        if left > 0:
            self._look_again(left)
        else:
            super().timeout_keep_alive_handler()
