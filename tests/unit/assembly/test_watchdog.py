"""The watchdog: barks when the loop stands still, and only then."""

import asyncio
import threading
import time

from gateway.assembly.watchdog import Watchdog


async def test_a_loop_that_turns_is_left_alone() -> None:
    ended = threading.Event()
    dog = Watchdog(0.2, ended.set)
    dog.start()

    await asyncio.sleep(0.6)

    assert not ended.is_set()
    dog.stop()


async def test_a_loop_that_stands_still_is_ended() -> None:
    ended = threading.Event()
    dog = Watchdog(0.2, ended.set)
    dog.start()

    time.sleep(0.6)

    assert ended.is_set()
    dog.stop()


async def test_a_short_standstill_is_forgiven() -> None:
    ended = threading.Event()
    dog = Watchdog(0.5, ended.set)
    dog.start()

    for _ in range(4):
        time.sleep(0.25)
        await asyncio.sleep(0.05)

    assert not ended.is_set()
    dog.stop()


async def test_a_stopped_watchdog_is_silent() -> None:
    ended = threading.Event()
    dog = Watchdog(0.1, ended.set)
    dog.start()
    dog.stop()

    time.sleep(0.3)

    assert not ended.is_set()
