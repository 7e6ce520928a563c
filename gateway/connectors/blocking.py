"""How a library that blocks is called: in a bounded pool of threads, with a deadline, never on the event loop."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Deadline:
    """The moment by which a piece of work must have ended, on the monotonic clock."""

    __slots__ = ("_end", "_monotonic")

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._end = monotonic() + seconds

    def left(self, at_most: float = float("inf")) -> float:
        """Seconds that are left, no more than `at_most`. Raises TimeoutError when none are."""
        seconds = self._end - self._monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return min(seconds, at_most)


async def run_blocking(
    limiter: Executor, deadline: Deadline, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """What `function` gives, called in a thread of `limiter`, whose size bounds how many block at once.

    Each provider brings its own limiter, so that one which hangs keeps no other waiting. A call that is still queued at
    the deadline is never begun; one that runs must know the deadline itself, since no thread can be stopped.

    Raises TimeoutError at the deadline.
    """
    async with asyncio.timeout(deadline.left()):
        return await asyncio.get_running_loop().run_in_executor(limiter, lambda: function(*args, **kwargs))
