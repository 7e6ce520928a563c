"""One audit line for many answers: to whoever asks the same every few seconds, all day long."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

EVERY: Final = timedelta(hours=1)
CAPACITY: Final = 10_000
"""Readers that are remembered; one that was forgotten has a line of its own again."""


class CombinedLines:
    """When each reader last had a line, and how many answers since. Refusals have a line each, and are not for here."""

    __slots__ = ("_capacity", "_readers")

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._readers: OrderedDict[tuple[str, ...], tuple[datetime | None, int]] = OrderedDict()

    def due(self, reader: tuple[str, ...], now: datetime) -> int | None:
        """Count one more answer; how many a line stands for that is due now, None where none is."""
        written, answers = self._readers.pop(reader, (None, 0))
        self._readers[reader] = written, answers + 1
        while len(self._readers) > self._capacity:
            self._readers.popitem(last=False)
        return answers + 1 if written is None or now - written >= EVERY else None

    def written(self, reader: tuple[str, ...], now: datetime) -> None:
        """The line that was due is in the log."""
        self._readers[reader] = now, 0
