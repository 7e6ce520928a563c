"""What large requests hold is bounded over all connections, and whoever is slow gives way to whoever is not."""

import socket
from contextlib import ExitStack

import pytest

from gateway.assembly.worker import ServerSettings
from gateway.web.requests_under_way import RequestsUnderWay
from tests.unit.web.serving import HOST, answer, eventually, is_closed, request, served, status

LARGE = b"POST /lazy HTTP/1.1\r\n" + HOST + b"Content-Length: 200000\r\n\r\n"


def test_whoever_began_first_gives_way() -> None:
    under_way: RequestsUnderWay[str] = RequestsUnderWay(100)

    assert list(under_way.grown("first", 40)) == []
    assert list(under_way.grown("second", 40)) == []
    assert list(under_way.grown("first", 60)) == []
    assert list(under_way.grown("third", 30)) == ["first"]
    assert list(under_way.grown("second", 70)) == []
    under_way.ended("second")
    assert list(under_way.grown("fourth", 70)) == []
    assert list(under_way.grown("fourth", 101)) == ["third", "fourth"]


@pytest.fixture
def settings() -> ServerSettings:
    return ServerSettings()


def open_large(stack: ExitStack, connection: socket.socket, sent: int = 40_000) -> socket.socket:
    stack.enter_context(connection)
    connection.sendall(LARGE + b"a" * sent)
    return connection


def test_bodies_that_stay_unfinished_leave_room_for_others(settings: ServerSettings) -> None:
    with served(settings) as running, ExitStack() as stack:
        running.server.server_state.under_way = RequestsUnderWay(100_000)  # type: ignore[misc]
        one = open_large(stack, running.connect())
        assert eventually(lambda: len(running.app.seen) == 1)
        others = [open_large(stack, running.connect()) for _ in range(2)]

        assert status(answer(one)) == 503
        assert is_closed(one, 3)
        assert status(running.exchange(request(b"POST", body=b"b" * 90_000))) == 200
        assert [status(answer(other)) for other in others] == [503, 503]


def test_heads_that_stay_unfinished_leave_room_for_others(settings: ServerSettings) -> None:
    with served(settings) as running, ExitStack() as stack:
        running.server.server_state.under_way = RequestsUnderWay(60_000)  # type: ignore[misc]
        heads = [stack.enter_context(running.connect()) for _ in range(3)]
        for connection in heads:
            connection.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 40_000)
            connection.settimeout(10)

        assert sorted(status(answer(connection)) for connection in heads[:2]) == [503, 503]


def test_what_has_been_answered_holds_no_room(settings: ServerSettings) -> None:
    with served(settings) as running, ExitStack() as stack:
        running.server.server_state.under_way = under_way = RequestsUnderWay(100_000)  # type: ignore[misc]
        connection = stack.enter_context(running.connect())
        for _ in range(4):
            connection.sendall(request(b"POST", body=b"b" * 90_000))
            assert status(answer(connection)) == 200
        connection.close()

        assert eventually(lambda: not under_way._sizes)
        assert under_way._total == 0
