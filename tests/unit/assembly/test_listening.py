"""Listening sockets: where, on which port, and what is told when that cannot be."""

import socket
from contextlib import ExitStack, suppress

import pytest

from gateway.assembly.listening import (
    AddressUnavailable,
    are_queues_empty,
    close_all,
    listen,
    port_of,
    refuse_newcomers,
    take_newcomers,
)


def test_a_free_port_is_taken_and_connections_are_accepted_at_once() -> None:
    sockets = listen("127.0.0.1", 0)

    with socket.create_connection(("127.0.0.1", port_of(sockets)), timeout=2):
        pass
    close_all(sockets)


def test_a_name_listens_on_all_its_addresses_with_one_port() -> None:
    sockets = listen("localhost", 0)

    assert len({one.getsockname()[1] for one in sockets}) == 1
    assert {one.getsockname()[0] for one in sockets} <= {"127.0.0.1", "::1"}
    close_all(sockets)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_somebody_else_is_told(host: str) -> None:
    with pytest.raises(AddressUnavailable, match=f"cannot listen on {host}:0: "):
        listen(host, 0)


def test_a_port_in_use_is_told() -> None:
    sockets = listen("127.0.0.1", 0)
    port = port_of(sockets)

    told = f"cannot listen on 127.0.0.1:{port}: Address already in use; another process listens there: end it"
    with pytest.raises(AddressUnavailable, match=told):
        listen("127.0.0.1", port)
    close_all(sockets)


def test_newcomers_are_not_queued_any_more() -> None:
    sockets = listen("127.0.0.1", 0)
    refuse_newcomers(sockets)

    with ExitStack() as clients:
        queued = 0
        with suppress(TimeoutError):
            while queued < 8:
                clients.enter_context(socket.create_connection(("127.0.0.1", port_of(sockets)), timeout=0.3))
                queued += 1
    close_all(sockets)

    assert queued == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_whoever_waits_in_the_queue_is_still_accepted_and_heard(host: str) -> None:
    sockets = listen(host, 0)
    with socket.create_connection((host, port_of(sockets)), timeout=1) as client:
        refuse_newcomers(sockets)

        assert not are_queues_empty(sockets)
        accepted, _ = sockets[0].accept()
        with accepted:
            client.sendall(b"asked")
            accepted.settimeout(1)
            assert accepted.recv(9) == b"asked"
        assert are_queues_empty(sockets)
    close_all(sockets)


def test_a_worker_that_begins_takes_newcomers_again() -> None:
    sockets = listen("127.0.0.1", 0)
    refuse_newcomers(sockets)

    take_newcomers(sockets)
    take_newcomers(sockets)
    sockets[0].listen(8)

    with socket.create_connection(("127.0.0.1", port_of(sockets)), timeout=0.5):
        assert not are_queues_empty(sockets)
    close_all(sockets)
