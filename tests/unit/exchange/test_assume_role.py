"""Opening a session with a web identity: what it gives, what stands in its way, and what the audit log says of both."""

import json
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.assumption import AssumedRole, SessionRequest, WebIdentityRequest
from gateway.domain.errors import (
    AuditUnavailable,
    DurationTooLong,
    ExpiredIdentityToken,
    GatewayError,
    InvalidArn,
    InvalidIdentityToken,
    InvalidParameter,
    KeyringUnavailable,
    MalformedPolicyDocument,
    PackedPolicyTooLarge,
    RoleAssumptionDenied,
    UnknownIssuer,
)
from gateway.domain.identifiers import account_of
from gateway.sealing import key_file
from gateway.sealing.keyring import Keyring
from tests.fakes.gateway_world import ACCOUNT, ANALYST, ENGINEER, ORIGIN, START, GatewayWorld

READ = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)


async def test_an_honest_token_opens_a_session(world: GatewayWorld) -> None:
    assumed = await world.assume()

    assert assumed.principal.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"
    assert assumed.principal.unique_id.endswith(":alice")
    assert assumed.credentials.access_key_id.startswith("ASIA")
    assert account_of(assumed.credentials.access_key_id) == ACCOUNT
    assert len(assumed.credentials.secret_access_key) == 40
    assert assumed.credentials.expiration == START + timedelta(hours=1)
    assert assumed.identity.subject == "alice"


async def test_two_sessions_share_nothing(world: GatewayWorld) -> None:
    one, other = (await world.assume()).credentials, (await world.assume()).credentials

    assert one.access_key_id != other.access_key_id
    assert one.secret_access_key != other.secret_access_key
    assert one.session_token != other.session_token


DURATIONS: dict[str, tuple[str, str, dict[str, Any], timedelta]] = {
    "none asked for": (ANALYST, "analysts", {}, timedelta(hours=1)),
    "none asked for, a role of less": (ENGINEER, "engineers", {}, timedelta(minutes=30)),
    "the shortest": (ANALYST, "analysts", {"duration": 900}, timedelta(minutes=15)),
    "the role's longest": (ANALYST, "analysts", {"duration": 14_400}, timedelta(hours=4)),
}


@pytest.mark.parametrize(("role", "group", "asked", "lasts"), DURATIONS.values(), ids=DURATIONS.keys())
async def test_a_session_lasts_as_long_as_asked_within_its_role(
    world: GatewayWorld, role: str, group: str, asked: dict[str, Any], lasts: timedelta
) -> None:
    assumed = await world.assume(world.token(group), role=role, **asked)

    assert assumed.credentials.expiration == START + lasts


async def test_a_longer_session_than_the_role_allows_is_refused(world: GatewayWorld) -> None:
    with pytest.raises(DurationTooLong) as refused:
        await world.assume(duration=14_401)

    assert (refused.value.requested, refused.value.maximum) == (14_401, 14_400)


async def test_without_a_role_the_only_one_is_meant_and_the_duration_is_cut(world: GatewayWorld) -> None:
    assumed = await world.assume(role=None, session_name=None, duration=43_200)

    assert assumed.principal.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"
    assert assumed.credentials.expiration == START + timedelta(hours=4)


async def test_without_a_role_several_are_told(world: GatewayWorld) -> None:
    with pytest.raises(InvalidParameter) as refused:
        await world.assume(world.token("analysts", "engineers"), role=None)

    assert ANALYST in str(refused.value)
    assert ENGINEER in str(refused.value)


async def test_a_session_name_is_made_from_the_user_name(world: GatewayWorld) -> None:
    assumed = await world.assume(world.token(sub="alice smith"), role=None, session_name=None)

    assert assumed.principal.session_name == "alice=20smith"


