"""Who has signed in is who the provider says they are now: directories asked each minute, others by refresh tokens."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.connectors.registry import Registry
from gateway.domain.errors import ActionDenied, NotSignedIn, ProviderUnreachable, RevokedSession, RoleAssumptionDenied
from gateway.domain.identity import Identity
from gateway.exchange.exchange import Exchange
from gateway.exchange.people.portal_sessions import PortalSession
from tests.fakes.identity_provider import Answer
from tests.fakes.people_world import PeopleWorld, people_world
from tests.unit.exchange.people.people_of_corp import AWAY, HERE, SECTIONS, Corp

ENGINEERS = frozenset({"engineers"})


async def test_a_directory_is_asked_again_after_a_minute_and_not_before(corp: Corp) -> None:
    session = await corp.enters()
    corp.moves(seconds=59)
    await corp.again(session)
    assert corp.directory.looked_up == 0
    corp.moves(seconds=1)
    session = await corp.again(session)
    assert corp.directory.looked_up == 1
    assert (session.signed_in.as_of, session.signed_in.follows) == (corp.world.clock.now(), True)
    corp.moves(seconds=59)
    await corp.again(session)
    assert corp.directory.looked_up == 1


async def test_what_one_door_asked_serves_the_others(corp: Corp) -> None:
    session = await corp.enters()
    issued, _ = await corp.lets_in(session)
    corp.moves(seconds=60)
    await corp.programs.roles(issued.access_token, AWAY)
    await corp.again(session)
    assert corp.directory.looked_up == 1


async def test_a_person_put_out_of_a_group_takes_its_role_no_more(corp: Corp) -> None:
    session = await corp.enters()
    issued, _ = await corp.lets_in(session)
    corp.directory.groups = ENGINEERS
    corp.moves(seconds=60)
    session = await corp.again(session)
    assert corp.people.roles(session, HERE) == ()
    with pytest.raises(RoleAssumptionDenied):
        await corp.takes(session)
    with pytest.raises(RoleAssumptionDenied):
        await corp.programs.credentials(issued.access_token, "111122223333", "Analyst", AWAY)
    corp.directory.groups = frozenset({"analysts"})
    corp.moves(seconds=60)
    assert corp.people.roles(await corp.again(session), HERE) != ()


async def test_an_account_that_was_disabled_ends_the_sign_in_and_all_that_came_of_it(corp: Corp) -> None:
    session = await corp.enters()
    issued, refresh = await corp.lets_in(session)
    taken = await corp.takes(session)
    corp.directory.refuses = "the account is disabled (userAccountControl)"
    corp.moves(seconds=60)
    with pytest.raises(NotSignedIn):
        await corp.programs.roles(issued.access_token, AWAY)
    with pytest.raises(NotSignedIn):
        await corp.again(session)
    with pytest.raises(RevokedSession):
        corp.signs(taken)
    (event,) = corp.world.events("EndSignIn")
    assert event["additionalEventData"]["reason"] == "the account is disabled (userAccountControl)"
    assert (event["eventType"], event["sessionId"]) == ("AwsServiceEvent", session.signed_in.sign_in_id)
    assert event["userIdentity"]["userName"] == "alice"
    corp.directory.refuses = None
    with pytest.raises(NotSignedIn):
        await corp.programs.issue(refresh, AWAY)


async def test_while_the_directory_is_silent_a_sign_in_lives_and_opens_nothing(corp: Corp) -> None:
    session = await corp.enters()
    issued, _ = await corp.lets_in(session)
    corp.directory.down = True
    corp.moves(seconds=60)
    session = await corp.again(session)
    with pytest.raises(ProviderUnreachable):
        corp.people.roles(session, HERE)
    with pytest.raises(ProviderUnreachable):
        await corp.takes(session)
    with pytest.raises(ProviderUnreachable):
        await corp.programs.credentials(issued.access_token, "111122223333", "Analyst", AWAY)
    assert len(await corp.people.sign_ins(session)) == 1
    corp.directory.down = False
    session = await corp.again(session)
    assert await corp.takes(session)


async def test_while_the_directory_is_silent_a_list_of_a_moment_ago_is_not_shown(corp: Corp) -> None:
    session = await corp.enters()
    corp.moves(seconds=58)
    session = await corp.again(session)
    portal = corp.world.gateway.exchange.portal
    assert portal.roles(session, HERE).roles
    corp.directory.down = True
    corp.moves(seconds=2)
    session = await corp.again(session)
    with pytest.raises(ProviderUnreachable):
        portal.roles(session, HERE)


async def test_while_the_directory_is_silent_nobody_administers(tmp_path: Path) -> None:
    everything = '{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}'
    policies = "\n".join(f"{name}: {everything}" for name in ("read-lake", "all-s3", "everything"))
    with people_world(tmp_path, **{**SECTIONS, "policies": policies}) as world:
        corp = Corp(world, world.with_directory())
        administration = world.gateway.exchange.administration
        session = await corp.enters()
        assert administration.is_open_to(session, HERE)
        corp.directory.down = True
        corp.moves(seconds=60)
        session = await corp.again(session)
        assert not administration.is_open_to(session, HERE)
        with pytest.raises(ActionDenied):
            administration.overview(session, HERE)


async def test_signing_out_needs_no_directory(corp: Corp) -> None:
    session = await corp.enters()
    issued, _ = await corp.lets_in(session)
    corp.directory.down = True
    corp.moves(seconds=60)
    await corp.programs.sign_out(issued.access_token, AWAY)
    await corp.people.sign_out(await corp.again(session), HERE)
    with pytest.raises(NotSignedIn):
        await corp.again(session)


async def test_a_sign_in_that_ends_while_the_directory_is_asked_stays_ended(corp: Corp) -> None:
    here, there = await corp.enters(), await corp.enters()
    corp.moves(seconds=60)
    here = await corp.again(here)
    look_up = corp.directory.look_up

    async def ended_meanwhile(person: Identity) -> Identity:
        await corp.people.end_sign_in(here, there.signed_in.sign_in_id, HERE)
        return await look_up(person)

    corp.directory.look_up = ended_meanwhile  # type: ignore[method-assign]
    with pytest.raises(NotSignedIn):
        await corp.again(there)
    with pytest.raises(NotSignedIn):
        await corp.again(there)


async def test_how_the_person_proved_who_they_are_stays_known(corp: Corp) -> None:
    session = await corp.enters()
    corp.moves(seconds=60)
    before, after = session.signed_in.identity, (await corp.again(session)).signed_in.identity
    assert (after.authenticated_at, after.amr, after.acr) == (before.authenticated_at, before.amr, before.acr)


class Workforce:
    """A person of an OpenID Connect provider that gives refresh tokens."""

    def __init__(self, world: PeopleWorld) -> None:
        self.world = world

    async def enters(self, *, refresh_token: str | None = "first") -> PortalSession:
        people = self.world.gateway.exchange.people
        address = await people.begin_sign_in("workforce", "/portal", "browser", HERE)
        sent = dict(pair.split("=", 1) for pair in address.partition("?")[2].split("&"))
        callback = self.world.allow(sent)
        answer = json.loads(self.world.provider.at["/token"].body)
        if refresh_token is not None:
            answer["refresh_token"] = refresh_token
        self.world.provider.at["/token"] = Answer(body=json.dumps(answer).encode())
        entered = await people.complete_sign_in("workforce", callback, "browser", HERE)
        self.world.provider.requests.clear()
        return entered.session

    async def again(self, session: PortalSession) -> PortalSession:
        self.world.clock.move(seconds=3)
        return await self.world.gateway.exchange.people.session(session.session_id, HERE)

    def says(self, *groups: str, token: str | None = "next", **claims: Any) -> None:
        """What the token endpoint answers to the next refresh."""
        provider = self.world.base.provider
        honest = {"aud": "gateway", "groups": list(groups or ("analysts",))}
        told = {
            "access_token": "x",
            "token_type": "Bearer",
            "id_token": provider.token(provider.claims(**honest | claims)),
        }
        self.answers(**told, **({"refresh_token": token} if token else {}))

    def answers(self, status: int = 200, **told: Any) -> None:
        self.world.provider.at["/token"] = Answer(status=status, body=json.dumps(told).encode())

    @property
    def refreshes(self) -> list[bytes]:
        asked = [one.body for one in self.world.provider.requests if one.path == "/token"]
        return [body for body in asked if b"grant_type=refresh_token" in body]


@pytest.fixture
def workforce(tmp_path: Path) -> Iterator[Workforce]:
    with people_world(tmp_path, scopes="[openid, offline_access]") as world:
        yield Workforce(world)


async def used_for_an_hour(workforce: Workforce) -> PortalSession:
    session = await workforce.enters()
    for _ in range(2):
        workforce.world.clock.move(minutes=29)
        session = await workforce.again(session)
    assert workforce.refreshes == []
    workforce.world.clock.move(minutes=2)
    return session


async def test_a_refresh_token_is_used_after_an_hour_and_the_next_one_kept(workforce: Workforce) -> None:
    session = await used_for_an_hour(workforce)
    workforce.says("engineers", token="second")
    session = await workforce.again(session)
    assert [b"refresh_token=first" in body for body in workforce.refreshes] == [True]
    assert session.signed_in.identity.groups == ENGINEERS
    assert (session.signed_in.as_of, session.signed_in.follows) == (workforce.world.clock.now(), True)
    session = await workforce.again(session)
    assert len(workforce.refreshes) == 1
    for _ in range(2):
        workforce.world.clock.move(minutes=30)
        session = await workforce.again(session)
    assert [b"refresh_token=second" in body for body in workforce.refreshes] == [False, True]


async def test_of_many_at_once_one_refreshes(workforce: Workforce, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await used_for_an_hour(workforce)
    workforce.says("engineers")
    people, state = workforce.world.gateway.exchange.people, workforce.world.gateway._state
    read = state.get

    async def at_once(kind: str, key: str) -> bytes | None:
        value = await read(kind, key)
        await asyncio.sleep(0)
        return value

    monkeypatch.setattr(state, "get", at_once)
    await asyncio.gather(*(people.session(session.session_id, HERE) for _ in range(10)))
    assert len(workforce.refreshes) == 1


async def test_a_refresh_that_is_refused_ends_the_sign_in(workforce: Workforce) -> None:
    session = await used_for_an_hour(workforce)
    workforce.answers(400, error="invalid_grant")
    with pytest.raises(NotSignedIn):
        await workforce.again(session)
    workforce.says()
    with pytest.raises(NotSignedIn):
        await workforce.again(session)
    (event,) = workforce.world.events("EndSignIn")
    assert event["additionalEventData"]["reason"] == "the provider takes the code or refresh token no longer"


@pytest.mark.parametrize(
    ("status", "told"),
    [(500, {}), (400, {"error": "invalid_client"}), (401, {"error": "invalid_client"}), (400, {}), (503, {"a": 1})],
    ids=["broken", "of the client", "of the client, 401", "unclear", "away"],
)
async def test_a_provider_that_does_not_answer_changes_nothing_and_is_asked_again_in_a_minute(
    workforce: Workforce, status: int, told: dict[str, Any]
) -> None:
    session = await used_for_an_hour(workforce)
    as_of = session.signed_in.as_of
    workforce.answers(status, **told)
    session = await workforce.again(session)
    assert (session.signed_in.as_of, session.signed_in.unanswered) == (as_of, None)
    assert workforce.world.gateway.exchange.people.roles(session, HERE)
    await workforce.again(session)
    assert len(workforce.refreshes) == 1
    workforce.says("engineers")
    workforce.world.clock.move(minutes=1)
    assert (await workforce.again(session)).signed_in.identity.groups == ENGINEERS


async def test_an_answer_without_id_token_keeps_the_person_and_says_nothing_new(workforce: Workforce) -> None:
    session = await used_for_an_hour(workforce)
    as_of = session.signed_in.as_of
    workforce.answers(access_token="x", token_type="Bearer")
    session = await workforce.again(session)
    assert (session.signed_in.as_of, session.signed_in.identity.groups) == (as_of, frozenset({"analysts"}))
    assert len(workforce.refreshes) == 1


async def test_an_id_token_of_somebody_else_ends_the_sign_in(workforce: Workforce) -> None:
    session = await used_for_an_hour(workforce)
    workforce.says("engineers", sub="somebody-else")
    with pytest.raises(NotSignedIn):
        await workforce.again(session)


@pytest.mark.parametrize(
    "claims", [{"aud": "another-client"}, {"exp": 1}, {"iss": "https://evil.example"}], ids=["aud", "exp", "iss"]
)
async def test_an_id_token_that_does_not_hold_is_no_answer(workforce: Workforce, claims: dict[str, Any]) -> None:
    session = await used_for_an_hour(workforce)
    workforce.says("engineers", **claims)
    assert (await workforce.again(session)).signed_in.identity.groups == frozenset({"analysts"})


async def test_without_a_refresh_token_what_was_said_at_sign_in_counts(workforce: Workforce) -> None:
    session = await workforce.enters(refresh_token=None)
    begun = session.signed_in.begun
    for _ in range(3):
        workforce.world.clock.move(minutes=30)
        session = await workforce.again(session)
    assert workforce.refreshes == []
    assert (session.signed_in.as_of, session.signed_in.follows) == (begun, False)


async def test_a_refresh_token_that_was_not_asked_for_is_not_used(tmp_path: Path) -> None:
    with people_world(tmp_path) as world:
        session = await Workforce(world).enters()
        assert session.signed_in.follows is False


async def test_the_refresh_token_stands_nowhere_in_the_clear(workforce: Workforce) -> None:
    await workforce.enters(refresh_token="canary-of-refresh")
    tables = workforce.world.gateway._state._records.values()
    kept = [entry.value for table in tables for entry in table.entries.values()]
    assert len(kept) >= 3
    assert not any(b"canary-of-refresh" in value for value in kept)
    assert "canary-of-refresh" not in json.dumps(workforce.world.audit.records, default=str)


@pytest.mark.parametrize("connectors", ["another", "none"])
async def test_a_provider_that_another_took_the_place_of_gets_no_refresh_token(
    workforce: Workforce, tmp_path: Path, connectors: str
) -> None:
    session = await used_for_an_hour(workforce)
    people = workforce.world.gateway.exchange.people
    parts = people._parts
    folder = tmp_path / "another"
    folder.mkdir()
    with people_world(folder, scopes="[openid, offline_access]") as other:
        registry = other.gateway.exchange.people._parts.registry if connectors == "another" else Registry([])
        replaced = Exchange(replace(parts, registry=registry))
        workforce.world.gateway.exchange = replaced
        with pytest.raises(NotSignedIn):
            await workforce.again(session)
        assert [one.path for one in other.provider.requests] == []
    # The configuration of before brings the sign-in back: nothing was ended.
    workforce.world.gateway.exchange = Exchange(parts)
    workforce.says()
    assert (await workforce.again(session)).signed_in.follows
