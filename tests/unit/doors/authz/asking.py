"""A gateway whose `/authz` tests ask as proxies do, and the requests of its clients."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.assembly.build import Gateway
from gateway.domain.credentials import TemporaryCredentials
from gateway.sigv4.canonical import canonical_request
from gateway.sigv4.dates import basic
from gateway.sigv4.request import HttpRequest
from gateway.sigv4.rules import S3_RULES
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.sign import sign
from gateway.sigv4.signing_key import signing_key
from gateway.sigv4.string_to_sign import StringToSign, signature_of
from gateway.web.asgi import Message
from gateway.web.listeners import mark_internal
from gateway.web.responses import Answer
from tests.fakes.gateway_world import GatewayWorld, sha256
from tests.unit.web.serving import scope_of

UPSTREAM = "upstream: {endpoint: 'http://ceph:7480', region: eu-1, access_key_id: UPSTREAM, secret_access_key: up}"
SERVICES = f"""
    envoy: {{type: s3, hosts: [s3.example.com], proxy_token: envoy-token}}
    nginx: {{type: s3, hosts: [nginx.example.com], proxy: nginx, proxy_token: nginx-token}}
    traefik: {{type: s3, hosts: [traefik.example.com], proxy: traefik, proxy_token: traefik-token}}
    ceph: {{type: s3, hosts: [ceph.example.com], proxy_token: ceph-token, {UPSTREAM}}}
    api: {{type: execute-api, id: orders, hosts: [api.example.com], proxy_token: api-token}}
    tables: {{type: json, service: dynamodb, hosts: [tables.example.com], proxy_token: tables-token}}
