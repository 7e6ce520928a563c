"""Revocations over the shared feed: two gateways, one store, and what happens when the store is away."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateway.domain.errors import RevokedSession, StateUnavailable
from gateway.domain.revocation import FARTHEST, Revocation, RevocationKind, RevocationList
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


class Slow(Store):
    """A store between whose calls others get their turn."""

    async def append(self, feed: str, event: bytes, until: datetime) -> None:
        await asyncio.sleep(0)
        await super().append(feed, event, until)


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


async def test_a_store_that_stays_away_is_told_once_and_so_is_its_return(
    store: Store, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "gateway.revocations")
    here = Revocations(store, clock)

    for away in (True, True, True, False, False, True):
        store.away = away
        await here.look()

    silent = "the revocations cannot be read: away"
    assert caplog.messages == [silent, "the revocations are read again", silent]


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


async def test_what_a_store_has_lost_is_in_force_where_it_was_heard(clock: MovableClock) -> None:
    here = Revocations(Store(clock), clock)
    await here.revoke(RevocationKind.SESSION, "S1")
    await here.look()
    here._feed = emptied = Store(clock)
    await Revocations(emptied, clock).revoke(RevocationKind.SESSION, "S2")

    for _ in range(revocation._ANEW + 1):
        await here.look()

    assert is_revoked(here)
    assert len(here.current) == 2
    later = Revocations(emptied, clock)
    await later.look()
    assert is_revoked(later)
    assert len((await emptied.events(FEED, None)).events) == 2
    clock.move(hours=36, minutes=5)
    await here.look()
    for _ in range(revocation._ANEW):
        await here.look()
    assert len(here.current) == 0


async def test_what_a_store_has_lost_of_a_date_is_given_back(clock: MovableClock) -> None:
    here, restored = Revocations(Store(clock), clock), Store(clock)
    await Revocations(restored, clock).revoke(RevocationKind.ROLE, "111122223333/Analyst")
    clock.move(minutes=10)
    made = await here.revoke(RevocationKind.ROLE, "111122223333/Analyst")
    here._feed = restored
    await here.look()

    later = Revocations(restored, clock)
    await later.look()

    with pytest.raises(RevokedSession):
        later.check(replace(ALICE, issued_at=made.issued_before))


async def test_what_a_store_has_lost_is_given_back_little_by_little_and_about_once(clock: MovableClock) -> None:
    store, until = Store(clock), START + timedelta(hours=36)
    ended = [
        Revocation(kind=RevocationKind.SESSION, value=f"S{number}", issued_before=START, until=until)
        for number in range(1_000)
    ]
    workers = [Revocations(store, clock) for _ in range(8)]
    for worker in workers:
        worker.current = RevocationList(ended)

    most = 0
    for _ in range(revocation._ANEW - 1):
        for worker in workers:
            before = len((await store.events(FEED, None)).events)
            await worker.look()
            most = max(most, len((await store.events(FEED, None)).events) - before)

    held = (await store.events(FEED, None)).events
    assert len(set(held)) == len(ended)
    assert len(held) == len(ended)
    assert most <= 32


async def test_workers_that_look_at_once_give_back_other_revocations(clock: MovableClock) -> None:
    store, until = Slow(clock), START + timedelta(hours=36)
    ended = [
        Revocation(kind=RevocationKind.SESSION, value=f"S{number}", issued_before=START, until=until)
        for number in range(2_000)
    ]
    workers = [Revocations(store, clock) for _ in range(8)]
    for worker in workers:
        worker.current = RevocationList(ended)

    for _ in range(revocation._ANEW - 1):
        await asyncio.gather(*(worker.look() for worker in workers))

    held = (await store.events(FEED, None)).events
    assert len(set(held)) == len(ended)
    assert len(held) < 2 * len(ended)


async def test_who_revokes_waits_for_nothing_that_is_given_back(clock: MovableClock) -> None:
    store, here = Store(clock), Revocations(Store(clock), clock)
    await here.revoke(RevocationKind.SESSION, "S1")
    here._feed = store

    await here.revoke(RevocationKind.SESSION, "S2")

    assert len((await store.events(FEED, None)).events) == 1
    await here.look()
    assert len((await store.events(FEED, None)).events) == 2


async def test_a_store_that_takes_nothing_back_is_followed_all_the_same(
    clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Revocations(Store(clock), clock)
    await here.revoke(RevocationKind.SESSION, "S1")
    here._feed = full = Store(clock)

    async def refusing(*_: object) -> None:
        raise StateUnavailable(cause="the feed is full")

    monkeypatch.setattr(full, "append", refusing)

    assert await here.look()
    assert is_revoked(here)


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


@pytest.mark.parametrize("first", [RevocationKind.SUBJECT, RevocationKind.ROLE])
@pytest.mark.parametrize("second", [RevocationKind.SUBJECT, RevocationKind.ROLE])
@pytest.mark.parametrize("after", [0, 0.4, 1.2, 2, 2.9, 3])
async def test_a_second_revocation_ends_what_was_opened_after_the_first(
    store: Store, clock: MovableClock, first: RevocationKind, second: RevocationKind, after: float
) -> None:
    here, there = Revocations(store, clock), Revocations(store, clock)
    names = {RevocationKind.SUBJECT: "workforce/a/lice", RevocationKind.ROLE: "111122223333/Analyst"}
    clock.move(milliseconds=700)
    await here.revoke(first, names[first])
    born = here.birth(clock.now(), role="111122223333/Analyst", provider="workforce", subject="a/lice")
    again = replace(ALICE, issued_at=born.replace(microsecond=0))
    here.check(again)
    clock.move(seconds=after)

    # By another replica, which has not heard of the first one yet.
    await there.revoke(second, names[second])
    await here.look()

    with pytest.raises(RevokedSession):
        here.check(again)


async def test_who_is_revoked_again_and_again_is_given_no_longer_life(store: Store, clock: MovableClock) -> None:
    here = Revocations(store, clock)
    names = {RevocationKind.SUBJECT: "workforce/a/lice", RevocationKind.ROLE: "111122223333/Analyst"}
    born: list[datetime] = []
    for number in range(40):
        kind = list(names)[number % 2]
        made = await here.revoke(kind, names[kind])
        birth = here.birth(clock.now(), role="111122223333/Analyst", provider="workforce", subject="a/lice")
        for one in born:
            with pytest.raises(RevokedSession):
                here.check(replace(ALICE, issued_at=one))
        born.append(birth.replace(microsecond=0))
        assert made.issued_before <= clock.now() + FARTHEST
        assert birth <= clock.now() + FARTHEST
        clock.move(milliseconds=100)

    clock.move(seconds=6)
    here.check(replace(ALICE, issued_at=clock.now()))


async def test_many_revocations_at_once_date_no_session_far_into_the_future(store: Store, clock: MovableClock) -> None:
    here = Revocations(store, clock)
    for number in range(50):
        made = await here.revoke(RevocationKind.SUBJECT, f"workforce/{number}")

    assert made.issued_before == clock.now() + MARGIN
