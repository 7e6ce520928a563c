"""The keys that sign browsers' cookies, under a keyring in motion."""

from datetime import timedelta

from gateway.assembly.people import CookieKeys
from gateway.sealing.keyring import Keyring
from tests.fakes.gateway_world import MovableClock
from tests.unit.sealing.made import NOW, key

REALM = "https://sts.example.com"


def keys_of(keyring: Keyring, clock: MovableClock, realm: str = REALM) -> CookieKeys:
    return CookieKeys(lambda: keyring, realm, clock)


def test_they_are_the_same_as_long_as_the_keyring_is() -> None:
    keys = keys_of(Keyring([key("old"), key("new")]), MovableClock(NOW))

    assert keys() is keys()


def test_a_key_signs_when_its_time_has_come_and_verifies_before() -> None:
    clock = MovableClock(NOW)
    keys = keys_of(Keyring([key("old"), key("new", seals_from=NOW + timedelta(hours=1))]), clock)
    before = keys()

    clock.move(hours=1)

    assert set(keys()) == set(before)
    assert keys()[-1] == before[0] != before[-1]


def test_another_keyring_counts_at_once() -> None:
    rings = [Keyring([key("old"), key("new")])]
    keys = CookieKeys(lambda: rings[-1], REALM, MovableClock(NOW))
    before = keys()

    rings.append(Keyring([key("new")]))

    assert keys() == before[1:]


def test_they_are_of_one_gateway_and_no_key_of_the_keyring() -> None:
    ring = Keyring([key("old")])

    own, others = keys_of(ring, MovableClock(NOW))(), keys_of(ring, MovableClock(NOW), "https://other.example.com")()

    assert len({*own, *others, ring.keys[0].secret}) == 3
