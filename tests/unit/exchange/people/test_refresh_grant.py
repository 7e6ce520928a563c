"""A refresh token is used up by the answer that gives the next one, and by nothing before."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.errors import (
    AuditUnavailable,
    GatewayError,
    InvalidGrant,
    KeyringUnavailable,
    NotSignedIn,
    ProviderUnreachable,
    StateUnavailable,
)
from gateway.domain.identity import Identity
from gateway.exchange.people import tokens
from gateway.sealing.envelope import Sealer
from tests.unit.exchange.people.people_of_corp import AWAY, Corp


async def test_a_refresh_token_is_good_once_and_then_ends_its_family(corp: Corp) -> None:
    _, refresh = await corp.lets_in(await corp.enters())
    following = await corp.programs.issue(refresh, AWAY)

    with pytest.raises(InvalidGrant) as refused:
        await corp.programs.issue(refresh, AWAY)

    assert "used before" in refused.value.cause
    with pytest.raises(NotSignedIn):
        await corp.programs.roles(following.access_token, AWAY)
    with pytest.raises(InvalidGrant):
        await corp.programs.issue(replace(refresh, refresh_token=following.refresh_token), AWAY)


async def test_of_twenty_who_use_one_token_at_once_one_is_first_and_all_are_ended(corp: Corp) -> None:
    _, refresh = await corp.lets_in(await corp.enters())

    answers = await asyncio.gather(*(corp.programs.issue(refresh, AWAY) for _ in range(20)), return_exceptions=True)

    given = [one for one in answers if not isinstance(one, BaseException)]
    assert len(given) <= 1
    assert all(isinstance(one, InvalidGrant) for one in answers if isinstance(one, BaseException))
    for one in given:
        with pytest.raises(NotSignedIn):
            await corp.programs.roles(one.access_token, AWAY)


async def test_a_store_that_fails_while_the_sign_in_is_looked_for_uses_no_token_up(
    corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, refresh = await corp.lets_in(await corp.enters())
    state = corp.world.gateway._state
    get = state.get

    async def failing(kind: str, key: str) -> bytes | None:
        if kind == "sign_in":
            raise StateUnavailable(cause="away")
        return await get(kind, key)

    monkeypatch.setattr(state, "get", failing)
    for _ in range(2):
        with pytest.raises(StateUnavailable):
            await corp.programs.issue(refresh, AWAY)
    monkeypatch.setattr(state, "get", get)

    issued = await corp.programs.issue(refresh, AWAY)
    assert await corp.programs.roles(issued.access_token, AWAY)


async def test_a_keyring_that_cannot_seal_uses_no_token_up(corp: Corp, monkeypatch: pytest.MonkeyPatch) -> None:
    _, refresh = await corp.lets_in(await corp.enters())

    def failing(*_given: object, **_named: object) -> str:
        raise KeyringUnavailable(cause="no key seals yet")

    with monkeypatch.context() as broken:
        broken.setattr(Sealer, "seal", failing)
        with pytest.raises(KeyringUnavailable):
            await corp.programs.issue(refresh, AWAY)

    assert await corp.programs.issue(refresh, AWAY)


async def test_a_token_whose_person_cannot_be_looked_up_is_good_afterwards(corp: Corp) -> None:
    _, refresh = await corp.lets_in(await corp.enters())
    corp.moves(minutes=2)
    look_up = corp.directory.look_up

    async def failing(person: Identity) -> Identity:
        raise KeyringUnavailable(cause="whatever goes wrong there")

    corp.directory.look_up = failing  # type: ignore[method-assign]
    with pytest.raises(GatewayError):
        await corp.programs.issue(refresh, AWAY)
    corp.directory.look_up = look_up  # type: ignore[method-assign]

    corp.directory.down = True
    issued = await corp.programs.issue(refresh, AWAY)
    with pytest.raises(ProviderUnreachable):
        await corp.programs.roles(issued.access_token, AWAY)


async def test_a_token_used_by_somebody_else_while_the_person_is_looked_up_ends_the_family(corp: Corp) -> None:
    session = await corp.enters()
    _, refresh = await corp.lets_in(session)
    corp.moves(minutes=2)
    look_up = corp.directory.look_up

    async def used_meanwhile(person: Identity) -> Identity:
        corp.directory.look_up = look_up  # type: ignore[method-assign]
        await corp.programs.issue(refresh, AWAY)
        return await look_up(person)

    corp.directory.look_up = used_meanwhile  # type: ignore[method-assign]
    with pytest.raises(InvalidGrant) as refused:
        await corp.programs.issue(refresh, AWAY)

    assert "used before" in refused.value.cause
    (own,) = await corp.people.sign_ins(session)
    assert own.programs == ()


async def test_an_audit_log_that_cannot_be_written_uses_no_token_up(corp: Corp) -> None:
    issued, refresh = await corp.lets_in(await corp.enters())
    corp.world.audit.full = True
    for _ in range(2):
        with pytest.raises(AuditUnavailable):
            await corp.programs.issue(refresh, AWAY)
    corp.world.audit.full = False

    following = await corp.programs.issue(refresh, AWAY)

    assert await corp.programs.roles(following.access_token, AWAY)
    with pytest.raises(InvalidGrant):
        await corp.programs.issue(refresh, AWAY)
    for token in (issued.access_token, following.access_token):
        with pytest.raises(NotSignedIn):
            await corp.programs.roles(token, AWAY)


async def test_a_token_that_is_given_back_is_none_that_somebody_else_has_used(
    corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, refresh = await corp.lets_in(await corp.enters())
    give_back = tokens.give_back

    async def used_meanwhile(*given: Any) -> None:
        corp.world.audit.full = False
        with pytest.raises(InvalidGrant):
            await corp.programs.issue(refresh, AWAY)
        await give_back(*given)

    monkeypatch.setattr(tokens, "give_back", used_meanwhile)
    corp.world.audit.full = True
    with pytest.raises(AuditUnavailable):
        await corp.programs.issue(refresh, AWAY)

    with pytest.raises(InvalidGrant):
        await corp.programs.issue(refresh, AWAY)


async def test_another_clients_token_is_refused_and_ends_nothing(corp: Corp) -> None:
    session = await corp.enters()
    _, refresh = await corp.lets_in(session)
    _, other = await corp.lets_in(session, "another")

    with pytest.raises(InvalidGrant) as refused:
        await corp.programs.issue(replace(other, refresh_token=refresh.refresh_token), AWAY)

    assert "another client" in refused.value.cause
    assert await corp.programs.issue(refresh, AWAY)
