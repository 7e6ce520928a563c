"""The store of one worker: tables in memory, bounded, whose ended entries go a few at each call."""

import heapq
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from gateway.domain.clock import Clock
from gateway.domain.errors import StateUnavailable
from gateway.state.cursor import START, Cursor, place_after
from gateway.state.naming import checked, digest_of, kind_of
from gateway.state.store import COUNT_LIMIT, FEED_LIMIT, Events

ENTRY_LIMIT: Final = 100_000
"""Live entries of one kind: what floods one kind of fact leaves room for the others."""
BYTE_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of the values of one kind."""
_SWEPT_AT_ONCE: Final = 100
_SHORTEST: Final = timedelta(seconds=1)

K = TypeVar("K", bytes, int)
V = TypeVar("V")


@dataclass(slots=True)
class _Entry(Generic[V]):
    value: V
    until: datetime
    weight: int


class _Table(Generic[K, V]):
    """Entries that end, in the order they came."""

    __slots__ = ("_ends", "_limit", "_weight", "entries")

    def __init__(self, limit: int) -> None:
        self.entries: dict[K, _Entry[V]] = {}
        self._ends: list[tuple[datetime, K]] = []
        self._limit = limit
        self._weight = 0

    def get(self, key: K, now: datetime) -> V | None:
        entry = self.entries.get(key)
        return None if entry is None or entry.until <= now else entry.value

    def put(self, key: K, value: V, until: datetime, now: datetime, *, weight: int = 0) -> None:
        """Raises StateUnavailable where the table is full of entries that live."""
        self._sweep(now, _SWEPT_AT_ONCE)
        held = self.entries.get(key)
        if (held is None and len(self.entries) >= self._limit) or self._weight + weight > BYTE_LIMIT:
            self._sweep(now, len(self._ends))
            self._refuse_when_full(weight)
        self.drop(key)
        self.entries[key] = _Entry(value, until, weight)
        self._weight += weight
        heapq.heappush(self._ends, (until, key))
        self._forget_stale_ends()

    def drop(self, key: K) -> None:
        entry = self.entries.pop(key, None)
        self._weight -= 0 if entry is None else entry.weight

    def _refuse_when_full(self, weight: int) -> None:
        if len(self.entries) >= self._limit or self._weight + weight > BYTE_LIMIT:
            raise StateUnavailable(cause=f"the memory store holds {len(self.entries)} entries of this kind; it is full")

    def _sweep(self, now: datetime, most: int) -> None:
        for _ in range(most):
            if not self._ends or self._ends[0][0] > now:
                return
            until, key = heapq.heappop(self._ends)
            entry = self.entries.get(key)
            if entry is not None and entry.until == until:
                self.drop(key)

    def _forget_stale_ends(self) -> None:
        """Ends of entries that were dropped or put again stay in the heap until they outnumber the living."""
        if len(self._ends) > 2 * len(self.entries) + _SWEPT_AT_ONCE:
            self._ends = [(entry.until, key) for key, entry in self.entries.items()]
            heapq.heapify(self._ends)


class _Feed:
    __slots__ = ("end", "table")

    def __init__(self, limit: int) -> None:
        self.end = Cursor(epoch=secrets.token_hex(8), place=START)
        self.table: _Table[int, bytes] = _Table(limit)

    def append(self, event: bytes, until: datetime, now: datetime) -> None:
        place = self.end.place[0] + 1
        self.table.put(place, event, until, now, weight=len(event))
        self.end = Cursor(epoch=self.end.epoch, place=(place, 0))

    def since(self, cursor: str | None, now: datetime) -> Events:
        after = place_after(cursor, self.end)
        first = 0 if after is None else after[0]
        found: list[bytes] = []
        for place, entry in reversed(self.table.entries.items()):
            if place <= first:
                break
            if entry.until > now:
                found.append(entry.value)
        return Events(cursor=str(self.end), reset=after is None, events=tuple(reversed(found)))


class MemoryStore:
    """A Store that nobody shares: `memory:`. No call waits, so that each is atomic on the event loop."""

    def __init__(self, clock: Clock, *, limit: int = ENTRY_LIMIT) -> None:
        """limit: live entries of one kind."""
        self._clock = clock
        self._limit = limit
        self._used: dict[str, _Table[bytes, bool]] = {}
        self._counts: dict[str, _Table[bytes, int]] = {}
        self._records: dict[str, _Table[bytes, bytes]] = {}
        self._feeds: dict[str, _Feed] = {}

    async def put_once(self, kind: str, key: str, until: datetime) -> bool:
        table, name, now = self._table(self._used, kind), digest_of(key), self._clock.now()
        if table.get(name, now):
            return False
        table.put(name, True, max(until, now + _SHORTEST), now)
        return True

    async def count(self, kind: str, key: str, window: int) -> int:
        table, name, now = self._table(self._counts, kind), digest_of(key), self._clock.now()
        before = table.get(name, now)
        if before is None:
            table.put(name, 1, now + timedelta(seconds=window), now)
            return 1
        after = table.entries[name].value = min(before + 1, COUNT_LIMIT)
        return after

    async def counted(self, kind: str, key: str) -> int:
        return self._table(self._counts, kind).get(digest_of(key), self._clock.now()) or 0

    async def clear(self, kind: str, key: str) -> None:
        self._table(self._counts, kind).drop(digest_of(key))

    async def put(self, kind: str, key: str, value: bytes, until: datetime) -> None:
        weight = len(checked(value))
        self._table(self._records, kind).put(digest_of(key), value, until, self._clock.now(), weight=weight)

    async def get(self, kind: str, key: str) -> bytes | None:
        return self._table(self._records, kind).get(digest_of(key), self._clock.now())

    async def take(self, kind: str, key: str) -> bytes | None:
        table, name = self._table(self._records, kind), digest_of(key)
        value = table.get(name, self._clock.now())
        table.drop(name)
        return value

    async def replace(self, kind: str, key: str, old: bytes, new: bytes) -> bool:
        table, name, now = self._table(self._records, kind), digest_of(key), self._clock.now()
        if table.get(name, now) != old:
            return False
        table.put(name, checked(new), table.entries[name].until, now, weight=len(new))
        return True

    async def swap(self, kind: str, key: str, old: bytes | None, new: bytes, until: datetime) -> bool:
        table, name, now = self._table(self._records, kind), digest_of(key), self._clock.now()
        if table.get(name, now) != old:
            return False
        table.put(name, checked(new), until, now, weight=len(new))
        return True

    async def delete(self, kind: str, key: str) -> None:
        self._table(self._records, kind).drop(digest_of(key))

    async def append(self, feed: str, event: bytes, until: datetime) -> None:
        self._feed(feed).append(checked(event), until, self._clock.now())

    async def events(self, feed: str, since: str | None) -> Events:
        return self._feed(feed).since(since, self._clock.now())

    async def ping(self) -> None:
        """Memory is always there."""

    async def cautions(self) -> tuple[str, ...]:
        return ()

    async def aclose(self) -> None:
        """Nothing is open."""

    def _table(self, tables: dict[str, _Table[bytes, V]], kind: str) -> _Table[bytes, V]:
        table = tables.get(kind)
        if table is None:
            table = tables[kind_of(kind)] = _Table(self._limit)
        return table

    def _feed(self, feed: str) -> _Feed:
        if feed not in self._feeds:
            self._feeds[kind_of(feed)] = _Feed(min(self._limit, FEED_LIMIT))
        return self._feeds[feed]
