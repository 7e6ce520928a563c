"""What a store of shared facts can do, whichever backend keeps it.

Every call ends within the backend's deadline and raises StateUnavailable where the store did not answer, or cannot take
more: a full store refuses, since an evicted once-only id is a replay. Ends (`until`) are points in time, aware of their
zone. `kind` names what a fact is (`saml_assertion`), `key` which one it is; a store keeps a digest of the key alone.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

COUNT_LIMIT: Final = 10_000
"""A counter stands still here."""
VALUE_LIMIT: Final = 16_384
"""Bytes of one record or event."""
FEED_LIMIT: Final = 100_000
"""Live events of one feed."""


class UnusableStore(Exception):
    """A store's address cannot be used; the message names the fault and the mend, never a password."""


class OnceOnly(Protocol):
    async def put_once(self, kind: str, key: str, until: datetime) -> bool:
        """Whether this is the first use of `key` before `until`; of callers at once, one is told True.

        A command that had to be sent again finds its own mark and is still the first. `until`: not before the end of
        what the key guards; it is kept for a second at least.
        """
        ...


class Counters(Protocol):
    async def count(self, kind: str, key: str, window: int) -> int:
        """Count one more; the count since the first within `window` seconds of it. Exact up to COUNT_LIMIT."""
        ...

    async def counted(self, kind: str, key: str) -> int:
        """The count as it stands; 0 where the window is over."""
        ...

    async def clear(self, kind: str, key: str) -> None:
        """Forget the count."""
        ...


class Records(Protocol):
    async def put(self, kind: str, key: str, value: bytes, until: datetime) -> None:
        """Keep `value`, at most VALUE_LIMIT bytes, until then; what stood there before is replaced."""
        ...

    async def get(self, kind: str, key: str) -> bytes | None:
        """What is kept; None where nothing is, or no longer."""
        ...

    async def take(self, kind: str, key: str) -> bytes | None:
        """What is kept, and keep it no longer: of callers at once, one gets it."""
        ...

    async def replace(self, kind: str, key: str, old: bytes, new: bytes) -> bool:
        """Put `new` where exactly `old` is; its end stays. Of callers at once with one `old`, one is told True."""
        ...

    async def swap(self, kind: str, key: str, old: bytes | None, new: bytes, until: datetime) -> bool:
        """Keep `new` until then where exactly `old` is, or, None, where nothing is.

        Of callers at once, one is told True. Who is told False reads again: its own change may be what it finds.
        """
        ...

    async def delete(self, kind: str, key: str) -> None:
        """Keep it no longer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """What a feed holds since a cursor. `reset`: these are all that live; replace what came of earlier ones."""

    cursor: str
    reset: bool
    events: tuple[bytes, ...] = field(repr=False)


class Feed(Protocol):
    """Events that every reader must see: each reader keeps its own cursor, nothing is consumed.

    At least once: an event may come twice. A reader reads anew from None now and then (each minute): after a failover
    to a replica that had not got the last events, that finds what a cursor alone could step over.
    """

    async def append(self, feed: str, event: bytes, until: datetime) -> None:
        """Add `event`, at most VALUE_LIMIT bytes, which lives until then. A feed of FEED_LIMIT live events refuses."""
        ...

    async def events(self, feed: str, since: str | None) -> Events:
        """The live events after the cursor `since`.

        All of them, told as `reset`, where `since` is None, or of a store that has lost what it held.
        """
        ...


class Store(OnceOnly, Counters, Records, Feed, Protocol):
    async def ping(self) -> None:
        """Write and read as every call does. Raises StateUnavailable: readiness hangs on it."""
        ...

    async def cautions(self) -> tuple[str, ...]:
        """What is dangerous about how this store is set up, a sentence each with the mend."""
        ...

    async def aclose(self) -> None:
        """Close connections and files."""
        ...