"""
USER = ("AKIAEXAMPLEEXAMPLE22", "0123456789abcdefghij")
ALL = """
    read-lake: {Version: "2012-10-17", Statement: [
      {Effect: Allow, Action: "s3:*", Resource: ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"]},
      {Effect: Allow, Action: ["execute-api:Invoke", "dynamodb:GetItem"], Resource: "*"},
      {Effect: Deny, Action: "s3:DeleteObject", Resource: "arn:aws:s3:::lake/kept"},
      {Effect: Deny, Action: "s3:GetObject", Resource: "arn:aws:s3:::lake/home/*",
       Condition: {NotIpAddress: {"aws:SourceIp": "10.0.0.0/8"}}},
      {Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::tls/*",
       Condition: {Bool: {"aws:SecureTransport": "true"}}}]}
    all-s3: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}
"""
INTERNAL = "public_url: https://sts.example.com\nkeyring: ./keyring.json\ninternal_listen: 127.0.0.1:9090"

Headers = Mapping[str, str]


class Asking:
    """One gateway, and its `/authz`."""

    def __init__(self, folder: Path, **sections: str) -> None:
        self.world = GatewayWorld(folder, **{"services": SERVICES, "policies": ALL, **sections})
        self.gateway = Gateway(self.world.configuration, clock=self.world.clock, audit=self.world.audit)

    async def ask(
        self,
        method: str,
        path: str,
        headers: list[tuple[bytes, bytes]],
        *,
        query: bytes = b"",
        body: bytes = b"",
        inside: bool = False,
    ) -> Answer:
        sent: list[Message] = []
        state: dict[str, Any] = {}
        if inside:
            mark_internal(state)

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = scope_of(
            method=method, path=path, raw_path=path.encode(), query_string=query, headers=headers, state=state
        )
        await self.gateway.app(scope, receive, send)
        return Answer(status=sent[0]["status"], headers=tuple(sent[0]["headers"]), body=sent[1]["body"])

    def request(
        self,
        method: str = "GET",
        path: str = "/lake/a",
        *,
        query: str = "",
        host: str = "s3.example.com",
        headers: Headers | None = None,
        payload_hash: str | None = None,
        body: bytes = b"",
        credentials: TemporaryCredentials | tuple[str, str] = USER,
    ) -> HttpRequest:
        """What a client of S3 sends."""
        token = None if isinstance(credentials, tuple) else credentials.session_token
        key, secret = (
            credentials
            if isinstance(credentials, tuple)
            else (credentials.access_key_id, credentials.secret_access_key)
        )
        given = {"host": host, **(headers or {})}
        plain = HttpRequest(
            method=method,
            raw_path=path.encode(),
            raw_query=query.encode(),
            headers=tuple((name.encode(), value.encode()) for name, value in given.items()),
        )
        now = self.world.clock.now()
        added = sign(
            plain,
            access_key_id=key,
            secret_access_key=secret,
            session_token=token,
            scope=CredentialScope(date=f"{now:%Y%m%d}", region="us-east-1", service="s3"),
            now=now,
            rules=S3_RULES,
            payload_hash=payload_hash or sha256(body),
        )
        return HttpRequest(
            method=method, raw_path=plain.raw_path, raw_query=plain.raw_query, headers=(*plain.headers, *added)
        )

    def request_with_signed_length(self, length: int, credentials: TemporaryCredentials | None = None) -> HttpRequest:
        """A PUT whose signature covers the length of its body, as the AWS SDK for Go makes it."""
        key, secret = USER if credentials is None else (credentials.access_key_id, credentials.secret_access_key)
        now = self.world.clock.now()
        scope = CredentialScope(date=f"{now:%Y%m%d}", region="us-east-1", service="s3")
        fields = {
            b"content-length": b"%d" % length,
            b"host": b"s3.example.com",
            b"x-amz-content-sha256": b"UNSIGNED-PAYLOAD",
            b"x-amz-date": basic(now).encode(),
            **({} if credentials is None else {b"x-amz-security-token": credentials.session_token.encode()}),
        }
        names = ";".join(name.decode() for name in fields)
        block = b"".join(name + b":" + value + b"\n" for name, value in fields.items())
        canonical = canonical_request("PUT", b"/lake/a", b"", block, names, "UNSIGNED-PAYLOAD")
        text = StringToSign(timestamp=now, scope=scope, request_hash=hashlib.sha256(canonical).hexdigest()).text
        credential = f"{key}/{scope.text}"
        signature = signature_of(text, signing_key(secret, scope))
        authorization = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
        sent = [header for header in fields.items() if header[0] != b"content-length"]
        return HttpRequest(
            method="PUT",
            raw_path=b"/lake/a",
            raw_query=b"",
            headers=(*sent, (b"authorization", authorization.encode())),
        )

    async def by_envoy(
        self,
        request: HttpRequest,
        *more: tuple[bytes, bytes],
        token: bytes | None = b"envoy-token",
        body: bytes = b"",
        inside: bool = False,
    ) -> Answer:
        """As deploy/proxies/envoy.yaml asks."""
        shown = [] if token is None else [(b"x-gateway-proxy-token", token)]
        headers = [*request.headers, (b"content-length", b"%d" % len(body)), *shown, *more]
        if body:
            headers.append((b"x-envoy-auth-partial-body", b"false"))
        return await self.ask(
            request.method,
            f"/authz{request.raw_path.decode()}",
            headers,
            query=request.raw_query,
            body=body,
            inside=inside,
        )

    async def by_nginx(self, request: HttpRequest, *more: tuple[bytes, bytes], path: str = "/authz") -> Answer:
        """As deploy/proxies/nginx.conf asks."""
        named = [(b"x-original-method", request.method.encode()), (b"x-original-uri", target_of(request))]
        token = (b"x-gateway-proxy-token", b"nginx-token")
        return await self.ask("GET", path, [*request.headers, *named, token, *more])

    async def by_traefik(self, request: HttpRequest, *more: tuple[bytes, bytes], path: str = "/authz") -> Answer:
        """As Traefik documents its ForwardAuth."""
        host = next(value for name, value in request.headers if name == b"host")
        named = [
            (b"host", b"gateway.internal:9090"),
            (b"x-forwarded-method", request.method.encode()),
            (b"x-forwarded-uri", target_of(request)),
            (b"x-forwarded-host", host),
            (b"x-gateway-proxy-token", b"traefik-token"),
        ]
        others = [header for header in request.headers if header[0] != b"host"]
        return await self.ask("GET", path, [*others, *named, *more])


def target_of(request: HttpRequest) -> bytes:
    return request.raw_path + (b"?" + request.raw_query if request.raw_query else b"")


def without(request: HttpRequest, name: bytes) -> list[tuple[bytes, bytes]]:
    return [header for header in request.headers if header[0] != name]


def fields(answer: Answer) -> dict[bytes, bytes]:
    """The answer's headers, each of which is there once."""
    found = dict(answer.headers)
    assert len(found) == len(answer.headers), answer.headers
    return found


def removed(answer: Answer) -> set[bytes]:
    """What Envoy takes away."""
    return set(fields(answer)[b"x-envoy-auth-headers-to-remove"].split(b","))
