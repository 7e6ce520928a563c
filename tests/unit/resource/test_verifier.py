"""The Verifier against a real gateway in this process: what it believes, for how long, and what it asks."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import (
    ActionDenied,
    ExpiredSession,
    GatewayError,
    MissingAuthentication,
    PayloadHashMismatch,
    RequestTimeSkewed,
    RevokedSession,
    ScopeMismatch,
    SignatureMismatch,
    StateUnavailable,
    UnknownAccessKey,
    UnmappedRequest,
)
from gateway.domain.revocation import RevocationKind
from gateway.resource import require
from gateway.sigv4.rules import S3_RULES
from tests.fakes.gateway_world import ACCOUNT, ORIGIN
from tests.unit.resource.world import HOST, USER, ResourceWorld


@pytest.fixture
def world(tmp_path: Path) -> ResourceWorld:
    return ResourceWorld(tmp_path)


def test_a_signed_request_has_its_caller(world: ResourceWorld) -> None:
    caller = world.ask(world.session())

    assert caller.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"
    assert (caller.account, caller.session_name, caller.source_identity) == (ACCOUNT, "alice", None)
    assert caller.allows("orders:Approve", "arn:aws:orders:::order/blue/7")
    assert not caller.allows("orders:Approve", "arn:aws:orders:::order/red/7")
    with pytest.raises(ActionDenied):
        caller.require("orders:Delete", "arn:aws:orders:::order/blue/7")


def test_a_servers_own_keys_cannot_stand_in_for_the_callers(world: ResourceWorld) -> None:
    caller = world.ask(world.session())

    assert not caller.allows("orders:Approve", "arn:aws:orders:::order/red/7", {"AWS:PrincipalTag/team": "red"})


def test_the_gateway_is_asked_once_a_session(world: ResourceWorld) -> None:
    alice = world.session()

    for path in ("/orders/1", "/orders/2", "/orders"):
        world.ask(alice, path=path)

    assert len(world.api.shown) == 1
    assert world.api.looks == 1


def test_a_long_lived_key_is_verified_too(world: ResourceWorld) -> None:
    assert world.ask(USER).arn == f"arn:aws:iam::{ACCOUNT}:user/user"


@pytest.mark.parametrize("warm", [False, True], ids=["unknown session", "known session"])
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"path": "/admin"}, ActionDenied),
        ({"service": "s3"}, ScopeMismatch),
        ({"region": "eu-west-1"}, ScopeMismatch),
        ({"host": "parcels.example.com"}, UnmappedRequest),
        ({"path": "//orders"}, UnmappedRequest),
    ],
    ids=["what the policies do not allow", "another service", "another region", "another host", "an ambiguous path"],
)
def test_what_may_not_be_is_refused(
    world: ResourceWorld, warm: bool, change: dict[str, Any], error: type[GatewayError]
) -> None:
    alice = world.session()
    if warm:
        world.ask(alice)

    with pytest.raises(error):
        world.ask(alice, **change)


@pytest.mark.parametrize("warm", [False, True], ids=["unknown session", "known session"])
def test_what_was_not_signed_is_refused(world: ResourceWorld, warm: bool) -> None:
    alice = world.session()
    if warm:
        world.ask(alice)
    http = world.order(alice, method="POST", body=b"honest")

    with pytest.raises(SignatureMismatch):
        world.verifier.verify(http, b"changed", ORIGIN)
    with pytest.raises(SignatureMismatch):
        world.verifier.verify(replace(http, raw_path=b"/orders/8"), b"honest", ORIGIN)
    assert len(world.api.shown) == (1 if warm else 2)


@pytest.mark.parametrize("warm", [False, True], ids=["unknown session", "known session"])
def test_a_body_that_is_not_the_one_its_header_names_is_refused(world: ResourceWorld, warm: bool) -> None:
    alice = world.session()
    if warm:
        world.ask(alice)
    # Signers of S3 send x-amz-content-sha256, and the signature covers that in place of the body.
    http = world.order(alice, method="POST", body=b"honest", rules=S3_RULES)

    with pytest.raises(PayloadHashMismatch):
        world.verifier.verify(http, b"changed", ORIGIN)
    assert world.verifier.verify(http, b"honest", ORIGIN).session_name == "alice"


def test_a_request_without_a_signature_is_refused(world: ResourceWorld) -> None:
    http = world.order(USER)

    with pytest.raises(MissingAuthentication):
        world.verifier.verify(replace(http, headers=((b"host", HOST.encode()),)), b"", ORIGIN)


def test_an_old_request_is_refused_without_asking(world: ResourceWorld) -> None:
    http = world.order(world.session())
    world.clock.move(minutes=16)

    with pytest.raises(RequestTimeSkewed):
        world.verifier.verify(http, b"", ORIGIN)
    assert world.api.shown == []


def test_the_requests_own_keys_count(world: ResourceWorld) -> None:
    alice = world.session()
    http = world.order(alice)

    with pytest.raises(ActionDenied):
        world.verifier.verify(http, b"", replace(ORIGIN, source_ip="203.0.113.9"))


def test_a_session_that_has_ended_is_refused_though_known(world: ResourceWorld) -> None:
    alice = world.session()
    world.clock.move(seconds=3_590)
    world.ask(alice)
    world.clock.move(seconds=11)

    with pytest.raises(ExpiredSession):
        world.ask(alice)


def test_a_session_that_has_ended_is_refused_while_the_gateway_is_down_too(world: ResourceWorld) -> None:
    alice = world.session()
    world.clock.move(seconds=3_590)
    world.ask(alice)
    world.api.away = True
    world.clock.move(seconds=11)

    with pytest.raises(ExpiredSession):
        world.ask(alice)


KINDS: dict[str, Callable[[ResourceWorld, Any], tuple[RevocationKind, str]]] = {
    "session": lambda world, _: (
        RevocationKind.SESSION,
        next(one["sessionId"] for one in world.audit.records if one["eventName"] == "AssumeRoleWithWebIdentity"),
    ),
    "access key": lambda _, alice: (RevocationKind.ACCESS_KEY, alice.access_key_id),
    "subject": lambda *_: (RevocationKind.SUBJECT, "workforce/alice"),
    "role": lambda *_: (RevocationKind.ROLE, "lake/Analyst"),
}


@pytest.mark.parametrize("named", KINDS.values(), ids=KINDS)
def test_a_revoked_session_is_refused_though_known(
    world: ResourceWorld, named: Callable[[ResourceWorld, Any], tuple[RevocationKind, str]]
) -> None:
    alice = world.session()
    world.ask(alice)
    world.revoke(*named(world, alice))

    world.verifier._revocations.look()

    with pytest.raises(RevokedSession):
        world.ask(alice)
    assert len(world.api.shown) == 1


def test_a_revoked_session_that_is_not_known_is_refused_by_the_gateway(world: ResourceWorld) -> None:
    alice = world.session()
    world.revoke(RevocationKind.ROLE, "lake/Analyst")

    with pytest.raises(RevokedSession):
        world.ask(alice)


def test_policies_are_a_minute_old_at_most(world: ResourceWorld) -> None:
    alice = world.session()
    world.ask(alice)
    exchange = world.exchange
    world.reload(
        policies='order: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}',
        users="""
            lake/server: {access_keys: [{id: AKIAEXAMPLEEXAMPLE22, secret: 0123456789abcdefghij}], policies: [
              {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "gateway:*", Resource: "*"}]}]}
            """,
        roles="lake/Analyst: {policies: [order], max_session_duration: 4h}",
        mappings="- {provider: workforce, groups: [analysts], roles: [lake/Analyst]}",
        services="orders: {type: execute-api, id: orders, hosts: [orders.example.com], proxy_token: t}",
    )
    assert world.exchange is not exchange
    world.clock.move(seconds=59)
    world.ask(alice)

    world.clock.move(seconds=2)

    with pytest.raises(ActionDenied):
        world.ask(alice)


def test_a_gateway_that_is_down_is_gone_on_without_until_its_revocations_are_stale(world: ResourceWorld) -> None:
    alice = world.session()
    world.ask(alice)
    world.api.away = True
    world.clock.move(seconds=299)

    world.ask(alice)
    with pytest.raises(StateUnavailable):
        world.ask(world.session())

    world.clock.move(seconds=2)
    with pytest.raises(StateUnavailable):
        world.ask(alice)

    world.api.away = False
    world.verifier._revocations.look()
    world.ask(alice)


def test_a_gateway_that_does_not_answer_is_left_alone_for_a_moment(world: ResourceWorld) -> None:
    world.ask(world.session())
    asked = len(world.api.shown)
    world.api.away = True
    with pytest.raises(StateUnavailable):
        world.ask(USER)
    world.api.away = False

    with pytest.raises(StateUnavailable):
        world.ask(USER)
    assert len(world.api.shown) == asked

    world.clock.move(seconds=3)
    world.ask(USER)


def test_a_gateway_that_was_never_heard_lets_nobody_in(world: ResourceWorld) -> None:
    world.api.away = True

    with pytest.raises(StateUnavailable):
        world.ask(world.session())


def test_a_server_that_may_not_ask_says_so_and_serves_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = ResourceWorld(tmp_path)
    world.verifier.service = replace(world.verifier.service, name="parcels")

    with pytest.raises(StateUnavailable):
        world.ask(world.session())
    assert "the gateway refuses this server" in caplog.text


def test_where_two_entries_share_a_scope_every_request_is_asked_for(tmp_path: Path) -> None:
    world = ResourceWorld(
        tmp_path,
        services="""
            orders: {type: execute-api, id: orders, hosts: [orders.example.com], proxy_token: t}
            parcels: {type: execute-api, id: parcels, hosts: [parcels.example.com], proxy_token: t}
            """,
    )
    alice = world.session()

    for _ in range(3):
        world.ask(alice)

    assert len(world.api.shown) == 3
    assert len(world.verifier._known) == 0
    world.api.away = True
    with pytest.raises(StateUnavailable):
        world.ask(alice)


def test_memory_is_bounded(tmp_path: Path) -> None:
    world = ResourceWorld(tmp_path, capacity=3)

    for _ in range(5):
        world.ask(world.session())

    assert len(world.verifier._known) == 3


def test_two_sessions_of_one_key_id_never_share_what_is_known(world: ResourceWorld) -> None:
    alice, other = world.session(), world.session()
    world.ask(alice)

    with pytest.raises(UnknownAccessKey):
        world.ask(replace(alice, session_token=other.session_token))


async def test_the_event_loop_does_not_wait_for_the_gateway(tmp_path: Path) -> None:
    world = ResourceWorld(tmp_path)
    alice = (await world.assume()).credentials
    http = world.order(alice)

    first = await world.verifier.verify_async(http, b"", ORIGIN)
    second = await world.verifier.verify_async(world.order(alice, path="/orders/9"), b"", ORIGIN)

    assert first.arn == second.arn
    assert len(world.api.shown) == 1
    with pytest.raises(SignatureMismatch):
        await world.verifier.verify_async(replace(http, raw_path=b"/orders/8"), b"", ORIGIN)
    with pytest.raises(ActionDenied):
        await world.verifier.verify_async(world.order(alice, path="/admin"), b"", ORIGIN)


def test_nobody_is_required_outside_a_request() -> None:
    with pytest.raises(MissingAuthentication):
        require("orders:Approve", "arn:aws:orders:::order/blue/7")
