"""What every store of shared facts must do, whichever backend keeps it."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.clock import Clock
from gateway.state.store import VALUE_LIMIT, Store

ODD_KEYS = {
    "empty": "",
    "long": "k" * 100_000,
    "with controls": "a\0b\r\nc",
    "of another script": "ユーザー",
    "a lone surrogate": "\ud800",
}
EVERY_BYTE = bytes(range(256)) + b"\r\n\0"


class MovedClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def now(self) -> datetime:
        return self.moment


@dataclass
class World:
    """`store` and `other`: two ways to one store, as two workers have them. `passes`: lets seconds go by."""

    store: Store
    other: Store
    clock: Clock
    passes: Callable[[float], Awaitable[None]]

    def after(self, seconds: float) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)


class StoreSuite:
    """Collected by each module that gives a fixture `world`."""

    async def test_an_id_is_used_once(self, world: World) -> None:
        assert await world.store.put_once("assertion", "a", world.after(60)) is True
        assert await world.store.put_once("assertion", "a", world.after(60)) is False
        assert await world.other.put_once("assertion", "a", world.after(600)) is False

    async def test_ids_of_other_names_and_kinds_are_others(self, world: World) -> None:
        assert await world.store.put_once("assertion", "a", world.after(60)) is True
        assert await world.store.put_once("assertion", "b", world.after(60)) is True
        assert await world.store.put_once("code", "a", world.after(60)) is True
        assert await world.store.put_once("assertion", "A", world.after(60)) is True

    async def test_of_many_uses_at_once_one_is_the_first(self, world: World) -> None:
        stores = [world.store, world.other] * 25
        first = await asyncio.gather(*(store.put_once("assertion", "a", world.after(60)) for store in stores))
        assert sorted(first) == [False] * 49 + [True]

    async def test_many_ids_at_once_are_all_first(self, world: World) -> None:
        stores = [world.store, world.other] * 100
        first = await asyncio.gather(
            *(store.put_once("assertion", str(at), world.after(60)) for at, store in enumerate(stores))
        )
        assert all(first)

    async def test_an_id_whose_end_has_come_is_used_anew(self, world: World) -> None:
        assert await world.store.put_once("assertion", "a", world.after(1.2)) is True
        await world.passes(0.5)
        assert await world.store.put_once("assertion", "a", world.after(60)) is False
        await world.passes(0.8)
        assert await world.store.put_once("assertion", "a", world.after(60)) is True
        assert await world.store.put_once("assertion", "a", world.after(60)) is False

    async def test_two_who_race_at_the_very_end_get_one_winner(self, world: World) -> None:
        assert await world.store.put_once("assertion", "a", world.after(-5)) is True
        assert await world.other.put_once("assertion", "a", world.after(-5)) is False

    async def test_a_counter_counts_within_its_window(self, world: World) -> None:
        assert [await world.store.count("failures", "alice", 1) for _ in range(3)] == [1, 2, 3]
        assert await world.other.counted("failures", "alice") == 3
        await world.passes(0.6)
        assert await world.other.count("failures", "alice", 1) == 4
        # The window began with the first: later ones do not make it longer.
        await world.passes(0.6)
        assert await world.store.counted("failures", "alice") == 0
        assert await world.store.count("failures", "alice", 1) == 1

    async def test_reading_a_counter_does_not_count(self, world: World) -> None:
        assert [await world.store.counted("failures", "alice") for _ in range(2)] == [0, 0]
        await world.store.count("failures", "alice", 60)
        assert [await world.store.counted("failures", "alice") for _ in range(2)] == [1, 1]

    async def test_counters_of_other_names_and_kinds_are_others(self, world: World) -> None:
        await world.store.count("failures", "alice", 60)
        assert await world.store.counted("failures", "bob") == 0
        assert await world.store.counted("addresses", "alice") == 0

    async def test_a_cleared_counter_begins_anew(self, world: World) -> None:
        await world.store.count("failures", "alice", 60)
        await world.store.count("failures", "bob", 60)
        await world.other.clear("failures", "alice")
        assert await world.store.counted("failures", "alice") == 0
        assert await world.store.counted("failures", "bob") == 1
        assert await world.store.count("failures", "alice", 60) == 1

    async def test_no_count_at_once_is_lost(self, world: World) -> None:
        stores = [world.store, world.other] * 25
        counts = await asyncio.gather(*(store.count("failures", "alice", 60) for store in stores))
        assert sorted(counts) == list(range(1, 51))

    async def test_a_record_is_kept_until_its_end(self, world: World) -> None:
        await world.store.put("login", "a", EVERY_BYTE, world.after(1))
        assert await world.other.get("login", "a") == EVERY_BYTE
        await world.passes(1.1)
        assert await world.store.get("login", "a") is None
        assert await world.store.take("login", "a") is None
        assert await world.store.replace("login", "a", EVERY_BYTE, b"") is False

    async def test_a_record_put_again_is_replaced_with_its_end(self, world: World) -> None:
        await world.store.put("login", "a", b"one", world.after(1))
        await world.other.put("login", "a", b"two", world.after(60))
        await world.passes(1.1)
        assert await world.store.get("login", "a") == b"two"

    async def test_a_record_that_has_ended_is_not_kept(self, world: World) -> None:
        await world.store.put("login", "a", b"one", world.after(-1))
        await world.passes(0.1)
        assert await world.store.get("login", "a") is None

    async def test_an_empty_record_is_not_none(self, world: World) -> None:
        await world.store.put("login", "a", b"", world.after(60))
        assert await world.store.get("login", "a") == b""
        assert await world.store.take("login", "a") == b""

    async def test_a_record_is_taken_once(self, world: World) -> None:
        await world.store.put("device", "a", b"one", world.after(60))
        stores = [world.store, world.other] * 10
        taken = await asyncio.gather(*(store.take("device", "a") for store in stores))
        assert [value for value in taken if value is not None] == [b"one"]
        assert await world.store.get("device", "a") is None
        assert await world.store.replace("device", "a", b"one", b"two") is False

    async def test_what_was_taken_or_deleted_may_be_put_again(self, world: World) -> None:
        await world.store.put("device", "a", b"one", world.after(60))
        await world.store.take("device", "a")
        await world.store.put("device", "a", b"two", world.after(60))
        assert await world.store.get("device", "a") == b"two"
        await world.store.delete("device", "a")
        await world.store.put("device", "a", b"three", world.after(60))
        assert await world.other.take("device", "a") == b"three"

    async def test_a_deleted_record_is_gone(self, world: World) -> None:
        await world.store.put("device", "a", b"one", world.after(60))
        await world.other.delete("device", "a")
        await world.other.delete("device", "never put")
        assert await world.store.get("device", "a") is None
        assert await world.store.take("device", "a") is None
        assert await world.store.replace("device", "a", b"one", b"two") is False
        assert await world.store.replace("device", "a", b"", b"two") is False

    async def test_a_record_is_replaced_where_it_is_what_was_expected(self, world: World) -> None:
        await world.store.put("refresh", "a", b"one", world.after(60))
        assert await world.store.replace("refresh", "a", b"other", b"two") is False
        assert await world.store.get("refresh", "a") == b"one"
        assert await world.other.replace("refresh", "a", b"one", b"two") is True
        assert await world.store.get("refresh", "a") == b"two"
        assert await world.store.replace("refresh", "absent", b"", b"two") is False

    async def test_of_many_rotations_at_once_one_wins(self, world: World) -> None:
        await world.store.put("refresh", "a", b"old", world.after(60))
        stores = [world.store, world.other] * 10
        news = [f"new {at}".encode() for at in range(20)]
        won = await asyncio.gather(
            *(store.replace("refresh", "a", b"old", new) for store, new in zip(stores, news, strict=True))
        )
        assert sum(won) == 1
        assert await world.store.get("refresh", "a") == news[won.index(True)]

    async def test_a_replaced_record_keeps_its_end(self, world: World) -> None:
        await world.store.put("refresh", "a", b"one", world.after(1))
        await world.store.replace("refresh", "a", b"one", b"two")
        await world.passes(1.1)
        assert await world.store.get("refresh", "a") is None

    async def test_a_record_is_swapped_where_it_is_what_was_expected(self, world: World) -> None:
        assert await world.store.swap("index", "a", b"", b"one", world.after(60)) is False
        assert await world.store.swap("index", "a", None, b"one", world.after(60)) is True
        assert await world.other.swap("index", "a", None, b"two", world.after(60)) is False
        assert await world.other.swap("index", "a", b"other", b"two", world.after(60)) is False
        assert await world.store.get("index", "a") == b"one"
        assert await world.other.swap("index", "a", b"one", b"two", world.after(60)) is True
        assert await world.store.get("index", "a") == b"two"

    async def test_of_many_swaps_at_once_one_wins(self, world: World) -> None:
        for old in (None, b"old"):
            stores = [world.store, world.other] * 10
            news = [f"new {at}".encode() for at in range(20)]
            won = await asyncio.gather(
                *(store.swap("index", "a", old, new, world.after(60)) for store, new in zip(stores, news, strict=True))
            )
            assert sum(won) == 1
            assert await world.store.get("index", "a") == news[won.index(True)]
            await world.store.put("index", "a", b"old", world.after(60))

    async def test_a_swapped_record_has_its_new_end(self, world: World) -> None:
        await world.store.swap("index", "a", None, b"one", world.after(1))
        await world.store.swap("index", "a", b"one", b"two", world.after(60))
        await world.store.swap("index", "b", None, b"one", world.after(1))
        await world.passes(1.1)
        assert await world.store.get("index", "a") == b"two"
        assert await world.store.swap("index", "b", b"one", b"two", world.after(60)) is False
        assert await world.store.swap("index", "b", None, b"two", world.after(60)) is True

    async def test_where_a_record_was_taken_or_deleted_one_may_be_swapped_in(self, world: World) -> None:
        for end in (world.store.take, world.store.delete):
            await world.store.put("index", "a", b"one", world.after(60))
            await end("index", "a")
            assert await world.store.swap("index", "a", b"one", b"two", world.after(60)) is False
            assert await world.store.swap("index", "a", None, b"two", world.after(60)) is True
            assert await world.store.get("index", "a") == b"two"

    @pytest.mark.parametrize("key", ODD_KEYS.values(), ids=ODD_KEYS)
    async def test_any_text_is_a_key(self, world: World, key: str) -> None:
        assert await world.store.put_once("assertion", key, world.after(60)) is True
        assert await world.store.put_once("assertion", key, world.after(60)) is False
        assert await world.store.count("failures", key, 60) == 1
        await world.store.put("login", key, b"value", world.after(60))
        assert await world.other.get("login", key) == b"value"

    @pytest.mark.parametrize("kind", ["", "Upper", "with:colon", "a" * 33, "with\n"])
    async def test_a_kind_is_a_plain_word(self, world: World, kind: str) -> None:
        with pytest.raises(ValueError, match="names no kind of fact"):
            await world.store.put_once(kind, "a", world.after(60))
        with pytest.raises(ValueError, match="names no kind of fact"):
            await world.store.events(kind, None)

    async def test_a_value_beyond_the_bound_is_a_bug_of_the_caller(self, world: World) -> None:
        longest = secrets.token_bytes(VALUE_LIMIT)
        await world.store.put("login", "a", longest, world.after(60))
        assert await world.store.get("login", "a") == longest
        with pytest.raises(ValueError, match="a value of 16385 bytes"):
            await world.store.put("login", "a", longest + b"x", world.after(60))
        with pytest.raises(ValueError, match="a value of 16385 bytes"):
            await world.store.replace("login", "a", longest, longest + b"x")
        with pytest.raises(ValueError, match="a value of 16385 bytes"):
            await world.store.append("revocations", longest + b"x", world.after(60))

    async def test_a_feed_gives_a_new_reader_all_that_lives(self, world: World) -> None:
        nothing = await world.store.events("revocations", None)
        assert (nothing.reset, nothing.events) == (True, ())
        await world.store.append("revocations", b"one", world.after(60))
        await world.other.append("revocations", EVERY_BYTE, world.after(60))
        told = await world.other.events("revocations", None)
        assert (told.reset, told.events) == (True, (b"one", EVERY_BYTE))

    async def test_a_reader_goes_on_where_it_stood(self, world: World) -> None:
        start = await world.store.events("revocations", None)
        await world.other.append("revocations", b"one", world.after(60))
        first = await world.store.events("revocations", start.cursor)
        assert (first.reset, first.events) == (False, (b"one",))
        await world.store.append("revocations", b"two", world.after(60))
        await world.store.append("revocations", b"three", world.after(60))
        second = await world.other.events("revocations", first.cursor)
        assert (second.reset, second.events) == (False, (b"two", b"three"))
        assert (await world.store.events("revocations", second.cursor)).events == ()
        # Nothing is consumed: another reader sees the same.
        assert (await world.store.events("revocations", start.cursor)).events == (b"one", b"two", b"three")

    async def test_events_that_have_ended_are_not_told(self, world: World) -> None:
        start = await world.store.events("revocations", None)
        await world.store.append("revocations", b"short", world.after(1))
        await world.store.append("revocations", b"long", world.after(60))
        await world.passes(1.1)
        assert (await world.store.events("revocations", start.cursor)).events == (b"long",)
        assert (await world.store.events("revocations", None)).events == (b"long",)
        await world.store.append("revocations", b"later", world.after(60))
        assert (await world.store.events("revocations", start.cursor)).events == (b"long", b"later")

    @pytest.mark.parametrize("cursor", ["", "nonsense", "0123456789abcdef.1-0", "0123456789abcdef.1-0 ", "-1"])
    async def test_a_foreign_cursor_starts_anew(self, world: World, cursor: str) -> None:
        await world.store.append("revocations", b"one", world.after(60))
        told = await world.store.events("revocations", cursor)
        assert (told.reset, told.events) == (True, (b"one",))

    async def test_a_cursor_beyond_the_end_is_of_a_store_that_lost_events(self, world: World) -> None:
        await world.store.append("revocations", b"one", world.after(60))
        cursor = (await world.store.events("revocations", None)).cursor
        epoch, _, place = cursor.partition(".")
        beyond = f"{epoch}.{int(place.partition('-')[0]) + 1}-0"
        told = await world.store.events("revocations", beyond)
        assert (told.reset, told.events, told.cursor) == (True, (b"one",), cursor)

    async def test_feeds_do_not_mix(self, world: World) -> None:
        await world.store.append("revocations", b"one", world.after(60))
        await world.store.append("reloads", b"two", world.after(60))
        assert (await world.store.events("revocations", None)).events == (b"one",)
        assert (await world.store.events("reloads", None)).events == (b"two",)

    async def test_a_reader_loses_no_event_of_many_writers(self, world: World) -> None:
        async def write(store: Store, writer: int) -> None:
            for at in range(50):
                await store.append("revocations", f"{writer}:{at}".encode(), world.after(60))

        writing = asyncio.gather(*(write(store, at) for at, store in enumerate([world.store, world.other] * 4)))
        cursor: str | None = None
        seen: list[bytes] = []
        while not writing.done() or not seen:
            told = await world.store.events("revocations", cursor)
            cursor, seen = told.cursor, [*seen, *told.events]
            await asyncio.sleep(0)
        await writing
        seen += (await world.store.events("revocations", cursor)).events
        assert sorted(seen) == sorted(f"{writer}:{at}".encode() for writer in range(8) for at in range(50))

    async def test_a_long_feed_is_read_whole(self, world: World) -> None:
        expected = [str(at).encode() for at in range(4100)]
        for event in expected:
            await world.store.append("revocations", event, world.after(600))
        told = await world.other.events("revocations", None)
        assert list(told.events) == expected
        assert (await world.other.events("revocations", told.cursor)).events == ()

    async def test_a_store_that_serves_answers_a_ping(self, world: World) -> None:
        await world.store.ping()
        assert await world.other.cautions() == await world.store.cautions()
