"""What every connector must do, whatever the kind of its provider."""

import asyncio
import dataclasses
import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.connectors.registry import Registry
from gateway.domain.errors import (
    ExpiredIdentityToken,
    IdentityError,
    InvalidIdentityToken,
    ProviderUnreachable,
    RejectedLogin,
)
from tests.conformance.connectors_worlds import WORLDS, World

pytestmark = pytest.mark.slow

DEADLINE = 5.5
EXPECTED_KINDS = {"expired", "for somebody else", "forged", "not evidence"}


@pytest.fixture(params=list(WORLDS.values()), ids=list(WORLDS))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with request.param(tmp_path) as world:
        yield world


@pytest.fixture
async def connector(world: World) -> AsyncIterator[Any]:
    connector = world.connector("workforce")
    yield connector
    await connector.aclose()


async def test_an_honest_sign_in_gives_a_whole_identity(world: World, connector: Any) -> None:
    identity = await world.honest(connector)()
    assert (identity.provider, identity.provider_type) == ("workforce", world.provider_type)
    assert (identity.subject, identity.username) == (world.subject, "alice")
    # A directory's groups have DNs too.
    assert {group for group in identity.groups if "=" not in group} == {"analysts", "everybody"}
    assert identity.issuer
    assert identity.audience
    assert isinstance(identity.claims, Mapping)
    assert identity.authenticated_at is not None
    assert identity.authenticated_at.utcoffset() == timedelta(0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        identity.subject = "root"  # type: ignore[misc]


async def test_a_connector_says_what_it_is(world: World, connector: Any) -> None:
    assert (connector.name, connector.provider_type) == ("workforce", world.provider_type)
    assert Registry([connector]).by_name("workforce") is connector


async def test_many_sign_ins_at_once_are_all_answered(world: World, connector: Any) -> None:
    present = world.honest(connector)
    identities = await asyncio.gather(*(present() for _ in range(50)))
    assert {identity.subject for identity in identities} == {world.subject}


async def test_evidence_that_does_not_hold_is_refused_with_a_cause(world: World, connector: Any) -> None:
    cases = world.refused(connector)
    assert set(cases) >= EXPECTED_KINDS
    causes = {}
    for kind, present in cases.items():
        with pytest.raises(IdentityError) as refused:
            await present()
        assert not isinstance(refused.value, ProviderUnreachable), kind
        causes[kind] = refused.value.cause
        expected = (ExpiredIdentityToken, InvalidIdentityToken, RejectedLogin) if kind == "expired" else IdentityError
        assert isinstance(refused.value, expected), kind
    assert all(causes.values())
    assert len(set(causes.values())) == len(causes)
    assert (await world.honest(connector)()).subject == world.subject


async def test_one_person_at_two_providers_is_two_identities(world: World, connector: Any) -> None:
    other = world.connector("other")
    try:
        assert (await world.honest(connector)()).provider != (await world.honest(other)()).provider
    finally:
        await other.aclose()


async def test_a_provider_that_is_down_is_told_as_unreachable(world: World, connector: Any) -> None:
    world.goes_down()
    with pytest.raises(ProviderUnreachable) as refused:
        await world.honest(connector)()
    assert refused.value.provider == "workforce"
    assert refused.value.cause


async def test_a_provider_that_hangs_is_given_up_at_the_deadline(world: World, connector: Any) -> None:
    world.hangs()
    begun = time.monotonic()
    with pytest.raises(ProviderUnreachable):
        await world.honest(connector)()
    assert time.monotonic() - begun < DEADLINE


async def test_starting_and_closing_do_not_need_the_provider(world: World) -> None:
    world.hangs()
    connector = world.connector("workforce")
    async with asyncio.timeout(1):
        await connector.start()
        await asyncio.sleep(0.01)
        await connector.aclose()
        await connector.aclose()


async def test_a_provider_that_comes_back_is_used_again(world: World, connector: Any) -> None:
    world.goes_down()
    await connector.start()
    present = world.honest(connector)
    with pytest.raises(ProviderUnreachable):
        await present()
    world.recovers()
    async with asyncio.timeout(10):
        while True:
            try:
                identity = await present()
            except ProviderUnreachable:
                await asyncio.sleep(0.05)
            else:
                break
    assert identity.subject == world.subject


async def test_no_secret_is_shown(world: World, connector: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [repr(connector), str(vars(connector))]
    await world.honest(connector)()
    cases = world.refused(connector)
    world.goes_down()
    for present in [*cases.values(), world.honest(world.connector("fresh"))]:
        with pytest.raises(IdentityError) as refused:
            await present()
        shown += [str(refused.value), repr(refused.value), refused.value.cause, str(vars(refused.value))]
        shown.append(str(refused.value.__cause__))
    shown.append(str(getattr(connector, "last_error", "")))
    assert [canary for canary in world.canaries if canary in "\n".join([*shown, caplog.text])] == []
