"""Following the configuration's files: a changed one is taken whole, a broken one is told once and left aside."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final

from gateway.assembly.last_good import LastGood, Seen, look, seen_when_read
from gateway.settings.configuration import Configuration
from gateway.settings.faults import ConfigurationError

INTERVAL: Final = 2.0
"""Seconds between two looks at the files."""

_LOG: Final = logging.getLogger("gateway.reload")


class Reloader:
    """Looks at the files of one configuration every few seconds, and at once when `soon` is called (SIGHUP)."""

    def __init__(
        self,
        begun: LastGood,
        *,
        load: Callable[[Path], Configuration],
        take: Callable[[Configuration], Awaitable[None]],
        interval: float = INTERVAL,
    ) -> None:
        """`begun`: what the process began with. `take`: serves another from now on; raises ValueError."""
        self._path = begun.path
        self._load = load
        self._take = take
        self._interval = interval
        self._sources = begun.configuration.sources
        self._seen = begun.seen
        self._asked = asyncio.Event()
        self._told = ""

    def soon(self) -> None:
        """Look now, and take what is there even if nothing seems to have changed."""
        self._asked.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                # Not wait_for, which in Python 3.11 can lose a cancellation that comes with the event.
                async with asyncio.timeout(self._interval):
                    await self._asked.wait()
            except TimeoutError:
                if await asyncio.to_thread(self._look) == self._seen:
                    continue
            self._asked.clear()
            await self.reload()

    async def reload(self) -> None:
        """Read the configuration and take it; what cannot be used is told, and the last good one goes on."""
        self._seen = await asyncio.to_thread(self._look)
        try:
            configuration = await asyncio.to_thread(self._load, self._path)
            await self._take(configuration)
        except ConfigurationError as error:
            self._refuse([fault.render("error") for fault in error.faults])
            return
        except ValueError as error:
            self._refuse([str(error)])
            return
        self._told = ""
        self._sources = configuration.sources
        self._seen = seen_when_read(self._seen, await asyncio.to_thread(self._look))
        for warning in configuration.warnings:
            _LOG.warning(warning.render("warning"))
        _LOG.info("the configuration was read anew and is in force")

    def _refuse(self, faults: Iterable[str]) -> None:
        told = "\n".join(faults)
        if told == self._told:
            return
        self._told = told
        for fault in told.splitlines():
            _LOG.error("%s", fault)
        _LOG.error("the changed configuration is refused; the last good one stays in force")

    def _look(self) -> Seen:
        return look(self._path, self._sources)
