"""`/v1` over HTTP: one whole gateway, asked as resource servers, operators and intruders ask it."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.assembly.build import Gateway
from gateway.domain.credentials import TemporaryCredentials
from gateway.sigv4.request import HttpRequest, parse
from gateway.sigv4.rules import S3_RULES
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.signing_key import signing_key
from gateway.sigv4.string_to_sign import strings_to_sign
from tests.fakes.gateway_world import ACCOUNT, ANALYST, IDENTITY_FORM, GatewayWorld, sha256

SERVER = ("AKIAEXAMPLEEXAMPLE22", "0123456789abcdefghij")
OPERATOR = ("AKIAEXAMPLEEXAMPLE33", "abcdefghij0123456789")
FOREIGNER = ("AKIAEXAMPLEEXAMPLE44", "abcdefghij9876543210")
RESTRAINED = ("AKIAEXAMPLEEXAMPLE66", "abcdefghij6666666666")
LOCAL = ("AKIAEXAMPLEEXAMPLE77", "abcdefghij7777777777")
EVERYWHERE = ("AKIAEXAMPLEEXAMPLE23", "abcdefghij2323232323")
NOBODY = ("AKIAEXAMPLEEXAMPLE55", "abcdefghij5555555555")

SECTIONS = {
    "accounts": 'lake: "111122223333"\nshop: "444455556666"',
    "roles": """
        lake/Analyst: {policies: [read-lake], max_session_duration: 4h, tags: {team: blue}}
        lake/Guest: {policies: [read-lake]}
        shop/Analyst: {policies: [read-lake]}
        """,
    "mappings": "- {provider: workforce, groups: [analysts], roles: [lake/Analyst, lake/Guest, shop/Analyst]}",
    "services": """
        store: {type: s3, hosts: [s3.example.com], proxy_token: t, account: lake, region: us-east-1,
                principals: [lake]}
        orders: {type: execute-api, id: orders, hosts: [o.example.com], proxy_token: t, account: lake}
        parcels: {type: execute-api, id: parcels, hosts: [p.example.com], proxy_token: t, account: lake}
        shared: {type: json, service: one, hosts: [a.example.com], proxy_token: t, account: lake,
                 share_signing_key: true}
        shared-too: {type: json, service: one, hosts: [b.example.com], proxy_token: t, account: lake,
                     share_signing_key: true}
        tokens: {type: json, service: sts, hosts: [c.example.com], proxy_token: t, account: lake}
        sso: {type: json, service: sso, hosts: [e.example.com], proxy_token: t, account: lake}
        own: {type: json, service: gateway, hosts: [f.example.com], proxy_token: t, account: lake}
        homeless: {type: json, service: two, hosts: [d.example.com], proxy_token: t}
        """,
    "users": """
        lake/server: {access_keys: [{id: AKIAEXAMPLEEXAMPLE22, secret: 0123456789abcdefghij}], policies: [serve]}
        lake/operator: {access_keys: [{id: AKIAEXAMPLEEXAMPLE33, secret: abcdefghij0123456789}], policies: [everything]}
        shop/foreigner:
          {access_keys: [{id: AKIAEXAMPLEEXAMPLE44, secret: abcdefghij9876543210}], policies: [everything]}
        lake/restrained:
          {access_keys: [{id: AKIAEXAMPLEEXAMPLE66, secret: abcdefghij6666666666}], policies: [all-but-guests]}
        lake/local: {access_keys: [{id: AKIAEXAMPLEEXAMPLE77, secret: abcdefghij7777777777}], policies: [all-of-lake]}
        lake/everywhere:
          {access_keys: [{id: AKIAEXAMPLEEXAMPLE23, secret: abcdefghij2323232323}], policies: [all-of-all]}
        lake/nobody: {access_keys: [{id: AKIAEXAMPLEEXAMPLE55, secret: abcdefghij5555555555}], policies: [read-lake]}
        """,
    "policies": """
        read-lake: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}
        everything: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}
        all-but-guests:
          Version: "2012-10-17"
          Statement:
            - {Effect: Allow, Action: "gateway:Revoke", Resource: "*"}
            - {Effect: Deny, Action: "gateway:Revoke", Resource: "arn:aws:iam::111122223333:role/Guest"}
        all-of-lake:
          Version: "2012-10-17"
          Statement: [{Effect: Allow, Action: "gateway:Revoke", Resource: "arn:aws:iam::111122223333:role/*"}]
        all-of-all:
          Version: "2012-10-17"
          Statement: [{Effect: Allow, Action: "gateway:Revoke", Resource: "arn:aws:iam::*:role/*"}]
        serve:
          Version: "2012-10-17"
          Statement:
            - {Effect: Allow, Action: "gateway:Authenticate", Resource: "arn:aws:gateway:us-east-1:111122223333:service/*"}
            - {Effect: Allow, Action: "gateway:Revoke", Resource: "arn:aws:iam::111122223333:role/Analyst"}
            - {Effect: Allow, Action: "gateway:Revoke",
               Resource: "arn:aws:gateway:us-east-1:111122223333:subject/workforce/alice*"}
        """,
}


@pytest.fixture
def world(tmp_path: Path) -> GatewayWorld:
    return GatewayWorld(tmp_path, **SECTIONS)


@pytest.fixture
async def client(world: GatewayWorld) -> AsyncIterator[httpx.AsyncClient]:
    gateway = Gateway(world.configuration, clock=world.clock, audit=world.audit)
    transport = httpx.ASGITransport(app=gateway.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://sts.example.com") as client:
        yield client


Caller = tuple[str, str] | TemporaryCredentials


async def ask(
    client: httpx.AsyncClient,
    world: GatewayWorld,
    path: str,
    body: Any = None,
    *,
    by: Caller = SERVER,
    query: str = "",
    service: str = "gateway",
    sent: bytes | None = None,
) -> httpx.Response:
    """A request to the gateway's own API; `sent`: another body than the one that was signed."""
    content = b"" if body is None else json.dumps(body).encode()
    method = "GET" if body is None else "POST"
    signed = world.signed(by, method=method, path=path, query=query, body=content, service=service)
    headers = [(name.decode(), value.decode()) for name, value in signed.headers]
    url = path + (f"?{query}" if query else "")
    return await client.request(method, url, headers=headers, content=content if sent is None else sent)


