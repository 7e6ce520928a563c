"""Cookies of browsers: whose signature holds, for how long, and by which keys."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from gateway.web.cookies import Cookie, SignedCookies
from tests.fakes.gateway_world import START, MovableClock

PORTAL = Cookie(name="portal", max_age=60)


class Keys:
    """The keys in force."""

    def __init__(self, *keys: bytes) -> None:
        self.keys: Sequence[bytes] = keys

    def __call__(self) -> Sequence[bytes]:
        return self.keys


@pytest.fixture
def keys() -> Keys:
    return Keys(b"old" * 11, b"new" * 11)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def cookies(keys: Keys, clock: MovableClock) -> SignedCookies:
    return SignedCookies(keys, clock, secure=False)


def brought(header: tuple[bytes, bytes]) -> tuple[tuple[bytes, bytes], ...]:
    """What a browser sends of a cookie that was set."""
    return ((b"cookie", header[1].partition(b";")[0]),)


def test_a_cookie_is_read_as_it_was_set_however_often(cookies: SignedCookies) -> None:
    headers = brought(cookies.set(PORTAL, "an-id"))

    assert [cookies.read(PORTAL, headers) for _ in range(3)] == ["an-id"] * 3


def test_a_cookie_that_was_read_before_ends_at_its_age_all_the_same(
    cookies: SignedCookies, clock: MovableClock
) -> None:
    headers = brought(cookies.set(PORTAL, "an-id"))
    assert cookies.read(PORTAL, headers) == "an-id"

    clock.move(seconds=60)
    assert cookies.read(PORTAL, headers) == "an-id"
    clock.move(seconds=1)
    assert cookies.read(PORTAL, headers) is None


@pytest.mark.parametrize(("behind", "read"), [(1, "an-id"), (60, "an-id"), (61, None)])
def test_replicas_clocks_may_differ_by_a_minute(
    cookies: SignedCookies, keys: Keys, behind: int, read: str | None
) -> None:
    headers = brought(cookies.set(PORTAL, "an-id"))

    replicas = SignedCookies(keys, MovableClock(START - timedelta(seconds=behind)), secure=False)
    assert replicas.read(PORTAL, headers) == read


def test_one_age_does_not_count_for_another(cookies: SignedCookies, clock: MovableClock) -> None:
    signed = cookies.signed("form", "an-id")
    clock.move(seconds=30)

    assert cookies.unsigned("form", signed, 60) == "an-id"
    assert cookies.unsigned("form", signed, 10) is None


def test_what_a_key_vouched_for_ends_with_it(cookies: SignedCookies, keys: Keys) -> None:
    headers = brought(cookies.set(PORTAL, "an-id"))
    assert cookies.read(PORTAL, headers) == "an-id"

    keys.keys = (keys.keys[1], b"newest" * 6)
    assert cookies.read(PORTAL, headers) == "an-id"
    keys.keys = (keys.keys[1],)
    assert cookies.read(PORTAL, headers) is None


def test_a_new_key_signs_at_once(cookies: SignedCookies, keys: Keys) -> None:
    cookies.set(PORTAL, "an-id")

    keys.keys = (*keys.keys, b"newest" * 6)
    headers = brought(cookies.set(PORTAL, "an-id"))
    keys.keys = keys.keys[-1:]
    assert cookies.read(PORTAL, headers) == "an-id"


def test_what_is_signed_for_one_purpose_is_nothing_for_another(cookies: SignedCookies) -> None:
    signed = cookies.signed("form", "an-id")
    assert cookies.unsigned("form", signed, 60) == "an-id"

    assert cookies.unsigned("another form", signed, 60) is None


@pytest.mark.parametrize("at", range(0, 40, 3))
def test_a_cookie_with_one_byte_changed_is_nobodys(cookies: SignedCookies, at: int) -> None:
    ((name, value),) = brought(cookies.set(PORTAL, "an-id"))
    assert cookies.read(PORTAL, ((name, value),)) == "an-id"
    begins = len(b"portal=") + at % (len(value) - len(b"portal="))
    changed = value[:begins] + bytes((value[begins] ^ 1,)) + value[begins + 1 :]

    assert cookies.read(PORTAL, ((name, changed),)) is None


def test_of_two_cookies_of_one_name_none_counts(cookies: SignedCookies) -> None:
    ((name, value),) = brought(cookies.set(PORTAL, "an-id"))

    assert cookies.read(PORTAL, ((name, value + b"; " + value),)) is None


def test_a_flood_of_good_cookies_is_remembered_in_part(cookies: SignedCookies) -> None:
    signed = [cookies.signed("form", f"id-{number}") for number in range(1_100)]
    read = [cookies.unsigned("form", one, 60) for one in signed]

    assert read == [f"id-{number}" for number in range(1_100)]
    assert len(cookies._held) <= 1_024
