"""A person answers while the program that waits asks again."""

from dataclasses import replace

import pytest

from gateway.domain.errors import AuthorizationPending, InvalidGrant, InvalidParameter, PolledTooFast, StateUnavailable
from gateway.exchange.people.tokens import IssuedTokens
from gateway.wire.identity_center_requests import DeviceGrant
from tests.unit.exchange.people.people_of_corp import AWAY, HERE, Corp


async def test_an_approval_counts_though_the_program_asks_at_that_moment(
    corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await corp.enters()
    client = corp.programs.register("aws-cli", [])
    codes = await corp.programs.start_device(client.client_id, client.client_secret, AWAY)
    grant = DeviceGrant(client_id=client.client_id, client_secret=client.client_secret, device_code=codes.device_code)
    state = corp.world.gateway._state
    replace = state.replace
    polls: list[type[Exception]] = []

    async def asked_meanwhile(kind: str, key: str, old: bytes, new: bytes) -> bool:
        monkeypatch.setattr(state, "replace", replace)
        with pytest.raises(AuthorizationPending) as pending:
            await corp.programs.issue(grant, AWAY)
        polls.append(pending.type)
        return await replace(kind, key, old, new)

    monkeypatch.setattr(state, "replace", asked_meanwhile)
    await corp.people.approve_device(session, codes.user_code, HERE)
    assert polls == [AuthorizationPending]
    assert isinstance(await corp.programs.issue(grant, AWAY), IssuedTokens)


async def test_a_store_that_fails_while_the_sign_in_is_looked_for_uses_no_approval_up(
    corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = await corp.approves(await corp.enters())
    state = corp.world.gateway._state
    get = state.get

    async def failing(kind: str, key: str) -> bytes | None:
        if kind == "sign_in":
            raise StateUnavailable(cause="away")
        return await get(kind, key)

    with monkeypatch.context() as away:
        away.setattr(state, "get", failing)
        with pytest.raises(StateUnavailable):
            await corp.programs.issue(grant, AWAY)

    assert await corp.programs.issue(grant, AWAY)
    with pytest.raises(InvalidGrant):
        await corp.programs.issue(grant, AWAY)


async def test_one_customer_of_ipv6_guesses_no_more_codes_than_others(corp: Corp) -> None:
    for number in range(10):
        with pytest.raises(InvalidParameter):
            await corp.people.device_request("BBBB-BBBB", replace(HERE, source_ip=f"2001:db8:7:1::{number}"))

    with pytest.raises(PolledTooFast):
        await corp.people.device_request("BBBB-BBBB", replace(HERE, source_ip="2001:db8:7:1:f::1"))
    with pytest.raises(InvalidParameter):
        await corp.people.device_request("BBBB-BBBB", replace(HERE, source_ip="2001:db8:7:2::1"))


async def test_one_customer_of_ipv6_begins_no_more_sign_ins_than_others(corp: Corp) -> None:
    client = corp.programs.register("aws-cli", [])
    for number in range(300):
        origin = replace(HERE, source_ip=f"2001:db8:7:1::{number:x}")
        await corp.programs.start_device(client.client_id, client.client_secret, origin)

    with pytest.raises(PolledTooFast):
        await corp.programs.start_device(
            client.client_id, client.client_secret, replace(HERE, source_ip="2001:db8:7:1:f::1")
        )
