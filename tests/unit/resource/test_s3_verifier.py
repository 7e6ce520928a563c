"""A store of one's own that speaks S3 and verifies by itself: S3's rules of signing, actions, and faults."""

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.domain.errors import ActionDenied, MalformedSignedRequest, PayloadHashMismatch, UnmappedRequest
from gateway.resource import Caller, SigV4Middleware, s3
from gateway.sigv4.request import HttpRequest
from gateway.sigv4.rules import S3_RULES
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.sign import sign
from tests.fakes.gateway_world import ORIGIN
from tests.unit.resource.world import SECTIONS, ResourceWorld

HOST = "s3.example.com"
STATEMENTS = [
    {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        "Resource": "arn:aws:s3:::lake/*",
    },
    {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": "arn:aws:s3:::lake",
        "Condition": {"StringLike": {"s3:prefix": "team/*"}},
    },
    {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::lake/secret/*"},
    {
        "Effect": "Deny",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::lake/tagged/*",
        "Condition": {"StringEquals": {"s3:ExistingObjectTag/class": "restricted"}},
    },
    {
        "Effect": "Deny",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"NumericGreaterThan": {"s3:signatureAge": "60000"}},
    },
]
READ = {"Version": "2012-10-17", "Statement": STATEMENTS}
SERVE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "gateway:Authenticate",
            "Resource": "arn:aws:gateway:us-east-1:111122223333:service/store",
        }
    ],
}


@pytest.fixture
def world(tmp_path: Path) -> ResourceWorld:
    return ResourceWorld(
        tmp_path,
        service=s3("store", hosts=[HOST]),
        services=f"store: {{type: s3, hosts: [{HOST}], proxy_token: t}}",
        policies=f"order: {json.dumps(READ)}\neverything: {json.dumps(READ)}\nserve: {json.dumps(SERVE)}",
        users=SECTIONS["users"],
    )


def http_of(world: ResourceWorld, credentials: Any, path: str, body: bytes = b"", **changed: Any) -> HttpRequest:
    host, query = changed.pop("host", HOST), changed.pop("query", "")
    given = {"host": host, **changed.pop("headers", {})}
    plain = HttpRequest(
        method=changed.pop("method", "GET"),
        raw_path=path.encode(),
        raw_query=query.encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in given.items()),
    )
    added = sign(
        plain,
        access_key_id=credentials.access_key_id,
        secret_access_key=credentials.secret_access_key,
        session_token=credentials.session_token,
        scope=CredentialScope(date=f"{world.clock.now():%Y%m%d}", region="eu-west-1", service="s3"),
        now=world.clock.now(),
        rules=S3_RULES,
        payload_hash=changed.pop("payload_hash", hashlib.sha256(body).hexdigest()),
    )
    return HttpRequest(
        method=plain.method, raw_path=plain.raw_path, raw_query=plain.raw_query, headers=(*plain.headers, *added)
    )


def ask(world: ResourceWorld, path: str, body: bytes = b"", **changed: Any) -> Caller:
    http = http_of(world, world.session(), path, body, **changed)
    return world.verifier.verify(http, body, ORIGIN)


ALLOWED: dict[str, dict[str, Any]] = {
    "an object": {"path": "/lake/team/a.csv"},
    "a key with all that paths may hold": {"path": "/lake/a%20b/%C3%BC/c%2Bd~"},
    "the bucket's own host": {"path": "/team/a.csv", "host": f"lake.{HOST}"},
    "a listing": {"path": "/lake", "query": "list-type=2&prefix=team%2F"},
    "a body": {"path": "/lake/b", "method": "PUT", "body": b"data"},
    "a body that is not signed": {"path": "/lake/b", "method": "PUT", "body": b"x", "payload_hash": "UNSIGNED-PAYLOAD"},
    "a body in chunks that are not signed": {
        "path": "/lake/b",
        "method": "PUT",
        "body": b"4\r\ndata\r\n0\r\n\r\n",
        "payload_hash": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    },
}


@pytest.mark.parametrize("asked", ALLOWED.values(), ids=ALLOWED)
def test_what_policies_allow_is_served(world: ResourceWorld, asked: dict[str, Any]) -> None:
    assert ask(world, **asked).session_name == "alice"


REFUSED: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "another bucket": ({"path": "/other/a"}, ActionDenied),
    "what a Deny names": ({"path": "/lake/secret/a"}, ActionDenied),
    "what a Deny may mean, since tags cannot be seen": ({"path": "/lake/tagged/a"}, ActionDenied),
    "a listing of all": ({"path": "/lake", "query": "list-type=2"}, ActionDenied),
    "an operation that nobody knows": ({"path": "/lake/a", "query": "frobnicate"}, UnmappedRequest),
    "chunks that are signed": (
        {"path": "/lake/b", "method": "PUT", "payload_hash": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
        MalformedSignedRequest,
    ),
    "chunks that are signed, with a trailer": (
        {"path": "/lake/b", "method": "PUT", "payload_hash": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"},
        MalformedSignedRequest,
    ),
    "another body": ({"path": "/lake/b", "method": "PUT", "payload_hash": "0" * 64}, PayloadHashMismatch),
}


@pytest.mark.parametrize(("asked", "fault"), REFUSED.values(), ids=REFUSED)
def test_what_they_do_not_allow_is_refused(world: ResourceWorld, asked: dict[str, Any], fault: type[Exception]) -> None:
    with pytest.raises(fault):
        ask(world, **asked)


def test_a_policy_may_ask_how_old_a_signature_is(world: ResourceWorld) -> None:
    alice = world.session()
    http = http_of(world, alice, "/lake/a")
    assert world.verifier.verify(http, b"", ORIGIN).session_name == "alice"
    world.clock.move(seconds=61)
    with pytest.raises(ActionDenied):
        world.verifier.verify(http, b"", ORIGIN)


def test_each_deletion_of_a_bulk_is_judged(world: ResourceWorld) -> None:
    def delete(*keys: str) -> Caller:
        objects = "".join(f"<Object><Key>{key}</Key></Object>" for key in keys)
        return ask(world, "/lake", f"<Delete>{objects}</Delete>".encode(), method="POST", query="delete")

    assert delete("a", "b").session_name == "alice"
    with pytest.raises(ActionDenied):
        delete("a", "secret/b")


async def read(request: Request) -> Response:
    return PlainTextResponse(request.state.caller.session_name)


async def test_refusals_are_s3s_own(world: ResourceWorld) -> None:
    app = Starlette(
        routes=[Route("/{path:path}", read, methods=["GET", "HEAD"])],
        middleware=[Middleware(SigV4Middleware, verifier=world.verifier)],  # type: ignore[arg-type]
    )
    alice = (await world.assume(world.token(sub="alice"))).credentials
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=f"https://{HOST}") as client:
        answers = {}
        for method, path in (("GET", "/lake/a"), ("GET", "/other/a"), ("HEAD", "/other/a")):
            http = http_of(world, alice, path, method=method)
            headers = [(name.decode(), value.decode()) for name, value in http.headers]
            answers[method, path] = await client.request(method, path, headers=headers)
    assert answers["GET", "/lake/a"].text == "alice"
    refused = answers["GET", "/other/a"]
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/xml")
    assert "<Code>AccessDenied</Code>" in refused.text
    assert answers["HEAD", "/other/a"].status_code == 403
    assert answers["HEAD", "/other/a"].text == ""
