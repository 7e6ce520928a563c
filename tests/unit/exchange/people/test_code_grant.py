"""A code that is used again while its first use is still on the way: nobody is left with tokens."""

import base64
import hashlib

import pytest

from gateway.domain.errors import InvalidGrant, NotSignedIn
from gateway.domain.identity import Identity
from gateway.exchange.people.portal_sessions import PortalSession
from gateway.wire.identity_center_requests import CodeGrant
from tests.unit.exchange.people.people_of_corp import AWAY, HERE, Corp

VERIFIER = "v" * 43
CALLED_BACK = "http://127.0.0.1:41234/cb"


async def code_of(corp: Corp, session: PortalSession) -> CodeGrant:
    client = corp.programs.register("aws-cli", ["http://127.0.0.1/cb"])
    asked = {
        "client_id": client.client_id,
        "redirect_uri": CALLED_BACK,
        "response_type": "code",
        "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return CodeGrant(
        client_id=client.client_id,
        client_secret=client.client_secret,
        code=await corp.people.give_code(session, corp.people.authorization_request(asked), HERE),
        redirect_uri=CALLED_BACK,
        code_verifier=VERIFIER,
    )


@pytest.mark.parametrize("again", [1, 2])
async def test_a_second_use_while_the_directory_is_asked_for_the_first_leaves_no_tokens(corp: Corp, again: int) -> None:
    session = await corp.enters()
    corp.moves(seconds=30)
    grant = await code_of(corp, session)
    corp.moves(seconds=30)
    look_up = corp.directory.look_up

    async def used_meanwhile(person: Identity) -> Identity:
        corp.directory.look_up = look_up  # type: ignore[method-assign]
        for _ in range(again):
            with pytest.raises(InvalidGrant):
                await corp.programs.issue(grant, AWAY)
        return await look_up(person)

    corp.directory.look_up = used_meanwhile  # type: ignore[method-assign]
    with pytest.raises(InvalidGrant):
        await corp.programs.issue(grant, AWAY)
    assert corp.directory.looked_up >= 1
    (seen,) = await corp.people.sign_ins(session)
    assert seen.programs == ()
    assert [event.get("errorCode") for event in corp.world.events("CreateToken")] == ["InvalidGrantException"] * (
        again + 1
    )


async def test_a_second_use_ends_the_tokens_of_the_first_and_the_program_is_gone(corp: Corp) -> None:
    session = await corp.enters()
    grant = await code_of(corp, session)
    issued = await corp.programs.issue(grant, AWAY)
    with pytest.raises(InvalidGrant):
        await corp.programs.issue(grant, AWAY)
    with pytest.raises(NotSignedIn):
        await corp.programs.roles(issued.access_token, AWAY)
    with pytest.raises(NotSignedIn):
        await corp.programs.sign_out(issued.access_token, AWAY)
    (seen,) = await corp.people.sign_ins(session)
    assert seen.programs == ()
