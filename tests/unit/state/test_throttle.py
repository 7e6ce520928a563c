"""Failed logins are counted for all workers where the store answers, and for this one where it does not."""

import asyncio
import time
from datetime import timedelta

import pytest

from gateway.domain.errors import StateUnavailable
from gateway.state.memory import MemoryStore
from gateway.state.throttle import Throttle
from tests.conformance.state_suite import MovedClock

WINDOW = 900


class Counters:
    """A store's counters that can be down, or hang."""

    def __init__(self, clock: MovedClock) -> None:
        self.kept = MemoryStore(clock)
        self.down = False
        self.hangs = False
        self.asked = 0

    async def count(self, kind: str, key: str, window: int) -> int:
        await self._answer()
        return await self.kept.count(kind, key, window)

    async def counted(self, kind: str, key: str) -> int:
        await self._answer()
        return await self.kept.counted(kind, key)

    async def clear(self, kind: str, key: str) -> None:
        await self._answer()
        await self.kept.clear(kind, key)

    async def _answer(self) -> None:
        self.asked += 1
        if self.hangs:
            await asyncio.sleep(60)
        if self.down:
            raise StateUnavailable(cause="down")


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def store(clock: MovedClock) -> Counters:
    return Counters(clock)


def worker(store: Counters, clock: MovedClock, kind: str = "person") -> Throttle:
    return Throttle(store, clock, kind=kind, attempts=3, window=WINDOW)


async def guesses(throttle: Throttle, key: str, most: int = 20) -> int:
    """How many wrong passwords reach the directory, one after the other."""
    for reached in range(most):
        if await throttle.refused(key):
            return reached
        await throttle.failed(key)
    return most


async def test_after_so_many_failures_the_next_is_refused_on_every_worker(clock: MovedClock, store: Counters) -> None:
    one, other = worker(store, clock), worker(store, clock)
    assert await guesses(one, "alice") == 3
    assert await other.refused("alice") is True
    assert await other.refused("bob") is False


async def test_people_and_addresses_are_counted_apart(clock: MovedClock, store: Counters) -> None:
    assert await guesses(worker(store, clock), "alice") == 3
    assert await worker(store, clock, kind="address").refused("alice") is False


async def test_the_window_ends_after_the_first_failure_however_many_follow(clock: MovedClock, store: Counters) -> None:
    throttle = worker(store, clock)
    await throttle.failed("alice")
    clock.moment += timedelta(seconds=WINDOW - 1)
    for _ in range(5):
        await throttle.failed("alice")
    assert await throttle.refused("alice") is True
    clock.moment += timedelta(seconds=1)
    assert await throttle.refused("alice") is False


async def test_a_success_clears_the_count_everywhere(clock: MovedClock, store: Counters) -> None:
    one, other = worker(store, clock), worker(store, clock)
    await one.failed("alice")
    await other.failed("alice")
    await one.succeeded("alice")
    assert await guesses(other, "alice") == 3


async def test_while_the_store_is_down_this_process_counts(clock: MovedClock, store: Counters) -> None:
    throttle = worker(store, clock)
    await throttle.failed("alice")
    store.down = True
    assert await guesses(throttle, "alice") == 2
    assert await throttle.refused("bob") is False
    clock.moment += timedelta(seconds=WINDOW)
    assert await throttle.refused("alice") is False


async def test_failures_that_the_store_never_heard_of_count_when_it_is_back(clock: MovedClock, store: Counters) -> None:
    throttle = worker(store, clock)
    store.down = True
    assert await guesses(throttle, "alice") == 3
    store.down = False
    clock.moment += timedelta(seconds=10)
    assert await throttle.refused("alice") is True


async def test_a_store_that_comes_and_goes_gives_no_more_guesses(clock: MovedClock, store: Counters) -> None:
    throttle = worker(store, clock)
    reached = 0
    for turn in range(40):
        store.down = turn % 2 == 0
        clock.moment += timedelta(seconds=6)
        if not await throttle.refused("alice"):
            reached += 1
            await throttle.failed("alice")
    assert reached <= 3


async def test_a_success_while_the_store_is_down_clears_what_this_process_counted(
    clock: MovedClock, store: Counters
) -> None:
    throttle = worker(store, clock)
    store.down = True
    await throttle.failed("alice")
    await throttle.failed("alice")
    await throttle.succeeded("alice")
    assert await guesses(throttle, "alice") == 3


async def test_a_success_clears_what_the_store_never_heard_of(clock: MovedClock, store: Counters) -> None:
    throttle = worker(store, clock)
    store.down = True
    await throttle.failed("alice")
    await throttle.failed("alice")
    store.down = False
    clock.moment += timedelta(seconds=6)
    await throttle.succeeded("alice")
    assert await guesses(throttle, "alice") == 3


async def test_a_store_that_hangs_costs_one_login_a_second_and_the_next_nothing(
    clock: MovedClock, store: Counters
) -> None:
    throttle = worker(store, clock)
    store.hangs = True
    begun = time.monotonic()
    assert await throttle.refused("alice") is False
    assert time.monotonic() - begun < 1.5
    await throttle.failed("alice")
    for _ in range(10):
        await throttle.refused("bob")
    assert time.monotonic() - begun < 1.7
    assert store.asked == 1


async def test_more_names_than_can_be_counted_make_all_wait_while_the_store_is_down(
    clock: MovedClock, store: Counters
) -> None:
    throttle = worker(store, clock)
    throttle._local = MemoryStore(clock, limit=5)
    store.down = True
    for at in range(5):
        await throttle.failed(f"invented {at}")
    assert await throttle.refused("alice") is False
    await throttle.failed("one more")
    assert await throttle.refused("alice") is True
    store.down = False
    clock.moment += timedelta(seconds=6)
    assert await throttle.refused("alice") is False


async def test_guesses_at_once_reach_the_directory_no_more_often_than_one_after_the_other(
    clock: MovedClock, store: Counters
) -> None:
    workers = [worker(store, clock) for _ in range(2)]
    reached = 0

    async def guess(throttle: Throttle) -> None:
        nonlocal reached
        async with throttle.turn("alice"):
            if await throttle.refused("alice"):
                return
            reached += 1
            await asyncio.sleep(0.001)
            await throttle.failed("alice")

    await asyncio.gather(*(guess(throttle) for throttle in workers for _ in range(100)))
    assert 3 <= reached <= 4


async def test_turns_of_several_people_go_side_by_side_and_leave_nothing_behind(
    clock: MovedClock, store: Counters
) -> None:
    throttle = worker(store, clock)
    inside = 0
    most = 0

    async def login(person: str) -> None:
        nonlocal inside, most
        async with throttle.turn(person):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(login(str(at % 10)) for at in range(100)))
    assert most == 10
    assert len(throttle._turns) == 0
