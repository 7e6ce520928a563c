"""A gateway in this process, and a resource server that asks it without a network."""

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.client.api import refusal_of
from gateway.client.aws_credentials import AwsCredentials
from gateway.client.connection import GatewayUnreachable
from gateway.domain.authentication import Authenticated, RevocationPage, RevocationRequest, ShownRequest
from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.errors import GatewayError
from gateway.domain.revocation import RevocationKind
from gateway.domain.service import Service
from gateway.exchange.proof import SignedCall
from gateway.resource import Caller, Verifier, execute_api
from gateway.sigv4.request import HttpRequest
from gateway.wire import authenticate as wire
from gateway.wire.authenticate_faults import answer_of
from tests.fakes.gateway_world import ACCOUNT, ANALYST, ORIGIN, GatewayWorld

HOST = "orders.example.com"
SERVER = ("AKIAEXAMPLEEXAMPLE22", "0123456789abcdefghij")
OPERATOR = ("AKIAEXAMPLEEXAMPLE33", "abcdefghij0123456789")
USER = ("AKIAEXAMPLEEXAMPLE44", "abcdefghij9876543210")
SECTIONS = {
    "roles": "lake/Analyst: {policies: [order], max_session_duration: 4h, tags: {team: blue}}",
    "mappings": "- {provider: workforce, groups: [analysts], roles: [lake/Analyst]}",
    "services": "orders: {type: execute-api, id: orders, hosts: [orders.example.com], proxy_token: t, region: us-east-1}",
    "users": """
        lake/server: {access_keys: [{id: AKIAEXAMPLEEXAMPLE22, secret: 0123456789abcdefghij}], policies: [serve]}
        lake/operator: {access_keys: [{id: AKIAEXAMPLEEXAMPLE33, secret: abcdefghij0123456789}], policies: [everything]}
        lake/user: {access_keys: [{id: AKIAEXAMPLEEXAMPLE44, secret: abcdefghij9876543210}], policies: [order]}
        """,
    "policies": """
        order:
          Version: "2012-10-17"
          Statement:
            - {Effect: Allow, Action: "execute-api:Invoke",
               Resource: "arn:aws:execute-api:us-east-1:111122223333:orders/$default/*/orders*"}
            - {Effect: Allow, Action: "orders:Approve", Resource: "arn:aws:orders:::order/${aws:PrincipalTag/team}/*"}
            - {Effect: Deny, Action: "execute-api:Invoke", Resource: "*", Condition: {IpAddress: {"aws:SourceIp": 203.0.113.0/24}}}
        everything: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}
        serve:
          Version: "2012-10-17"
          Statement:
            - {Effect: Allow, Action: "gateway:Authenticate", Resource: "arn:aws:gateway:us-east-1:111122223333:service/orders"}
        """,
}


ORDERS = execute_api("orders", hosts=[HOST], account=ACCOUNT)


class NearApi:
    """Speaks as GatewayApi does, with the exchange itself behind it; counts what it is asked."""

    def __init__(self, world: "ResourceWorld") -> None:
        self.world = world
        self.away = False
        self.shown: list[ShownRequest] = []
        self.looks = 0

    def authenticate(self, shown: ShownRequest) -> Authenticated:
        self._reached()
        self.shown.append(shown)
        body = wire.shown_request(shown)
        try:
            answer = self.world.exchange.authenticate(
                wire.read_shown_request(body), self._call("POST", "/v1/authenticate", body)
            )
        except GatewayError as error:
            fault = answer_of(error, "r-1")
            raise refusal_of("https://sts.example.com", fault.status, fault.body) from None
        return wire.read_authenticated(wire.authenticated(answer))

    def revocations(self, cursor: str | None) -> RevocationPage:
        self._reached()
        self.looks += 1
        page = asyncio.run(self.world.exchange.revocations(cursor, self._call("GET", "/v1/revocations", b"")))
        return wire.read_revocation_page(wire.revocation_page(page))

    def _reached(self) -> None:
        if self.away:
            raise GatewayUnreachable("away")

    def _call(self, method: str, path: str, body: bytes) -> SignedCall:
        http = self.world.signed(SERVER, method=method, path=path, body=body, service="gateway")
        return SignedCall(http=http, body_sha256=hashlib.sha256(body).hexdigest(), origin=ORIGIN)


class ResourceWorld(GatewayWorld):
    """`verifier` is that of the server of the entry `orders`."""

    def __init__(
        self,
        folder: Path,
        *,
        service: Service = ORDERS,
        max_staleness: float = 300,
        capacity: int = 100,
        **sections: str,
    ) -> None:
        super().__init__(folder, **{**SECTIONS, **sections})
        self.api = NearApi(self)
        self.verifier = Verifier(
            "https://sts.example.com",
            service,
            credentials=lambda: AwsCredentials(access_key_id=SERVER[0], secret_access_key=SERVER[1]),
            max_staleness=timedelta(seconds=max_staleness),
            capacity=capacity,
            clock=self.clock.now,
        )
        api: Any = self.api
        self.verifier._api = self.verifier._revocations._api = api

    def session(self, **request: Any) -> TemporaryCredentials:
        return asyncio.run(self.assume(self.token(sub="alice"), role=ANALYST, **request)).credentials

    def order(self, credentials: TemporaryCredentials | tuple[str, str], **changed: Any) -> HttpRequest:
        given = {"method": "GET", "path": "/orders/7", "host": HOST, "service": "execute-api", **changed}
        return self.signed(credentials, **given)

    def ask(self, credentials: TemporaryCredentials | tuple[str, str], *, body: bytes = b"", **changed: Any) -> Caller:
        return self.verifier.verify(self.order(credentials, body=body, **changed), body, ORIGIN)

    def revoke(self, kind: RevocationKind, value: str) -> None:
        request = RevocationRequest(kind=kind, value=value)
        http = self.signed(OPERATOR, method="POST", path="/v1/revocations", service="gateway")
        call = SignedCall(http=http, body_sha256=hashlib.sha256(b"").hexdigest(), origin=ORIGIN)
        asyncio.run(self.exchange.revoke(request, call))