async def test_tags_and_a_source_identity_travel_in_the_session(world: GatewayWorld) -> None:
    claims = {
        "department": "sales",
        "https://aws.amazon.com/tags": {"principal_tags": {"Project": ["x"]}, "transitive_tag_keys": ["Project"]},
        "https://aws.amazon.com/source_identity": "alice",
    }

    assumed = await world.assume(world.token(**claims))

    assert assumed.principal.tags == {"department": "sales", "Project": "x"}
    assert assumed.principal.source_identity == "alice"
    assert assumed.credentials.packed_percent is not None
    assert 0 < assumed.credentials.packed_percent <= 100


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], type[GatewayError]]] = {
    "of a group that no mapping names": ({"groups": ["others"]}, {}, RoleAssumptionDenied),
    "of no group": ({"groups": []}, {}, RoleAssumptionDenied),
    "of a role of other people": ({}, {"role": ENGINEER}, RoleAssumptionDenied),
    "of a role that is not there": ({}, {"role": f"arn:aws:iam::{ACCOUNT}:role/Nobody"}, RoleAssumptionDenied),
    "of a role by another path": ({}, {"role": f"arn:aws:iam::{ACCOUNT}:role/x/Analyst"}, RoleAssumptionDenied),
    "of a role of another account": ({}, {"role": "arn:aws:iam::999999999999:role/Analyst"}, RoleAssumptionDenied),
    "without a role and without any granted": ({"groups": ["others"]}, {"role": None}, RoleAssumptionDenied),
    "what is no role's ARN": ({}, {"role": f"arn:aws:iam::{ACCOUNT}:saml-provider/x"}, InvalidArn),
    "another issuer": ({"iss": "https://evil.example.com"}, {}, UnknownIssuer),
    "another audience": ({"aud": "other"}, {}, InvalidIdentityToken),
    "a token that has ended": ({"iat": 1, "exp": 2}, {}, ExpiredIdentityToken),
    "a session policy that is none": ({}, {"policy": "{}"}, MalformedPolicyDocument),
    "an empty session policy": ({}, {"policy": " "}, MalformedPolicyDocument),
    "a session policy with a principal": (
        {},
        {
            "policy": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
        },
        MalformedPolicyDocument,
    ),
    "a session policy without statements": (
        {},
        {"policy": '{"Version":"2012-10-17","Statement":[]}'},
        MalformedPolicyDocument,
    ),
    "a managed policy that is not there": (
        {},
        {"policy_arns": (f"arn:aws:iam::{ACCOUNT}:policy/none",)},
        InvalidParameter,
    ),
    "a managed policy of another account": (
        {},
        {"policy_arns": ("arn:aws:iam::999999999999:policy/read-lake",)},
        InvalidParameter,
    ),
}


