"""The supervisor by itself, with workers that misbehave."""

import signal
import subprocess
import sys
import time
from pathlib import Path

TREE = Path(__file__).parents[3]
PROGRAM = """
import os, signal, sys, time
from gateway.assembly.supervisor import Worker, supervise

looks = 0

def refresh():
    global looks
    looks += 1

role = supervise([], workers={workers}, patience=0.5, refresh=refresh)
if isinstance(role, Worker):
    os.write(1, b"x")
    {work}
sys.exit(role)
"""


def started(work: str, workers: int = 1) -> "subprocess.Popen[str]":
    program = PROGRAM.format(workers=workers, work=work)
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=TREE)


def test_a_worker_that_does_not_end_is_killed() -> None:
    with started("signal.signal(signal.SIGTERM, signal.SIG_IGN); os.write(1, b'y'); time.sleep(30)") as process:
        assert process.stdout is not None
        assert process.stdout.read(2) == "xy"
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 0
        assert time.monotonic() - began < 5


def test_a_worker_that_dies_at_once_is_not_started_over_and_over() -> None:
    with started("os._exit(9)") as process:
        time.sleep(2.2)
        process.send_signal(signal.SIGTERM)
        process.wait(10)

        assert process.stdout is not None
        assert 2 <= len(process.stdout.read()) <= 4


def test_a_worker_that_ends_in_order_unasked_is_replaced_too() -> None:
    with started("time.sleep(1.1); sys.exit(0)") as process:
        assert process.stdout is not None
        assert process.stdout.read(2) == "xx"
        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 0


def test_what_a_worker_begins_with_is_refreshed_before_it_starts() -> None:
    with started("os.write(1, b'a%d ' % looks); time.sleep(1.1); sys.exit(0)") as process:
        assert process.stdout is not None
        first, second = (int(process.stdout.read(4).strip(" xa")), int(process.stdout.read(4).strip(" xa")))
        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 0
    assert first == 1
    assert second > first + 1  # at each look, so that a file that broke meanwhile leaves the one before it
