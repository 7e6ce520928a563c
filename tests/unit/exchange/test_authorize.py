"""Deciding signed requests: who signed, and whether the policies of now allow it."""

import json
from typing import Any

import pytest

from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.errors import (
    ActionDenied,
    AuditUnavailable,
    ExpiredSession,
    GatewayError,
    MissingAuthentication,
    PayloadHashMismatch,
    RequestTimeSkewed,
    ScopeMismatch,
    SignatureMismatch,
    UnknownAccessKey,
)
from gateway.exchange.authorization import Authorization
from gateway.exchange.proof import SignedCall
from gateway.sigv4.request import HttpRequest
from gateway.sigv4.rules import S3_RULES
from tests.fakes.gateway_world import (
    ACCOUNT,
    ENGINEER,
    IDENTITY_FORM,
    ORIGIN,
    SECTIONS,
    GatewayWorld,
    sha256,
)

CI = ("AKIAEXAMPLEEXAMPLE22", "0123456789abcdefghij")
FORM = {"content-type": "application/x-www-form-urlencoded"}


def who(world: GatewayWorld, http: HttpRequest, body: bytes = IDENTITY_FORM) -> Any:
    return world.exchange.caller_identity(SignedCall(http=http, body_sha256=sha256(body), origin=ORIGIN))


def ask(
    world: GatewayWorld, credentials: Any, method: str = "GET", path: str = "/lake/part-1", **how: Any
) -> Authorization:
    (service,) = world.configuration.services
    body = how.pop("body", b"")
    http = world.signed(
        credentials, method=method, path=path, body=body, host="s3.example.com", service="s3", rules=S3_RULES, **how
    )
    return world.exchange.authorize(http, service, body, sha256(body), ORIGIN)


@pytest.fixture
async def credentials(world: GatewayWorld) -> TemporaryCredentials:
    return (await world.assume()).credentials


def test_a_session_is_told_who_it_is(world: GatewayWorld, credentials: TemporaryCredentials) -> None:
    principal = who(world, world.signed(credentials, headers=FORM, body=IDENTITY_FORM))

    assert principal.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"
    assert world.audit.last["eventName"] == "GetCallerIdentity"
    assert world.audit.last["userIdentity"]["accessKeyId"] == credentials.access_key_id
    assert world.audit.last["userIdentity"]["sessionContext"]["sessionIssuer"]["type"] == "Role"
    assert world.audit.last["sessionId"] == world.audit.records[0]["sessionId"]


def test_a_user_is_told_who_it_is(world: GatewayWorld) -> None:
    principal = who(world, world.signed(CI, body=IDENTITY_FORM))

    assert principal.arn == f"arn:aws:iam::{ACCOUNT}:user/ci"
    assert principal.unique_id.startswith("AIDA")
    assert world.audit.last["userIdentity"]["type"] == "IAMUser"


def test_any_region_is_accepted_for_sts(world: GatewayWorld) -> None:
    assert who(world, world.signed(CI, body=IDENTITY_FORM, region="eu-mars-1")).account == ACCOUNT


def test_a_session_ends_to_the_second(world: GatewayWorld, credentials: TemporaryCredentials) -> None:
    world.clock.move(seconds=3_599)
    assert who(world, world.signed(credentials, body=IDENTITY_FORM)).account == ACCOUNT

    world.clock.move(seconds=1)
    with pytest.raises(ExpiredSession):
        who(world, world.signed(credentials, body=IDENTITY_FORM))

    assert world.audit.last["errorCode"] == "ExpiredToken"


def changed(credentials: TemporaryCredentials, **values: str) -> TemporaryCredentials:
    given = {name: getattr(credentials, name) for name in ("access_key_id", "secret_access_key", "session_token")}
    return TemporaryCredentials(**{**given, **values}, expiration=credentials.expiration)


async def test_keys_and_tokens_of_two_sessions_do_not_mix(
    world: GatewayWorld, credentials: TemporaryCredentials
) -> None:
    other = (await world.assume()).credentials
    mixed = {
        "another session's token": (changed(credentials, session_token=other.session_token), UnknownAccessKey),
        "another session's secret": (
            changed(credentials, secret_access_key=other.secret_access_key),
            SignatureMismatch,
        ),
        "another session's key id": (changed(credentials, access_key_id=other.access_key_id), UnknownAccessKey),
        "a broken token": (changed(credentials, session_token=credentials.session_token[:-1]), UnknownAccessKey),
    }

    for name, (forged, error) in mixed.items():
        with pytest.raises(error):
            who(world, world.signed(forged, body=IDENTITY_FORM))
        assert world.audit.last["errorCode"] in {"InvalidClientTokenId", "SignatureDoesNotMatch"}, name
        assert world.audit.last["userIdentity"] == {"type": "Unknown"}, name


