"""The thread that renews: what each ending of an attempt leaves behind, and that its death is no secret."""

import threading
from collections.abc import Callable

import pytest

from gateway.client.connection import GatewayUnreachable
from gateway.client.held import NothingToGive, Outcome
from gateway.client.sts import SessionKeys, StsRefusal
from gateway.client.token_file import UnusableToken
from gateway.sidecar.renewal import Renewal
from tests.unit.sidecar.made import KEYS, Time, role


class World:
    def __init__(self, fetch: Callable[[], SessionKeys]) -> None:
        self.time, self.told, self.dead = Time(), list[str](), threading.Event()
        self.held = role(self.time).held
        self.renewal = Renewal("etl", self.held, fetch, tell=self.told.append, died=self.dead.set)


def raising(error: Exception) -> Callable[[], SessionKeys]:
    def fetch() -> SessionKeys:
        raise error

    return fetch


def test_what_was_fetched_is_held_and_told_without_secrets() -> None:
    world = World(lambda: KEYS)
    world.renewal.attempt()

    assert world.held.give(least=900).keys == KEYS
    assert world.told == ["etl: credentials until 2023-11-14T23:13:20Z"]


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (StsRefusal("AccessDenied", "why"), Outcome.REFUSED, "AccessDenied"),
        (GatewayUnreachable("why"), Outcome.UNREACHABLE, "GatewayUnreachable"),
        (UnusableToken("why"), Outcome.UNREACHABLE, "TokenUnavailable"),
    ],
)
def test_what_fails_is_kept_for_whoever_asks(error: Exception, outcome: Outcome, code: str) -> None:
    world = World(raising(error))
    world.renewal.attempt()

    with pytest.raises(NothingToGive, match="why") as told:
        world.held.give(least=0)
    assert (told.value.outcome, told.value.code) == (outcome, code)
    assert "why" in world.told[0]


def test_what_has_ended_already_is_told_as_a_fault_and_ever_more_rarely() -> None:
    world = World(lambda: KEYS)
    world.time.now = KEYS.expires + 1
    for _ in range(4):
        world.renewal.attempt()

    assert [line.partition("attempt ")[2].partition(":")[0] for line in world.told] == ["1", "2", "4"]
    assert "by the clock of this machine" in world.told[0]
    with pytest.raises(NothingToGive) as told:
        world.held.give(least=0)
    assert (told.value.outcome, told.value.code) == (Outcome.REFUSED, "ClockSkew")


def test_a_long_outage_is_told_ever_more_rarely_and_the_next_one_from_its_beginning() -> None:
    endings: list[Exception | None] = [*[GatewayUnreachable("away")] * 10, None, GatewayUnreachable("again")]

    def fetch() -> SessionKeys:
        ending = endings.pop(0)
        if ending is not None:
            raise ending
        return KEYS

    world = World(fetch)
    for _ in range(12):
        world.renewal.attempt()

    attempts = [line.partition("attempt ")[2].partition(":")[0] for line in world.told]
    assert attempts == ["1", "2", "4", "8", "", "1"]
    assert "credentials until" in world.told[4]


def test_the_first_attempt_comes_at_once_and_a_hurry_looks_again() -> None:
    asked = threading.Semaphore(0)
    # Ends before it begins by the clock of this test, so that each look finds another attempt due.
    world: World

    def fetch() -> SessionKeys:
        asked.release()
        return KEYS

    world = World(fetch)
    world.renewal.start()
    assert asked.acquire(timeout=5)
    world.time.now += 3600
    world.renewal.hurry()

    assert asked.acquire(timeout=5)


def test_a_fault_of_our_own_does_not_leave_a_sidecar_that_only_looks_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    crashes: list[object] = []
    monkeypatch.setattr(threading, "excepthook", crashes.append)
    world = World(raising(KeyError("a fault")))
    world.renewal.start()

    assert world.dead.wait(5)
    world.renewal._thread.join(5)
    assert len(crashes) == 1
