"""Time as an argument: one protocol, and the clock that a running server uses."""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Tells the time in UTC; every time-dependent rule asks one of these and never the system."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware in UTC."""
        ...


def utc_text(moment: datetime) -> str:
    """A moment in UTC to the second, `2026-03-01T12:00:00Z`."""
    return second_text(math.floor(moment.timestamp()))


@lru_cache(maxsize=256)
def second_text(timestamp: int) -> str:
    """As `utc_text`, of seconds since the epoch. Most that are written are of this second, or an hour after it."""
    return f"{datetime.fromtimestamp(timestamp, UTC).isoformat()[:19]}Z"


class SteadyClock:
    """Wall time read once at start, moved forward by the monotonic clock.

    A system clock that is stepped back under a running process must not revive sessions that have expired
    (a stepped clock is told by `drift`). After a step forward wall time wins: expiry never comes late.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()

    def now(self) -> datetime:
        # As `timestamp`, which it would cost as much to call as to reckon.
        monotonic = self._monotonic()
        offset = self._wall() - monotonic
        self._offset = max(self._offset, offset)
        return datetime.fromtimestamp(monotonic + self._offset, UTC)

    def timestamp(self) -> float:
        """Seconds since the epoch; never less than an earlier answer."""
        monotonic = self._monotonic()
        # A wall clock slewed by NTP moves the offset by milliseconds; follow it forward, never back.
        self._offset = max(self._offset, self._wall() - monotonic)
        return monotonic + self._offset

    def drift(self) -> timedelta:
        """How far the system's wall clock has fallen behind this one: zero unless somebody stepped it back."""
        return timedelta(seconds=max(0.0, self.timestamp() - self._wall()))
