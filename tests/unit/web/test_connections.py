"""How many connections may be open."""

import ipaddress

import pytest

from gateway.web.connections import Admissions


def admissions(*, total: int = 100, per_address: int = 2) -> Admissions:
    return Admissions(total=total, per_address=per_address, trusted_proxies=[ipaddress.ip_network("10.0.0.0/8")])


def test_one_address_has_so_many_and_leaves_the_others_alone() -> None:
    doors = admissions()

    assert doors.admit("192.0.2.1")
    assert doors.admit("192.0.2.1")
    assert doors.admit("192.0.2.1") is None
    assert doors.admit("192.0.2.2")


def test_a_released_place_is_free_again() -> None:
    doors = admissions(per_address=1)
    place = doors.admit("192.0.2.1")
    assert place

    doors.release(place)

    assert doors.admit("192.0.2.1")


def test_a_refused_connection_takes_no_place() -> None:
    doors = admissions(total=2, per_address=1)
    doors.admit("192.0.2.1")

    assert [doors.admit("192.0.2.1") for _ in range(5)] == [None] * 5
    assert doors.admit("192.0.2.2")


@pytest.mark.parametrize("peer", ["10.1.1.1", "::ffff:10.1.1.1", "local"])
def test_proxies_and_local_sockets_carry_many(peer: str) -> None:
    doors = admissions(per_address=1)

    assert all(doors.admit(peer) for _ in range(50))


def test_all_together_are_bounded() -> None:
    doors = admissions(total=3)

    assert [bool(doors.admit("10.1.1.1")) for _ in range(4)] == [True, True, True, False]


def test_a_neighbourhood_of_ipv6_counts_as_one() -> None:
    doors = admissions()

    assert [bool(doors.admit(f"2001:db8::{last}")) for last in (1, 2, 3)] == [True, True, False]
    assert doors.admit("2001:db8:0:1::1")
