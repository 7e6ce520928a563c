"""The socket that ldap3 is given: bounded in bytes and in time, and known to be dead when it is."""

import socket
import time
from collections.abc import Iterator

import pytest

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap import transport
from gateway.connectors.ldap.transport import GuardedSocket, Server

Pair = tuple[GuardedSocket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield GuardedSocket(ours), theirs


def test_an_answer_of_more_than_its_bound_is_given_up(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAXIMUM_ANSWER", 10)
    guarded, theirs = pair
    guarded.begin(Deadline(5))
    theirs.sendall(b"x" * 10)
    assert guarded.recv(4_096) == b"x" * 10
    theirs.sendall(b"x")
    with pytest.raises(OSError, match="larger than 10 bytes"):
        guarded.recv(4_096)


def test_the_bound_holds_for_each_answer_anew(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAXIMUM_ANSWER", 10)
    guarded, theirs = pair
    for _ in range(3):
        guarded.begin(Deadline(5))
        theirs.sendall(b"x" * 10)
        assert len(guarded.recv(4_096)) == 10


def test_a_server_that_drips_is_given_up_at_the_deadline_of_the_whole_answer(pair: Pair) -> None:
    guarded, theirs = pair
    guarded.begin(Deadline(0.3))
    begun = time.monotonic()

    def dripped() -> None:
        while True:
            theirs.sendall(b"x")
            guarded.recv(1)
            time.sleep(0.05)

    with pytest.raises(TimeoutError):
        dripped()
    assert time.monotonic() - begun < 1
    assert guarded.hung


def test_nothing_is_read_or_written_outside_a_request(pair: Pair) -> None:
    guarded, _ = pair
    with pytest.raises(TimeoutError):
        guarded.sendall(b"x")
    with pytest.raises(TimeoutError):
        guarded.recv(1)


def test_a_quiet_connection_is_alive(pair: Pair) -> None:
    assert not pair[0].is_stale


def test_a_connection_that_was_closed_is_dead(pair: Pair) -> None:
    pair[1].close()
    assert pair[0].is_stale


def test_a_connection_on_which_something_unasked_arrived_is_dead(pair: Pair) -> None:
    pair[1].sendall(b"notice of disconnection")
    assert pair[0].is_stale


@pytest.mark.parametrize(
    ("server", "told"),
    [
        (Server(host="dc1.corp.example", port=636, tls=True, start_tls=False), "ldaps://dc1.corp.example:636"),
        (Server(host="2001:db8::1", port=389, tls=False, start_tls=True), "ldap://[2001:db8::1]:389"),
    ],
)
def test_a_server_is_told_as_a_url(server: Server, told: str) -> None:
    assert str(server) == told
