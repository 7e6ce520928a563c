"""What a server answers, well formed or not, as a session tells it."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap import ber
from gateway.connectors.ldap.results import Answer
from gateway.connectors.ldap.session import Session
from gateway.connectors.ldap.transport import GuardedSocket, Server, ServerFailed

DN = "uid=alice,dc=example"
_ENTRY = 0x64
_DONE = 0x65
_SET = 0x31

Read = Callable[[bytes], Answer]


def message(asked: bytes, operation: bytes) -> bytes:
    """An answer with the number of what was asked."""
    return ber.constructed(ber.SEQUENCE, (asked[2 : 4 + asked[3]], operation))


def done(asked: bytes) -> bytes:
    return message(asked, ber.constructed(_DONE, (ber.integer(0, ber.ENUMERATED), ber.text(""), ber.text(""))))


def entry(attributes: bytes) -> bytes:
    return ber.constructed(_ENTRY, (ber.text(DN), ber.element(ber.SEQUENCE, attributes)))


@pytest.fixture
def read() -> Iterator[Read]:
    """Read an entry of a server that answers with it, of the test's own making."""
    ours, theirs = socket.socketpair()
    session = Session(Server(host="dc1", port=389, tls=False, start_tls=False), GuardedSocket(ours), response_seconds=5)

    def answered(with_entry: bytes) -> Answer:
        def answers() -> None:
            asked = theirs.recv(4_096)
            theirs.sendall(message(asked, with_entry) + done(asked))

        thread = threading.Thread(target=answers)
        thread.start()
        try:
            return session.read(DN, ("uid", "memberOf"), Deadline(5))
        finally:
            thread.join()

    with ours, theirs:
        yield answered


def test_an_attribute_that_comes_without_any_value_has_none(read: Read) -> None:
    values = ber.constructed(ber.SEQUENCE, (ber.text("uid"), ber.constructed(_SET, (ber.text("alice"),))))
    none = ber.constructed(ber.SEQUENCE, (ber.text("memberOf"), ber.constructed(_SET, ())))

    found = read(entry(values + none)).entries[0]

    assert (found.texts("uid"), found.texts("memberOf")) == (("alice",), ())


UNREADABLE = {
    "a number for values": ber.constructed(ber.SEQUENCE, (ber.text("uid"), ber.integer(7))),
    "no pair": ber.constructed(ber.SEQUENCE, (ber.text("uid"),)),
}


@pytest.mark.parametrize("attributes", UNREADABLE.values(), ids=UNREADABLE)
def test_an_entry_that_cannot_be_read_is_a_fault_of_its_server(read: Read, attributes: bytes) -> None:
    with pytest.raises(ServerFailed, match="ldap://dc1:389: "):
        read(entry(attributes))
