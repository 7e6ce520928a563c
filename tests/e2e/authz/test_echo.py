"""What is judged is what the upstream receives: every trick is refused, or arrives exactly as it was signed."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.authz.conftest import World
from tests.e2e.authz.proxies import Door
from tests.e2e.authz.signing import Answer, Headers, send, signed_headers

PRINCIPAL = "arn:aws:sts::111122223333:assumed-role/Analyst/alice"


@pytest.fixture
def door(echo_door: Door, world: World) -> Door:
    world.echo.received.clear()
    return echo_door


def ask(
    door: Door, credentials: Mapping[str, str], target: bytes = b"/lake/a", *, more: Headers = (), method: str = "GET"
) -> Answer:
    return send(door, method, target, signed_headers(door, method, target, credentials), more)


def arrived(world: World) -> dict[str, Any]:
    (one,) = world.echo.received
    return one


def of_gateway(received: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in received["headers"] if name.replace("_", "-").startswith("x-gateway-")}


PASSING = {
    "plain": b"/lake/a",
    "encoded slash in the key": b"/lake/a%2Fb",
    "lower-case escapes": b"/lake/a%2fb%c3%bc",
    "escapes that need not be": b"/lake/%61",
    "slashes in the key": b"/lake/a//b///c/",
    "colon and the like": b"/lake/a:b@c!$&'()*,;=~-._",
    "dots within names": b"/lake/a..b/.hidden/..x/x..",
    "query": b"/lake?list-type=2&prefix=a%2Fb&delimiter=%2F",
    "the root": b"/",
}


@pytest.mark.parametrize("target", PASSING.values(), ids=PASSING)
def test_the_target_arrives_as_it_was_judged(
    door: Door, credentials: Mapping[str, str], world: World, target: bytes
) -> None:
    answer = ask(door, credentials, target)

    # Listing all buckets is none of the role's actions; every other is.
    assert answer.status == (403 if target == b"/" else 200), answer.body
    if answer.status == 200:
        assert arrived(world)["target"] == target.decode()
        assert json.loads(answer.body)["target"] == target.decode()


def test_a_bucket_may_stand_before_the_host(door: Door, credentials: Mapping[str, str], world: World) -> None:
    host = f"lake.{door.host}"

    answer = send(door, "GET", b"/a", signed_headers(door, "GET", b"/a", credentials, host=host))

    assert answer.status == 200
    assert '"resource":"arn:aws:s3:::lake/a"' in world.gateway.audit_text.splitlines()[-1]
    assert dict(arrived(world)["headers"])["host"] == host


REFUSED = {
    "dots": b"/lake/../other/x",
    "one dot": b"/lake/./a",
    "encoded dots": b"/lake/%2e%2e/other/x",
    "half encoded dots": b"/lake/.%2e/other",
    "twice encoded dots": b"/lake/%252e%252e/other",
    "backslashes": b"/lake/..\\..\\other",
    "encoded backslashes": b"/lake/%5c..%5cother",
    "a host": b"//other/x",
    "path parameter": b"/lake/..;/other",
    "fragment": b"/lake/a#/../other",
    "encoded slash behind the bucket": b"/lake%2fa",
    "NUL": b"/lake/a%00b",
    "raw bytes": b"/lake/\xc3\xbc",
    "not UTF-8": b"/lake/%ff",
    "semicolon in the query": b"/lake/a?x;versionId=1",
    "a parameter twice": b"/lake?list-type=2&prefix=a&prefix=b",
    "absolute form": b"http://localhost/lake/a",
    "another bucket": b"/other/a",
}


@pytest.mark.parametrize("target", REFUSED.values(), ids=REFUSED)
def test_a_target_that_servers_read_in_two_ways_arrives_nowhere(
    door: Door, credentials: Mapping[str, str], world: World, target: bytes
) -> None:
    answer = ask(door, credentials, target)

    assert answer.status >= 400
    assert world.echo.received == []


HEADERS: Mapping[str, Headers] = {
    "nginx's naming": (("X-Original-URI", "/lake/other"), ("X-Original-Method", "DELETE")),
    "Traefik's naming": (
        ("X-Forwarded-Uri", "/lake/other"),
        ("X-Forwarded-Method", "DELETE"),
        ("X-Forwarded-Host", "other"),
    ),
    "rewriting": (("X-Rewrite-URL", "/other"), ("X-Envoy-Original-Path", "/other")),
    "Envoy's internals": (("X-Envoy-Auth-Partial-Body", "false"), ("X-Envoy-Internal", "true")),
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_no_header_names_another_request(
    door: Door, credentials: Mapping[str, str], world: World, headers: Headers
) -> None:
    answer = ask(door, credentials, more=headers)

    assert answer.status == 200
    record = world.gateway.audit_text.splitlines()[-1]
    assert '"action":"s3:GetObject","resource":"arn:aws:s3:::lake/a"' in record
    assert arrived(world)["target"] == "/lake/a"


FORGED: Mapping[str, Headers] = {
    "principal": (("X-Gateway-Principal", "arn:root"),),
    "principal twice": (("X-Gateway-Principal", "arn:root"), ("X-GATEWAY-PRINCIPAL", "arn:root")),
    "underscores": (("X_Gateway_Principal", "arn:root"),),
    "tag": (("X-Gateway-Tag-Admin", "yes"),),
    "proxy token": (("X-Gateway-Proxy-Token", "guess"),),
    "length": (("X-Gateway-Content-Length", "5"),),
    "dropped by Connection": (("Connection", "X-Gateway-Principal"),),
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
def test_no_client_speaks_for_the_gateway(
    door: Door, credentials: Mapping[str, str], world: World, headers: Headers
) -> None:
    answer = ask(door, credentials, more=headers)

    assert answer.status in {200, 400, 403}
    for received in world.echo.received:
        told = of_gateway(received)
        # nginx's configuration hands on no tags but those that it names.
        assert told.pop("x-gateway-tag-team", "blue") == "blue"
        assert told == {
            "x-gateway-principal": PRINCIPAL,
            "x-gateway-account": "111122223333",
            "x-gateway-session": "alice",
        }


def test_the_upstream_is_told_who_signed_and_no_proxy_token(
    door: Door, credentials: Mapping[str, str], world: World
) -> None:
    assert ask(door, credentials).status == 200

    received = arrived(world)
    assert of_gateway(received)["x-gateway-principal"] == PRINCIPAL
    assert door.token not in json.dumps(received)


TAMPERED = ("path", "query", "header", "date", "method", "hash")


@pytest.mark.parametrize("part", TAMPERED)
def test_what_was_changed_after_signing_arrives_nowhere(
    door: Door, credentials: Mapping[str, str], world: World, part: str
) -> None:
    headers = signed_headers(door, "GET", b"/lake/a", credentials, headers=[("x-amz-meta-a", "b")])
    method = "DELETE" if part == "method" else "GET"
    target = {"path": b"/lake/b", "query": b"/lake/a?versionId=1"}.get(part, b"/lake/a")
    changed = {
        "header": {"x-amz-meta-a": "c"},
        "date": {"x-amz-date": "20200101T000000Z"},
        "hash": {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"},
    }.get(part, {})

    answer = send(door, method, target, {**headers, **changed})

    assert answer.status in {400, 403}
    assert world.echo.received == []


def test_a_foreign_host_is_not_served(door: Door, credentials: Mapping[str, str], world: World) -> None:
    headers = signed_headers(door, "GET", b"/lake/a", credentials, host="other.example.com")

    assert send(door, "GET", b"/lake/a", headers).status == 404
    assert world.echo.received == []


def test_the_clients_address_is_not_its_own_invention(door: Door, credentials: Mapping[str, str], world: World) -> None:
    assert ask(door, credentials, more=[("X-Forwarded-For", "6.6.6.6")]).status == 200

    record = json.loads(world.gateway.audit_text.splitlines()[-1])
    assert record["sourceIPAddress"] not in {"6.6.6.6", ""}


def test_what_is_asked_at_the_public_listener_is_not_there(world: World, credentials: Mapping[str, str]) -> None:
    door = world.echoes["envoy"]
    headers = signed_headers(door, "GET", b"/lake/a", credentials)
    public = Door(proxy="envoy", upstream_port=0, resigns=False, port=world.gateway.port)

    answer = send(public, "GET", b"/authz/lake/a", headers, [("X-Gateway-Proxy-Token", door.token)])

    assert answer.status == 404
