"""Audit records have the names, types and shapes of AWS CloudTrail's, whoever asks for whatever and whatever comes of it.

Source: AWS CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".
"""

import contextlib
import json
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import GatewayError
from gateway.domain.principal import Principal, PrincipalType
from gateway.exchange import audit_identities
from gateway.telemetry.audit import line_of
from tests.fakes.gateway_world import ISSUER, START, GatewayWorld
from tests.fakes.saml_world import SamlWorld
from tests.unit.exchange import recorded_events as scene
from tests.unit.exchange.recorded_events import (
    ADMIN,
    ALL,
    ANALYST,
    AWAY,
    CI,
    GUEST,
    HOME,
    SCENES,
    SECTIONS,
    Record,
    Scene,
    asks_service,
)

PROVIDER = f"arn:aws:iam::{HOME}:oidc-provider/{ISSUER.removeprefix('https://')}"
ALWAYS: dict[str, type | tuple[type, ...]] = {
    "eventVersion": str,
    "userIdentity": dict,
    "eventTime": str,
    "eventSource": str,
    "eventName": str,
    "awsRegion": str,
    "sourceIPAddress": str,
    "userAgent": str,
    "requestParameters": (dict, type(None)),
    "responseElements": (dict, type(None)),
    "additionalEventData": dict,
    "requestID": str,
    "eventID": str,
    "readOnly": bool,
    "eventType": str,
    "managementEvent": bool,
    "eventCategory": str,
}
SOMETIMES: dict[str, type | tuple[type, ...]] = {
    "errorCode": str,
    "errorMessage": str,
    "resources": list,
    "recipientAccountId": str,
    "sharedEventID": str,
    "sessionId": str,
}
TYPES = {"WebIdentityUser", "IAMUser", "AssumedRole", "FederatedUser", "Unknown"}


@pytest.fixture
def world(tmp_path: Path) -> GatewayWorld:
    return GatewayWorld(tmp_path, **SECTIONS)


@pytest.mark.parametrize("played", SCENES, ids=lambda played: played.__name__)
async def test_every_record_has_cloudtrail_s_fields_in_cloudtrail_s_types(world: GatewayWorld, played: Scene) -> None:
    record = await played(world)

    known = ALWAYS | SOMETIMES
    assert record.keys() >= ALWAYS.keys()
    assert {name: type(value) for name, value in record.items() if not isinstance(value, known.get(name, ()))} == {}
    assert datetime.strptime(record["eventTime"], "%Y-%m-%dT%H:%M:%SZ") == START.replace(tzinfo=None)
    assert str(uuid.UUID(record["eventID"])) == record["eventID"]
    assert record["userIdentity"]["type"] in TYPES
    assert re.fullmatch(r"\d{12}", record.get("recipientAccountId", HOME))
    assert line_of(record).endswith(b"}\n")


@pytest.mark.parametrize("played", SCENES, ids=lambda played: played.__name__)
async def test_a_refusal_has_code_and_message_and_a_success_has_neither(world: GatewayWorld, played: Scene) -> None:
    record = await played(world)

    refused = played.__name__.endswith(("refused", "refused_a_role", "refused_session_token", "refused_federation"))
    refused |= played in {scene.user_assumes_with_mfa, scene.stranger_asks_who_it_is}
    assert [name in record for name in ("errorCode", "errorMessage")] == [refused, refused]
    assert not refused or record["responseElements"] is None


