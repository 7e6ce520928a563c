"""AssumeRole and the sessions of users: both sides must allow, and what a session carries is handed on as AWS does."""

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from gateway.domain.assumption import FederationRequest, OpenedSession, RoleRequest, SessionRequest, SessionTokenRequest
from gateway.domain.errors import (
    ActionDenied,
    AuditUnavailable,
    DurationTooLong,
    GatewayError,
    InvalidArn,
    InvalidAuthorizationMessage,
    InvalidParameter,
    InvalidTags,
    MalformedPolicyDocument,
    MfaRefused,
    SessionCallerRefused,
    UnknownAccessKey,
)
from gateway.exchange.proof import SignedCall
from gateway.exchange.refusal_message import LENGTH
from gateway.sigv4.rules import S3_RULES
from tests.fakes.gateway_world import ORIGIN, START, GatewayWorld, sha256

HOME, AWAY = "111122223333", "444455556666"
CI = ("AKIAEXAMPLEEXAMPLE22", "0123456789abcdefghij")
IDLE = ("AKIAEXAMPLEEXAMPLE33", "0123456789abcdefghik")
BOSS_AWAY = ("AKIAEXAMPLEEXAMPLE44", "0123456789abcdefghil")
BODY = urlencode({"Action": "AssumeRole"}).encode()


