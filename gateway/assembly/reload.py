"""Following the configuration's files: a changed one is taken whole, a broken one is told once and left aside."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final

from gateway.settings.configuration import Configuration
from gateway.settings.faults import ConfigurationError
from gateway.settings.source import Unreadable, documents_of

INTERVAL: Final = 2.0
"""Seconds between two looks at the files."""

_LOG: Final = logging.getLogger("gateway.reload")
_Seen = dict[str, tuple[int, ...]]


class Reloader:
    """Looks at the files of one configuration every few seconds, and at once when `soon` is called (SIGHUP)."""

    def __init__(
        self,
        path: Path,
        configuration: Configuration,
        *,
        load: Callable[[Path], Configuration],
        take: Callable[[Configuration], Awaitable[None]],
        interval: float = INTERVAL,
    ) -> None:
        """`path`: as given to `--config`. `take`: serves another configuration from now on; raises ValueError."""
        self._path = path
        self._load = load
        self._take = take
        self._interval = interval
        self._sources = configuration.sources
        self._seen = self._look()
        self._asked = asyncio.Event()
        self._told = ""

    def soon(self) -> None:
        """Look now, and take what is there even if nothing seems to have changed."""
        self._asked.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await asyncio.wait_for(self._asked.wait(), self._interval)
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
        # What changed while it was read may have been read half: as it was before, it is unlike what is seen next.
        now = await asyncio.to_thread(self._look)
        self._seen = {path: self._seen.get(path, state) for path, state in now.items()}
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

    def _look(self) -> _Seen:
        """What tells one content of the files from another; Kubernetes swaps a link, editors the file."""
        try:
            documents = documents_of(self._path)
        except Unreadable:
            documents = ()
        return {str(path): _state_of(path) for path in {*documents, *self._sources}}


def _state_of(path: Path) -> tuple[int, ...]:
    try:
        status = os.stat(path)  # noqa: PTH116  links are followed, and an odd path is no error here
    except (OSError, ValueError):
        return ()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
