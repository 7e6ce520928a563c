"""The demo world's clock: runs as time does, and can be moved forward for everybody in the world at once."""

from datetime import datetime, timedelta
from typing import Final

from gateway.domain.clock import Clock, SteadyClock


class DemoClock:
    """A Clock for all servers of the demo and its client. Safe to move from another thread than it is read in."""

    def __init__(self, running: Clock | None = None) -> None:
        self._running: Final = running or SteadyClock()
        self._ahead = timedelta()

    def now(self) -> datetime:
        return self._running.now() + self._ahead

    def move(self, by: timedelta) -> None:
        """Let `by` pass at once. Raises ValueError for a step back: sessions that have ended must stay ended."""
        if by < timedelta():
            raise ValueError("the world's clock moves forward only")
        self._ahead += by
