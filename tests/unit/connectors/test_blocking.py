"""Blocking calls: bounded, with a deadline, and no provider in another's way."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.connectors.blocking import Deadline, run_blocking


async def test_a_call_gives_its_result_from_another_thread() -> None:
    with ThreadPoolExecutor(1) as threads:
        assert await run_blocking(threads, Deadline(5), threading.get_ident) != threading.get_ident()


async def test_a_call_that_does_not_end_is_given_up_at_the_deadline() -> None:
    release = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            await run_blocking(threads, Deadline(0.1), release.wait, 5)
        assert time.monotonic() - begun < 2
        release.set()


async def test_a_call_that_is_queued_at_the_deadline_is_never_begun() -> None:
    release, begun = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as threads:
        holding = asyncio.ensure_future(run_blocking(threads, Deadline(5), release.wait, 5))
        await asyncio.sleep(0.05)
        with pytest.raises(TimeoutError):
            await run_blocking(threads, Deadline(0.1), begun.set)
        release.set()
        await holding
    assert not begun.is_set()


async def test_one_limiter_that_is_full_keeps_no_other_waiting() -> None:
    release = threading.Event()
    with ThreadPoolExecutor(1) as hung, ThreadPoolExecutor(1) as healthy:
        holding = asyncio.ensure_future(run_blocking(hung, Deadline(5), release.wait, 5))
        await asyncio.sleep(0.05)
        assert await run_blocking(healthy, Deadline(1), lambda: 42) == 42
        release.set()
        await holding


def test_a_deadline_tells_what_is_left_and_no_more_than_asked() -> None:
    now = [10.0]
    deadline = Deadline(5, lambda: now[0])
    assert (deadline.left(), deadline.left(2)) == (5, 2)
    now[0] = 14.5
    assert deadline.left(2) == 0.5
    now[0] = 15.0
    with pytest.raises(TimeoutError):
        deadline.left()
