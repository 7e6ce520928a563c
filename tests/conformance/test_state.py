"""Every store of shared facts that needs no server passes the one suite; Redis does in tests/e2e/state."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.clock import SteadyClock
from gateway.state.memory import MemoryStore
from gateway.state.open import open_state
from gateway.state.store import Store
from tests.conformance.state_suite import MovedClock, StoreSuite, World

PROCESSES = 4
IDS = 1_000
UNTIL = datetime.now(UTC) + timedelta(hours=1)


def world_of(store: Store, other: Store, clock: MovedClock) -> World:
    async def passes(seconds: float) -> None:
        clock.moment += timedelta(seconds=seconds)

    return World(store, other, clock, passes)


class TestMemory(StoreSuite):
    @pytest.fixture
    def world(self) -> World:
        clock = MovedClock()
        store = MemoryStore(clock)
        return world_of(store, store, clock)


class TestSqlite(StoreSuite):
    @pytest.fixture
    async def world(self, tmp_path: Path) -> AsyncIterator[World]:
        clock = MovedClock()
        store, other = (open_state(f"sqlite:///{tmp_path}/state.db", clock) for _ in range(2))
        yield world_of(store, other, clock)
        await store.aclose()
        await other.aclose()


def _race(url: str, barrier: Barrier, worker: int, results: Any) -> None:
    """One of several workers of a host: they open one new file at once, and want the same ids in the same order."""

    async def run() -> tuple[list[int], list[int], int, list[bytes]]:
        store = open_state(url, SteadyClock())
        barrier.wait(30)
        won = [at for at in range(IDS) if await store.put_once("assertion", str(at), UNTIL)]
        counts = [await store.count("failures", "alice", 600) for _ in range(IDS // 4)]
        taken = 0
        for at in range(IDS // 4):
            await store.append("revocations", f"{worker}:{at}".encode(), UNTIL)
            taken += await store.put_once("code", str(at), UNTIL)
        events = (await store.events("revocations", None)).events
        await store.aclose()
        return won, counts, taken, list(events)

    results.put(asyncio.run(run()))


def test_processes_that_race_for_one_sqlite_file_agree(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(PROCESSES), context.Queue()
    url = f"sqlite:///{tmp_path}/state.db"
    workers = [context.Process(target=_race, args=(url, barrier, at, results)) for at in range(PROCESSES)]
    for worker in workers:
        worker.start()
    told = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(10)

    assert [worker.exitcode for worker in workers] == [0] * PROCESSES
    assert sorted(at for won, *_ in told for at in won) == list(range(IDS))
    assert sorted(count for _, counts, *_ in told for count in counts) == list(range(1, PROCESSES * (IDS // 4) + 1))
    assert sum(taken for _, _, taken, _ in told) == IDS // 4
    longest = max((events for *_, events in told), key=len)
    assert sorted(longest) == sorted(f"{worker}:{at}".encode() for worker in range(PROCESSES) for at in range(IDS // 4))
