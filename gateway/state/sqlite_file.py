"""The SQLite file and the one thread that talks to it, so that the event loop never waits for a disk or a lock."""

import asyncio
import os
import sqlite3
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Final, TypeVar

from gateway.domain.errors import StateUnavailable

BUSY_SECONDS: Final = 5.0
DEADLINE: Final = 6.0
"""Seconds for one call, the waiting for other processes' writes included."""
_MODE: Final = 0o600
_VERSION: Final = 1
_OPENING_ATTEMPTS: Final = 200
_OPENING_PAUSE: Final = 0.02
_PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}",
    # The last commits may be lost with the machine's power, never with the process: a replay window of one fsync.
    "PRAGMA synchronous = NORMAL",
    "PRAGMA trusted_schema = OFF",
    f"PRAGMA journal_size_limit = {64 * 1024 * 1024}",
)
_SCHEMA: Final = (
    "CREATE TABLE used (kind TEXT, name BLOB, until INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID",
    """CREATE TABLE counts (kind TEXT, name BLOB, count INTEGER NOT NULL, until INTEGER NOT NULL,
       PRIMARY KEY (kind, name)) WITHOUT ROWID""",
    """CREATE TABLE records (kind TEXT, name BLOB, value BLOB NOT NULL, until INTEGER NOT NULL,
       PRIMARY KEY (kind, name)) WITHOUT ROWID""",
    # AUTOINCREMENT: the place of an event that is gone is never given again.
    """CREATE TABLE events (place INTEGER PRIMARY KEY AUTOINCREMENT, feed TEXT NOT NULL, event BLOB NOT NULL,
       until INTEGER NOT NULL)""",
    "CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX used_until ON used (until)",
    "CREATE INDEX counts_until ON counts (until)",
    "CREATE INDEX records_until ON records (until)",
    "CREATE INDEX events_until ON events (until)",
)

T = TypeVar("T")


class SqliteFile:
    """Runs pieces of work, one after the other, each with the open connection."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns. Raises StateUnavailable. Work that nobody waits for any more is not begun."""
        future = self._thread.submit(self._attempt, work)
        try:
            async with asyncio.timeout(DEADLINE):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise StateUnavailable(cause=f"{self._path}: no answer within {DEADLINE:g} seconds") from None
        except (sqlite3.Error, OSError) as error:
            raise StateUnavailable(cause=f"{self._path}: {error}") from error

    def run_unawaited(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Queue work that no request waits for; what goes wrong there, the next call will tell."""
        with suppress(RuntimeError):  # the store was closed meanwhile
            self._thread.submit(self._attempt, work)

    async def aclose(self) -> None:
        await asyncio.wrap_future(self._thread.submit(self._close))
        self._thread.shutdown(wait=False)

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._current()
        try:
            return work(connection)
        except sqlite3.Error:
            self._close()  # an I/O error may lie in what is open: the next call begins anew
            raise

    def _current(self) -> sqlite3.Connection:
        """The open connection. A file that was removed or replaced is left: other workers use the new one."""
        if self._connection is None or _identity(self._path) != self._opened:
            self._close()
            self._connection = _connect(self._path)
            self._opened = _identity(self._path)
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file, made with mode 0600 where it is new. Raises OSError and sqlite3.Error."""
    _check_file(path)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        _begin_wal(connection)
        _make_schema(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_file(path: Path) -> None:
    """Make the file where there is none, and refuse one that others may read.

    It is never opened here: POSIX drops all of a process's locks on a file when any descriptor of it is closed, those
    of SQLite's other connections too. SQLite gives the files beside it (-wal, -shm) the same mode.
    """
    with suppress(FileExistsError):
        os.mknod(path, _MODE | stat.S_IFREG)
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise OSError("is not a regular file")
    if mode & stat.S_IRWXO:
        raise OSError(f"is open to everybody on this machine; run: chmod 600 {path}")


def _begin_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL. The switch takes no part in busy_timeout: of processes that start at once, some try again."""
    for _ in range(_OPENING_ATTEMPTS):
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(_OPENING_PAUSE)
            continue
        if mode != "wal":
            raise sqlite3.OperationalError(f"this file system does not carry WAL (SQLite stays in mode {mode})")
        return
    raise sqlite3.OperationalError("stays locked by another process")


def _make_schema(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if version == 0 and tables == 0:
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute("INSERT INTO marks VALUES ('epoch', ?)", (token_hex(8),))
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        elif version != _VERSION:
            raise sqlite3.DatabaseError("holds something else, or the state of another version; name another file")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
