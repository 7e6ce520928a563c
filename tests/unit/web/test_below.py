"""Requests without a body below a path that are answered in the turn in which they came, and those that are not."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.assembly.listening import listen, port_of
from gateway.assembly.worker import ServerSettings
from gateway.web.at_once import Below, Ready
from gateway.web.bounds import Bounds
from gateway.web.cycle import block_of
from tests.unit.web.serving import HOST, Application, Served, answer, is_closed, request, served, status

SETTINGS = ServerSettings(bounds=Bounds(head_time=0.4, body_time=0.4), drain=0.2, linger=0.1, keep_alive=5)
OWN = ((b"x-gateway-account", b"1"),)


@dataclass
class Prompt(Application):
    """Answers what lies below `/checks` at once, but for what ends in `/declined`."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    at_once: None = None

    @property
    def below(self) -> Below:
        return Below((b"/checks",), self.ready)

    @property
    def below_internal(self) -> Below:
        return Below((b"/inside",), self.ready)

    def ready(self, *asked: Any) -> Ready | None:
        self.asked.append(asked)
        declined = asked[3].endswith(b"/declined")
        return None if declined else Ready(200, OWN, b"", ((b"x-a", b"b"),), "an-id", block_of(OWN))


@pytest.fixture
def server() -> Iterator[Served]:
    with served(SETTINGS, app=Prompt()) as running:
        yield running


def asked(server: Served) -> list[tuple[Any, ...]]:
    assert isinstance(server.app, Prompt)
    return server.app.asked


def test_a_request_below_the_path_is_answered_without_the_application(server: Served) -> None:
    received = server.exchange(request(b"PUT", b"/checks/a%20b?c=d", headers=b"X-One: two\r\n"))

    head = received.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert head[0] == b"HTTP/1.1 200 OK"
    assert {b"x-gateway-account: 1", b"content-length: 0", b"x-a: b", b"x-amzn-requestid: an-id"} <= set(head)
    assert asked(server) == [
        ("127.0.0.1", False, b"PUT", b"/checks/a%20b?c=d", [(b"host", b"gateway.test"), (b"x-one", b"two")])
    ]
    assert server.app.seen == []


def test_what_is_declined_goes_the_applications_way(server: Served) -> None:
    received = server.exchange(request(b"GET", b"/checks/declined"))

    assert received.endswith(b"0 bytes")
    assert len(asked(server)) == 1
    assert [scope["raw_path"] for scope in server.app.seen] == [b"/checks/declined"]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(request(b"POST", b"/checks/a", body=b"12345"), id="a body"),
        pytest.param(request(b"GET", b"/other"), id="another path"),
        pytest.param(request(b"POST", b"/"), id="the root"),
        pytest.param(request(b"GET", b"/checks/a", headers=b"Connection: close\r\n"), id="the last of a connection"),
        pytest.param(request(b"GET", b"/inside/a"), id="a path of the internal listener"),
    ],
)
def test_everything_else_goes_the_applications_way_unasked(server: Served, raw: bytes) -> None:
    received = server.exchange(raw)

    assert status(received) == 200
    assert received.endswith(b" bytes")
    assert asked(server) == []


def test_several_requests_of_one_piece_are_answered_in_their_order(server: Served) -> None:
    with server.connect() as connection:
        connection.sendall(
            request(b"GET", b"/checks/a") + request(b"GET", b"/checks/b") + request(b"GET", b"/checks/c")
        )
        first = answer(connection)
        while first.count(b"HTTP/1.1 200 OK") < 3:
            first += connection.recv(65536)

    assert first.count(b"x-gateway-account") == 1
    assert first.index(b"x-gateway-account") < first.index(b"0 bytes")
    assert [scope["raw_path"] for scope in server.app.seen] == [b"/checks/b", b"/checks/c"]


def test_an_answered_connection_stays_open_longer_than_a_head_may_take(server: Served) -> None:
    with server.connect() as connection:
        connection.sendall(request(b"GET", b"/checks/a"))
        assert status(answer(connection)) == 200

        assert not is_closed(connection, within=0.8)

        connection.settimeout(5)
        connection.sendall(request(b"GET", b"/checks/b"))
        assert status(answer(connection)) == 200


@pytest.mark.parametrize("begun", [b"GET /checks/a HT", b"\r\n"])
def test_half_a_head_behind_an_answer_has_its_time_and_no_more(server: Served, begun: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(request(b"GET", b"/checks/a"))
        assert status(answer(connection)) == 200

        connection.sendall(begun)

        assert is_closed(connection, within=2)


def test_a_request_that_breaks_the_bounds_is_refused_before_anybody_is_asked(server: Served) -> None:
    assert status(server.exchange(b"GET /checks/a HTTP/1.1\r\n" + HOST + HOST + b"\r\n")) == 400
    assert status(server.exchange(b"GET /checks/a#b HTTP/1.1\r\n" + HOST + b"\r\n")) == 400
    assert asked(server) == []


def test_the_internal_listener_has_a_path_of_its_own() -> None:
    inside = listen("127.0.0.1", 0)
    with served(SETTINGS, internal=inside, app=Prompt()) as running:
        within = Served(running.app, running.server, port_of(inside), running.thread)

        assert b"x-gateway-account" in within.exchange(request(b"GET", b"/inside/a"))
        assert b"x-gateway-account" not in within.exchange(request(b"GET", b"/checks/a"))
        assert b"x-gateway-account" not in running.exchange(request(b"GET", b"/inside/a"))
