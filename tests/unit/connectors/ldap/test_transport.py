"""The socket that ldap3 is given: bounded in bytes and in time, and known to be dead when it is."""

import socket
import time
from collections.abc import Callable, Iterator

import pytest

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap import transport
from gateway.connectors.ldap.transport import GuardedSocket, Server, ServerFailed, connected, tls_context

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


def test_a_server_that_takes_no_request_is_given_up_at_the_deadline(pair: Pair) -> None:
    guarded, _ = pair
    guarded.begin(Deadline(0.2))
    with pytest.raises(TimeoutError):
        guarded.sendall(b"x" * 10_000_000)
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


Named = Callable[..., Server]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Named:
    """A server whose name has the addresses of these sockets."""

    def resolved(*listening: socket.socket) -> Server:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", one.getsockname()) for one in listening]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: list(found))
        transport._taken_by.clear()
        return Server(host="dc1", port=389, tls=False, start_tls=False)

    return resolved


@pytest.fixture
def alive() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """An address that never answers: as many wait for it as the system holds ready."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        yield listening
        for one in waiting:
            one.close()


def test_an_address_that_never_answers_leaves_the_others_of_its_name_their_turn(
    named: Named, silent: socket.socket, alive: socket.socket
) -> None:
    deadline = Deadline(1)

    connected(named(silent, silent, alive), tls_context(None), deadline).close()

    assert deadline.left() > 0.1


def test_the_address_that_stood_in_for_a_silent_one_is_the_first_to_be_tried(
    named: Named, silent: socket.socket, alive: socket.socket
) -> None:
    server = named(silent, alive)
    connected(server, tls_context(None), Deadline(0.5)).close()
    deadline = Deadline(5)

    connected(server, tls_context(None), deadline).close()

    assert deadline.left() > 4


def test_all_addresses_of_a_name_share_the_time_to_connect(named: Named, silent: socket.socket) -> None:
    begun = time.monotonic()

    with pytest.raises(ServerFailed, match="does not answer in time") as failed:
        connected(named(silent, silent, silent), tls_context(None), Deadline(0.5))

    assert failed.value.hung
    assert time.monotonic() - begun < 0.9


def test_an_address_that_refuses_leaves_the_others_of_its_name_their_turn(named: Named, alive: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        server = named(gone, alive)

    connected(server, tls_context(None), Deadline(1)).close()


def test_an_address_of_a_family_that_this_machine_has_not_leaves_the_others_their_turn(
    monkeypatch: pytest.MonkeyPatch, alive: socket.socket
) -> None:
    found = [(255, socket.SOCK_STREAM, 6, "", ()), (socket.AF_INET, socket.SOCK_STREAM, 6, "", alive.getsockname())]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: list(found))

    connected(Server(host="dc2", port=389, tls=False, start_tls=False), tls_context(None), Deadline(1)).close()
