"""The store of the workers of one host: a SQLite file, each call one autocommit statement.

A read that a write hangs on never stands in a transaction of its own: under WAL that fails as locked whatever the
timeout (SQLITE_BUSY_SNAPSHOT).
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.domain.clock import Clock
from gateway.domain.errors import StateUnavailable
from gateway.state.cursor import Cursor, place_after
from gateway.state.file_system import network_file_system
from gateway.state.naming import checked, digest_of, kind_of
from gateway.state.sqlite_file import SqliteFile
from gateway.state.store import COUNT_LIMIT, FEED_LIMIT, Events

_SWEPT_AT_ONCE: Final = 500
_BETWEEN_SWEEPS: Final = timedelta(seconds=10)
_SHORTEST: Final = 1000

# An id whose end has come is used anew: what it guarded has ended too.
_PUT_ONCE: Final = """INSERT INTO used (kind, name, until) VALUES (:kind, :name, :until)
    ON CONFLICT DO UPDATE SET until = excluded.until WHERE used.until <= :now"""
_FORGET: Final = "DELETE FROM used WHERE kind = :kind AND name = :name AND until = :until"
_COUNT: Final = """INSERT INTO counts (kind, name, count, until) VALUES (:kind, :name, 1, :until)
    ON CONFLICT DO UPDATE SET
        count = CASE WHEN counts.until <= :now THEN 1 ELSE min(counts.count + 1, :limit) END,
        until = CASE WHEN counts.until <= :now THEN excluded.until ELSE counts.until END
    RETURNING count"""
_COUNTED: Final = "SELECT count FROM counts WHERE kind = :kind AND name = :name AND until > :now"
_CLEAR: Final = "DELETE FROM counts WHERE kind = :kind AND name = :name"
_PUT: Final = "INSERT OR REPLACE INTO records (kind, name, value, until) VALUES (:kind, :name, :value, :until)"
_GET: Final = "SELECT value FROM records WHERE kind = :kind AND name = :name AND until > :now"
_TAKE: Final = "DELETE FROM records WHERE kind = :kind AND name = :name AND until > :now RETURNING value"
_REPLACE: Final = """UPDATE records SET value = :new
    WHERE kind = :kind AND name = :name AND until > :now AND value = :old"""
_SWAP: Final = """UPDATE records SET value = :new, until = :until
    WHERE kind = :kind AND name = :name AND until > :now AND value = :old"""
_PUT_WHERE_NOTHING_IS: Final = """INSERT INTO records (kind, name, value, until) VALUES (:kind, :name, :new, :until)
    ON CONFLICT DO UPDATE SET value = excluded.value, until = excluded.until WHERE records.until <= :now"""
_DELETE: Final = "DELETE FROM records WHERE kind = :kind AND name = :name"
_APPEND: Final = """INSERT INTO events (feed, event, until) SELECT :feed, :event, :until
    WHERE (SELECT count(*) FROM events WHERE feed = :feed AND until > :now) < :limit"""
_FEED_END: Final = """SELECT (SELECT value FROM marks WHERE name = 'epoch'),
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)"""
_EVENTS: Final = """SELECT event FROM events
    WHERE place > :after AND place <= :end AND feed = :feed AND until > :now ORDER BY place"""
_PING: Final = "INSERT OR REPLACE INTO marks (name, value) VALUES ('ping', :now)"
_SWEEPS: Final = (
    """DELETE FROM used WHERE (kind, name) IN (SELECT kind, name FROM used WHERE until <= :now LIMIT :most)""",
    """DELETE FROM counts WHERE (kind, name) IN (SELECT kind, name FROM counts WHERE until <= :now LIMIT :most)""",
    """DELETE FROM records WHERE (kind, name) IN (SELECT kind, name FROM records WHERE until <= :now LIMIT :most)""",
    """DELETE FROM events WHERE place IN (SELECT place FROM events WHERE until <= :now LIMIT :most)""",
)

T = TypeVar("T")


class SqliteStore:
    """A Store in a file: `sqlite:////PATH`."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._file = SqliteFile(path)
        self._clock = clock
        self._next_sweep = clock.now() + _BETWEEN_SWEEPS

    async def put_once(self, kind: str, key: str, until: datetime) -> bool:
        named = self._named(kind, key, {"until": max(_millis(until), self._now() + _SHORTEST)})
        won: list[bool] = []

        def put(file: sqlite3.Connection) -> bool:
            won.append(file.execute(_PUT_ONCE, named).rowcount > 0)
            return won[0]

        def forget(file: sqlite3.Connection) -> None:
            if won == [True]:
                file.execute(_FORGET, named)

        try:
            return await self._run(put)
        except BaseException:
            # Nobody was served by a call that failed or was cancelled, and it may still be done: the thread does this
            # after it, and who tries again is the first.
            self._file.run_unawaited(forget)
            raise

    async def count(self, kind: str, key: str, window: int) -> int:
        until = self._now() + window * 1000
        count: int = await self._value(_COUNT, kind, key, until=until, limit=COUNT_LIMIT)
        return count

    async def counted(self, kind: str, key: str) -> int:
        count: int | None = await self._value(_COUNTED, kind, key)
        return count or 0

    async def clear(self, kind: str, key: str) -> None:
        await self._changed(_CLEAR, kind, key)

    async def put(self, kind: str, key: str, value: bytes, until: datetime) -> None:
        await self._changed(_PUT, kind, key, value=checked(value), until=_millis(until))

    async def get(self, kind: str, key: str) -> bytes | None:
        value: bytes | None = await self._value(_GET, kind, key)
        return value

    async def take(self, kind: str, key: str) -> bytes | None:
        value: bytes | None = await self._value(_TAKE, kind, key)
        return value

    async def replace(self, kind: str, key: str, old: bytes, new: bytes) -> bool:
        return await self._changed(_REPLACE, kind, key, old=old, new=checked(new)) > 0

    async def swap(self, kind: str, key: str, old: bytes | None, new: bytes, until: datetime) -> bool:
        statement = _PUT_WHERE_NOTHING_IS if old is None else _SWAP
        return await self._changed(statement, kind, key, old=old, new=checked(new), until=_millis(until)) > 0

    async def delete(self, kind: str, key: str) -> None:
        await self._changed(_DELETE, kind, key)

    async def append(self, feed: str, event: bytes, until: datetime) -> None:
        values = {"feed": kind_of(feed), "event": checked(event), "until": _millis(until), "now": self._now()}
        if not await self._run(lambda file: file.execute(_APPEND, values | {"limit": FEED_LIMIT}).rowcount):
            raise StateUnavailable(cause=f"the feed {feed} holds {FEED_LIMIT} live events; it is full")

    async def events(self, feed: str, since: str | None) -> Events:
        name, now = kind_of(feed), self._now()

        def read(file: sqlite3.Connection) -> Events:
            epoch, last = file.execute(_FEED_END).fetchone()
            end = Cursor(epoch=epoch, place=(last, 0))
            after = place_after(since, end)
            values = {"feed": name, "after": after[0] if after else 0, "end": last, "now": now}
            found = tuple(event for (event,) in file.execute(_EVENTS, values))
            return Events(cursor=str(end), reset=after is None, events=found)

        return await self._run(read)

    async def ping(self) -> None:
        values = {"now": str(self._now())}
        await self._run(lambda file: file.execute(_PING, values).rowcount)

    async def cautions(self) -> tuple[str, ...]:
        kind = network_file_system(self._path)
        if kind is None:
            return ()
        return (f"{self._path} stands on a network file system ({kind}), where SQLite loses writes; use a local disk",)

    async def aclose(self) -> None:
        await self._file.aclose()

    def _now(self) -> int:
        return _millis(self._clock.now())

    async def _changed(self, statement: str, kind: str, key: str, **values: Any) -> int:
        """How many rows the statement changed."""
        named = self._named(kind, key, values)
        return await self._run(lambda file: file.execute(statement, named).rowcount)

    async def _value(self, statement: str, kind: str, key: str, **values: Any) -> Any:
        """The one value that the statement returns. All rows are fetched: a write is whole only then."""
        named = self._named(kind, key, values)
        rows = await self._run(lambda file: file.execute(statement, named).fetchall())
        return rows[0][0] if rows else None

    def _named(self, kind: str, key: str, values: dict[str, Any]) -> dict[str, Any]:
        return {"kind": kind_of(kind), "name": digest_of(key), "now": self._now(), **values}

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        result = await self._file.run(work)
        now = self._clock.now()
        if now >= self._next_sweep:
            self._next_sweep = now + _BETWEEN_SWEEPS
            self._file.run_unawaited(lambda file: self._sweep(file, _millis(now)))
        return result

    def _sweep(self, file: sqlite3.Connection, now: int) -> None:
        """Delete a batch of what has ended; what is left over goes in the next batch, behind the calls that wait."""
        full = [file.execute(sweep, {"now": now, "most": _SWEPT_AT_ONCE}).rowcount for sweep in _SWEEPS]
        if _SWEPT_AT_ONCE in full:
            self._file.run_unawaited(lambda again: self._sweep(again, now))


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