def test_a_request_for_another_service_is_refused(world: GatewayWorld) -> None:
    with pytest.raises(ScopeMismatch):
        who(world, world.signed(CI, body=IDENTITY_FORM, service="s3"))


def test_another_body_than_the_signed_one_is_refused(world: GatewayWorld) -> None:
    with pytest.raises((SignatureMismatch, PayloadHashMismatch)):
        who(world, world.signed(CI, body=IDENTITY_FORM), body=b"Action=AssumeRoot")


def test_a_request_of_twenty_minutes_ago_is_refused(world: GatewayWorld) -> None:
    http = world.signed(CI, body=IDENTITY_FORM)
    world.clock.move(minutes=20)

    with pytest.raises(RequestTimeSkewed):
        who(world, http)


def test_an_unsigned_request_is_refused(world: GatewayWorld) -> None:
    http = HttpRequest(method="POST", raw_path=b"/", raw_query=b"", headers=((b"host", b"sts.example.com"),))

    with pytest.raises(MissingAuthentication):
        who(world, http)


def test_a_session_of_a_role_that_is_gone_is_nobodys(world: GatewayWorld, credentials: TemporaryCredentials) -> None:
    world.reload(
        roles="lake/Engineer: {policies: [all-s3]}",
        mappings="- {provider: workforce, groups: [engineers], roles: [lake/Engineer]}",
    )

    with pytest.raises(UnknownAccessKey) as refused:
        who(world, world.signed(credentials, body=IDENTITY_FORM))

    assert "role" in refused.value.cause


def test_another_gateways_token_is_nobodys(world: GatewayWorld, credentials: TemporaryCredentials) -> None:
    world.reload(gateway="public_url: https://other.example.com\nkeyring: ./keyring.json")

    with pytest.raises(UnknownAccessKey):
        who(world, world.signed(credentials, body=IDENTITY_FORM))


def test_a_role_may_do_what_its_policy_allows(world: GatewayWorld, credentials: TemporaryCredentials) -> None:
    authorization = ask(world, credentials)

    assert authorization.principal.access_key_id == credentials.access_key_id
    assert [action.name for action in authorization.actions] == ["s3:GetObject"]
    assert world.audit.last["eventName"] == "GetObject"
    assert world.audit.last["eventSource"] == "s3.amazonaws.com"
    assert world.audit.last["additionalEventData"]["allowedBy"] == ["read-lake.Statement[0]"]


DENIED: dict[str, tuple[str, str]] = {
    "another action": ("PUT", "/lake/part-1"),
    "another bucket": ("GET", "/other/part-1"),
    "a deletion": ("DELETE", "/lake/part-1"),
    "the list of buckets": ("GET", "/"),
}


@pytest.mark.parametrize(("method", "path"), DENIED.values(), ids=DENIED.keys())
def test_a_role_may_do_nothing_else(
    world: GatewayWorld, credentials: TemporaryCredentials, method: str, path: str
) -> None:
    with pytest.raises(ActionDenied) as refused:
        ask(world, credentials, method, path)

    assert world.audit.last["errorCode"] == "AccessDenied"
    assert world.audit.last["additionalEventData"]["cause"] == refused.value.cause
    assert refused.value.cause not in str(refused.value)


async def test_a_boundary_must_allow_too(world: GatewayWorld) -> None:
    engineer = (await world.assume(world.token("engineers"), role=ENGINEER)).credentials

    assert ask(world, engineer).principal.role_name == "Engineer"
    with pytest.raises(ActionDenied):
        ask(world, engineer, "PUT")


