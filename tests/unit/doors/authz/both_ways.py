"""One gateway twice, to hold the straight line for usual checks to what the whole way says."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from gateway.assembly.build import Gateway
from gateway.exchange.exchange import Exchange
from gateway.sigv4.request import HttpRequest
from gateway.telemetry.audit import AuditLog
from gateway.web.responses import Answer
from tests.fakes.gateway_world import ANALYST, RecordedAudit
from tests.unit.doors.authz.asking import Asking

Header = tuple[bytes, bytes]
POLICIES = """
    read-lake: {Version: "2012-10-17", Statement: [
      {Sid: Lake, Effect: Allow, Action: "s3:*", Resource: ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"]},
      {Sid: Reading, Effect: Allow, Action: ["s3:GetObject"], Resource: "arn:aws:s3:::*/a*"},
      {Effect: Deny, Action: "s3:DeleteObject", Resource: "arn:aws:s3:::lake/kept"},
      {Effect: Deny, Action: "s3:ListBucket", Resource: "*", Condition: {StringLike: {"s3:prefix": "secret*"}}}]}
    all-s3: {Version: "2012-10-17", Statement: [
      {Effect: Allow, Action: "s3:*", Resource: "*"},
      {Effect: Deny, Action: "s3:DeleteObject", NotResource: "arn:aws:s3:::lake/${aws:username}/*"}]}
"""
HASH = "e" * 64


class BothWays:
    """One gateway twice: with an audit log, so that the straight line is taken, and without, so that it never is."""

    def __init__(self, folder: Path, **sections: str) -> None:
        self.asking = Asking(folder, **{"policies": POLICIES, **sections})
        self.world = self.asking.world
        self.path = folder / "audit.jsonl"
        self.log = AuditLog.open(self.path, refuse=True)
        self.records = RecordedAudit()
        self.whole = Gateway(self.world.configuration, clock=self.world.clock, audit=self.records)
        self.straight = Gateway(self.world.configuration, clock=self.world.clock, audit=self.log)

    async def session(self, role: str = ANALYST, group: str = "analysts", **more: Any) -> Any:
        return (await self.world.assume(self.world.token(group), role=role, **more)).credentials

    async def same(self, method: str, path: str, headers: list[Header], **more: Any) -> bool:
        """Whether the straight line answered. The answers and records of both ways are the same, byte for byte."""
        with fixed_ids(), counted() as count:
            ways = []
            for gateway in (self.straight, self.whole):
                self.asking.gateway = gateway
                ways.append(await self.asking.ask(method, path, list(headers), **more))
        assert without_messages(ways[0]) == without_messages(ways[1])
        assert json.dumps(self.lines()[-1]) == json.dumps(json.loads(json.dumps(self.records.last)))
        assert len(self.lines()) == len(self.records.records)
        assert ways[0].status == 200 or not count.answered
        return count.answered > 0

    async def envoy(self, request: HttpRequest, *more: Header, token: bytes = b"envoy-token", **asked: Any) -> bool:
        headers = [*request.headers, (b"content-length", b"0"), (b"x-gateway-proxy-token", token), *more]
        path = f"/authz{request.raw_path.decode()}"
        return await self.same(request.method, path, headers, query=request.raw_query, **asked)

    def session_id(self, credentials: Any) -> str:
        parts = self.world.exchange._parts
        found = parts.authenticator.claimant(credentials.access_key_id, credentials.session_token, parts.clock.now())
        return found.principal.session_id or ""

    def lines(self) -> list[Mapping[str, Any]]:
        return [json.loads(line) for line in self.path.read_bytes().splitlines()]


class Count:
    answered = 0


@contextmanager
def counted() -> Iterator[Count]:
    count, usual = Count(), Exchange.usual_authorization

    def counting(*given: Any) -> Any:
        answer = usual(*given)
        count.answered += answer is not None
        return answer

    with mock.patch.object(Exchange, "usual_authorization", counting):
        yield count


@contextmanager
def fixed_ids() -> Iterator[None]:
    with (
        mock.patch("gateway.web.edge.random_uuid", return_value="a-request"),
        mock.patch("gateway.exchange.auditing.random_uuid", return_value="an-id"),
        mock.patch("gateway.exchange.usual_authorization.random_uuid", return_value="an-id"),
    ):
        yield


def without_messages(answer: Answer) -> tuple[int, bytes, tuple[Header, ...]]:
    """A refusal's sealed message is another one each time."""
    body = answer.body.partition(b"Encoded authorization failure message: ")[0]
    headers = tuple(one for one in answer.headers if one[0] not in (b"content-length", b"x-gateway-error"))
    return answer.status, body, headers
