"""Which key seals, and which one opens."""

from datetime import timedelta
from itertools import permutations

import pytest

from gateway.domain.errors import KeyringUnavailable
from gateway.sealing.keyring import Keyring, SealingKey
from tests.unit.sealing.made import HOUR, MOMENT, NOW, key

OLD, NEW, NEXT = key("old", seals_from=NOW - HOUR), key("new"), key("next", seals_from=NOW + HOUR)


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        pytest.param(MOMENT - 3600, "old", id="the first second of the oldest"),
        pytest.param(MOMENT - 0.001, "old", id="a moment before the change"),
        pytest.param(MOMENT, "new", id="the moment of the change"),
        pytest.param(MOMENT + 3599.9, "new", id="a moment before the next change"),
        pytest.param(MOMENT + 3600, "next", id="the moment of the next change"),
        pytest.param(MOMENT + 10**9, "next", id="long after"),
    ],
)
def test_the_newest_key_whose_time_has_come_seals(moment: float, name: str) -> None:
    assert Keyring([OLD, NEW, NEXT]).sealing_key(moment).key_id == key(name).key_id


def test_no_key_seals_before_its_time() -> None:
    with pytest.raises(KeyringUnavailable) as caught:
        Keyring([OLD, NEW]).sealing_key(MOMENT - 3601)

    assert "keys list" in caught.value.cause
    assert "keyring" not in str(caught.value)


def test_an_empty_keyring_seals_nothing() -> None:
    with pytest.raises(KeyringUnavailable):
        Keyring([]).sealing_key(MOMENT)


def test_a_key_opens_before_it_seals() -> None:
    assert Keyring([OLD, NEXT]).key(NEXT.key_id) is NEXT


@pytest.mark.parametrize("key_id", [b"", b"\0" * 8, OLD.key_id[:-1], OLD.key_id + b"\0"])
def test_an_unknown_id_has_no_key(key_id: bytes) -> None:
    assert Keyring([OLD, NEW]).key(key_id) is None


@pytest.mark.parametrize("order", list(permutations([OLD, NEW, NEXT])))
def test_keys_stand_oldest_first_whatever_order_they_came_in(order: tuple[SealingKey, ...]) -> None:
    assert Keyring(order).keys == (OLD, NEW, NEXT)


def test_of_two_keys_with_one_time_the_later_of_the_file_seals_and_the_order_stays() -> None:
    one, other = key("one"), key("other")
    ring = Keyring([one, other])

    assert ring.sealing_key(MOMENT) is other
    assert ring.keys == (one, other)
    assert Keyring(ring.keys).keys == (one, other)


def test_two_keys_with_one_id_are_a_fault() -> None:
    with pytest.raises(ValueError, match="one id"):
        Keyring([OLD, key("old", seals_from=NOW, secret=b"x" * 32)])


def test_a_key_never_shows_its_secret() -> None:
    shown = repr(key("old", secret=b"canary-canary-canary-canary-32by"))

    assert "canary" not in shown
    assert "key_id" in shown


def test_a_key_is_not_edited_in_place() -> None:
    with pytest.raises(AttributeError):
        OLD.seals_from = NOW + timedelta(days=1)  # type: ignore[misc]
