"""The SQLite file: private, followed when it is replaced, and told of when it cannot be used."""

import asyncio
import os
import resource
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.errors import StateUnavailable
from gateway.state.sqlite import SqliteStore
from tests.conformance.state_suite import MovedClock

CLOCK = MovedClock()
LATER = CLOCK.now() + timedelta(hours=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, CLOCK)
    yield store
    await store.aclose()


async def refused(store: SqliteStore) -> str:
    """The cause of a call that fails closed; the caller is told nothing of it."""
    with pytest.raises(StateUnavailable, match="temporarily unable to answer") as caught:
        await store.put_once("assertion", "a", LATER)
    return str(caught.value.cause)


async def test_the_files_are_private_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        store = SqliteStore(path, CLOCK)
        await store.put_once("assertion", "a", LATER)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        await store.aclose()
    finally:
        os.umask(before)
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}


async def test_the_file_is_set_up_for_many_workers(store: SqliteStore) -> None:
    def settings(file: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "busy_timeout")
        return [file.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await store._file.run(settings) == ["wal", 1, 5000]


async def test_what_was_put_is_there_after_a_restart(path: Path) -> None:
    first = SqliteStore(path, CLOCK)
    assert await first.put_once("assertion", "a", LATER) is True
    await first.append("revocations", b"one", LATER)
    cursor = (await first.events("revocations", None)).cursor
    await first.aclose()

    second = SqliteStore(path, CLOCK)
    assert await second.put_once("assertion", "a", LATER) is False
    told = await second.events("revocations", cursor)
    assert (told.reset, told.events) == (False, ())
    await second.aclose()


async def test_no_key_stands_in_the_file_in_clear(store: SqliteStore, path: Path) -> None:
    await store.put("device", "alice@example.com", b"sealed", LATER)
    await store.count("failures", "alice@example.com", 60)
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"sealed" in written
    assert b"alice" not in written


def wide(path: Path) -> None:
    path.touch()
    path.chmod(0o644)


def another_database(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE things (name)")
    other.close()
    path.chmod(0o600)


def no_database(path: Path) -> None:
    path.write_bytes(b"not a database " * 100)
    path.chmod(0o600)


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "open to everybody": (wide, "chmod 600"),
    "a folder": (Path.mkdir, "is not a regular file"),
    "a pipe": (os.mkfifo, "is not a regular file"),
    "a device": (lambda path: path.symlink_to("/dev/full"), "is not a regular file"),
    "no database": (no_database, "not a database"),
    "somebody else's database": (another_database, "name another file"),
    "in a folder that is not there": (lambda path: path.parent.rmdir(), "No such file or directory"),
}


@pytest.mark.parametrize(("spoil", "told"), UNUSABLE.values(), ids=UNUSABLE)
async def test_a_file_that_cannot_be_used_is_told(path: Path, spoil: Callable[[Path], object], told: str) -> None:
    spoil(path)
    store = SqliteStore(path, CLOCK)
    cause = await refused(store)
    await store.aclose()
    assert told in cause
    assert str(path) in cause


async def test_a_full_disk_refuses_and_mends_itself(store: SqliteStore) -> None:
    await store.ping()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        await refused(store)
        with pytest.raises(StateUnavailable):
            await store.ping()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert await store.put_once("assertion", "a", LATER) is True


async def test_a_file_that_may_only_be_read_refuses(store: SqliteStore) -> None:
    await store.put("login", "a", b"one", LATER)
    await store._file.run(lambda file: file.execute("PRAGMA query_only = ON"))
    assert await store.get("login", "a") == b"one"
    assert "readonly" in await refused(store)
    # What went wrong may lie in what was open: the next call has begun anew.
    assert await store.put_once("assertion", "a", LATER) is True


async def test_a_counter_stands_still_at_its_limit(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.state.sqlite.COUNT_LIMIT", 3)
    assert [await store.count("failures", "alice", 60) for _ in range(5)] == [1, 2, 3, 3, 3]


async def test_a_removed_file_is_left_for_the_new_one(store: SqliteStore, path: Path) -> None:
    await store.put_once("assertion", "a", LATER)
    cursor = (await store.events("revocations", None)).cursor
    for file in list(path.parent.iterdir()):
        file.unlink()
    other = SqliteStore(path, CLOCK)
    assert await other.put_once("assertion", "b", LATER) is True
    assert await store.put_once("assertion", "b", LATER) is False
    assert (await store.events("revocations", cursor)).reset is True
    await other.aclose()


async def test_the_loop_goes_on_while_another_process_holds_the_lock(store: SqliteStore, path: Path) -> None:
    await store.ping()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    putting = asyncio.ensure_future(store.put_once("assertion", "a", LATER))
    turns = 0
    for _ in range(20):
        await asyncio.sleep(0.01)
        turns += 1
    assert (turns, putting.done()) == (20, False)
    holder.execute("COMMIT")
    holder.close()
    assert await putting is True


async def test_a_lock_that_is_never_given_up_ends_in_a_refusal(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.ping()
    monkeypatch.setattr("gateway.state.sqlite_file.DEADLINE", 0.3)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    told = await asyncio.gather(
        store.put_once("assertion", "a", LATER), store.count("failures", "alice", 60), return_exceptions=True
    )
    assert [type(error) for error in told] == [StateUnavailable, StateUnavailable]
    holder.execute("COMMIT")
    holder.close()
    monkeypatch.setattr("gateway.state.sqlite_file.DEADLINE", 6.0)
    # Who was told to try again is the first when trying again.
    assert [await store.put_once("assertion", "a", LATER) for _ in range(2)] == [True, False]
    # This one stood behind the other, and nobody waited for it any more: it was never begun.
    assert await store.counted("failures", "alice") == 0


async def test_an_id_that_somebody_else_used_stays_used_after_a_cancelled_call(store: SqliteStore, path: Path) -> None:
    assert await store.put_once("assertion", "a", LATER) is True
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    task = asyncio.ensure_future(store.put_once("assertion", "a", LATER))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    holder.execute("COMMIT")
    holder.close()
    assert await store.put_once("assertion", "a", LATER) is False


async def test_cancelled_calls_never_mix_answers(store: SqliteStore) -> None:
    for at in range(50):
        await store.put("login", str(at), str(at).encode(), LATER)

    async def cancelled(at: int) -> None:
        task = asyncio.ensure_future(store.get("login", str(at % 50)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def checked(at: int) -> None:
        assert await store.get("login", str(at % 50)) == str(at % 50).encode()

    await asyncio.gather(*(step(at) for at in range(500) for step in (cancelled, checked)))


async def test_what_has_ended_is_deleted_behind_the_calls(path: Path) -> None:
    clock = MovedClock()
    store = SqliteStore(path, clock)
    for at in range(1_200):
        await store.put_once("assertion", str(at), clock.now() + timedelta(seconds=5))
    for table in (store.put("login", "a", b"x", clock.now() + timedelta(seconds=5)), store.count("failures", "a", 5)):
        await table
    await store.append("revocations", b"x", clock.now() + timedelta(seconds=5))
    await store.put_once("assertion", "lives", clock.now() + timedelta(seconds=60))
    clock.moment += timedelta(seconds=20)

    await store.ping()
    counted = "SELECT (SELECT count(*) FROM {}), (SELECT count(*) FROM {}), (SELECT count(*) FROM {}), (SELECT count(*) FROM {})"
    left: tuple[int, ...] = ()
    for _ in range(20):
        left = await store._file.run(
            lambda file: file.execute(counted.format("used", "counts", "records", "events")).fetchone()
        )
    assert left == (1, 0, 0, 0)
    await store.aclose()


async def test_a_full_feed_refuses_and_drops_nothing(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.state.sqlite.FEED_LIMIT", 2)
    for event in (b"one", b"two"):
        await store.append("revocations", event, LATER)
    with pytest.raises(StateUnavailable) as caught:
        await store.append("revocations", b"three", LATER)
    assert "it is full" in str(caught.value.cause)
    assert (await store.events("revocations", None)).events == (b"one", b"two")


async def test_a_network_file_system_is_told(
    store: SqliteStore, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await store.cautions() == ()
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 1 0:1 / {path.parent} rw - nfs4 nas:/ rw\n")
    monkeypatch.setattr("gateway.state.file_system.MOUNTS", mounts)
    assert [caution.partition(" (")[0] for caution in await store.cautions()] == [
        f"{path} stands on a network file system"
    ]


async def test_a_closed_store_leaves_no_thread(path: Path) -> None:
    store = SqliteStore(path, CLOCK)
    await store.ping()
    await store.aclose()
    for _ in range(100):
        if not any(thread.name.startswith("state") for thread in threading.enumerate()):
            return
        await asyncio.sleep(0.01)
    pytest.fail("a thread is left")
