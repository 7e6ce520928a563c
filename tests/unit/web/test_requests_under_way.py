"""What large requests hold is bounded over all connections, and whoever is slow gives way to whoever is not."""

import socket
from contextlib import ExitStack
from typing import Any

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
        running.server.server_state.under_way = RequestsUnderWay(100_000)  # type: ignore[misc]
        under_way = running.server.server_state.under_way
        connection = stack.enter_context(running.connect())
        for _ in range(4):
            connection.sendall(request(b"POST", body=b"b" * 90_000))
            assert status(answer(connection)) == 200
        # And not for as long as the connection stays open: it would be the first to give way.
        assert eventually(lambda: not under_way._sizes)
        assert under_way._total == 0


@pytest.mark.parametrize("others", [b"", b"c" * 30_000], ids=["small", "large"])
def test_what_waits_behind_an_answer_is_counted_until_its_own(settings: ServerSettings, others: bytes) -> None:
    with served(settings) as running, ExitStack() as stack:
        under_way = running.server.server_state.under_way
        connection = stack.enter_context(running.connect())
        connection.sendall(request(b"POST", b"/slow", body=b"a" * 30_000))
        assert running.app.slow.wait(5)
        connection.sendall(request(b"POST", b"/lazy", body=b"b" * 30_000) + request(b"POST", body=others))
        assert eventually(lambda: under_way._total >= 30_000)
        running.app.release.set()
        received = b""
        while received.count(b" bytes") < 3:
            received += connection.recv(65536)

        assert eventually(lambda: not under_way._sizes)
        assert under_way._total == 0


def test_the_beginning_of_another_request_takes_nothing_off(settings: ServerSettings) -> None:
    with served(settings) as running, ExitStack() as stack:
        under_way = running.server.server_state.under_way
        connection = stack.enter_context(running.connect())
        connection.sendall(request(b"POST", b"/slow", body=b"a" * 30_000))
        assert running.app.slow.wait(5)
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert not eventually(lambda: under_way._total < 30_000, within=0.3)

        running.app.release.set()
        assert status(answer(connection)) == 200
        connection.sendall(HOST + b"\r\n")
        assert status(answer(connection)) == 200
        assert eventually(lambda: not under_way._sizes)
        assert under_way._total == 0


def test_what_is_answered_before_it_has_come_holds_no_room(settings: ServerSettings) -> None:
    with served(settings) as running, ExitStack() as stack:
        under_way = running.server.server_state.under_way
        connection = stack.enter_context(running.connect())
        head = b"POST /early HTTP/1.1\r\n" + HOST + b"Content-Length: 90000\r\n\r\n"
        connection.sendall(head + b"a" * 20_000)
        assert status(answer(connection)) == 413
        connection.sendall(b"a" * 70_000)
        connection.sendall(request(b"GET", b"/healthz"))
        assert status(answer(connection)) == 200

        connection.sendall(head + b"a" * 20_000)
        assert status(answer(connection)) == 413
        connection.sendall(b"a" * 70_000)
        assert eventually(lambda: not under_way._sizes)
        assert under_way._total == 0


@pytest.mark.parametrize(
    ("target", "expected", "size"),
    [("/early", 413, 90_000), ("/lean", 200, 90_000), ("/", 200, 0)],
    ids=["unread", "read", "a head alone"],
)
def test_what_holds_no_room_holds_no_memory_either(
    settings: ServerSettings, target: str, expected: int, size: int
) -> None:
    long = b"X: " + b"a" * 50_000 + b"\r\n"
    with served(settings) as running, ExitStack() as stack:
        connection = stack.enter_context(running.connect())
        connection.sendall(request(b"POST", target.encode(), headers=long, body=b"b" * size))
        assert status(answer(connection)) == expected
        held: Any = next(iter(running.server.server_state.connections))

        assert eventually(lambda: not running.server.server_state.under_way._sizes)
        assert eventually(lambda: not (held.headers or held.scope or held.cycle.scope or held.cycle.body))
        connection.sendall(request(b"GET", b"/healthz"))
        assert status(answer(connection)) == 200
