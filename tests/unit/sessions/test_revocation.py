"""Revocations over the shared feed: two gateways, one store, and what happens when the store is away."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.errors import RevokedSession, StateUnavailable
from gateway.domain.revocation import RevocationKind
from gateway.sessions import revocation
from gateway.sessions.revocation import FEED, MARGIN, Revocations, read, written
from gateway.state.memory import MemoryStore
from gateway.state.store import Events
from tests.fakes.gateway_world import START, MovableClock
from tests.unit.domain.test_revocation import ALICE as PRINCIPAL

ALICE = replace(PRINCIPAL, issued_at=START)


class Store(MemoryStore):
    """A store that can be away."""

    away = False
    slow = 0.0

    async def events(self, feed: str, since: str | None) -> Events:
        if self.away:
            raise StateUnavailable(cause="away")
        await asyncio.sleep(self.slow)
        return await super().events(feed, since)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def store(clock: MovableClock) -> Store:
    return Store(clock)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation, "INTERVAL", 0.01)
    monkeypatch.setattr(revocation, "_FIRST_WAIT", 0.05)


def is_revoked(revocations: Revocations) -> bool:
    try:
        revocations.check(ALICE)
    except RevokedSession:
        return True
    return False


async def until_revoked(revocations: Revocations) -> None:
    async with asyncio.timeout(5):
        while not is_revoked(revocations):
            await asyncio.sleep(0.005)


async def test_it_is_in_force_here_at_once(store: Store, clock: MovableClock) -> None:
    here = Revocations(store, clock)

    made = await here.revoke(RevocationKind.SESSION, "S1")

    assert is_revoked(here)
    assert made.until - clock.now() > timedelta(hours=36)


async def test_it_is_in_force_wherever_the_feed_is_followed(store: Store, clock: MovableClock) -> None:
    here, there = Revocations(store, clock), Revocations(store, clock)
    await there.start()

    await here.revoke(RevocationKind.ROLE, "111122223333/Analyst")

    await until_revoked(there)
    await there.aclose()


async def test_what_was_revoked_before_the_start_is_in_force_from_the_start(store: Store, clock: MovableClock) -> None:
    await Revocations(store, clock).revoke(RevocationKind.SESSION, "S1")

    later = Revocations(store, clock)
    await later.start()

    assert is_revoked(later)
    await later.aclose()


async def test_what_came_while_the_store_was_away_is_found_afterwards(store: Store, clock: MovableClock) -> None:
    there = Revocations(store, clock)
    await there.start()
    store.away = True
    await Revocations(store, clock).revoke(RevocationKind.SESSION, "S1")
    await asyncio.sleep(0.05)
    assert not is_revoked(there)

    store.away = False

    await until_revoked(there)
    await there.aclose()


async def test_what_was_read_counts_on_while_the_store_is_away(store: Store, clock: MovableClock) -> None:
    here = Revocations(store, clock)
    await here.revoke(RevocationKind.SESSION, "S1")
    await here.start()
    store.away = True
    clock.move(minutes=10)

    assert not await here.look()

    assert is_revoked(here)
    here.check(replace(ALICE, session_id="S2", issued_at=clock.now()))
    assert here.lag() == timedelta(minutes=10)
    await here.aclose()


async def test_a_gateway_that_has_read_nothing_since_its_start_takes_no_session(
    store: Store, clock: MovableClock
) -> None:
    store.away = True
    here = Revocations(store, clock)

    await here.start()

    assert here.is_blind
    with pytest.raises(StateUnavailable):
        here.check(ALICE)
    here.check(replace(ALICE, issued_at=None))  # a long-lived key cannot have been revoked
    store.away = False
    async with asyncio.timeout(5):
        while not await here.look():
            await asyncio.sleep(0.005)
    here.check(ALICE)
    await here.aclose()


async def test_a_store_that_hangs_does_not_hold_the_start_up(store: Store, clock: MovableClock) -> None:
    store.slow = 60.0
    here = Revocations(store, clock)

    async with asyncio.timeout(2):
        await here.start()

    assert here.is_blind
    await here.aclose()


async def test_a_feed_that_was_emptied_is_read_anew(clock: MovableClock) -> None:
    here = Revocations(Store(clock), clock)
    await here.revoke(RevocationKind.SESSION, "S1")
    await here.look()
    here._feed = Store(clock)

    await here.look()

    assert len(here.current) == 0


async def test_what_is_revoked_while_the_feed_is_read_is_not_forgotten(store: Store, clock: MovableClock) -> None:
    here = Revocations(store, clock)
    store.slow = 0.05

    looking = asyncio.create_task(here.look())
    await asyncio.sleep(0.01)
    await here.revoke(RevocationKind.SESSION, "S1")
    await looking

    assert is_revoked(here)


async def test_what_others_issue_before_they_hear_is_ended_too(store: Store, clock: MovableClock) -> None:
    made = await Revocations(store, clock).revoke(RevocationKind.ROLE, "111122223333/Analyst")

    assert made.issued_before == clock.now() + MARGIN


async def test_an_event_of_a_newer_version_is_passed_over_and_told(
    store: Store, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    here = Revocations(store, clock)
    made = await here.revoke(RevocationKind.SESSION, "S1")
    unreadable = (
        b'{"kind":"galaxy","value":"x","issued_before":1,"until":2}',
        b'{"kind":"session","value":"x","issued_before":1,"until":99999999999999999999}',
        b'{"kind":"session","value":"x","issued_before":1e999,"until":2}',
        b"[" * 10_000,
        b"{}",
        b"[",
        b"7",
    )
    for event in unreadable:
        await store.append(FEED, event, made.until)

    await here.look()

    assert len(here.current) == 1
    assert caplog.messages == ["a revocation that this version cannot read is not in force here"] * len(unreadable)


async def test_an_event_is_read_as_it_was_written(store: Store, clock: MovableClock) -> None:
    made = await Revocations(store, clock).revoke(RevocationKind.SUBJECT, "workforce/ä/\N{SNOWMAN}")

    assert list(read([written(made)])) == [made]
