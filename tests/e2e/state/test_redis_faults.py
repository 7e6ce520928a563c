"""Redis frozen, killed, started again and failed over under load: nobody honest is told that an id was used."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.clock import SteadyClock
from gateway.domain.errors import StateUnavailable
from gateway.state.open import open_state
from gateway.state.store import Store
from tests.e2e.state.redis_server import RedisServer, Replicated, wait_for

CLOCK = SteadyClock()
LATER = CLOCK.now() + timedelta(hours=1)
TASKS = 20


@pytest.fixture
async def store(redis: RedisServer) -> AsyncIterator[Store]:
    store = open_state(redis.url, CLOCK)
    yield store
    await store.aclose()


@dataclass
class Load:
    """What tasks that each put one new id after the other were told."""

    first: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    longest: float = 0.0

    async def put(self, store: Store, seconds: float) -> None:
        end = time.monotonic() + seconds
        await asyncio.gather(*(self._task(store, number, end) for number in range(TASKS)))

    async def _task(self, store: Store, number: int, end: float) -> None:
        at = 0
        while (begun := time.monotonic()) < end:
            at += 1
            key = f"{number}:{at}"
            try:
                first = await store.put_once("assertion", key, LATER)
            except StateUnavailable:
                self.failed.append(key)
            else:
                (self.first if first else self.used).append(key)
            self.longest = max(self.longest, time.monotonic() - begun)


async def freeze(redis: RedisServer) -> None:
    redis.freeze()
    await asyncio.sleep(3)
    redis.thaw()


async def kill_and_restart(redis: RedisServer) -> None:
    redis.kill()
    await asyncio.sleep(1)
    await asyncio.to_thread(redis.start)


FAULTS: dict[str, Callable[[RedisServer], Awaitable[None]]] = {
    "frozen for three seconds": freeze,
    "killed and restarted": kill_and_restart,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_fault_under_load_costs_time_and_nothing_else(
    redis: RedisServer, store: Store, fault: Callable[[RedisServer], Awaitable[None]]
) -> None:
    load = Load()
    putting = asyncio.ensure_future(load.put(store, 5))
    await asyncio.sleep(0.5)
    await fault(redis)
    await putting

    assert (load.used, load.failed) == ([], [])
    assert load.longest < 5
    assert len(load.first) > 1_000
    # What was acknowledged is known after the fault.
    again = await asyncio.gather(*(store.put_once("assertion", key, LATER) for key in load.first[:500]))
    assert not any(again)


async def test_all_that_is_sent_again_after_a_stall_is_done_once(redis: RedisServer, store: Store) -> None:
    names = [str(at) for at in range(TASKS)]
    for name in names:
        await store.put("device", name, name.encode(), LATER)
        await store.put("refresh", name, b"old", LATER)

    # More than one attempt of each stands in the sockets of the frozen server.
    stall = asyncio.ensure_future(freeze(redis))
    await asyncio.sleep(0.1)
    taken, won, counts = await asyncio.gather(
        asyncio.gather(*(store.take("device", name) for name in names[:6])),
        asyncio.gather(*(store.replace("refresh", name, b"old", b"new") for name in names[:6])),
        asyncio.gather(*(store.count("failures", "alice", 600) for _ in names[:6])),
    )
    await stall

    assert taken == [name.encode() for name in names[:6]]
    assert won == [True] * 6
    assert sorted(counts) == [1, 2, 3, 4, 5, 6]
    await asyncio.sleep(0.5)
    assert await store.counted("failures", "alice") == 6
    assert await store.get("device", "0") is None


TWICE: dict[str, tuple[Callable[[Store], Awaitable[object]], object]] = {
    "put_once": (lambda store: store.put_once("assertion", "a", LATER), True),
    "count": (lambda store: store.count("failures", "a", 60), 1),
    "take": (lambda store: store.take("device", "a"), b"kept"),
    "replace": (lambda store: store.replace("device", "a", b"kept", b"new"), True),
    "swap": (lambda store: store.swap("device", "a", b"kept", b"new", LATER), True),
    "swap in": (lambda store: store.swap("device", "b", None, b"new", LATER), True),
}


@pytest.mark.parametrize(("command", "answer"), TWICE.values(), ids=TWICE)
async def test_a_command_that_arrives_twice_answers_alike(
    store: Store, monkeypatch: pytest.MonkeyPatch, command: Callable[[Store], Awaitable[object]], answer: object
) -> None:
    await store.put("device", "a", b"kept", LATER)
    monkeypatch.setattr("gateway.state.redis._id", lambda: b"1" * 16)
    assert [await command(store), await command(store)] == [answer, answer]


ENDS: dict[str, Callable[[Store], Awaitable[object]]] = {
    "take": lambda store: store.take("device", "a"),
    "delete": lambda store: store.delete("device", "a"),
    "replace": lambda store: store.replace("device", "a", b"old", b"new"),
    "swap": lambda store: store.swap("device", "a", b"old", b"new", LATER),
}


@pytest.mark.parametrize("end", ENDS)
async def test_a_put_that_arrives_late_brings_nothing_back(
    store: Store, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    ids = iter([b"1" * 16, b"2" * 16, b"1" * 16])
    monkeypatch.setattr("gateway.state.redis._id", lambda: next(ids))
    await store.put("device", "a", b"old", LATER)
    await ENDS[end](store)
    await store.put("device", "a", b"old", LATER)
    assert await store.get("device", "a") == (b"new" if end in {"replace", "swap"} else None)


async def test_a_record_swapped_in_late_brings_nothing_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = iter([b"1" * 16, b"2" * 16, b"1" * 16])
    monkeypatch.setattr("gateway.state.redis._id", lambda: next(ids))
    await store.swap("device", "a", None, b"old", LATER)
    await store.delete("device", "a")
    await store.swap("device", "a", None, b"old", LATER)
    assert await store.get("device", "a") is None


async def test_who_was_told_to_try_again_is_the_first_when_trying_again(redis: RedisServer, store: Store) -> None:
    await store.ping()
    redis.freeze()
    begun = time.monotonic()
    with pytest.raises(StateUnavailable):
        await store.put_once("assertion", "a", LATER)
    assert time.monotonic() - begun < 5.5
    redis.thaw()
    # Its mark is there by now, put by a call that served nobody.
    await asyncio.sleep(0.3)
    assert [await store.put_once("assertion", "a", LATER) for _ in range(3)] == [True, False, False]


async def test_whose_connection_was_cut_is_the_first_when_trying_again(redis: RedisServer, store: Store) -> None:
    await store.ping()
    redis.freeze()
    task = asyncio.ensure_future(store.put_once("assertion", "a", LATER))
    await asyncio.sleep(0.1)
    task.cancel()
    redis.thaw()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.3)
    assert [await store.put_once("assertion", "a", LATER) for _ in range(2)] == [True, False]


@pytest.fixture
def replicated(tmp_path: Path) -> Iterator[Replicated]:
    with Replicated(tmp_path) as running:
        yield running


async def test_a_failover_loses_no_call_and_calls_nobody_a_replay(replicated: Replicated) -> None:
    store = open_state(replicated.url, CLOCK)
    load = Load()
    putting = asyncio.ensure_future(load.put(store, 7))
    await asyncio.sleep(0.5)
    before = len(load.first)
    replicated.master.kill()
    await putting

    assert before > 50
    assert load.used == []
    assert len(load.failed) <= TASKS  # at most the call that each task had under way
    assert b"role:master" in replicated.replica.ask("INFO", "replication")
    assert await store.put_once("assertion", "after", LATER) is True
    await store.aclose()


async def test_what_is_acknowledged_is_at_a_replica_too(replicated: Replicated) -> None:
    store = open_state(replicated.url, CLOCK)
    await store.ping()
    replicated.replica.freeze()
    begun = time.monotonic()
    assert await store.put_once("assertion", "a", LATER) is True  # served all the same: there is nobody to wait for
    waited = time.monotonic() - begun
    replicated.replica.thaw()

    assert 0.1 <= waited < 1
    for at in range(50):
        await store.put("login", str(at), b"x", LATER)
        assert replicated.replica.ask("DBSIZE") == replicated.master.ask("DBSIZE")
    await store.aclose()


async def test_a_sentinel_that_is_gone_is_passed_over(replicated: Replicated) -> None:
    replicated.sentinels[0].kill()
    store = open_state(replicated.url, CLOCK)
    begun = time.monotonic()
    await store.ping()
    assert time.monotonic() - begun < 2
    await store.aclose()


async def test_a_master_that_became_a_replica_is_left(replicated: Replicated) -> None:
    store = open_state(replicated.url, CLOCK)
    await store.ping()
    load = Load()
    putting = asyncio.ensure_future(load.put(store, 4))
    replicated.sentinels[0].ask("SENTINEL", "FAILOVER", "lake")
    await asyncio.to_thread(wait_for, lambda: b"role:master" in replicated.replica.ask("INFO", "replication"))
    # Sentinel does it after seconds and cuts connections; without that they stay, and lead to a server that refuses.
    replicated.master.ask("REPLICAOF", "127.0.0.1", str(replicated.replica.port))
    await putting

    assert (load.used, load.failed) == ([], [])
    assert len(load.first) > 500
    assert b"role:slave" in replicated.master.ask("INFO", "replication")
    assert await store.put_once("assertion", load.first[-1], LATER) is False
    await store.aclose()