@pytest.mark.parametrize("played", SCENES, ids=lambda played: played.__name__)
async def test_the_issued_key_stands_first_and_the_token_nowhere(world: GatewayWorld, played: Scene) -> None:
    credentials = ((await played(world))["responseElements"] or {}).get("credentials")

    if credentials is not None:
        assert list(credentials) == ["accessKeyId", "sessionToken", "expiration"]
        assert credentials["accessKeyId"].startswith("ASIA")
        assert credentials["sessionToken"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
        assert re.fullmatch(r"[A-Z][a-z]{2} \d{1,2}, \d{4}, \d{1,2}:\d\d:\d\d [AP]M", credentials["expiration"])


async def test_a_person_who_signs_in(world: GatewayWorld) -> None:
    record = await scene.person_signs_in(world)

    key = record["responseElements"]["credentials"]["accessKeyId"]
    role_id = record["responseElements"]["assumedRoleUser"]["assumedRoleId"].partition(":")[0]
    assert record["userIdentity"] == {
        "type": "WebIdentityUser",
        "principalId": f"{PROVIDER}:sts.amazonaws.com:alice",
        "userName": "alice",
        "identityProvider": PROVIDER,
    }
    assert record["requestParameters"] == {"roleArn": ANALYST, "roleSessionName": "alice", "durationSeconds": 3_600}
    assert record["responseElements"] == {
        "credentials": {
            "accessKeyId": key,
            "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS",
            "expiration": "Mar 1, 2026, 1:00:00 PM",
        },
        "assumedRoleUser": {
            "assumedRoleId": f"{role_id}:alice",
            "arn": f"arn:aws:sts::{HOME}:assumed-role/Analyst/alice",
        },
        "subjectFromWebIdentityToken": "alice",
        "provider": PROVIDER,
        "audience": "sts.amazonaws.com",
    }
    assert role_id.startswith("AROA")
    assert record["resources"] == [{"accountId": HOME, "type": "AWS::IAM::Role", "ARN": ANALYST}]
    assert (record["readOnly"], record["managementEvent"], record["recipientAccountId"]) == (True, True, HOME)


async def test_whoever_is_refused_a_role_is_named_and_whose_token_is_forged_is_not(world: GatewayWorld) -> None:
    assert (await scene.person_is_refused(world))["userIdentity"]["userName"] == "alice"
    assert (await scene.forged_token_is_refused(world))["userIdentity"] == {"type": "WebIdentityUser"}
    assert (await scene.stranger_asks_who_it_is(world))["userIdentity"] == {"type": "Unknown"}


async def test_a_session_that_assumes_a_role(world: GatewayWorld) -> None:
    record = await scene.session_chains(world)

    identity = dict(record["userIdentity"])
    context = identity.pop("sessionContext")
    role_id = identity["principalId"].removesuffix(":alice")
    assert identity == {
        "type": "AssumedRole",
        "principalId": f"{role_id}:alice",
        "arn": f"arn:aws:sts::{HOME}:assumed-role/Analyst/alice",
        "accountId": HOME,
        "accessKeyId": world.audit.records[0]["responseElements"]["credentials"]["accessKeyId"],
    }
    assert context == {
        "sessionIssuer": {
            "type": "Role",
            "principalId": role_id,
            "arn": ANALYST,
            "accountId": HOME,
            "userName": "Analyst",
        },
        "webIdFederationData": {"federatedProvider": PROVIDER, "attributes": {"sub": "alice", "userName": "alice"}},
        "attributes": {"creationDate": "2026-03-01T12:00:00Z", "mfaAuthenticated": "false"},
    }


async def test_a_session_of_somebody_with_a_second_factor(world: GatewayWorld) -> None:
    section = "- {provider: workforce, groups: [analysts], roles: [home/Analyst], require: {amr: [mfa]}}"
    world.reload(**SECTIONS | {"mappings": section})
    credentials = (await world.assume(world.token(amr=["pwd", "mfa"]))).credentials

    world.exchange.caller_identity(scene.call(world, credentials))

    assert world.audit.last["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"] == "true"


async def test_a_session_whose_provider_is_gone_keeps_its_name(world: GatewayWorld) -> None:
    credentials = (await world.assume()).credentials
    provider = f"renamed: {{type: oidc, issuer: '{ISSUER}', audiences: [sts.amazonaws.com], jwks_file: ./jwks.json}}"
    world.reload(**SECTIONS | {"providers": provider, "mappings": "[]"})

    world.exchange.caller_identity(scene.call(world, credentials))

    context = world.audit.last["userIdentity"]["sessionContext"]
    assert context["webIdFederationData"]["federatedProvider"] == "workforce"


async def test_a_session_of_an_assertion_has_no_web_identity(tmp_path: Path) -> None:
    world = SamlWorld(tmp_path)
    credentials = (await world.assume_with()).credentials

    world.exchange.caller_identity(scene.call(world, credentials))

    context = world.audit.last["userIdentity"]["sessionContext"]
    assert (context["sessionIssuer"]["type"], list(context)) == ("Role", ["sessionIssuer", "attributes"])


async def test_nor_one_whose_saml_provider_is_gone(tmp_path: Path) -> None:
    world = SamlWorld(tmp_path)
    credentials = (await world.assume_with()).credentials
    other = f"other: {{type: oidc, issuer: '{ISSUER}', audiences: [sts.amazonaws.com], jwks_file: ./jwks.json}}"
    world.reload(**world.sections | {"providers": other, "mappings": "[]"})

    world.exchange.caller_identity(scene.call(world, credentials))

    assert "webIdFederationData" not in world.audit.last["userIdentity"]["sessionContext"]


KINDS = {"oidc": True, "saml": False, "ldap": False}


def of_provider(**condition_keys: tuple[str, ...]) -> Principal:
    return Principal(
        type=PrincipalType.ASSUMED_ROLE,
        arn=f"arn:aws:sts::{HOME}:assumed-role/Analyst/alice",
        identity_arn=ANALYST,
        account=HOME,
        unique_id="AROA:alice",
        access_key_id="ASIA",
        issued_at=datetime(2026, 3, 1, tzinfo=UTC),
        provider="x",
        condition_keys=condition_keys,
    )


@pytest.mark.parametrize(("kind", "has_it"), KINDS.items(), ids=KINDS)
def test_of_whom_the_provider_is_told(kind: str, has_it: bool) -> None:
    came_by = f"arn:aws:iam::{HOME}:{kind}-provider/x"
    signer = of_provider(**{"aws:federatedprovider": (came_by,)})

    told = audit_identities.principal(signer, provider=came_by, user_arn=None)

    assert ("webIdFederationData" in told["sessionContext"]) is has_it


@pytest.mark.parametrize(("kind", "has_it"), KINDS.items(), ids=KINDS)
def test_a_session_that_was_opened_from_another_has_the_same(kind: str, has_it: bool) -> None:
    told = audit_identities.principal(of_provider(), provider=f"arn:aws:iam::{HOME}:{kind}-provider/x", user_arn=None)

    assert ("webIdFederationData" in told["sessionContext"]) is has_it


def test_of_a_provider_that_is_gone_a_later_session_tells_nothing() -> None:
    told = audit_identities.principal(of_provider(), provider="x", user_arn=None)

    assert "webIdFederationData" not in told["sessionContext"]


async def test_a_user_who_assumes_a_role(world: GatewayWorld) -> None:
    record = await scene.user_assumes(world)

    identity = record["userIdentity"]
    assert identity == {
        "type": "IAMUser",
        "principalId": identity["principalId"],
        "arn": f"arn:aws:iam::{HOME}:user/ci",
        "accountId": HOME,
        "accessKeyId": CI[0],
        "userName": "ci",
    }
    assert identity["principalId"].startswith("AIDA")
    assert record["requestParameters"] == {
        "roleArn": ADMIN,
        "roleSessionName": "deploy",
        "durationSeconds": 900,
        "externalId": "x-1",
        "sourceIdentity": "alice",
        "tags": [{"key": "team", "value": "blue"}],
        "transitiveTagKeys": ["team"],
    }
    assert record["responseElements"]["sourceIdentity"] == "alice"
    assert record["responseElements"]["packedPolicySize"] >= 1
    assert "sharedEventID" not in record


async def test_a_role_of_another_account_makes_an_event_that_both_share(world: GatewayWorld) -> None:
    record = await scene.session_chains_across_accounts(world)

    assert (record["userIdentity"]["accountId"], record["recipientAccountId"]) == (HOME, AWAY)
    assert uuid.UUID(record["sharedEventID"])
    assert record["resources"] == [{"accountId": AWAY, "type": "AWS::IAM::Role", "ARN": GUEST}]


async def test_a_user_with_temporary_keys_is_the_user_with_a_session_and_no_issuer(world: GatewayWorld) -> None:
    identity = (await scene.temporary_user_asks_who_it_is(world))["userIdentity"]

    assert (identity["type"], identity["userName"], identity["accessKeyId"][:4]) == ("IAMUser", "ci", "ASIA")
    assert identity["sessionContext"] == {
        "attributes": {"creationDate": "2026-03-01T12:00:00Z", "mfaAuthenticated": "false"}
    }


async def test_a_federated_user_is_issued_by_the_user_who_vouches(world: GatewayWorld) -> None:
    identity = (await scene.federated_user_asks_who_it_is(world))["userIdentity"]
    user = (await scene.user_asks_who_it_is(world))["userIdentity"]

    assert (identity["type"], identity["principalId"]) == ("FederatedUser", f"{HOME}:guest")
    assert identity["arn"] == f"arn:aws:sts::{HOME}:federated-user/guest"
    assert identity["sessionContext"]["sessionIssuer"] == {
        "type": "IAMUser",
        "principalId": user["principalId"],
        "arn": f"arn:aws:iam::{HOME}:user/ci",
        "accountId": HOME,
        "userName": "ci",
    }


async def test_the_parameters_of_a_federated_user_s_session(world: GatewayWorld) -> None:
    record = await scene.user_federates(world)

    assert record["requestParameters"] == {"name": "guest", "durationSeconds": 900, "policy": ALL}
    assert record["responseElements"]["federatedUser"] == {
        "federatedUserId": f"{HOME}:guest",
        "arn": f"arn:aws:sts::{HOME}:federated-user/guest",
    }


NULL: dict[str, tuple[Scene, str]] = {
    "parameters of GetCallerIdentity": (scene.user_asks_who_it_is, "requestParameters"),
    "answer of GetCallerIdentity": (scene.user_asks_who_it_is, "responseElements"),
    "parameters that were left out": (scene.session_is_refused_session_token, "requestParameters"),
}


@pytest.mark.parametrize(("played", "field"), NULL.values(), ids=NULL)
async def test_what_there_is_not_is_null(world: GatewayWorld, played: Scene, field: str) -> None:
    assert (await played(world))[field] is None


DATA: dict[str, tuple[tuple[str, ...], str, bool]] = {
    "a read of S3": (("store", "GET"), "s3", True),
    "a look at S3": (("store", "HEAD"), "s3", True),
    "a write to S3": (("store", "PUT"), "s3", False),
    "a call that is safe": (("orders", "GET"), "execute-api", True),
    "a call that may do anything": (("orders", "POST"), "execute-api", False),
    "an operation that reads": (("tables", "POST", "DynamoDB_20120810.GetItem"), "dynamodb", True),
    "an operation that writes": (("tables", "POST", "DynamoDB_20120810.PutItem"), "dynamodb", False),
}


@pytest.mark.parametrize(("asked", "source", "read_only"), DATA.values(), ids=DATA)
async def test_requests_to_a_resource_server_are_data_events(
    world: GatewayWorld, asked: tuple[str, ...], source: str, read_only: bool
) -> None:
    credentials = (await world.assume()).credentials

    record = asks_service(world, credentials, *asked)

    assert (record["eventSource"], record["eventCategory"]) == (f"{source}.amazonaws.com", "Data")
    assert (record["managementEvent"], record["readOnly"]) == (False, read_only)


async def test_a_user_agent_is_kept_word_for_word(world: GatewayWorld) -> None:
    record: Record = await scene.scanner_asks_who_it_is(world)

    assert record["userAgent"] == scene.SCANNER.user_agent
    assert record["sourceIPAddress"] == scene.SCANNER.source_ip


async def test_additional_data_names_provider_statement_and_a_refusal_s_cause(world: GatewayWorld) -> None:
    granted: dict[str, Any] = (await scene.person_signs_in(world))["additionalEventData"]
    refused: dict[str, Any] = (await scene.person_is_refused(world))["additionalEventData"]

    assert (granted["provider"], granted["userName"], granted["allowedBy"]) == ("workforce", "alice", ["mappings[0]"])
    assert refused["cause"]
    assert refused["fault"] == "role_assumption_denied"


GUIDE = (Path(__file__).parents[3] / "docs" / "audit.md").read_text()


def documented(after: str) -> set[str]:
    """What the first column of the guide's first table after a text names."""
    lines = GUIDE.partition(after)[2].lstrip("\n").partition("\n\n")[0].splitlines()[2:]
    return {name for line in lines for name in re.findall(r"`([^`]+)`", line.split("|")[1])}


def test_the_guide_has_every_field_and_none_besides() -> None:
    assert documented("## Fields\n") == ALWAYS.keys() | SOMETIMES.keys() | {"serviceEventDetails"}


def test_the_guide_has_every_type_of_user_identity() -> None:
    assert documented("`userIdentity.type`:\n") == TYPES | {"LDAPUser", "SAMLUser", "IdentityCenterUser"}


async def test_the_guide_has_every_key_of_additional_data(world: GatewayWorld) -> None:
    for played in SCENES:
        await played(world)

    written = {key for record in world.audit.records for key in record["additionalEventData"]}
    assert documented("`additionalEventData`:\n") == written | {
        "tokenId",
        "traceId",
        "certificateSha256",
        "reason",
        "answers",
    }


async def test_a_token_in_the_wrong_parameter_is_left_out(world: GatewayWorld) -> None:
    token = world.token()

    with contextlib.suppress(GatewayError):
        await world.assume(policy=f'{{"Version": "{token}"}}')

    assert token not in json.dumps(world.audit.last)
    assert "left out" in json.dumps(world.audit.last["requestParameters"])