def shown(
    http: HttpRequest, credentials: Caller, *, service: str = "store", rules: Any = S3_RULES, **changed: Any
) -> dict[str, Any]:
    """What a resource server shows of a request that it received."""
    signed = parse(http)
    (text,) = strings_to_sign(signed, rules, body_sha256=sha256(b""))
    body = {
        "service": service,
        "accessKeyId": signed.access_key_id,
        "sessionToken": signed.session_token,
        "stringToSign": text,
        "signature": signed.signature,
        **changed,
    }
    return {name: value for name, value in body.items() if value is not None}


async def session(world: GatewayWorld, role: str = ANALYST, **request: Any) -> TemporaryCredentials:
    return (await world.assume(role=role, **request)).credentials


def to_store(world: GatewayWorld, credentials: Caller, **changed: Any) -> HttpRequest:
    given = {
        "method": "GET",
        "path": "/lake/part-1",
        "host": "s3.example.com",
        "service": "s3",
        "rules": S3_RULES,
        **changed,
    }
    return world.signed(credentials, **given)


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    told = answer.json()
    return answer.status_code, told["of"], told["fault"]


async def test_a_shown_request_is_traded_for_principal_policies_and_key(
    client: httpx.AsyncClient, world: GatewayWorld
) -> None:
    alice = await session(world)

    answer = await ask(client, world, "/v1/authenticate", shown(to_store(world, alice), alice))

    told = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert told["principal"]["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"
    assert told["principal"]["account"] == ACCOUNT
    assert told["principal"]["conditionKeys"]["aws:PrincipalTag/team"] == "blue"
    assert told["principal"]["conditionKeys"]["aws:PrincipalArn"] == ANALYST
    ((policy,),) = told["policies"]
    assert policy["Statement"] == [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]
    assert told["policiesExpire"] == "2026-03-01T12:01:00Z"
    assert told["expiration"] == "2026-03-01T13:00:00Z"
    scope = CredentialScope(date="20260301", region="us-east-1", service="s3")
    assert base64.b64decode(told["signingKey"]) == signing_key(alice.secret_access_key, scope)


async def test_session_policies_are_a_set_of_their_own(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
    alice = await session(world, policy=policy)

    answer = await ask(client, world, "/v1/authenticate", shown(to_store(world, alice), alice))

    assert [len(one) for one in answer.json()["policies"]] == [1, 1]


async def test_neither_answer_nor_record_holds_secret_or_token(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    alice = await session(world)
    body = shown(to_store(world, alice), alice)

    answer = await ask(client, world, "/v1/authenticate", body)

    assert alice.secret_access_key not in answer.text
    assert alice.session_token not in answer.text
    written = json.dumps(world.audit.last)
    for secret in (alice.session_token, alice.secret_access_key, body["signature"], answer.json()["signingKey"]):
        assert secret not in written
    assert world.audit.last["eventName"] == "Authenticate"
    assert world.audit.last["eventSource"] == "gateway.amazonaws.com"
    assert world.audit.last["requestParameters"] == {"service": "store", "accessKeyId": alice.access_key_id}


SHOWN: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no signature": (lambda one: one.update(signature="0" * 64), "signature_mismatch"),
    "another string": (
        lambda one: one.update(
            stringToSign=one["stringToSign"][:-1] + ("0" if one["stringToSign"][-1] != "0" else "1")
        ),
        "signature_mismatch",
    ),
    "no token": (lambda one: one.pop("sessionToken"), "unknown_access_key"),
    "a foreign token": (lambda one: one.update(sessionToken="IQoJ" + "A" * 200), "unknown_access_key"),
    "no string to sign": (lambda one: one.update(stringToSign="x"), "malformed_signed_request"),
}


@pytest.mark.parametrize(("change", "fault"), SHOWN.values(), ids=SHOWN)
async def test_who_saw_no_signed_request_gets_nothing(
    client: httpx.AsyncClient, world: GatewayWorld, change: Callable[[dict[str, Any]], Any], fault: str
) -> None:
    alice = await session(world)
    body = shown(to_store(world, alice), alice)
    change(body)

    answer = await ask(client, world, "/v1/authenticate", body)

    assert refusal(answer) == (403, "request", fault)
    assert "signingKey" not in answer.text
    assert world.audit.last["additionalEventData"]["fault"] == "shown_request_refused"


SCOPES = {
    "another service of the gateway's": ({"service": "execute-api"}, "store", "scope_mismatch"),
    "sts": ({"service": "sts"}, "tokens", "scope_mismatch"),
    "sso": ({"service": "sso"}, "sso", "scope_mismatch"),
    "the gateway's own": ({"service": "gateway"}, "own", "scope_mismatch"),
    "another region than the entry's": ({"region": "eu-west-1"}, "store", "scope_mismatch"),
}


@pytest.mark.parametrize(("signed", "service", "fault"), SCOPES.values(), ids=SCOPES)
async def test_another_scope_than_the_entrys_gives_nothing(
    client: httpx.AsyncClient, world: GatewayWorld, signed: dict[str, str], service: str, fault: str
) -> None:
    alice = await session(world)

    answer = await ask(
        client, world, "/v1/authenticate", shown(to_store(world, alice, **signed), alice, service=service)
    )

    assert refusal(answer) == (403, "request", fault)


TIMES = {
    "16 minutes ago": (timedelta(minutes=16), None, "request_time_skewed"),
    "14 minutes ago": (timedelta(minutes=14), None, None),
    "presigned, within its life": (timedelta(minutes=40), 3_000, None),
    "presigned, after its life": (timedelta(minutes=40), 2_000, "presigned_url_expired"),
}


@pytest.mark.parametrize(("age", "expires", "fault"), TIMES.values(), ids=TIMES)
async def test_a_shown_request_is_of_now(
    client: httpx.AsyncClient, world: GatewayWorld, age: timedelta, expires: int | None, fault: str | None
) -> None:
    alice = await session(world)
    body = shown(to_store(world, alice), alice, expires=expires)
    world.clock.move(seconds=age.total_seconds())

    answer = await ask(client, world, "/v1/authenticate", body)

    assert (answer.json()["fault"] if answer.status_code == 403 else None) == fault


async def test_a_scope_of_two_days_ago_is_not_authenticated(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    body = shown(to_store(world, SERVER), SERVER, expires=604_800)
    world.clock.move(days=2)

    assert refusal(await ask(client, world, "/v1/authenticate", body)) == (403, "request", "scope_mismatch")


@pytest.mark.parametrize(
    ("service", "name", "given"),
    [("execute-api", "orders", False), ("one", "shared", True), ("two", "homeless", None)],
    ids=["two entries take it", "two that share", "an entry without an account"],
)
async def test_a_key_that_signs_for_two_entries_is_given_where_both_say_so(
    client: httpx.AsyncClient, world: GatewayWorld, service: str, name: str, given: bool | None
) -> None:
    alice = await session(world)
    body = shown(to_store(world, alice, service=service), alice, service=name)

    answer = await ask(client, world, "/v1/authenticate", body)

    if given is None:
        assert refusal(answer) == (403, "caller", "action_denied")
    else:
        assert ("signingKey" in answer.json()) is given


@pytest.mark.parametrize(
    ("caller", "service"),
    [(NOBODY, "store"), (FOREIGNER, "store"), (SERVER, "unknown")],
    ids=["without permission", "of another account", "of an entry that there is not"],
)
async def test_only_the_entrys_own_server_is_answered(
    client: httpx.AsyncClient, world: GatewayWorld, caller: Caller, service: str
) -> None:
    alice = await session(world)
    body = shown(to_store(world, alice), alice, service=service)

    answer = await ask(client, world, "/v1/authenticate", body, by=caller)

    assert refusal(answer) == (403, "caller", "action_denied")


async def test_an_account_that_the_entry_does_not_serve_is_unknown(
    client: httpx.AsyncClient, world: GatewayWorld
) -> None:
    shopper = await session(world, role="arn:aws:iam::444455556666:role/Analyst")

    answer = await ask(client, world, "/v1/authenticate", shown(to_store(world, shopper), shopper))

    assert refusal(answer) == (403, "request", "unknown_access_key")


BAD_CALLS: dict[str, tuple[dict[str, Any], tuple[int, str, str]]] = {
    "signed for sts": ({"service": "sts"}, (403, "caller", "scope_mismatch")),
    "another body": ({"sent": b'{"kind":"role","value":"lake/Guest"}'}, (403, "caller", "signature_mismatch")),
    "no key": ({"by": ("AKIAEXAMPLEEXAMPLE99", "x" * 20)}, (403, "caller", "unknown_access_key")),
}


@pytest.mark.parametrize(("call", "told"), BAD_CALLS.values(), ids=BAD_CALLS)
async def test_the_callers_own_signature_must_hold(
    client: httpx.AsyncClient, world: GatewayWorld, call: dict[str, Any], told: tuple[int, str, str]
) -> None:
    answer = await ask(client, world, "/v1/revocations", {"kind": "role", "value": "lake/Analyst"}, **call)

    assert refusal(answer) == told


BODIES: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "unreadable_query"),
    "a list": (b"[]", "unreadable_query"),
    "a member twice": (b'{"kind":"role","kind":"role","value":"x"}', "unreadable_query"),
    "deep": (b"[" * 20_000, "unreadable_query"),
    "an unknown kind": (b'{"kind":"everything","value":"x"}', "invalid_parameter"),
    "no value": (b'{"kind":"role"}', "invalid_parameter"),
    "a number": (b'{"kind":"role","value":7}', "invalid_parameter"),
    "a lone surrogate": (b'{"kind":"role","value":"\\ud800"}', "invalid_parameter"),
    "too large": (b'{"kind":"role","value":"' + b"x" * 40_000 + b'"}', "body_too_large"),
}


@pytest.mark.parametrize(("body", "fault"), BODIES.values(), ids=BODIES)
async def test_what_cannot_be_read_is_refused_and_recorded(
    client: httpx.AsyncClient, world: GatewayWorld, body: bytes, fault: str
) -> None:
    answer = await client.post("/v1/revocations", content=body)

    assert answer.json()["fault"] == fault
    assert world.audit.last["additionalEventData"]["fault"] == fault


async def test_other_methods_are_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/authenticate")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def identity(client: httpx.AsyncClient, world: GatewayWorld, credentials: Caller) -> httpx.Response:
    form = {"content-type": "application/x-www-form-urlencoded"}
    signed = world.signed(credentials, body=IDENTITY_FORM, headers=form)
    headers = [(name.decode(), value.decode()) for name, value in signed.headers]
    return await client.post("/", headers=headers, content=IDENTITY_FORM)


def of_session(world: GatewayWorld, credentials: TemporaryCredentials) -> str:
    record = next(
        one for one in world.audit.records if credentials.access_key_id in json.dumps(one["responseElements"] or {})
    )
    told: str = record["sessionId"]
    return told


KINDS: dict[str, Callable[[GatewayWorld, TemporaryCredentials], dict[str, str]]] = {
    "its session": lambda world, one: {"kind": "session", "value": of_session(world, one)},
    "its access key": lambda _, one: {"kind": "access_key", "value": one.access_key_id},
    "its subject": lambda *_: {"kind": "subject", "value": "workforce/alice"},
    "its role": lambda *_: {"kind": "role", "value": "lake/Analyst"},
    "its role, by the account's number": lambda *_: {"kind": "role", "value": f"{ACCOUNT}/Analyst"},
    "its role, by ARN": lambda *_: {"kind": "role", "value": ANALYST},
}


@pytest.mark.parametrize("named", KINDS.values(), ids=KINDS)
async def test_a_revoked_session_is_as_a_key_that_is_not_known(
    client: httpx.AsyncClient,
    world: GatewayWorld,
    named: Callable[[GatewayWorld, TemporaryCredentials], dict[str, str]],
) -> None:
    alice = (await world.assume(world.token(sub="alice"))).credentials
    body = shown(to_store(world, alice), alice)

    answer = await ask(client, world, "/v1/revocations", named(world, alice), by=OPERATOR)

    assert answer.status_code == 202
    assert answer.json()["until"] == "2026-03-03T00:05:00Z"
    refused = await identity(client, world, alice)
    assert refused.status_code == 403
    assert "InvalidClientTokenId" in refused.text
    assert world.audit.last["additionalEventData"]["fault"] == "revoked_session"
    assert refusal(await ask(client, world, "/v1/authenticate", body)) == (403, "request", "revoked_session")
    assert (await identity(client, world, OPERATOR)).status_code == 200


OTHERS: dict[str, dict[str, str]] = {
    "another session": {"kind": "session", "value": "A" * 16},
    "a subject of the same name elsewhere": {"kind": "subject", "value": "workforce/alice2"},
    "another role": {"kind": "role", "value": "lake/Guest"},
}


@pytest.mark.parametrize("body", OTHERS.values(), ids=OTHERS)
async def test_others_live_on(client: httpx.AsyncClient, world: GatewayWorld, body: dict[str, str]) -> None:
    alice = (await world.assume(world.token(sub="alice"))).credentials

    assert (await ask(client, world, "/v1/revocations", body, by=OPERATOR)).status_code == 202

    assert (await identity(client, world, alice)).status_code == 200


async def test_a_role_of_one_name_in_another_account_lives_on(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    shopper = await session(world, role="arn:aws:iam::444455556666:role/Analyst")

    await ask(client, world, "/v1/revocations", {"kind": "role", "value": "lake/Analyst"}, by=OPERATOR)

    assert (await identity(client, world, shopper)).status_code == 200


async def test_what_is_opened_after_a_roles_revocation_lives(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    await ask(client, world, "/v1/revocations", {"kind": "role", "value": "lake/Analyst"}, by=OPERATOR)

    form = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": ANALYST,
        "RoleSessionName": "alice",
        "WebIdentityToken": world.token(),
    }
    answer = await client.post("/", data=form, headers={"accept": "application/json"})

    told = answer.json()["AssumeRoleWithWebIdentityResponse"]["AssumeRoleWithWebIdentityResult"]["Credentials"]
    fresh = TemporaryCredentials(
        access_key_id=told["AccessKeyId"],
        secret_access_key=told["SecretAccessKey"],
        session_token=told["SessionToken"],
        expiration=datetime.now().astimezone(),
    )
    assert (await identity(client, world, fresh)).status_code == 200


MAY_REVOKE: dict[str, tuple[Caller, dict[str, str], int, str | None]] = {
    "the role that its policy names": (SERVER, {"kind": "role", "value": "lake/Analyst"}, 202, None),
    "another role": (SERVER, {"kind": "role", "value": "lake/Guest"}, 403, "action_denied"),
    "a role that there is not": (SERVER, {"kind": "role", "value": "lake/Nope"}, 403, "action_denied"),
    "a role that there is not, by whoever may all": (
        OPERATOR,
        {"kind": "role", "value": "lake/Nope"},
        400,
        "invalid_parameter",
    ),
    "another account's role": (OPERATOR, {"kind": "role", "value": "shop/Analyst"}, 403, "action_denied"),
    "the subject that its policy names": (SERVER, {"kind": "subject", "value": "workforce/alice"}, 202, None),
    "another subject": (SERVER, {"kind": "subject", "value": "workforce/bob"}, 403, "action_denied"),
    "a subject without a provider": (OPERATOR, {"kind": "subject", "value": "alice"}, 400, "invalid_parameter"),
    "a subject of an unknown provider": (OPERATOR, {"kind": "subject", "value": "x/alice"}, 400, "invalid_parameter"),
    "a session, without every role": (SERVER, {"kind": "session", "value": "A" * 16}, 403, "action_denied"),
    "a session, which may be of a role that is denied": (
        RESTRAINED,
        {"kind": "session", "value": "A" * 16},
        403,
        "action_denied",
    ),
    "a session, with every role of one account alone": (
        LOCAL,
        {"kind": "session", "value": "A" * 16},
        403,
        "action_denied",
    ),
    "a session, with every role of every account": (
        EVERYWHERE,
        {"kind": "session", "value": "A" * 16},
        202,
        None,
    ),
    "a role, with every role of the account": (LOCAL, {"kind": "role", "value": "lake/Guest"}, 202, None),
    "no session's id": (OPERATOR, {"kind": "session", "value": "alice"}, 400, "invalid_parameter"),
    "a long-lived key": (OPERATOR, {"kind": "access_key", "value": SERVER[0]}, 400, "invalid_parameter"),
    "a key that names no account": (OPERATOR, {"kind": "access_key", "value": "ASIA" + "A" * 16}, 403, "action_denied"),
}


@pytest.mark.parametrize(("caller", "body", "status", "fault"), MAY_REVOKE.values(), ids=MAY_REVOKE)
async def test_revoking_needs_permission_for_what_is_named(
    client: httpx.AsyncClient,
    world: GatewayWorld,
    caller: Caller,
    body: dict[str, str],
    status: int,
    fault: str | None,
) -> None:
    answer = await ask(client, world, "/v1/revocations", body, by=caller)

    assert (answer.status_code, answer.json().get("fault")) == (status, fault)


async def test_whoever_may_revoke_every_role_of_an_account_revokes_its_keys(
    client: httpx.AsyncClient, world: GatewayWorld
) -> None:
    alice = await session(world)
    body = {"kind": "access_key", "value": alice.access_key_id}

    assert (await ask(client, world, "/v1/revocations", body, by=LOCAL)).status_code == 202


def told_of(answer: httpx.Response, name: str) -> tuple[int, str, str]:
    """An answer without what differs anyhow: the sealed message, the request's id, and the name that was sent."""
    told = answer.json()
    text: str = told["message"].partition(" Encoded authorization failure message: ")[0]
    return answer.status_code, told["fault"], text.replace(name, "NAME")


@pytest.mark.parametrize("name", ["lake/{}", "shop/{}", f"{ACCOUNT}/{{}}", "arn:aws:iam::444455556666:role/{}"])
@pytest.mark.parametrize("caller", [NOBODY, SERVER, RESTRAINED], ids=["no permission", "for one role", "all but one"])
async def test_whether_there_is_a_role_is_not_told_to_who_may_not_revoke_it(
    client: httpx.AsyncClient, world: GatewayWorld, name: str, caller: Caller
) -> None:
    there, absent = (name.format("Guest" if "lake" in name or ACCOUNT in name else "Analyst"), name.format("Nope"))

    answers = [
        told_of(await ask(client, world, "/v1/revocations", {"kind": "role", "value": one}, by=caller), one)
        for one in (there, absent)
    ]

    assert answers[0] == answers[1]
    assert answers[0][:2] == (403, "action_denied")


async def test_whether_another_account_has_a_role_is_not_told_to_who_may_revoke_all_of_their_own(
    client: httpx.AsyncClient, world: GatewayWorld
) -> None:
    there, absent = [
        told_of(await ask(client, world, "/v1/revocations", {"kind": "role", "value": one}, by=OPERATOR), one)
        for one in ("shop/Analyst", "shop/Nope")
    ]

    assert there == absent


@pytest.mark.parametrize("name", ["store", "homeless"])
async def test_whether_there_is_an_entry_is_not_told_to_another_accounts_server(
    client: httpx.AsyncClient, world: GatewayWorld, name: str
) -> None:
    alice = await session(world)

    there, absent = [
        told_of(
            await ask(
                client, world, "/v1/authenticate", shown(to_store(world, alice), alice, service=one), by=FOREIGNER
            ),
            one,
        )
        for one in (name, "nothing")
    ]

    assert there == absent


async def test_another_accounts_operator_cannot_revoke_a_key(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    alice = await session(world)

    answer = await ask(
        client, world, "/v1/revocations", {"kind": "access_key", "value": alice.access_key_id}, by=FOREIGNER
    )

    assert refusal(answer) == (403, "caller", "action_denied")


async def test_a_reader_is_told_all_and_then_what_is_new(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    await ask(client, world, "/v1/revocations", {"kind": "role", "value": "lake/Analyst"}, by=OPERATOR)

    first = (await ask(client, world, "/v1/revocations")).json()
    await ask(client, world, "/v1/revocations", {"kind": "session", "value": "A" * 16}, by=OPERATOR)
    second = (await ask(client, world, "/v1/revocations", query=f"since={first['cursor']}")).json()

    assert first["reset"] is True
    assert [(one["kind"], one["value"]) for one in first["revocations"]] == [("role", f"{ACCOUNT}/Analyst")]
    assert second["reset"] is False
    assert [(one["kind"], one["value"]) for one in second["revocations"]] == [("session", "A" * 16)]


async def test_nobody_else_reads_the_revocations(client: httpx.AsyncClient, world: GatewayWorld) -> None:
    assert refusal(await ask(client, world, "/v1/revocations", by=NOBODY)) == (403, "caller", "action_denied")
