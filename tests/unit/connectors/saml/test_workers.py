import asyncio
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gateway.connectors.saml.tree import parsed
from gateway.connectors.saml.workers import Busy, Stuck, Workers

ROOT = Path(__file__).parents[4]


async def test_what_is_called_gives_its_value():
    workers = Workers("corp")
    assert await workers.run(lambda a, b: a + b, 1, b=2) == 3
    workers.close()


async def test_what_is_called_raises_where_it_is_awaited():
    workers = Workers("corp")
    with pytest.raises(ZeroDivisionError):
        await workers.run(lambda: 1 // 0)
    assert await workers.run(int, "7") == 7
    workers.close()


async def test_the_event_loop_goes_on_meanwhile():
    workers, gate = Workers("corp"), threading.Event()
    waiting = asyncio.create_task(workers.run(gate.wait, 5))
    await asyncio.sleep(0.01)
    gate.set()
    assert await waiting is True
    workers.close()


async def test_no_more_run_at_once_than_the_pool_is_large():
    workers, running, most = Workers("thirty", size=3), [], []

    def work():
        running.append(1)
        most.append(len(running))
        time.sleep(0.005)
        running.pop()

    await asyncio.gather(*(workers.run(work) for _ in range(30)))
    assert max(most) <= 3
    assert len([thread for thread in threading.enumerate() if thread.name == "saml-thirty"]) <= 3
    workers.close()


async def test_as_many_stuck_calls_as_the_pool_is_large_keep_nobody_waiting():
    workers, gate = Workers("corp", size=4, deadline=0.05), threading.Event()
    stuck = await asyncio.gather(*(workers.run(gate.wait) for _ in range(4)), return_exceptions=True)
    assert [type(one) for one in stuck] == [Stuck] * 4
    assert workers.set_aside == 4
    assert await asyncio.gather(*(workers.run(int, "7") for _ in range(8))) == [7] * 8
    gate.set()
    await asyncio.sleep(0.05)
    assert workers.set_aside == 0
    workers.close()


async def test_more_stuck_calls_than_may_be_replaced_make_it_busy_until_they_end():
    workers, gate = Workers("corp", size=2, spare=2, deadline=0.02, patience=0.05), threading.Event()
    for _ in range(2):
        await asyncio.gather(*(workers.run(gate.wait) for _ in range(2)), return_exceptions=True)
    assert workers.set_aside == 4
    with pytest.raises(Busy):
        await workers.run(int, "7")
    gate.set()
    await asyncio.sleep(0.05)
    assert await asyncio.gather(*(workers.run(int, "7") for _ in range(4))) == [7] * 4
    workers.close()


async def test_a_caller_that_goes_away_leaves_a_turn_only_when_its_call_has_ended():
    workers, gate = Workers("corp", size=1, deadline=5, patience=0.05), threading.Event()
    caller = asyncio.create_task(workers.run(gate.wait))
    await asyncio.sleep(0.01)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    with pytest.raises(Busy):
        await workers.run(int, "7")
    gate.set()
    await asyncio.sleep(0.05)
    assert await workers.run(int, "7") == 7
    workers.close()


async def test_a_call_that_overruns_after_its_caller_went_away_is_set_aside_too():
    workers, gate = Workers("corp", size=1, deadline=0.05), threading.Event()
    caller = asyncio.create_task(workers.run(gate.wait))
    await asyncio.sleep(0.01)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    assert await workers.run(int, "7") == 7
    assert workers.set_aside == 1
    gate.set()
    await asyncio.sleep(0.05)
    workers.close()


async def test_threads_end_when_it_is_closed_and_nothing_begins_any_more():
    before = threading.active_count()
    workers = Workers("closing")
    await asyncio.gather(*(workers.run(time.sleep, 0.01) for _ in range(4)))
    workers.close()
    with pytest.raises(Busy):
        await workers.run(int, "7")
    await asyncio.sleep(0.1)
    assert threading.active_count() <= before
    workers.close()


async def test_its_threads_keep_no_process_from_ending():
    workers, gate = Workers("daemon", deadline=0.02), threading.Event()
    with pytest.raises(Stuck):
        await workers.run(gate.wait)
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("saml-daemon"))
    gate.set()
    workers.close()


async def test_a_thread_ends_after_some_faults_and_another_goes_on():
    workers = Workers("faulty", size=2)
    seen = set()

    def fail():
        seen.add(threading.get_ident())
        raise ValueError

    for _ in range(100):
        await asyncio.gather(*(workers.run(fail) for _ in range(4)), return_exceptions=True)
    assert await workers.run(int, "7") == 7
    await asyncio.sleep(0.05)
    assert len([thread for thread in threading.enumerate() if thread.name == "saml-faulty"]) <= 2
    assert workers.set_aside == 0
    assert len(seen) >= 2
    workers.close()


def test_names_of_hostile_documents_are_forgotten():
    """lxml keeps a dictionary for each thread, in which names stay.

    In a process of its own: what other tests have left in this one's memory is given back in leaps.
    """
    program = f"import asyncio; from {__name__} import growth; print(asyncio.run(growth()))"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert float(ended.stdout) < 30


async def growth() -> float:
    """Megabytes that 600 hostile documents leave behind."""
    workers, source = Workers("names", size=2), random.Random(7)

    def hostile() -> None:
        names = "".join(f"<x{source.getrandbits(64):x}/>" for _ in range(3_000))
        parsed(f"<a>{names}</a>".encode())
        raise ValueError

    async def flood(calls: int) -> None:
        for _ in range(calls):
            await asyncio.gather(*(workers.run(hostile) for _ in range(2)), return_exceptions=True)

    await flood(100)
    before = resident()
    await flood(300)
    workers.close()
    return resident() - before


def resident() -> float:
    """Megabytes in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
