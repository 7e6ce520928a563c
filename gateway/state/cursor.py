"""Where a reader of a feed stands: the life of the store it read from, and the place of the last event there."""

import re
from dataclasses import dataclass
from typing import Final, Self

_WRITTEN: Final = re.compile(r"([0-9a-f]{16})\.([0-9]{1,20})-([0-9]{1,20})", re.ASCII)
Place = tuple[int, int]
START: Final[Place] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """`epoch`: 16 hex digits that a store draws when it begins empty."""

    epoch: str
    place: Place

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The cursor of a text that a reader sent; None where it is none of ours."""
        match = _WRITTEN.fullmatch(text)
        return None if match is None else cls(epoch=match[1], place=(int(match[2]), int(match[3])))

    def __str__(self) -> str:
        return f"{self.epoch}.{self.place[0]}-{self.place[1]}"


def place_after(since: str | None, end: Cursor) -> Place | None:
    """Where to read on in a feed that ends at `end`; None: from the start, as a reset.

    A place beyond the end was given by a store that has lost events since: an emptied one, a restored backup, a
    replica that a failover made master.
    """
    cursor = None if since is None else Cursor.read(since)
    if cursor is None or cursor.epoch != end.epoch or cursor.place > end.place:
        return None
    return cursor.place
