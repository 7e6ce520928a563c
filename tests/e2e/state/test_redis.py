"""Redis passes the suite of every store, and keeps to what only a Redis can do wrong."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.clock import SteadyClock
from gateway.domain.errors import StateUnavailable
from gateway.state.open import open_state
from gateway.state.store import Store
from tests.conformance.state_suite import StoreSuite, World
from tests.e2e.process import free_port
from tests.e2e.state.redis_server import RedisServer

CLOCK = SteadyClock()
USERS = ["--user", "gateway", "on", ">s3cret:@/", "~*", "+@all", "--user", "default", "off"]
LATER = CLOCK.now() + timedelta(hours=1)


@pytest.fixture
async def store(shared_redis: RedisServer) -> AsyncIterator[Store]:
    shared_redis.ask("FLUSHALL")
    store = open_state(shared_redis.url, CLOCK)
    yield store
    await store.aclose()


class TestRedis(StoreSuite):
    @pytest.fixture
    async def world(self, shared_redis: RedisServer, store: Store) -> AsyncIterator[World]:
        other = open_state(f"{shared_redis.url}/0", CLOCK)
        yield World(store, other, CLOCK, asyncio.sleep)
        await other.aclose()


async def test_more_calls_than_connections_all_get_their_own_answer(store: Store) -> None:
    await asyncio.gather(*(store.put("login", str(at), str(at).encode(), LATER) for at in range(500)))
    found = await asyncio.gather(*(store.get("login", str(at)) for at in range(500)))
    assert found == [str(at).encode() for at in range(500)]


async def test_cancelled_calls_never_mix_answers(store: Store) -> None:
    await asyncio.gather(*(store.put("login", str(at), str(at).encode(), LATER) for at in range(100)))

    async def cancelled(at: int) -> None:
        task = asyncio.ensure_future(store.get("login", str(at % 100)))
        await asyncio.sleep(at % 7 / 5_000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def checked(at: int) -> None:
        assert await store.get("login", str(at % 100)) == str(at % 100).encode()

    for start in range(0, 1_000, 50):
        await asyncio.gather(*(step(at) for at in range(start, start + 50) for step in (cancelled, checked)))


async def test_neither_keys_nor_their_names_stand_in_the_server(store: Store, shared_redis: RedisServer) -> None:
    await store.put_once("assertion", "alice@example.com", LATER)
    await store.count("failures", "alice@example.com", 60)
    await store.put("device", "alice@example.com", b"sealed", LATER)
    told = shared_redis.ask("KEYS", "*")
    assert b"alice" not in told
    assert told.count(hashlib.sha256(b"alice@example.com").digest()) == 3


async def test_everything_ends_by_itself(store: Store, shared_redis: RedisServer) -> None:
    until = CLOCK.now() + timedelta(seconds=1)
    await store.put_once("assertion", "a", until)
    await store.count("failures", "a", 1)
    await store.put("login", "a", b"one", until)
    await store.put("login", "b", b"two", until)
    await store.take("login", "b")
    await asyncio.sleep(1.2)
    assert shared_redis.ask("DBSIZE") == b":0\r\n"


async def test_ended_events_leave_the_stream(store: Store, shared_redis: RedisServer) -> None:
    for at in range(50):
        await store.append("revocations", str(at).encode(), CLOCK.now() + timedelta(seconds=0.5))
    await asyncio.sleep(0.6)
    await store.append("revocations", b"last", LATER)
    assert shared_redis.ask("XLEN", "sts-gateway:feed:{revocations}") == b":1\r\n"


async def test_a_full_feed_refuses_and_drops_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.state.redis.FEED_LIMIT", 3)
    for at in range(3):
        await store.append("revocations", str(at).encode(), LATER)
    with pytest.raises(StateUnavailable) as caught:
        await store.append("revocations", b"3", LATER)
    assert caught.value.cause == "the feed revocations holds 3 events; it is full"
    assert (await store.events("revocations", None)).events == (b"0", b"1", b"2")


async def test_a_counter_stands_still_at_its_limit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.state.redis.COUNT_LIMIT", 3)
    assert [await store.count("failures", "alice", 60) for _ in range(5)] == [1, 2, 3, 3, 3]


async def test_an_emptied_server_makes_readers_start_anew(store: Store, shared_redis: RedisServer) -> None:
    await store.append("revocations", b"one", LATER)
    cursor = (await store.events("revocations", None)).cursor
    shared_redis.ask("FLUSHALL")
    await store.append("revocations", b"two", LATER)
    told = await store.events("revocations", cursor)
    assert (told.reset, told.events) == (True, (b"two",))


async def test_what_is_dangerous_about_a_server_is_told(store: Store, shared_redis: RedisServer) -> None:
    assert [caution.partition(";")[0] for caution in await store.cautions()] == [
        "Redis keeps no append-only file: a restart forgets once-only ids and revocations"
    ]
    shared_redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    try:
        assert any("an evicted once-only id is a replay" in caution for caution in await store.cautions())
    finally:
        shared_redis.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")


async def test_a_server_that_does_not_tell_its_settings_is_not_judged(tmp_path: Path) -> None:
    with RedisServer(tmp_path, "--rename-command", "CONFIG", "") as running:
        store = open_state(running.url, CLOCK)
        assert await store.cautions() == ()
        await store.aclose()


async def test_a_server_that_takes_no_more_is_not_ready(store: Store, shared_redis: RedisServer) -> None:
    shared_redis.ask("CONFIG", "SET", "maxmemory", "1")
    try:
        with pytest.raises(StateUnavailable, match="temporarily unable") as caught:
            await store.ping()
        assert "maxmemory" in str(caught.value.cause)
        with pytest.raises(StateUnavailable):
            await store.put_once("assertion", "a", LATER)
    finally:
        shared_redis.ask("CONFIG", "SET", "maxmemory", "0")
    await store.ping()


async def test_passwords_and_users_open_the_server_and_nothing_tells_them(tmp_path: Path) -> None:
    with RedisServer(tmp_path, *USERS) as running:

        async def refused(credentials: str) -> StateUnavailable:
            store = open_state(f"redis://{credentials}127.0.0.1:{running.port}", CLOCK)
            begun = asyncio.get_running_loop().time()
            with pytest.raises(StateUnavailable) as caught:
                await store.ping()
            # It is not tried again until the time is over.
            assert asyncio.get_running_loop().time() - begun < 2
            await store.aclose()
            return caught.value

        right = open_state(f"redis://gateway:s3cret%3A%40%2F@127.0.0.1:{running.port}", CLOCK)
        assert await right.put_once("assertion", "a", LATER) is True
        await right.aclose()
        wrong = await refused("gateway:Hunter2@")
        assert "Hunter2" not in f"{wrong}{wrong.cause}{wrong!r}"
        assert "Redis refuses" in str(wrong.cause)
        assert "Redis refuses" in str((await refused("")).cause)


async def test_a_server_that_is_not_there_is_told_within_the_deadline() -> None:
    store = open_state(f"redis://127.0.0.1:{free_port()}", CLOCK)
    begun = asyncio.get_running_loop().time()
    with pytest.raises(StateUnavailable) as caught:
        await store.put_once("assertion", "a", LATER)
    assert 4.5 < asyncio.get_running_loop().time() - begun < 5.5
    assert "no answer within 5 seconds" in str(caught.value.cause)
    assert "refused" in str(caught.value.cause).lower() or "connect" in str(caught.value.cause).lower()
    await store.aclose()


async def test_a_closed_store_leaves_no_connection(store: Store, shared_redis: RedisServer) -> None:
    other = open_state(shared_redis.url, CLOCK)
    await asyncio.gather(*(other.put_once("assertion", str(at), LATER) for at in range(100)))
    await other.aclose()
    await asyncio.sleep(0.1)
    left = shared_redis.ask("CLIENT", "LIST").count(b"name=sts-gateway")
    await store.ping()
    assert left <= 1
