"""What a provider publishes, under all weather: one fetch however many wait, kept fresh, kept on while it is down."""

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from gateway.connectors.fetch import FetchFailed
from gateway.domain.clock import Clock
from gateway.telemetry.background import Background

_LOG: Final = logging.getLogger(__name__)
_MOST_DOUBLINGS: Final = 16

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshPace:
    """How often a provider is asked, in seconds.

    A copy lives as long as it says itself (`default_life` where it does not), within the shortest and the longest, and
    is fetched anew after `refreshed_after` of that. After failures the pause doubles from the first to the longest.
    """

    shortest_life: float = 300
    default_life: float = 3_600
    longest_life: float = 86_400
    refreshed_after: float = 0.8
    first_pause: float = 1
    longest_pause: float = 30


class RefreshingSource(ABC, Generic[Found]):
    """The last good copy of something. `start` keeps it fresh; without it, it is fetched when first needed.

    Who derives from it says how a copy is fetched and where it is kept, and decides who may wait for one.
    """

    def __init__(
        self,
        *,
        provider: str,
        what: str,
        clock: Clock,
        pace: RefreshPace,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`what`: what is fetched, in the names of the tasks."""
        self._provider = provider
        self._what = what
        self._clock = clock
        self._refresh_pace = pace
        self._monotonic = monotonic
        self._flight: asyncio.Task[None] | None = None
        self._keeper = Background(f"the refreshing of the {what} of {provider}", self._keep_fresh)
        self._rescheduled = asyncio.Event()
        self._failures_in_turn = 0
        self._due = monotonic()
        self.fetched_at: datetime | None = None
        self.last_error: str | None = None
        self.failures = 0

    @abstractmethod
    async def _fetched(self) -> Found:
        """A copy asked for now. Raises FetchFailed, and keeps a deadline of its own."""

    @abstractmethod
    def _keep(self, found: Found) -> float | None:
        """Keep a copy from now on. Returns its life in seconds; None where it does not say."""

    async def start(self) -> None:
        self._keeper.start()

    async def aclose(self) -> None:
        await self._keeper.aclose()
        flight, self._flight = self._flight, None
        if flight is not None:
            flight.cancel()
            await asyncio.wait((flight,))

    @property
    def _is_fetching(self) -> bool:
        return self._flight is not None and not self._flight.done()

    async def _refreshed(self) -> None:
        """Wait for the one fetch under way, begun here where there is none. A waiter that leaves does not end it."""
        if self._flight is None or self._flight.done():
            name = f"fetch of the {self._what} of {self._provider}"
            self._flight = asyncio.create_task(self._fetch_once(), name=name)
        flight = self._flight
        await asyncio.wait((flight,))
        if not flight.cancelled():
            flight.result()

    async def _fetch_once(self) -> None:
        try:
            found = await self._fetched()
        except FetchFailed as failure:
            self._postpone(failure)
        else:
            self._take(found)
        self._rescheduled.set()

    def _postpone(self, failure: FetchFailed) -> None:
        # Told once: an outage of hours is one line.
        if str(failure) != self.last_error:
            _LOG.warning("provider %s: its %s cannot be fetched: %s", self._provider, self._what, failure)
        self.last_error = str(failure)
        pause = self._refresh_pace.first_pause * 2 ** min(self._failures_in_turn, _MOST_DOUBLINGS)
        self._failures_in_turn += 1
        self.failures += 1
        self._due = self._monotonic() + min(pause, self._refresh_pace.longest_pause)

    def _take(self, found: Found) -> None:
        pace = self._refresh_pace
        self.fetched_at = self._clock.now()
        told = self._keep(found)
        if self.last_error is not None:
            _LOG.info("provider %s: its %s could be fetched again", self._provider, self._what)
        self.last_error = None
        self._failures_in_turn = 0
        life = min(max(pace.default_life if told is None else told, pace.shortest_life), pace.longest_life)
        self._due = self._monotonic() + life * pace.refreshed_after

    async def _keep_fresh(self) -> None:
        while True:
            self._rescheduled.clear()
            if self._monotonic() >= self._due:
                await self._refreshed()
            else:
                # A fetch that somebody waits for moves the due time: to soon after, where it failed.
                # Not wait_for, which in Python 3.11 can lose a cancellation that comes with the event.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._due - self._monotonic()):
                        await self._rescheduled.wait()
