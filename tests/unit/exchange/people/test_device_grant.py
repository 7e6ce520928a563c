"""A person answers while the program that waits asks again."""

import pytest

from gateway.domain.errors import AuthorizationPending
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