async def test_a_session_policy_must_allow_too(world: GatewayWorld) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::lake/public/*"}],
    }
    narrowed = (await world.assume(policy=json.dumps(policy))).credentials

    assert ask(world, narrowed, path="/lake/public/x").actions
    with pytest.raises(ActionDenied):
        ask(world, narrowed)
    with pytest.raises(ActionDenied):
        ask(world, narrowed, "PUT", "/lake/public/x")


async def test_a_managed_session_policy_must_allow_too(world: GatewayWorld) -> None:
    narrowed = (await world.assume(policy_arns=(f"arn:aws:iam::{ACCOUNT}:policy/read-lake",))).credentials

    assert ask(world, narrowed).actions
    with pytest.raises(ActionDenied):
        ask(world, narrowed, "PUT")


def test_a_changed_policy_counts_after_a_reload_and_the_session_lives(
    world: GatewayWorld, credentials: TemporaryCredentials
) -> None:
    nothing = '{Version: "2012-10-17", Statement: [{Effect: Deny, Action: "*", Resource: "*"}]}'
    world.reload(
        policies=SECTIONS["policies"] + f"\n        nothing: {nothing}\n",
        roles="""
        lake/Analyst: {policies: [nothing], max_session_duration: 4h}
        lake/Engineer: {policies: [all-s3]}
        """,
    )

    with pytest.raises(ActionDenied):
        ask(world, credentials)
    assert who(world, world.signed(credentials, body=IDENTITY_FORM)).account == ACCOUNT


def test_a_user_may_do_what_its_policy_allows(world: GatewayWorld) -> None:
    assert ask(world, CI).principal.user_name == "ci"
    with pytest.raises(ActionDenied):
        ask(world, CI, "PUT")


def test_a_service_serves_only_its_accounts(world: GatewayWorld, credentials: TemporaryCredentials) -> None:
    world.reload(
        accounts='lake: "111122223333"\nother: "444455556666"',
        services="store: {type: s3, hosts: [s3.example.com], proxy_token: x, principals: [other], account: other}",
    )

    with pytest.raises(ActionDenied) as refused:
        ask(world, credentials)

    assert "does not serve" in refused.value.cause


def test_nothing_is_allowed_that_the_audit_log_does_not_hold(
    world: GatewayWorld, credentials: TemporaryCredentials
) -> None:
    world.audit.full = True

    with pytest.raises(AuditUnavailable):
        ask(world, credentials)


KEYS: dict[str, tuple[str, str, str, str]] = {
    "role tag": ("StringEquals", "aws:PrincipalTag/cost", "low", "high"),
    "session tag": ("StringEquals", "aws:PrincipalTag/department", "sales", "other"),
    "principal": (
        "ArnEquals",
        "aws:PrincipalArn",
        f"arn:aws:iam::{ACCOUNT}:role/Analyst",
        f"arn:aws:iam::{ACCOUNT}:role/x",
    ),
    "account": ("StringEquals", "aws:PrincipalAccount", ACCOUNT, "999999999999"),
    "type": ("StringEquals", "aws:PrincipalType", "AssumedRole", "User"),
    "user id": ("StringLike", "aws:userid", "AROA*:alice", "AROA*:bob"),
    "address": ("IpAddress", "aws:SourceIp", "192.0.2.0/24", "10.0.0.0/8"),
    "TLS": ("Bool", "aws:SecureTransport", "true", "false"),
    "time": ("DateLessThan", "aws:CurrentTime", "2026-03-01T12:00:01Z", "2026-03-01T12:00:00Z"),
    "issue time": ("DateEquals", "aws:TokenIssueTime", "2026-03-01T12:00:00Z", "2026-03-01T12:00:01Z"),
    "subject": ("StringEquals", "login.example.com:sub", "alice", "bob"),
    "agent": ("StringEquals", "aws:UserAgent", "test/1", "test/2"),
    "no second factor": ("Bool", "aws:MultiFactorAuthPresent", "false", "true"),
    "source identity": ("StringEquals", "aws:SourceIdentity", "alice", "bob"),
}


@pytest.mark.parametrize(("operator", "key", "value", "other"), KEYS.values(), ids=KEYS.keys())
async def test_condition_keys_tell_who_signs_from_where_and_when(
    world: GatewayWorld, operator: str, key: str, value: str, other: str
) -> None:
    claims = {"department": "sales", "https://aws.amazon.com/source_identity": "alice"}
    session = (await world.assume(world.token(**claims))).credentials
    for wanted, granted in ((value, True), (other, False)):
        policy = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {key: wanted}}}],
        }
        world.reload(policies=f"read-lake: {json.dumps(policy)}\nall-s3: {json.dumps(policy)}")
        if granted:
            assert ask(world, session).actions
        else:
            with pytest.raises(ActionDenied):
                ask(world, session)


def test_a_refusal_by_a_door_is_recorded(world: GatewayWorld) -> None:
    error: GatewayError = MissingAuthentication()

    assert world.exchange.refused(error, ORIGIN, "GetCallerIdentity") is error
    assert world.audit.last["errorCode"] == "MissingAuthenticationToken"
    assert world.audit.last["eventName"] == "GetCallerIdentity"