@pytest.mark.parametrize(("claims", "request_", "error"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_may_not_be_gives_no_session_and_one_audit_line(
    world: GatewayWorld, claims: dict[str, Any], request_: dict[str, Any], error: type[GatewayError]
) -> None:
    token = world.provider.token(world.provider.claims(**{"groups": ["analysts"], **claims}))

    with pytest.raises(error) as refused:
        await world.assume(token, **request_)

    (record,) = world.audit.records
    assert record["errorCode"]
    assert record["errorMessage"] == str(refused.value)
    assert record["additionalEventData"]["cause"] == refused.value.cause
    assert record["responseElements"] is None
    assert token not in json.dumps(record)


async def test_a_role_that_is_missing_and_one_that_refuses_answer_alike(world: GatewayWorld) -> None:
    answers = []
    for role in (ENGINEER, f"arn:aws:iam::{ACCOUNT}:role/Nobody"):
        with pytest.raises(RoleAssumptionDenied) as refused:
            await world.assume(role=role)
        answers.append((str(refused.value), type(refused.value)))

    assert answers[0] == answers[1]
    assert answers[0][0] == "Not authorized to perform sts:AssumeRoleWithWebIdentity"


async def test_a_provider_id_is_refused_with_the_mend(world: GatewayWorld) -> None:
    request = WebIdentityRequest(
        token=world.token(), session=SessionRequest(role_arn=ANALYST, session_name="alice"), provider_id="graph"
    )

    with pytest.raises(InvalidParameter, match="leave it out"):
        await world.exchange.assume_role_with_web_identity(request, ORIGIN)


async def test_session_policies_that_do_not_fit_the_token_are_refused(world: GatewayWorld) -> None:
    claims = {"principal_tags": {f"key{number:02}": ["x" * 256] for number in range(20)}}

    with pytest.raises(PackedPolicyTooLarge) as refused:
        await world.assume(world.token(**{"https://aws.amazon.com/tags": claims}), policy=READ)

    assert refused.value.percent > 100


async def test_the_audit_line_of_a_session_has_cloudtrails_fields(world: GatewayWorld) -> None:
    token = world.token()
    assumed = await world.assume(token, policy=READ, policy_arns=(f"arn:aws:iam::{ACCOUNT}:policy/read-lake",))

    (record,) = world.audit.records
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/login.example.com"
    assert record["eventName"] == "AssumeRoleWithWebIdentity"
    assert record["eventSource"] == "sts.amazonaws.com"
    assert record["userIdentity"] == {
        "type": "WebIdentityUser",
        "principalId": f"{provider}:sts.amazonaws.com:alice",
        "userName": "alice",
        "identityProvider": provider,
    }
    assert record["requestParameters"]["roleArn"] == ANALYST
    assert record["requestParameters"]["policy"] == READ
    assert record["responseElements"]["credentials"]["accessKeyId"] == assumed.credentials.access_key_id
    assert record["responseElements"]["credentials"]["expiration"] == "Mar 1, 2026, 1:00:00 PM"
    assert next(iter(record["responseElements"]["credentials"])) == "accessKeyId"
    assert record["responseElements"]["assumedRoleUser"]["arn"] == assumed.principal.arn
    assert record["additionalEventData"]["allowedBy"] == ["mappings[0]"]
    assert record["additionalEventData"]["provider"] == "workforce"
    assert record["sessionId"] == assumed.principal.session_id
    assert (record["sourceIPAddress"], record["userAgent"], record["requestID"]) == ("192.0.2.7", "test/1", "r-1")
    assert record["recipientAccountId"] == ACCOUNT
    assert record["readOnly"] is True
    assert "errorCode" not in record
    assert "errorMessage" not in record
    shown = json.dumps(record)
    assert [
        secret
        for secret in (token, assumed.credentials.secret_access_key, assumed.credentials.session_token)
        if secret in shown
    ] == []


async def test_a_token_that_did_not_hold_names_nobody_in_the_audit_log(world: GatewayWorld) -> None:
    with pytest.raises(InvalidIdentityToken):
        await world.assume(world.token(sub="root", aud="other"))

    assert world.audit.last["userIdentity"] == {"type": "WebIdentityUser"}


async def test_nothing_is_handed_out_that_the_audit_log_does_not_hold(world: GatewayWorld) -> None:
    world.audit.full = True

    with pytest.raises(AuditUnavailable):
        await world.assume()


async def test_a_fault_of_our_own_is_recorded_as_one(world: GatewayWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(self: object, token: object) -> AssumedRole:
        raise ZeroDivisionError("canary")

    monkeypatch.setattr("gateway.connectors.oidc.connector.OidcConnector.verify", broken)

    with pytest.raises(ZeroDivisionError):
        await world.assume()

    assert world.audit.last["errorCode"] == "InternalFailure"
    assert "canary" not in json.dumps(world.audit.last)


async def test_a_key_that_may_not_seal_yet_gives_no_session(world: GatewayWorld) -> None:
    key = key_file.new_key(now=START, seals_from=START + timedelta(hours=1))
    (world.folder / "keyring.json").unlink()
    key_file.create(world.folder / "keyring.json", Keyring([key]))
    world.reload()

    with pytest.raises(KeyringUnavailable):
        await world.assume()
