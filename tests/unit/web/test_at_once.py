"""Forms posted to `/` that are answered in the turn in which they came, and those that are not."""

import logging
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from gateway.assembly.listening import listen, port_of
from gateway.assembly.worker import ServerSettings
from gateway.domain.origin import RequestOrigin
from gateway.telemetry.log import REQUEST_ID
from gateway.telemetry.meters import Meters
from gateway.web.asgi import Receive, Scope, Send
from gateway.web.at_once import Ready, RequestHeaders
from gateway.web.bounds import Bounds
from gateway.web.cycle import Cycle, Outbox, whole_answer
from gateway.web.edge import Edge
from gateway.web.responses import XML, Answer, send_answer
from tests.unit.web.serving import HOST, Application, Served, answer, is_closed, request, scope_of, served, status

SETTINGS = ServerSettings(bounds=Bounds(head_time=0.4, body_time=0.4), drain=0.2, linger=0.1, keep_alive=5)
DECLINED = b"decline"


@dataclass
class Prompt(Application):
    """Answers every form at once, but for DECLINED."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    below: None = None
    below_internal: None = None

    def at_once(self, *asked: Any) -> Callable[[], Ready] | None:
        self.asked.append(asked)
        if asked[3] == DECLINED:
            return None
        return lambda: Ready(200, XML, b"at once " + asked[3], ((b"x-a", b"b"),), "an-id")


@pytest.fixture
def server() -> Iterator[Served]:
    with served(SETTINGS, app=Prompt()) as running:
        yield running


def bodies(server: Served) -> list[bytes]:
    assert isinstance(server.app, Prompt)
    return [asked[3] for asked in server.app.asked]


def test_a_form_that_comes_whole_is_answered_without_the_application(server: Served) -> None:
    received = server.exchange(request(b"POST", headers=b"X-One: two\r\n", body=b"abc"))

    head, _, body = received.partition(b"\r\n\r\n")
    assert body == b"at once abc"
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert {b"content-type: text/xml", b"content-length: 11", b"x-a: b", b"x-amzn-requestid: an-id"} <= set(lines)
    assert isinstance(server.app, Prompt)
    (asked,) = server.app.asked
    assert asked[:2] == ("127.0.0.1", False)
    assert (b"x-one", b"two") in asked[2]
    assert server.app.seen == []


def test_what_is_declined_goes_the_applications_way_with_its_body(server: Served) -> None:
    received = server.exchange(request(b"POST", body=DECLINED))

    assert received.endswith(b"7 bytes")
    assert bodies(server) == [DECLINED]
    assert server.app.bodies == [DECLINED]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(request(b"POST", b"/?a=b", body=b"abc"), id="a query"),
        pytest.param(request(b"POST", b"/other", body=b"abc"), id="another path"),
        pytest.param(request(b"PUT", body=b"abc"), id="another method"),
        pytest.param(request(b"POST", headers=b"Connection: close\r\n", body=b"abc"), id="the last of a connection"),
        pytest.param(request(b"POST", headers=b"Expect: 100-continue\r\n", body=b"abc"), id="one that waits"),
        pytest.param(request(b"POST", body=b"x" * 20_000), id="more than a slice"),
        pytest.param(b"POST / HTTP/1.0\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc", id="HTTP/1.0"),
        pytest.param(
            b"POST / HTTP/1.0\r\n" + HOST + b"Connection: keep-alive\r\nContent-Length: 3\r\n\r\nabc",
            id="HTTP/1.0 that would stay",
        ),
        pytest.param(
            request(b"POST", headers=b"Connection: upgrade\r\nUpgrade: h2c\r\n", body=b"abc"), id="another protocol"
        ),
    ],
)
def test_everything_else_goes_the_applications_way_unasked(server: Served, raw: bytes) -> None:
    received = server.exchange(raw)

    assert b" bytes" in received
    assert bodies(server) == []
    assert len(server.app.seen) == 1


def test_a_body_that_comes_later_goes_the_applications_way(server: Served) -> None:
    head, _, body = request(b"POST", body=b"abcdef").partition(b"\r\n\r\n")
    with server.connect() as connection:
        connection.sendall(head + b"\r\n\r\n" + body[:2])
        for piece in (body[2:4], body[4:]):
            connection.sendall(piece)
        received = answer(connection)

    assert received.endswith((b"6 bytes", b"at once abcdef"))
    assert server.app.bodies in ([b"abcdef"], [])


def test_half_a_body_ends_as_ever(server: Served) -> None:
    with server.connect() as connection:
        connection.sendall(request(b"POST", body=b"abcdef")[:-3])

        assert status(answer(connection)) == 408
        assert is_closed(connection, within=2)
    assert bodies(server) == []


def test_a_broken_body_is_refused_and_not_answered(server: Served) -> None:
    with server.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n")

        assert status(answer(connection)) == 400
        assert is_closed(connection, within=2)
    assert bodies(server) == []


def test_a_chunked_body_that_comes_whole_is_answered(server: Served) -> None:
    received = server.exchange(
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    )

    assert received.endswith(b"at once abc")


def test_of_several_forms_in_one_piece_the_first_alone_is_answered_at_once_and_all_in_order(server: Served) -> None:
    with server.connect() as connection:
        connection.sendall(b"".join(request(b"POST", body=body) for body in (b"a", b"bb", b"ccc")))
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < 3 or not received.endswith(b"3 bytes"):
            received += connection.recv(65536)

    assert bodies(server) == [b"a"]
    assert received.index(b"at once a") < received.index(b"2 bytes") < received.index(b"3 bytes")


def test_a_form_behind_one_that_is_being_answered_waits_for_its_turn(server: Served) -> None:
    with server.connect() as connection:
        connection.sendall(request(b"GET", b"/slow"))
        assert server.app.slow.wait(5)
        connection.sendall(request(b"POST", body=b"abc"))
        server.app.release.set()
        received = answer(connection)
        while not received.endswith(b"3 bytes"):
            received += connection.recv(65536)

    assert bodies(server) == []


def test_a_request_behind_a_form_answered_at_once_is_not_cut_off_as_idle() -> None:
    with served(replace(SETTINGS, keep_alive=1), app=Prompt()) as server, server.connect() as connection:
        connection.sendall(request(b"POST", body=b"a") + request(b"GET", b"/slow"))
        assert server.app.slow.wait(5)
        time.sleep(1.2)
        server.app.release.set()
        received = b""
        while not received.endswith(b"0 bytes") and (piece := connection.recv(65536)):
            received += piece

    assert received.index(b"at once a") < received.index(b"0 bytes")


def test_while_the_server_ends_each_answer_is_its_connections_last(server: Served) -> None:
    with server.connect() as connection:
        connection.sendall(request(b"POST", body=b"a"))
        assert answer(connection).endswith(b"at once a")
        server.server.drain()
        connection.sendall(request(b"POST", body=b"b"))
        received = answer(connection)

    assert b"\r\nconnection: close\r\n" in received
    assert bodies(server) == [b"a"]


def test_the_internal_listener_has_no_such_way() -> None:
    inside = listen("127.0.0.1", 0)
    with (
        served(SETTINGS, inside, app=Prompt()) as server,
        socket.create_connection(("127.0.0.1", port_of(inside)), timeout=10) as connection,
    ):
        connection.sendall(request(b"POST", body=b"abc"))
        assert answer(connection).endswith(b"3 bytes")
        assert bodies(server) == []


FINE = Answer(status=403, body=b"fine", headers=XML)
HEADERS = [(b"host", b"a"), (b"user-agent", b"agent/1")]


class Edged:
    """An edge whose door answers, declines or breaks alike in both of its ways; and what it told.

    `later`: whether it breaks only as its answer is asked for.
    """

    def __init__(self, door: Answer | Exception | None, *, later: bool = False) -> None:
        self.later = later
        self.door, self.origins, self.ids = door, list[RequestOrigin](), list[str | None]()
        self.lines: list[Mapping[str, Any]] = []
        self.meters = Meters.alone()
        self.edge = Edge(
            self._application,
            render_fault=lambda _fault, request_id: Answer(status=500, body=request_id.encode()),
            trusted_proxies=(),
            public_url="https://sts.example.com",
            access_log=lambda line: self.lines.append(line._asdict()),
            meter=self.meters.http,
            at_once=self._at_once,
        )

    def asked(self) -> Ready | None:
        assert self.edge.at_once is not None
        decided = self.edge.at_once("192.0.2.1", True, HEADERS, b"")
        assert self.lines == []
        return None if decided is None else decided()

    def _at_once(self, _headers: RequestHeaders, _body: bytes, origin: RequestOrigin) -> Callable[[], Answer] | None:
        self.origins.append(origin)
        self.ids.append(REQUEST_ID.get())
        if isinstance(self.door, Exception) and not self.later:
            raise self.door
        return None if self.door is None else self._answer

    def _answer(self) -> Answer:
        self.ids.append(REQUEST_ID.get())
        if isinstance(self.door, Exception):
            raise self.door
        assert self.door is not None
        return self.door

    async def _application(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        assert isinstance(self.door, Answer)
        await send_answer(send, self.door)


async def test_the_edge_does_for_a_prompt_answer_what_it_does_for_every_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.edge.random_uuid", lambda: "an-id")
    edged, written = Edged(FINE), list[bytes]()
    ready = edged.asked()
    assert ready is not None
    line = edged.lines.pop()

    class Transport:
        def write(self, piece: bytes) -> None:
            written.append(piece)

    scope = {**scope_of(), "method": "POST", "raw_path": b"/", "headers": HEADERS, "scheme": "https"}
    scope["client"] = ("192.0.2.1", 1)
    cycle = Cycle.__new__(Cycle)
    vars(cycle).update(scope=scope, transport=Transport(), outbox=Outbox(()), default_headers=[(b"date", b"today")])
    vars(cycle).update(response_started=False, response_complete=False, disconnected=False, keep_alive=True)
    vars(cycle).update(chunked_encoding=None, expected_content_length=0, waiting_for_100_continue=False)
    vars(cycle).update(flow=_Flow(), message_event=_Event(), on_response=lambda: None)
    await edged.edge(scope, _nothing, cycle.send)
    cycle.outbox.empty()

    assert written == [whole_answer(ready, b"date: today\r\n")]
    usual = edged.lines.pop()
    assert {**line, "milliseconds": 0} == {**usual, "milliseconds": 0}
    assert b'http_responses_total{class="4xx"} 2' in edged.meters.text() or b'="4xx"} 2' in edged.meters.text()


class _Flow:
    write_paused = False


class _Event:
    def set(self) -> None:
        """Nobody waits."""


async def _nothing() -> dict[str, Any]:
    return {}


def test_the_door_knows_the_request_and_the_log_its_id_while_it_is_answered() -> None:
    edged = Edged(FINE)
    edged.asked()

    (origin,) = edged.origins
    assert (origin.source_ip, origin.user_agent, origin.secure_transport) == ("192.0.2.1", "agent/1", True)
    assert edged.ids == [origin.request_id] * 2
    assert REQUEST_ID.get() is None


def test_what_the_door_declines_is_neither_counted_nor_told() -> None:
    edged = Edged(None)

    assert edged.asked() is None
    assert edged.lines == []
    assert b'="4xx"} 0' in edged.meters.text()


@pytest.mark.parametrize("later", [False, True])
def test_a_bug_of_the_door_is_answered_logged_and_counted(later: bool, caplog: pytest.LogCaptureFixture) -> None:
    edged = Edged(RuntimeError("with a secret"), later=later)

    with caplog.at_level(logging.ERROR):
        ready = edged.asked()

    assert ready is not None
    assert (ready.status, ready.body.decode()) == (500, ready.request_id)
    assert [record.message for record in caplog.records] == ["a bug answered a request"]
    assert edged.lines[0]["status"] == 500
