"""The memory store stays within its bounds, and never makes room at the cost of what lives."""

import time
import tracemalloc
from datetime import timedelta

import pytest

from gateway.domain.errors import StateUnavailable
from gateway.state.memory import BYTE_LIMIT, ENTRY_LIMIT, MemoryStore
from gateway.state.store import VALUE_LIMIT
from tests.conformance.state_suite import MovedClock

MINUTE = timedelta(minutes=1)


async def test_a_full_store_refuses_and_keeps_every_id_that_lives() -> None:
    clock = MovedClock()
    store = MemoryStore(clock, limit=3)
    until = clock.now() + MINUTE
    assert [await store.put_once("assertion", str(at), until) for at in range(3)] == [True] * 3
    with pytest.raises(StateUnavailable) as caught:
        await store.put_once("assertion", "one more", until)
    assert "it is full" in str(caught.value.cause)
    assert [await store.put_once("assertion", str(at), until) for at in range(3)] == [False] * 3


async def test_a_store_full_of_what_has_ended_takes_more() -> None:
    clock = MovedClock()
    store = MemoryStore(clock, limit=500)
    for at in range(500):
        await store.put_once("assertion", str(at), clock.now() + MINUTE)
    clock.moment += MINUTE
    assert [await store.put_once("assertion", f"new {at}", clock.now() + MINUTE) for at in range(500)] == [True] * 500


async def test_what_floods_one_kind_leaves_room_for_others() -> None:
    clock = MovedClock()
    store = MemoryStore(clock, limit=2)
    for name in ("a", "b"):
        await store.count("failures", name, 60)
    with pytest.raises(StateUnavailable):
        await store.count("failures", "c", 60)
    assert await store.count("failures", "a", 60) == 2
    assert await store.count("addresses", "c", 60) == 1
    assert await store.put_once("failures", "c", clock.now() + MINUTE) is True


async def test_a_full_table_still_replaces_what_it_holds() -> None:
    clock = MovedClock()
    store = MemoryStore(clock, limit=1)
    await store.put("login", "a", b"one", clock.now() + MINUTE)
    await store.put("login", "a", b"two", clock.now() + MINUTE)
    assert await store.replace("login", "a", b"two", b"three") is True
    with pytest.raises(StateUnavailable):
        await store.put("login", "b", b"one", clock.now() + MINUTE)
    await store.delete("login", "a")
    await store.put("login", "b", b"one", clock.now() + MINUTE)


async def test_the_bytes_of_records_are_bounded() -> None:
    clock = MovedClock()
    store = MemoryStore(clock)
    value, until = bytes(VALUE_LIMIT), clock.now() + MINUTE
    fits = BYTE_LIMIT // VALUE_LIMIT
    for at in range(fits):
        await store.put("login", str(at), value, until)
    with pytest.raises(StateUnavailable):
        await store.put("login", "one more", value, until)
    await store.take("login", "0")
    await store.put("login", "one more", value, until)


async def test_a_full_feed_refuses_and_drops_nothing() -> None:
    clock = MovedClock()
    store = MemoryStore(clock, limit=2)
    for event in (b"one", b"two"):
        await store.append("revocations", event, clock.now() + MINUTE)
    with pytest.raises(StateUnavailable):
        await store.append("revocations", b"three", clock.now() + MINUTE)
    assert (await store.events("revocations", None)).events == (b"one", b"two")


async def test_what_is_put_again_and_again_does_not_grow() -> None:
    clock = MovedClock()
    store = MemoryStore(clock)
    for at in range(5_000):
        await store.put("login", "a", b"x", clock.now() + timedelta(seconds=at))
    table = store._records["login"]
    assert len(table.entries) == 1
    assert len(table._ends) < 200
    assert table._weight == 1


async def test_a_record_put_again_with_a_later_end_outlives_the_first_end() -> None:
    clock = MovedClock()
    store = MemoryStore(clock)
    await store.put("login", "a", b"one", clock.now() + MINUTE)
    await store.put("login", "a", b"two", clock.now() + 3 * MINUTE)
    clock.moment += 2 * MINUTE
    await store.put("login", "b", b"sweeps", clock.now() + MINUTE)
    assert await store.get("login", "a") == b"two"


async def test_nobody_is_refused_for_what_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.state.memory.BYTE_LIMIT", 300)
    clock = MovedClock()
    store = MemoryStore(clock)
    for at in range(300):
        await store.put("login", str(at), b"x", clock.now() + MINUTE)
    clock.moment += MINUTE
    await store.put("login", "large", bytes(300), clock.now() + MINUTE)


async def test_a_counter_stands_still_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.state.memory.COUNT_LIMIT", 3)
    store = MemoryStore(MovedClock())
    assert [await store.count("failures", "alice", 60) for _ in range(5)] == [1, 2, 3, 3, 3]


async def test_ended_entries_go_a_few_at_a_time() -> None:
    clock = MovedClock()
    store = MemoryStore(clock)
    for at in range(1_000):
        await store.put_once("assertion", str(at), clock.now() + MINUTE)
    clock.moment += MINUTE
    await store.put_once("assertion", "new", clock.now() + MINUTE)
    assert len(store._used["assertion"].entries) == 901


async def test_a_hundred_thousand_ids_cost_less_than_forty_megabytes_and_no_call_is_slow() -> None:
    clock = MovedClock()
    store = MemoryStore(clock)
    slowest = 0.0
    tracemalloc.start()
    try:
        for at in range(ENTRY_LIMIT):
            begun = time.thread_time()
            await store.put_once("assertion", str(at), clock.now() + MINUTE)
            slowest = max(slowest, time.thread_time() - begun)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40_000_000
    assert slowest < 0.5
