"""What a person sees of their sign-ins, and what ends with one: portal sessions, programs' tokens, credentials."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.assumption import AssumedRole
from gateway.domain.errors import GatewayError, InvalidGrant, InvalidParameter, NotSignedIn, RevokedSession
from gateway.domain.revocation import RevocationKind
from gateway.exchange.people import sign_ins
from gateway.exchange.people.sign_in_record import MAXIMUM_PROGRAMS
from tests.unit.exchange.people.people_of_corp import AWAY, HERE, Corp


async def test_a_person_sees_their_sign_ins_and_what_came_of_each(corp: Corp) -> None:
    first = await corp.enters()
    corp.moves(minutes=5)
    await corp.by_password()
    corp.moves(minutes=5)
    first = await corp.again(first)
    await corp.lets_in(first, "botocore-client")
    taken = await corp.takes(first)

    second, own = await corp.people.sign_ins(first)

    assert (own.id, own.current, own.browser) == (first.signed_in.sign_in_id, True, True)
    assert (own.provider, own.address, own.client) == ("corp", "192.0.2.7", "Mozilla/5.0 (X11)")
    assert own.programs == ("botocore-client",)
    assert own.credentials_until == taken.credentials.expiration
    assert own.begun == first.signed_in.begun
    assert own.last_used == own.groups_as_of == corp.world.clock.now()
    assert (second.current, second.browser, second.programs) == (False, False, ("sts-gateway",))
    assert (second.address, second.client, second.credentials_until) == ("198.51.100.9", "curl/8", None)


async def test_ending_a_sign_in_ends_all_that_came_of_it_and_nothing_else(corp: Corp) -> None:
    here, there = await corp.enters(), await corp.enters(AWAY)
    issued, refresh = await corp.lets_in(there)
    taken = await corp.takes(there)
    taken_too = await corp.programs.credentials(issued.access_token, "111122223333", "Analyst", AWAY)
    own = await corp.takes(here)
    late = await corp.approves(there)

    await corp.people.end_sign_in(here, there.signed_in.sign_in_id, HERE)

    with pytest.raises(NotSignedIn):
        await corp.again(there)
    with pytest.raises(NotSignedIn):
        await corp.programs.roles(issued.access_token, AWAY)
    with pytest.raises((InvalidGrant, NotSignedIn)):
        await corp.programs.issue(refresh, AWAY)
    for one in (taken, taken_too):
        with pytest.raises(RevokedSession):
            corp.signs(one)
    with pytest.raises(NotSignedIn):
        await corp.programs.issue(late, AWAY)
    assert corp.signs(own).session_id == here.signed_in.sign_in_id
    assert [one.id for one in await corp.people.sign_ins(here)] == [here.signed_in.sign_in_id]


async def test_the_end_of_a_sign_in_is_one_audit_line_that_names_it(corp: Corp) -> None:
    here, there = await corp.enters(), await corp.enters()
    await corp.people.end_sign_in(here, there.signed_in.sign_in_id, HERE)
    (event,) = corp.world.events("EndSignIn")
    assert event["requestParameters"] == {"sessionIds": [there.signed_in.sign_in_id]}
    assert event["sessionId"] == here.signed_in.sign_in_id
    assert event["readOnly"] is False
    assert "errorCode" not in event


async def test_all_others_end_at_once(corp: Corp) -> None:
    here = await corp.enters()
    others = [await corp.enters() for _ in range(3)]
    assert await corp.people.end_other_sign_ins(here, HERE) == 3
    for other in others:
        with pytest.raises(NotSignedIn):
            await corp.again(other)
    await corp.again(here)
    (event,) = corp.world.events("EndSignIn")
    assert set(event["requestParameters"]["sessionIds"]) == {one.signed_in.sign_in_id for one in others}


async def test_nobody_ends_another_persons_sign_in(corp: Corp) -> None:
    alice = await corp.enters()
    identity = replace(alice.signed_in.identity, subject="uuid-bob")
    bob = replace(alice, signed_in=replace(alice.signed_in, identity=identity))
    for sign_in_id in (alice.signed_in.sign_in_id, "A" * 16, ""):
        with pytest.raises(InvalidParameter):
            await corp.people.end_sign_in(bob, sign_in_id, HERE)
    assert await corp.people.end_other_sign_ins(bob, HERE) == 0
    assert await corp.people.sign_ins(bob) == ()
    await corp.again(alice)


async def test_what_an_operator_revoked_is_over_and_not_shown(corp: Corp) -> None:
    here, there = await corp.enters(), await corp.enters()
    issued, _ = await corp.lets_in(there)
    await corp.world.gateway._revocations.revoke(RevocationKind.SESSION, there.signed_in.sign_in_id)
    with pytest.raises(NotSignedIn):
        await corp.again(there)
    with pytest.raises(NotSignedIn):
        await corp.programs.roles(issued.access_token, AWAY)
    assert [one.id for one in await corp.people.sign_ins(here)] == [here.signed_in.sign_in_id]


async def test_an_operator_sees_the_sign_ins_that_a_revocation_ended(corp: Corp) -> None:
    here, there = await corp.enters(), await corp.enters(AWAY)
    await corp.lets_in(there)
    taken = await corp.takes(here)
    (ended,) = (await corp.revokes(RevocationKind.SESSION, there.signed_in.sign_in_id)).sign_ins
    assert (ended.id, ended.provider, ended.user_name) == (there.signed_in.sign_in_id, "corp", "alice")
    assert (ended.address, ended.client, ended.programs) == ("198.51.100.9", "curl/8", ("aws-cli",))
    assert ended.begun == there.signed_in.begun
    assert corp.world.events("Revoke")[-1]["responseElements"]["signIns"] == [ended.id]
    revoked = await corp.revokes(RevocationKind.SUBJECT, "corp/uuid-alice")
    assert [one.id for one in revoked.sign_ins] == [here.signed_in.sign_in_id]
    with pytest.raises(NotSignedIn):
        await corp.again(here)
    with pytest.raises(RevokedSession):
        corp.signs(taken)
    assert (await corp.revokes(RevocationKind.ROLE, "lake/Analyst")).sign_ins == ()


@pytest.mark.parametrize("after", [0, 0.3, 1, 1.9, 2, 2.5, 3.5])
async def test_who_signs_in_after_their_revocation_is_in_and_who_did_before_is_out(corp: Corp, after: float) -> None:
    corp.moves(microseconds=700_000)
    before = await corp.enters()
    await corp.revokes(RevocationKind.SUBJECT, "corp/uuid-alice")
    corp.moves(seconds=after)

    session = await corp.enters()

    assert (await corp.again(session)).signed_in.begun >= corp.world.clock.now()
    assert corp.signs(await corp.takes(session))
    issued, refresh = await corp.lets_in(session)
    assert await corp.programs.roles(issued.access_token, AWAY)
    assert await corp.programs.issue(refresh, AWAY)
    with pytest.raises(NotSignedIn):
        await corp.again(before)
    await corp.revokes(RevocationKind.SUBJECT, "corp/uuid-alice")
    with pytest.raises(NotSignedIn):
        await corp.again(session)


async def test_who_signs_in_while_the_records_of_a_revocation_are_ended_stays(
    corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await corp.enters()
    records_of, entered = sign_ins.records_of, []

    async def records_by_then(*given: Any) -> Any:
        entered.append(await corp.enters())
        return await records_of(*given)

    monkeypatch.setattr(sign_ins, "records_of", records_by_then)
    revoked = await corp.revokes(RevocationKind.SUBJECT, "corp/uuid-alice")

    assert len(revoked.sign_ins) == 1
    assert await corp.again(entered[0])


async def test_credentials_are_not_born_after_a_revocation_that_is_heard_of_while_they_are_noted(
    corp: Corp, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await corp.enters()
    note = sign_ins.note_credentials

    async def heard_meanwhile(*given: Any) -> None:
        await note(*given)
        await corp.world.gateway._revocations.revoke(RevocationKind.SUBJECT, "corp/uuid-alice")

    monkeypatch.setattr(sign_ins, "note_credentials", heard_meanwhile)

    with pytest.raises(NotSignedIn):
        await corp.takes(session)


async def test_signing_out_leaves_programs_and_credentials_to_be_seen_and_ended(corp: Corp) -> None:
    there, here = await corp.enters(), await corp.enters()
    taken = await corp.takes(there)
    await corp.people.sign_out(there, HERE)
    assert corp.signs(taken)
    (_, left) = await corp.people.sign_ins(here)
    assert (left.id, left.browser, left.programs) == (there.signed_in.sign_in_id, False, ())
    assert left.credentials_until == taken.credentials.expiration
    await corp.people.end_sign_in(here, left.id, HERE)
    with pytest.raises(RevokedSession):
        corp.signs(taken)


async def test_a_sign_in_of_which_nothing_is_left_is_forgotten(corp: Corp) -> None:
    there, here = await corp.enters(), await corp.enters()
    issued, _ = await corp.lets_in(there)
    await corp.people.sign_out(there, HERE)
    assert len(await corp.people.sign_ins(here)) == 2
    await corp.programs.sign_out(issued.access_token, AWAY)
    assert await sign_ins.read(corp.world.gateway.exchange._parts.people, there.signed_in.sign_in_id) is None
    assert len(await corp.people.sign_ins(here)) == 1


async def test_an_idle_browser_is_not_shown_as_open(corp: Corp) -> None:
    there = await corp.enters()
    await corp.lets_in(there)
    corp.moves(minutes=61)
    here = await corp.enters()
    _, idle = await corp.people.sign_ins(here)
    assert (idle.browser, idle.programs) == (False, ("aws-cli",))


async def test_a_sign_in_is_gone_from_the_list_at_its_end(corp: Corp) -> None:
    there = await corp.enters()
    await corp.lets_in(there)
    corp.moves(hours=11, minutes=30)
    taken = await corp.takes(there)
    corp.moves(minutes=31)
    here = await corp.enters()
    (_, left) = await corp.people.sign_ins(here)
    assert (left.browser, left.programs, left.credentials_until) == (False, (), taken.credentials.expiration)
    corp.moves(minutes=31)
    assert len(await corp.people.sign_ins(here)) == 1


async def test_after_its_end_a_sign_in_lets_nothing_more_in_though_its_credentials_live(corp: Corp) -> None:
    session = await corp.enters()
    corp.moves(hours=11, minutes=59)
    taken = await corp.takes(session)
    grant = await corp.approves(session)
    corp.moves(minutes=2)
    with pytest.raises(NotSignedIn):
        await corp.programs.issue(grant, AWAY)
    with pytest.raises(NotSignedIn):
        await corp.again(session)
    assert corp.signs(taken)


async def test_a_person_has_a_bounded_number_of_sign_ins(corp: Corp) -> None:
    sessions = [await corp.enters() for _ in range(sign_ins.MAXIMUM + 2)]
    for crowded_out in sessions[:2]:
        with pytest.raises(NotSignedIn):
            await corp.again(crowded_out)
    await corp.again(sessions[2])
    assert len(await corp.people.sign_ins(sessions[-1])) == sign_ins.MAXIMUM


async def test_sign_ins_that_are_over_crowd_nobody_out(corp: Corp) -> None:
    first = await corp.enters()
    for _ in range(sign_ins.MAXIMUM + 2):
        await corp.people.sign_out(await corp.enters(), HERE)
    await corp.again(first)


async def test_a_sign_in_has_a_bounded_number_of_programs(corp: Corp) -> None:
    session = await corp.enters()
    let_in = [await corp.lets_in(session, f"program-{at}") for at in range(MAXIMUM_PROGRAMS + 1)]
    (own,) = await corp.people.sign_ins(session)
    assert own.programs == tuple(f"program-{at}" for at in range(1, MAXIMUM_PROGRAMS + 1))
    with pytest.raises(NotSignedIn):
        await corp.programs.roles(let_in[0][0].access_token, AWAY)
    await corp.programs.roles(let_in[1][0].access_token, AWAY)


async def test_of_many_sign_ins_at_once_none_is_lost(corp: Corp) -> None:
    sessions = await asyncio.gather(*(corp.enters() for _ in range(20)))
    assert {one.id for one in await corp.people.sign_ins(sessions[0])} == {one.signed_in.sign_in_id for one in sessions}


async def test_credentials_that_race_with_the_end_are_not_given_or_dead(corp: Corp) -> None:
    here = await corp.enters()
    for _ in range(10):
        there = await corp.enters()
        ended, taken = await asyncio.gather(
            corp.people.end_sign_in(here, there.signed_in.sign_in_id, HERE), corp.takes(there), return_exceptions=True
        )
        assert ended is None
        if isinstance(taken, BaseException):
            assert isinstance(taken, NotSignedIn)
        else:
            with pytest.raises(RevokedSession):
                corp.signs(taken)


async def test_a_record_that_ends_meanwhile_does_not_come_back(corp: Corp) -> None:
    here, there = await corp.enters(), await corp.enters()
    await corp.people.end_sign_in(here, there.signed_in.sign_in_id, HERE)
    for late in (corp.takes, corp.lets_in):
        with pytest.raises(GatewayError):
            await late(there)
    assert await sign_ins.read(corp.world.gateway.exchange._parts.people, there.signed_in.sign_in_id) is None


@pytest.mark.parametrize("turns", range(16))
async def test_credentials_that_race_with_signing_out_are_not_given_or_can_be_ended(
    corp: Corp, monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    there, here = await corp.enters(), await corp.enters()
    state = corp.world.gateway._state
    for name, before in {"get": 1, "take": 1, "swap": 1, "delete": 6}.items():
        monkeypatch.setattr(state, name, slowly(getattr(state, name), before))

    async def takes() -> AssumedRole:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await corp.takes(there)

    _, taken = await asyncio.gather(corp.people.sign_out(there, HERE), takes(), return_exceptions=True)

    if isinstance(taken, NotSignedIn):
        return
    assert isinstance(taken, AssumedRole)
    assert there.signed_in.sign_in_id in [one.id for one in await corp.people.sign_ins(here)]
    await corp.people.end_sign_in(here, there.signed_in.sign_in_id, HERE)
    with pytest.raises(RevokedSession):
        corp.signs(taken)


def slowly(step: Callable[..., Awaitable[Any]], before: int) -> Callable[..., Awaitable[Any]]:
    """A step of the store that takes a while: so many turns of the loop before it, and one after."""

    async def taking_turns(*given: Any) -> Any:
        for _ in range(before):
            await asyncio.sleep(0)
        found = await step(*given)
        await asyncio.sleep(0)
        return found

    return taking_turns
