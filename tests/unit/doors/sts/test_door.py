"""STS over HTTP: one whole gateway, asked as clients and intruders ask it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import httpx
import pytest

from gateway.assembly.build import Gateway
from gateway.doors.sts.actions import ACTIONS
from gateway.wire.sts_operations import OPERATIONS
from tests.fakes.gateway_world import ACCOUNT, ANALYST, IDENTITY_FORM, GatewayWorld

NS = "{https://sts.amazonaws.com/doc/2011-06-15/}"
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.fixture
def world(tmp_path: Path) -> GatewayWorld:
    return GatewayWorld(tmp_path)


@pytest.fixture
async def client(world: GatewayWorld) -> AsyncIterator[httpx.AsyncClient]:
    gateway = Gateway(world.configuration, clock=world.clock, audit=world.audit)
    transport = httpx.ASGITransport(app=gateway.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://sts.example.com") as client:
        yield client


def assumption(world: GatewayWorld, **changed: Any) -> dict[str, str]:
    parameters = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": ANALYST,
        "RoleSessionName": "alice",
        "WebIdentityToken": world.token(),
        **changed,
    }
    return {name: value for name, value in parameters.items() if value is not None}


async def assume(client: httpx.AsyncClient, world: GatewayWorld, **changed: Any) -> httpx.Response:
    return await client.post("/", data=assumption(world, **changed))


def text(answer: httpx.Response, name: str) -> str | None:
    found = ET.fromstring(answer.content).find(f".//{NS}{name}")
    return None if found is None else found.text


async def test_a_token_is_traded_for_credentials(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    answer = await assume(client, world)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-amzn-requestid"] == text(answer, "RequestId") == world.audit.last["requestID"]
    assert text(answer, "Arn") == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"
    assert text(answer, "AccessKeyId") == world.audit.last["responseElements"]["credentials"]["accessKeyId"]
    assert len(text(answer, "SessionToken") or "") <= 4096
    assert text(answer, "PackedPolicySize") is None


async def test_minios_clients_send_the_parameters_in_the_query(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    parameters = assumption(world, RoleArn=None, RoleSessionName=None, DurationSeconds="604800")

    answer = await client.post(f"/?{urlencode(parameters)}")

    assert answer.status_code == 200
    assert text(answer, "Arn") == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"
    assert text(answer, "Expiration") == "2026-03-01T16:00:00Z"


async def test_the_credentials_tell_who_they_are(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    credentials = (await world.assume()).credentials
    http = world.signed(credentials, headers=FORM, body=IDENTITY_FORM)

    answer = await client.post("/", content=IDENTITY_FORM, headers=list(http.headers))

    assert answer.status_code == 200
    assert text(answer, "Arn") == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"
    assert text(answer, "Account") == ACCOUNT


async def test_json_is_answered_to_whoever_asks_for_it(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    credentials = (await world.assume()).credentials
    http = world.signed(credentials, headers={**FORM, "accept": "application/json"}, body=IDENTITY_FORM)

    answer = await client.post("/", content=IDENTITY_FORM, headers=list(http.headers))

    result = answer.json()["GetCallerIdentityResponse"]["GetCallerIdentityResult"]
    assert result["Account"] == ACCOUNT
    refused = await client.post("/", content=IDENTITY_FORM, headers={**FORM, "accept": "application/json"})
    assert refused.json()["Error"]["Code"] == "MissingAuthenticationToken"


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "no action": ({"Action": None}, 400, "MissingAction"),
    "an action that is none": ({"Action": "Frobnicate"}, 400, "InvalidAction"),
    "an action that the gateway has not": ({"Action": "AssumeRoot"}, 400, "InvalidAction"),
    "no version": ({"Version": None}, 400, "InvalidAction"),
    "another version": ({"Version": "2010-05-08"}, 400, "InvalidAction"),
    "no token": ({"WebIdentityToken": None}, 400, "ValidationError"),
    "a session name outside the grammar": ({"RoleSessionName": "a b"}, 400, "ValidationError"),
    "a session name of 65 characters": ({"RoleSessionName": "x" * 65}, 400, "ValidationError"),
    "a duration below 15 minutes": ({"DurationSeconds": "899"}, 400, "ValidationError"),
    "a duration beyond the role's": ({"DurationSeconds": "14401"}, 400, "ValidationError"),
    "a duration that is none": ({"DurationSeconds": "1h"}, 400, "ValidationError"),
    "an ARN that is none": ({"RoleArn": "nothing-valid-in-here"}, 400, "ValidationError"),
    "a role that is not there": ({"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/Nobody"}, 403, "AccessDenied"),
    "a token that is none": ({"WebIdentityToken": "not.a.token"}, 400, "InvalidIdentityToken"),
    "a session policy that is none": ({"Policy": "{}"}, 400, "MalformedPolicyDocument"),
    "a name in another case": ({"rolearn": "x"}, 400, "ValidationError"),
}


@pytest.mark.parametrize(("changed", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_may_not_be_is_refused_as_aws_does(
    client: httpx.AsyncClient, world: GatewayWorld, changed: dict[str, Any], status: int, code: str
) -> None:
    answer = await assume(client, world, **changed)

    assert (answer.status_code, text(answer, "Code"), text(answer, "Type")) == (status, code, "Sender")
    assert answer.headers["cache-control"] == "no-store"
    (record,) = world.audit.records
    assert record["errorCode"] == code
    assert record["requestID"] == answer.headers["x-amzn-requestid"]


async def test_an_expired_token_is_told_as_one(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    token = world.token()
    world.clock.move(hours=2)

    answer = await assume(client, world, WebIdentityToken=token)

    assert (answer.status_code, text(answer, "Code")) == (400, "ExpiredTokenException")


async def test_an_expired_session_is_told_as_one(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    credentials = (await world.assume()).credentials
    world.clock.move(hours=2)
    http = world.signed(credentials, headers=FORM, body=IDENTITY_FORM)

    answer = await client.post("/", content=IDENTITY_FORM, headers=list(http.headers))

    assert (answer.status_code, text(answer, "Code")) == (403, "ExpiredToken")


BAD_REQUESTS: dict[str, tuple[dict[str, Any], int]] = {
    "multipart": ({"files": {"Action": b"GetCallerIdentity"}}, 415),
    "JSON": ({"json": {"Action": "GetCallerIdentity"}}, 415),
    "a compressed form": ({"content": b"\x1f\x8b", "headers": {**FORM, "content-encoding": "gzip"}}, 415),
    "two content types": (
        {"content": b"Action=x", "headers": [("content-type", FORM["content-type"]), ("content-type", "text/plain")]},
        415,
    ),
    "a parameter twice": ({"content": b"Action=GetCallerIdentity&Action=AssumeRole", "headers": FORM}, 400),
    "bad encoding": ({"content": b"Action=%zz", "headers": FORM}, 400),
    "a body over its bound": ({"content": b"Action=" + b"x" * 262_144, "headers": FORM}, 413),
}


@pytest.mark.parametrize(("how", "status"), BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
async def test_a_request_that_cannot_be_read_is_an_error_of_aws_and_never_a_fault(
    client: httpx.AsyncClient, world: GatewayWorld, how: dict[str, Any], status: int
) -> None:
    answer = await client.post("/", **how)

    assert answer.status_code == status
    assert text(answer, "Code")
    assert len(world.audit.records) == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_refused(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


async def test_a_token_in_a_get_is_refused_and_stays_out_of_the_audit_log(
    client: httpx.AsyncClient, world: GatewayWorld
) -> None:
    parameters = assumption(world)

    answer = await client.get(f"/?{urlencode(parameters)}")

    assert answer.status_code == 405
    assert parameters["WebIdentityToken"] not in json.dumps(world.audit.records)
    assert parameters["WebIdentityToken"] not in answer.text


@pytest.mark.parametrize("path", ["/", "/?lang=en"])
async def test_a_browser_is_led_to_the_portal(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")


async def test_other_paths_hold_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.post("/sts")).status_code == 404
    assert (await client.post("/%2f")).status_code == 404


async def test_a_full_audit_log_hands_nothing_out(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    world.audit.full = True

    answer = await assume(client, world)
    refused = await assume(client, world, Action="Frobnicate")

    assert (answer.status_code, text(answer, "Type")) == (503, "Receiver")
    assert text(answer, "SessionToken") is None
    assert refused.status_code == 503


async def test_a_bug_is_told_without_its_text(
    client: httpx.AsyncClient, world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("canary")

    monkeypatch.setattr("gateway.exchange.assume_role.open_session", broken)

    answer = await assume(client, world)

    assert (answer.status_code, text(answer, "Code")) == (500, "InternalFailure")
    assert "canary" not in answer.text
    assert answer.headers["x-amzn-requestid"] == text(answer, "RequestId")


async def test_probes_answer(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/readyz")).status_code == 200


def test_every_operation_has_an_action() -> None:
    assert ACTIONS.keys() == OPERATIONS.keys()