def arn(name: str, account: str = HOME) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def trust(principal: str, *actions: str, **condition: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": list(actions or ("sts:AssumeRole",))}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | condition]})


def may(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


ALL = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
ANY = {"Effect": "Allow", "Action": "*", "Resource": "*"}
SECTIONS = {
    "accounts": f'home: "{HOME}"\naway: "{AWAY}"',
    "roles": f"""
        home/Base: {{policies: [assume], tags: {{cost: low}}}}
        home/Named: {{policies: [all], max_session_duration: 2h, trust_policy: {trust(arn("Base"), *ALL)}}}
        home/ForAccount: {{policies: [all], trust_policy: {trust(HOME, *ALL)}}}
        home/OfUser: {{policies: [all], trust_policy: {trust(f"arn:aws:iam::{HOME}:user/ci", *ALL)}}}
        home/Itself: {{policies: [all], trust_policy: {trust(arn("Itself"))}}}
        home/Selfless: {{policies: [all]}}
        home/External: {{policies: [all], trust_policy: {trust(HOME, "sts:AssumeRole", Condition={"StringEquals": {"sts:ExternalId": "x-1"}})}}}
        home/Plain: {{policies: [all], trust_policy: {trust(HOME)}}}
        home/Tagged: {{policies: [all], trust_policy: {trust(HOME, *ALL, Condition={"StringEquals": {"aws:RequestTag/team": "blue"}})}}}
        home/ByResourceTag: {{policies: [all], tags: {{team: red}}, trust_policy: {trust(HOME, *ALL, Condition={"StringEquals": {"iam:ResourceTag/team": "blue"}})}}}
        away/Guest: {{policies: [all], trust_policy: {trust(HOME)}}}
        away/Closed: {{policies: [all]}}
        """,
    "policies": f"""
        assume: {may({"Effect": "Allow", "Action": "sts:*", "Resource": "*"}, {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": arn("Forbidden")})}
        all: {may(ANY)}
        read: {may({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})}
        """,
    "mappings": """
        - {provider: workforce, groups: [analysts], roles: [home/Base, home/Itself, home/Selfless]}
        """,
    "users": """
        home/ci: {access_keys: [{id: AKIAEXAMPLEEXAMPLE22, secret: 0123456789abcdefghij}], policies: [assume, read]}
        home/idle: {access_keys: [{id: AKIAEXAMPLEEXAMPLE33, secret: 0123456789abcdefghik}]}
        away/boss: {access_keys: [{id: AKIAEXAMPLEEXAMPLE44, secret: 0123456789abcdefghil}], policies: [all]}
        """,
    "services": "store: {type: s3, hosts: [s3.example.com], proxy_token: x, account: home}",
}


@pytest.fixture
def world(tmp_path: Path) -> GatewayWorld:
    return GatewayWorld(tmp_path, **SECTIONS)


def call(world: GatewayWorld, credentials: Any) -> SignedCall:
    http = world.signed(credentials, body=BODY)
    return SignedCall(http=http, body_sha256=sha256(BODY), origin=ORIGIN)


async def base(world: GatewayWorld, role: str = "Base", **request: Any) -> Any:
    return (await world.assume(role=arn(role), **request)).credentials


def assume(
    world: GatewayWorld, credentials: Any, role: str, *, session: dict[str, Any] | None = None, **asked: Any
) -> OpenedSession:
    wanted = SessionRequest(
        role_arn=role if role.startswith("arn:") else arn(role), session_name="next", **(session or {})
    )
    return world.exchange.assume_role(RoleRequest(session=wanted, **asked), call(world, credentials))


def reads(world: GatewayWorld, credentials: Any, method: str = "GET") -> bool:
    (service,) = world.configuration.services
    http = world.signed(credentials, method=method, path="/lake/a", host="s3.example.com", service="s3", rules=S3_RULES)
    try:
        world.exchange.authorize(http, service, b"", sha256(b""), ORIGIN)
    except ActionDenied:
        return False
    return True


async def test_a_session_opens_a_session_of_a_role_that_names_its_role(world: GatewayWorld) -> None:
    first = await world.assume(role=arn("Base"))

    opened = assume(world, first.credentials, "Named")

    assert opened.principal.arn == f"arn:aws:sts::{HOME}:assumed-role/Named/next"
    assert opened.credentials.expiration == START + timedelta(hours=1)
    record = world.audit.last
    assert (record["eventName"], record["userIdentity"]["type"]) == ("AssumeRole", "AssumedRole")
    assert record["requestParameters"] == {"roleArn": arn("Named"), "roleSessionName": "next"}
    assert record["responseElements"]["assumedRoleUser"]["arn"] == opened.principal.arn
    assert record["sessionId"] == first.principal.session_id == opened.principal.session_id
    assert (opened.principal.provider, opened.principal.user_name) == ("workforce", "alice")


def test_a_user_opens_a_session(world: GatewayWorld) -> None:
    opened = assume(world, CI, "OfUser")

    assert opened.principal.role_name == "OfUser"
    assert world.audit.last["userIdentity"]["type"] == "IAMUser"


ALLOWED: dict[str, tuple[Any, str, bool]] = {
    "the trust policy names the user, who has no policy of its own": (IDLE, "ForAccount", False),
    "the trust policy names the account, and the user's policy allows": (CI, "ForAccount", True),
    "the trust policy names another user": (IDLE, "OfUser", False),
    "across accounts, both sides allow": (CI, arn("Guest", AWAY), True),
    "across accounts, only the trust policy allows": (IDLE, arn("Guest", AWAY), False),
    "across accounts, only the caller's policy allows": (CI, arn("Closed", AWAY), False),
    "a role without a trust policy": (CI, "Selfless", False),
    "a role that is not there": (CI, "Nobody", False),
}


@pytest.mark.parametrize(("credentials", "role", "allowed"), ALLOWED.values(), ids=ALLOWED.keys())
def test_both_sides_must_allow(world: GatewayWorld, credentials: Any, role: str, allowed: bool) -> None:
    if allowed:
        assert assume(world, credentials, role).principal.session_name == "next"
        return
    with pytest.raises(ActionDenied) as refused:
        assume(world, credentials, role)
    whole = role if role.startswith("arn:") else arn(role)
    assert str(refused.value).startswith(
        f"User: {world.audit.last['userIdentity']['arn']} is not authorized to perform: sts:AssumeRole on resource: {whole} "
        "Encoded authorization failure message: "
    )
    assert refused.value.cause not in str(refused.value)


async def test_a_role_assumes_itself_only_where_it_trusts_itself(world: GatewayWorld) -> None:
    assert assume(world, await base(world, "Itself"), "Itself").principal.role_name == "Itself"
    with pytest.raises(ActionDenied):
        assume(world, await base(world, "Selfless"), "Selfless")


async def test_a_session_policy_is_not_escaped_by_a_chained_call(world: GatewayWorld) -> None:
    narrowed = await base(world, "Itself", policy=may({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}))

    with pytest.raises(ActionDenied) as refused:
        assume(world, narrowed, "Itself")

    assert "session policy" in refused.value.cause


async def test_a_session_policy_narrows_the_next_session(world: GatewayWorld) -> None:
    opened = assume(world, await base(world), "Named", session={"policy": may(ANY | {"Action": "s3:GetObject"})})

    assert reads(world, opened.credentials)
    assert not reads(world, opened.credentials, "PUT")


async def test_chained_sessions_last_an_hour_at_most(world: GatewayWorld) -> None:
    with pytest.raises(DurationTooLong, match="role chaining"):
        assume(world, await base(world), "Named", session={"duration": 3_601})

    assert assume(world, await base(world), "Named", session={"duration": 3_600})
    with pytest.raises(DurationTooLong, match="MaxSessionDuration"):
        assume(world, CI, "OfUser", session={"duration": 3_601})


EXTERNAL = {"right": ("x-1", True), "wrong": ("x-2", False), "missing": (None, False)}


@pytest.mark.parametrize(("external_id", "allowed"), EXTERNAL.values(), ids=EXTERNAL.keys())
def test_an_external_id_must_be_the_one_that_trust_asks_for(
    world: GatewayWorld, external_id: str | None, allowed: bool
) -> None:
    if allowed:
        assert assume(world, CI, "External", external_id=external_id)
    else:
        with pytest.raises(ActionDenied):
            assume(world, CI, "External", external_id=external_id)


def test_tags_need_their_own_permission(world: GatewayWorld) -> None:
    with pytest.raises(ActionDenied, match="sts:TagSession"):
        assume(world, CI, "Plain", tags={"team": "blue"})
    with pytest.raises(ActionDenied, match="sts:SetSourceIdentity"):
        assume(world, CI, "Plain", source_identity="ci")

    assert assume(world, CI, "ForAccount", tags={"team": "blue"}).principal.tags == {"team": "blue"}
    assert assume(world, CI, "Tagged", tags={"team": "blue"}).principal.tags == {"team": "blue"}
    with pytest.raises(ActionDenied):
        assume(world, CI, "Tagged", tags={"team": "red"})


def test_transitive_tags_are_handed_on_and_others_are_not(world: GatewayWorld) -> None:
    tags = {"Team": "blue", "plain": "x"}
    first = assume(world, CI, "ForAccount", tags=tags, transitive_tag_keys=frozenset({"Team"}))

    second = assume(world, first.credentials, "ForAccount", tags={"more": "y"})
    third = assume(world, second.credentials, "ForAccount")

    assert second.principal.tags == {"Team": "blue", "more": "y"}
    assert third.principal.tags == {"Team": "blue"}


@pytest.mark.parametrize("key", ["Team", "team", "TEAM"])
@pytest.mark.parametrize("value", ["blue", "red"])
def test_a_transitive_tag_is_never_overridden(world: GatewayWorld, key: str, value: str) -> None:
    first = assume(world, CI, "ForAccount", tags={"Team": "blue"}, transitive_tag_keys=frozenset({"Team"}))

    with pytest.raises(InvalidTags, match="conflicts with a transitive tag key from the calling session"):
        assume(world, first.credentials, "ForAccount", tags={key: value})


def test_an_inherited_tag_stands_in_for_the_roles_own_before_trust_is_asked(world: GatewayWorld) -> None:
    first = assume(world, CI, "ForAccount", tags={"team": "blue"}, transitive_tag_keys=frozenset({"team"}))

    assert assume(world, first.credentials, "ByResourceTag")
    with pytest.raises(ActionDenied):
        assume(world, CI, "ByResourceTag")


def test_inherited_tags_need_the_permission_on_the_next_hop_too(world: GatewayWorld) -> None:
    first = assume(world, CI, "ForAccount", tags={"team": "blue"}, transitive_tag_keys=frozenset({"team"}))

    with pytest.raises(ActionDenied, match="sts:TagSession"):
        assume(world, first.credentials, "Plain")


def test_a_source_identity_is_set_once_and_kept(world: GatewayWorld) -> None:
    first = assume(world, CI, "ForAccount", source_identity="carol")

    assert assume(world, first.credentials, "ForAccount").principal.source_identity == "carol"
    assert assume(world, first.credentials, "ForAccount", source_identity="carol").principal.source_identity == "carol"
    with pytest.raises(ActionDenied, match="sts:SetSourceIdentity"):
        assume(world, first.credentials, "ForAccount", source_identity="dave")
    with pytest.raises(ActionDenied, match="sts:SetSourceIdentity"):
        assume(world, first.credentials, "Plain")


REFUSED: dict[str, tuple[dict[str, Any], type[GatewayError]]] = {
    "an ARN that is no role's": ({"role": f"arn:aws:iam::{HOME}:user/ci"}, InvalidArn),
    "a session policy that is none": ({"session": {"policy": "{}"}}, MalformedPolicyDocument),
    "a managed policy of another account": (
        {"session": {"policy_arns": (f"arn:aws:iam::{AWAY}:policy/all",)}},
        InvalidParameter,
    ),
    "an MFA device": ({"serial_number": f"arn:aws:iam::{HOME}:mfa/ci"}, MfaRefused),
    "an MFA code": ({"mfa_code": True}, MfaRefused),
}


@pytest.mark.parametrize(("changed", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_what_may_not_be_opens_nothing(world: GatewayWorld, changed: dict[str, Any], error: type[GatewayError]) -> None:
    with pytest.raises(error):
        assume(world, CI, **{"role": "ForAccount", **changed})

    assert world.audit.last["errorCode"]
    assert world.audit.last["eventName"] == "AssumeRole"


def test_nothing_is_opened_that_the_audit_log_does_not_hold(world: GatewayWorld) -> None:
    world.audit.full = True

    with pytest.raises(AuditUnavailable):
        assume(world, CI, "ForAccount")
    with pytest.raises(AuditUnavailable):
        world.exchange.session_token(SessionTokenRequest(), call(world, CI))
    with pytest.raises(AuditUnavailable):
        federate(world, CI)


def test_a_user_gets_temporary_keys_of_its_own(world: GatewayWorld) -> None:
    opened = world.exchange.session_token(SessionTokenRequest(), call(world, CI))

    assert opened.credentials.expiration == START + timedelta(hours=12)
    assert opened.credentials.access_key_id.startswith("ASIA")
    who = world.exchange.caller_identity(call(world, opened.credentials))
    assert (who.arn, who.unique_id[:4]) == (f"arn:aws:iam::{HOME}:user/ci", "AIDA")
    assert reads(world, opened.credentials)
    assert not reads(world, opened.credentials, "PUT")
    assert assume(world, opened.credentials, "ForAccount", session={"duration": 3_600})


async def test_only_long_lived_keys_open_sessions_of_users(world: GatewayWorld) -> None:
    own = world.exchange.session_token(SessionTokenRequest(duration=900), call(world, CI)).credentials
    for credentials in (own, await base(world), federate(world, CI).credentials):
        with pytest.raises(SessionCallerRefused, match="GetSessionToken"):
            world.exchange.session_token(SessionTokenRequest(), call(world, credentials))
        with pytest.raises(SessionCallerRefused, match="GetFederationToken"):
            federate(world, credentials)
    with pytest.raises(MfaRefused):
        world.exchange.session_token(SessionTokenRequest(mfa_code=True), call(world, CI))


def federate(
    world: GatewayWorld, credentials: Any, tags: dict[str, str] | None = None, **session: Any
) -> OpenedSession:
    request = FederationRequest(session=SessionRequest(session_name="carol", **session), tags=tags or {})
    return world.exchange.federation_token(request, call(world, credentials))


def test_a_federated_user_may_do_what_both_the_user_and_the_session_policy_allow(world: GatewayWorld) -> None:
    policy = may({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    opened = federate(world, CI, policy=policy, tags={"team": "blue"})

    assert opened.principal.arn == f"arn:aws:sts::{HOME}:federated-user/carol"
    assert opened.principal.unique_id == f"{HOME}:carol"
    assert reads(world, opened.credentials)
    assert not reads(world, opened.credentials, "PUT")
    assert world.audit.records[0]["requestParameters"]["name"] == "carol"
    assert world.audit.records[0]["responseElements"]["federatedUser"]["arn"] == opened.principal.arn
    who = world.exchange.caller_identity(call(world, opened.credentials))
    assert (who.arn, who.tags) == (opened.principal.arn, {"team": "blue"})


def test_a_federated_user_without_session_policies_may_do_nothing(world: GatewayWorld) -> None:
    opened = federate(world, CI)

    assert not reads(world, opened.credentials)
    with pytest.raises(ActionDenied):
        assume(world, opened.credentials, "ForAccount")


def test_federating_needs_its_permission(world: GatewayWorld) -> None:
    with pytest.raises(ActionDenied, match="sts:GetFederationToken"):
        federate(world, IDLE)


def test_the_session_of_a_user_who_is_gone_is_nobodys(world: GatewayWorld) -> None:
    opened = world.exchange.session_token(SessionTokenRequest(), call(world, CI))
    world.reload(**{**SECTIONS, "users": "home/idle: {}"})

    with pytest.raises(UnknownAccessKey):
        world.exchange.caller_identity(call(world, opened.credentials))


def test_the_account_of_a_key_is_told(world: GatewayWorld) -> None:
    def ask(key: str) -> str:
        return world.exchange.account_of_key(key, call(world, CI))

    assert ask("ASIAY34FZKBOKMUTVV7A") == "609629065308"
    assert ask("AKIAEXAMPLEEXAMPLE33") == HOME
    with pytest.raises(InvalidParameter):
        ask("AKIAIOSFODNN7EXAMPLE")
    with pytest.raises(ActionDenied):
        world.exchange.account_of_key("ASIAY34FZKBOKMUTVV7A", call(world, IDLE))


def refusal(world: GatewayWorld, credentials: Any, role: str, **asked: Any) -> str:
    with pytest.raises(ActionDenied) as refused:
        assume(world, credentials, role, **asked)
    assert refused.value.encoded_message is not None
    return refused.value.encoded_message


def test_a_refusal_is_decoded_for_whoever_may(world: GatewayWorld) -> None:
    message = refusal(world, IDLE, "Plain", tags={"team": "blue"})

    decoded = json.loads(world.exchange.decoded_message(message, call(world, CI)))

    assert (decoded["allowed"], decoded["explicitDeny"]) == (False, False)
    assert decoded["context"]["principal"]["arn"] == f"arn:aws:iam::{HOME}:user/idle"
    assert (decoded["context"]["action"], decoded["context"]["resource"]) == ("sts:AssumeRole", arn("Plain"))
    keys = {item["key"]: item["values"]["items"] for item in decoded["context"]["conditions"]["items"]}
    assert keys["aws:requesttag/team"] == [{"value": "blue"}]
    with pytest.raises(ActionDenied, match="sts:DecodeAuthorizationMessage"):
        world.exchange.decoded_message(message, call(world, IDLE))


def test_a_refusal_tells_the_statement_that_denied(world: GatewayWorld) -> None:
    forbidden = f"        home/Forbidden: {{trust_policy: {trust(HOME)}}}\n"
    world.reload(**{**SECTIONS, "roles": f"{SECTIONS['roles'].rstrip()}\n{forbidden}"})
    message = refusal(world, CI, "Forbidden")

    decoded = json.loads(world.exchange.decoded_message(message, call(world, CI)))

    assert decoded["explicitDeny"] is True
    (statement,) = decoded["matchedStatements"]["items"]
    assert statement["effect"] == "DENY"
    assert statement["actions"]["items"] == [{"value": "sts:AssumeRole"}]
    assert statement["resources"]["items"] == [{"value": arn("Forbidden")}]


def test_a_refusal_is_decoded_in_the_account_of_its_caller_alone(world: GatewayWorld) -> None:
    here, away = refusal(world, IDLE, "Plain"), refusal(world, BOSS_AWAY, arn("Plain"))

    assert world.exchange.decoded_message(here, call(world, CI))
    assert world.exchange.decoded_message(away, call(world, BOSS_AWAY))
    for message, stranger in ((here, BOSS_AWAY), (away, CI)):
        with pytest.raises(InvalidAuthorizationMessage) as refused:
            world.exchange.decoded_message(message, call(world, stranger))
        assert "another account" in refused.value.cause


@pytest.mark.parametrize("filled", range(0, 51, 5))
def test_the_length_of_a_message_tells_nothing(world: GatewayWorld, filled: int) -> None:
    noise = random.Random(filled)
    tags = {f"{number}": noise.randbytes(64).hex() for number in range(filled)}

    assert len(refusal(world, IDLE, "Plain", tags=tags)) == LENGTH
    assert len(refusal(world, IDLE, "Nobody", tags=tags)) == LENGTH


def test_the_decoded_refusal_of_a_role_that_does_not_exist_is_that_of_one_that_trusts_nobody(
    world: GatewayWorld,
) -> None:
    asked = {"tags": {"team": "blue"}, "external_id": "of-the-caller"}

    there, absent = (
        world.exchange.decoded_message(refusal(world, CI, name, **asked), call(world, CI))
        for name in ("Selfless", "Imagined")
    )

    assert "of-the-caller" in absent
    assert absent.replace("role/Imagined", "role/Selfless") == there


WARY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": HOME}, "Action": "sts:AssumeRole"},
        {"Sid": "NotCi", "Effect": "Deny", "Principal": "*", "Action": "sts:*", "Condition": {
            "StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:user/ci"}}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("asked", [{}, {"tags": {"team": "blue"}}, {"source_identity": "carol"}], ids=str)
def test_another_accounts_role_tells_neither_its_trust_policy_nor_its_tags(
    world: GatewayWorld, asked: dict[str, Any]
) -> None:
    wary = f"        away/Wary: {{tags: {{secret: plan}}, trust_policy: {json.dumps(WARY)}}}\n"
    world.reload(**{**SECTIONS, "roles": f"{SECTIONS['roles'].rstrip()}\n{wary}"})

    there, absent = (
        world.exchange.decoded_message(refusal(world, CI, arn(name, AWAY), **asked), call(world, CI))
        for name in ("Wary", "Mute")
    )

    assert absent.replace("role/Mute", "role/Wary") == there
    causes = [one["additionalEventData"]["cause"] for one in world.audit.records if one.get("errorCode")]
    assert "NotCi" in causes[0]


def test_a_refused_tag_of_another_accounts_role_is_told_by_its_own_action(world: GatewayWorld) -> None:
    message = refusal(world, CI, arn("Guest", AWAY), tags={"team": "blue"})

    decoded = json.loads(world.exchange.decoded_message(message, call(world, CI)))

    assert (decoded["context"]["action"], decoded["explicitDeny"]) == ("sts:TagSession", False)


def test_only_messages_of_this_gateway_are_decoded_and_for_a_day(world: GatewayWorld) -> None:
    message = refusal(world, IDLE, "Plain")
    session = world.exchange.session_token(SessionTokenRequest(), call(world, CI)).credentials.session_token
    for text in ("x", message[:-1], message.swapcase(), f"{message}\n", session):
        with pytest.raises(InvalidAuthorizationMessage):
            world.exchange.decoded_message(text, call(world, CI))

    world.clock.move(hours=23, minutes=59)
    assert world.exchange.decoded_message(message, call(world, CI))
    world.clock.move(minutes=1)
    with pytest.raises(InvalidAuthorizationMessage):
        world.exchange.decoded_message(message, call(world, CI))
