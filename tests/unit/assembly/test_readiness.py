"""Whether the store answers, in time for a probe."""

import asyncio
import time

import pytest

from gateway.assembly.readiness import StateProbe
from gateway.domain.errors import StateUnavailable
from gateway.state.memory import MemoryStore
from tests.fakes.gateway_world import MovableClock


class Store(MemoryStore):
    """Answers once it is let; refuses while it is `away`."""

    def __init__(self) -> None:
        super().__init__(MovableClock())
        self.let = asyncio.Event()
        self.let.set()
        self.away = False
        self.asked = 0

    async def ping(self) -> None:
        self.asked += 1
        await self.let.wait()
        if self.away:
            raise StateUnavailable(cause="it is away")


@pytest.fixture
async def store() -> Store:
    return Store()


async def test_a_store_that_answers_is_there(store: Store) -> None:
    probe = StateProbe(store)

    assert [await probe.answers() for _ in range(3)] == [True] * 3
    assert store.asked == 3


async def test_a_store_that_refuses_is_not(store: Store) -> None:
    store.away = True

    assert not await StateProbe(store).answers()


async def test_a_store_that_stands_still_is_told_well_within_a_second(store: Store) -> None:
    store.let.clear()
    probe, begun = StateProbe(store), time.monotonic()

    assert not await probe.answers()
    assert time.monotonic() - begun < 0.8
    await probe.aclose()


async def test_however_many_probes_come_a_store_that_stands_still_is_asked_once(store: Store) -> None:
    store.let.clear()
    probe = StateProbe(store, patience=0.02)

    assert not any([await probe.answers() for _ in range(3)])
    assert not any(await asyncio.gather(*(probe.answers() for _ in range(5))))
    assert store.asked == 1
    store.let.set()
    assert await probe.answers()


async def test_a_refusal_that_came_after_a_probe_gave_up_is_no_answer_to_the_next(store: Store) -> None:
    store.let.clear()
    store.away = True
    probe = StateProbe(store, patience=0.02)
    assert not await probe.answers()

    store.let.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    store.away = False

    assert await probe.answers()


async def test_a_probe_that_is_open_ends_with_the_gateway(store: Store) -> None:
    store.let.clear()
    probe = StateProbe(store, patience=0.01)
    await probe.answers()

    await probe.aclose()
    await probe.aclose()
