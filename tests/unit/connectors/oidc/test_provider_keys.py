import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.connectors.fetch import FetchFailed
from gateway.connectors.oidc.discovery import FetchedKeys
from gateway.connectors.oidc.key_set import KeySet
from gateway.connectors.oidc.provider_keys import FetchedKeySource, FixedKeys, Pace
from gateway.domain.errors import InvalidIdentityToken, ProviderUnreachable
from tests.fakes.identity_provider import private_key, public_jwk

NO_SUCH_KEY = (
    "Couldn't retrieve verification key from your identity provider,  "
    "please reference AssumeRoleWithWebIdentity documentation for requirements"
)


def key_set(*key_ids: str) -> KeySet:
    jwks = [public_jwk(private_key("Ed25519"), kid=key_id) for key_id in key_ids]
    return KeySet.read(json.dumps({"keys": jwks}).encode())


class World:
    """A provider, and a time that passes when told."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.keys: list[str] = ["k1"]
        self.max_age: int | None = None
        self.down: str | None = None
        self.fetches = 0
        self.gate = asyncio.Event()
        self.gate.set()

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def fetch(self) -> FetchedKeys:
        self.fetches += 1
        await self.gate.wait()
        if self.down is not None:
            raise FetchFailed(self.down)
        return FetchedKeys(key_set=key_set(*self.keys), max_age=self.max_age)

    def source(self, **pace: float) -> FetchedKeySource:
        return FetchedKeySource(
            provider="workforce", fetch=self.fetch, clock=self, pace=Pace(**pace), monotonic=self.monotonic
        )


@pytest.fixture
def world() -> World:
    return World()


async def test_keys_are_fetched_when_first_needed_and_then_at_hand(world: World) -> None:
    source = world.source()
    assert source.known("k1", "EdDSA") == ()
    assert source.fetched_at is None
    assert len(await source.sought("k1", "EdDSA")) == 1
    assert len(source.known("k1", "EdDSA")) == 1
    assert world.fetches == 1
    assert source.fetched_at == world.now()


async def test_however_many_wait_there_is_one_fetch(world: World) -> None:
    source = world.source()
    world.gate.clear()
    waiting = [asyncio.create_task(source.sought("k1", "EdDSA")) for _ in range(50)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0.01)
    world.gate.set()
    found = await asyncio.gather(*waiting[1:])
    assert world.fetches == 1
    assert all(len(keys) == 1 for keys in found)


async def test_a_rotated_key_is_found_by_asking_once(world: World) -> None:
    source = world.source()
    await source.sought("k1", "EdDSA")
    world.keys = ["k2", "k1"]
    assert len(await source.sought("k2", "EdDSA")) == 1
    assert world.fetches == 2


async def test_unknown_keys_have_the_provider_asked_once_a_minute(world: World) -> None:
    source = world.source()
    await source.sought("k1", "EdDSA")
    for i in range(100):
        with pytest.raises(InvalidIdentityToken) as refused:
            await source.sought(f"forged-{i}", "EdDSA")
        assert str(refused.value) == NO_SUCH_KEY
        assert refused.value.cause == f"the provider has no key that fits kid 'forged-{i}' and EdDSA"
    assert world.fetches == 2
    world.seconds += 59.9
    with pytest.raises(InvalidIdentityToken):
        await source.sought("forged", "EdDSA")
    assert world.fetches == 2
    world.seconds += 0.1
    with pytest.raises(InvalidIdentityToken):
        await source.sought("forged", "EdDSA")
    assert world.fetches == 3


async def test_an_unknown_key_is_refused_without_a_wait_only_where_asking_would_not_help(world: World) -> None:
    source = world.source()
    assert source.missing("forged", "EdDSA") is None  # no keys yet
    await source.sought("k1", "EdDSA")
    assert source.missing("forged", "EdDSA") is None  # its turn to have the provider asked, which looking does not take
    with pytest.raises(InvalidIdentityToken) as refused:
        await source.sought("forged", "EdDSA")
    told = source.missing("forged", "EdDSA")
    assert told is not None
    assert (str(told), told.cause) == (str(refused.value), refused.value.cause)
    assert world.fetches == 2
    world.seconds += 60
    assert source.missing("forged", "EdDSA") is None
    world.gate.clear()
    waiting = asyncio.create_task(source.sought("k2", "EdDSA"))
    await asyncio.sleep(0)
    world.keys = ["k1", "k2"]
    assert source.missing("k2", "EdDSA") is None  # it is being asked
    world.gate.set()
    assert len(await waiting) == 1


async def test_while_the_provider_is_down_no_key_is_refused_without_a_wait(world: World) -> None:
    source = world.source()
    await source.sought("k1", "EdDSA")
    world.down = "no route"
    with pytest.raises(ProviderUnreachable):
        await source.sought("forged", "EdDSA")

    assert source.missing("forged", "EdDSA") is None


async def test_a_flood_at_once_waits_for_one_fetch_and_is_refused(world: World) -> None:
    source = world.source()
    await source.sought("k1", "EdDSA")
    world.gate.clear()
    flood = [asyncio.create_task(source.sought(f"forged-{i}", "EdDSA")) for i in range(200)]
    await asyncio.sleep(0.01)
    assert len(source.known("k1", "EdDSA")) == 1
    world.gate.set()
    outcomes = await asyncio.gather(*flood, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {InvalidIdentityToken}
    assert world.fetches == 2


async def test_the_last_good_keys_serve_while_the_provider_is_down(world: World) -> None:
    source = world.source()
    await source.sought("k1", "EdDSA")
    fetched_at = source.fetched_at
    world.down, world.seconds = "it is down", world.seconds + 10 * 86_400
    with pytest.raises(ProviderUnreachable) as refused:
        await source.sought("k2", "EdDSA")
    assert (refused.value.provider, refused.value.cause) == ("workforce", "it is down")
    assert len(source.known("k1", "EdDSA")) == 1
    assert (source.fetched_at, source.last_error) == (fetched_at, "it is down")
    world.down, world.seconds = None, world.seconds + 60
    with pytest.raises(InvalidIdentityToken):
        await source.sought("k2", "EdDSA")
    assert source.last_error is None


async def test_without_any_keys_a_provider_that_is_down_is_not_asked_by_each_token(world: World) -> None:
    source = world.source()
    world.down = "it is down"
    for _ in range(20):
        with pytest.raises(ProviderUnreachable):
            await source.sought("k1", "EdDSA")
    assert world.fetches == 1
    pauses: list[float] = []
    for _ in range(7):
        begun = world.seconds
        while world.fetches == len(pauses) + 1:
            world.seconds += 0.5
            with pytest.raises(ProviderUnreachable):
                await source.sought("k1", "EdDSA")
        pauses.append(world.seconds - begun)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    world.down, world.seconds = None, world.seconds + 30
    assert len(await source.sought("k1", "EdDSA")) == 1


@pytest.mark.parametrize(
    ("max_age", "seconds"),
    [(None, 2_880), (3_600, 2_880), (0, 240), (60, 240), (7_200, 5_760), (10**9, 69_120)],
    ids=["unsaid", "an hour", "none", "a minute", "two hours", "for ever"],
)
async def test_keys_are_fetched_anew_ahead_of_their_end(world: World, max_age: int | None, seconds: float) -> None:
    source = world.source()
    world.max_age = max_age
    await source.sought("k1", "EdDSA")
    assert source._due - world.seconds == seconds


async def test_started_keys_stay_fresh_in_the_background() -> None:
    world = World()
    source = FetchedKeySource(
        provider="workforce",
        fetch=world.fetch,
        clock=world,
        pace=Pace(shortest_life=0.02, default_life=0.02, first_pause=0.01, longest_pause=0.01),
    )
    await source.start()
    await source.start()
    await until(lambda: len(source.known("k1", "EdDSA")) == 1)
    world.keys = ["k2"]
    await until(lambda: len(source.known("k2", "EdDSA")) == 1)
    world.down = "it is down"
    await until(lambda: source.last_error is not None)
    assert len(source.known("k2", "EdDSA")) == 1
    world.down, world.keys = None, ["k3"]
    await until(lambda: len(source.known("k3", "EdDSA")) == 1)
    await source.aclose()
    fetches = world.fetches
    await asyncio.sleep(0.05)
    assert world.fetches == fetches


async def test_a_failure_in_between_is_mended_soon_and_not_at_the_next_turn() -> None:
    world = World()
    source = FetchedKeySource(
        provider="workforce", fetch=world.fetch, clock=world, pace=Pace(first_pause=0.01, longest_pause=0.01)
    )
    await source.start()
    await until(lambda: source.fetched_at is not None)
    world.down = "it is down"
    with pytest.raises(ProviderUnreachable):
        await source.sought("k2", "EdDSA")
    world.down = None
    await until(lambda: source.last_error is None)
    await source.aclose()


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_start_returns_at_once_and_does_not_mind_a_provider_that_hangs(world: World) -> None:
    world.gate.clear()
    source = world.source()
    async with asyncio.timeout(0.5):
        await source.start()
        await asyncio.sleep(0.01)
        await source.aclose()
        await source.aclose()


async def test_a_token_that_waits_when_its_connector_closes_is_told_to_try_again(world: World) -> None:
    world.gate.clear()
    source = world.source()
    waiting = asyncio.create_task(source.sought("k1", "EdDSA"))
    await asyncio.sleep(0.01)
    await source.aclose()
    with pytest.raises(ProviderUnreachable) as refused:
        await waiting
    assert refused.value.cause == "its keys were never fetched"


async def test_a_fault_of_ours_is_not_taken_for_the_providers(world: World) -> None:
    async def broken() -> FetchedKeys:
        raise ZeroDivisionError

    source = FetchedKeySource(provider="workforce", fetch=broken, clock=world, pace=Pace(), monotonic=world.monotonic)
    with pytest.raises(ZeroDivisionError):
        await source.sought("k1", "EdDSA")


async def test_keys_from_a_file_are_all_there_are() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    source = FixedKeys(key_set("k1"), at)
    await source.start()
    assert len(source.known("k1", "EdDSA")) == 1
    with pytest.raises(InvalidIdentityToken) as refused:
        await source.sought("k2\n" + "x" * 100, "EdDSA")
    assert refused.value.cause == "jwks_file has no key that fits kid 'k2\\n" + "x" * 61 + "' and EdDSA"
    assert (source.fetched_at, source.last_error) == (at, None)
    await source.aclose()


async def test_an_outage_is_told_once_in_the_log_with_its_cause_and_so_is_its_end(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gateway.connectors.refreshing")
    source = world.source()
    for down in ("refused", "refused", "answered 500", None, None):
        world.down = down
        await source.fetched_now()

    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
        ("WARNING", "provider workforce: its keys cannot be fetched: refused"),
        ("WARNING", "provider workforce: its keys cannot be fetched: answered 500"),
        ("INFO", "provider workforce: its keys could be fetched again"),
    ]
