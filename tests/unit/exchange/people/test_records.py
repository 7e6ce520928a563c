"""Sealed records: what was opened once is remembered, and opens nothing that would not open anew."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.errors import SignInRefused
from gateway.exchange.people import records as module
from gateway.exchange.people.records import PURPOSE, SealedRecords
from gateway.sealing.envelope import Sealer
from gateway.sealing.keyring import Keyring
from gateway.state.memory import MemoryStore
from tests.fakes.gateway_world import START, MovableClock
from tests.unit.sealing.made import keyring

KIND, KEY = "portal_session", "hers"
UNTIL = START + timedelta(days=3_650)


class Keys:
    """A keyring that somebody changes while the gateway runs."""

    def __init__(self) -> None:
        self.keyring: Keyring = keyring("old", "new")

    def key(self, key_id: bytes) -> Any:
        return self.keyring.key(key_id)

    def sealing_key(self, now: float) -> Any:
        return self.keyring.sealing_key(now)


class World:
    def __init__(self) -> None:
        self.clock = MovableClock()
        self.store = MemoryStore(self.clock)
        self.keys = Keys()
        self.opened = 0
        sealer = Sealer(self.keys, purpose=PURPOSE, realm="https://sts.example.com")
        self.records = SealedRecords(self.store, sealer, self.clock)

    async def content(self, kind: str = KIND, key: str = KEY) -> Any:
        kept = await self.records.get(kind, key)
        return None if kept is None else kept.content


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    opened = Sealer.open_with_key

    def counted(sealer: Sealer, text: str) -> Any:
        world.opened += 1
        return opened(sealer, text)

    monkeypatch.setattr(Sealer, "open_with_key", counted)
    await world.records.put(KIND, KEY, {"a": 1}, UNTIL)
    assert await world.content() == {"a": 1}
    return world


async def test_a_record_that_is_read_again_is_opened_once(world: World) -> None:
    assert await world.content() == {"a": 1}
    assert world.opened == 1


async def test_a_record_whose_key_has_left_the_keyring_opens_no_more(world: World) -> None:
    """An emergency: the keyring was stolen, and its keys are taken away."""
    world.keys.keyring = keyring("another")
    assert await world.content() is None


async def test_a_record_whose_key_was_put_back_with_another_secret_opens_no_more(world: World) -> None:
    from tests.unit.sealing.made import key

    world.keys.keyring = Keyring([key("new", secret=b"f" * 32)])
    assert await world.content() is None


async def test_a_record_that_was_changed_in_the_store_is_judged_anew(world: World) -> None:
    raw = await world.store.get(KIND, KEY)
    assert raw is not None
    for at in (0, 20, len(raw) - 1):
        forged = raw[:at] + (b"B" if raw[at : at + 1] != b"B" else b"C") + raw[at + 1 :]
        await world.store.put(KIND, KEY, forged, UNTIL)
        assert await world.content() is None


async def test_a_record_moved_to_another_place_is_none_though_it_was_read(world: World) -> None:
    raw = await world.store.get(KIND, KEY)
    assert raw is not None
    await world.store.put(KIND, "his", raw, UNTIL)
    await world.store.put("sign_in", KEY, raw, UNTIL)
    assert await world.content(KIND, "his") is None
    assert await world.content("sign_in", KEY) is None


async def test_a_record_that_was_ended_is_gone_at_once(world: World) -> None:
    await world.records.delete(KIND, KEY)
    assert await world.content() is None


async def test_a_record_that_was_replaced_is_what_it_is_now(world: World) -> None:
    kept = await world.records.get(KIND, KEY)
    assert kept is not None
    assert await world.records.replace(KIND, KEY, kept, {"a": 2})
    assert await world.content() == {"a": 2}


async def test_no_more_are_remembered_than_a_process_can_afford(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    for at in range(10):
        await world.records.put(KIND, str(at), {"a": at}, UNTIL)
        assert await world.content(KIND, str(at)) == {"a": at}
    assert len(world.records._remembered) <= 3


async def test_what_no_key_opens_any_more_is_in_nobodys_way(world: World) -> None:
    world.keys.keyring = keyring("another")
    assert await world.records.get(KIND, KEY) is None

    assert await world.records.swap(KIND, KEY, None, {"a": 2}, UNTIL)
    assert await world.content() == {"a": 2}
    assert not await world.records.swap(KIND, KEY, None, {"a": 3}, UNTIL)
    assert await world.content() == {"a": 2}


async def test_a_record_that_is_kept_up_outlives_the_key_that_sealed_it(world: World) -> None:
    world.keys.keyring = keyring("new", "newest")
    kept = await world.records.get(KIND, KEY)
    assert kept is not None

    await world.records.keep_up(KIND, KEY, kept, UNTIL)
    world.keys.keyring = keyring("newest")

    assert await world.content() == {"a": 1}


async def test_a_record_of_the_key_that_seals_is_not_written_again(world: World) -> None:
    kept = await world.records.get(KIND, KEY)
    assert kept is not None

    await world.records.keep_up(KIND, KEY, kept, UNTIL)

    assert await world.store.get(KIND, KEY) == kept.raw


async def test_a_record_that_somebody_changed_meanwhile_is_not_undone_by_keeping_it_up(world: World) -> None:
    world.keys.keyring = keyring("new", "newest")
    kept = await world.records.get(KIND, KEY)
    assert kept is not None
    await world.records.put(KIND, KEY, {"a": 2}, UNTIL)

    await world.records.keep_up(KIND, KEY, kept, UNTIL)

    assert await world.content() == {"a": 2}


async def test_content_that_only_packing_makes_small_is_too_large(world: World) -> None:
    with pytest.raises(SignInRefused) as refused:
        await world.records.put(KIND, KEY, {"groups": ["a" * 1_000_000]}, UNTIL)

    assert "fewer groups or claims" in refused.value.cause
    assert await world.content() == {"a": 1}
