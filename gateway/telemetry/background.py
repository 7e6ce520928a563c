"""Work that goes on beside requests, whose end by a bug nobody would notice otherwise."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

_LOG: Final = logging.getLogger("gateway.background")
_PAUSE: Final = 5.0


class Background:
    """One coroutine on the running loop, from `start` to `aclose`.

    Where a bug ends it that is told, and it is begun anew after a pause: a gateway that follows revocations no more, or
    its keys, looks as well as ever.
    """

    __slots__ = ("_name", "_pause", "_restart", "_run", "_task")

    def __init__(self, name: str, run: Callable[[], Coroutine[Any, Any, None]], *, pause: float = _PAUSE) -> None:
        """`name`: what it does, for the log. `pause`: seconds."""
        self._name = name
        self._run = run
        self._pause = pause
        self._task: asyncio.Task[None] | None = None
        self._restart: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin it; nothing where it runs already."""
        if self._task is None:
            self._begin()

    async def aclose(self) -> None:
        """End it. May be called without `start`."""
        task, self._task = self._task, None
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None
        if task is not None and not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self._name)
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is None or task is not self._task:
            return
        _LOG.critical("%s was ended by a bug; begun anew in %g s", self._name, self._pause, exc_info=error)
        self._restart = task.get_loop().call_later(self._pause, self._begin)
