"""Ends a process whose event loop stands still: nothing else notices, and it would hold its connections for ever."""

import asyncio
import faulthandler
import os
import sys
import threading
from collections.abc import Callable
from typing import Final

STUCK: Final = 70
"""The exit code (sysexits' EX_SOFTWARE)."""

_LOOKS: Final = 10
"""How often the thread looks before it believes: a process that was stopped and continued is not stuck."""


class Watchdog:
    """A thread that expects a beat of the event loop."""

    def __init__(self, patience: float, end: Callable[[], None] | None = None) -> None:
        """`patience`: seconds without a beat after which `end` is called (the default leaves the process at once)."""
        self._interval = patience / _LOOKS
        self._end = end or _leave
        self._beats = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; called on the running loop that is to be watched."""
        self._loop = asyncio.get_running_loop()
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._next is not None:
            self._next.cancel()

    def _beat(self) -> None:
        self._beats += 1
        if self._loop is not None:
            self._next = self._loop.call_later(self._interval / 2, self._beat)

    def _watch(self) -> None:
        seen, missed = self._beats, 0
        while not self._stopped.wait(self._interval):
            missed = missed + 1 if self._beats == seen else 0
            seen = self._beats
            if missed >= _LOOKS:
                self._end()
                return


def _leave() -> None:
    # Straight to the descriptor: a lock of the log may be what everybody waits for. The places hold no values.
    os.write(2, b'{"level":"CRITICAL","logger":"gateway.watchdog","message":"the event loop stands still; ending"}\n')
    faulthandler.dump_traceback(sys.__stderr__ or 2, all_threads=True)
    os._exit(STUCK)
