"""No secret of a request or an answer stands in a log line, at the lowest level too, an audit record or a metric."""

import io
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Never
from urllib.parse import urlencode

import httpx
import pytest

from gateway.assembly.build import Gateway
from gateway.domain.credentials import TemporaryCredentials
from gateway.telemetry.audit import line_of
from gateway.telemetry.log import JsonLines
from tests.e2e.canaries import Canaries
from tests.fakes.gateway_world import ANALYST, IDENTITY_FORM, GatewayWorld

FORM = {"content-type": "application/x-www-form-urlencoded"}
SECRETS = re.compile(r"<(SecretAccessKey|SessionToken)>([^<]+)</")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that any logger says, but for the client of this test."""
    monkeypatch.setattr(logging.getLogger("httpx"), "disabled", True)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    level, root = logging.root.level, logging.root
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


class Run:
    """A gateway that is asked well and badly; every secret that goes in or comes out becomes a canary."""

    def __init__(self, world: GatewayWorld) -> None:
        self.world = world
        self.canaries = Canaries()
        self.lines: list[str] = []
        self.gateway = Gateway(
            world.configuration,
            clock=world.clock,
            audit=world.audit,
            access_log=lambda line: self.lines.append(line_of(line._asdict()).decode()),
            meters=world.meters,
        )
        transport = httpx.ASGITransport(app=self.gateway.app)
        self.client = httpx.AsyncClient(transport=transport, base_url="https://sts.example.com")

    def token(self, **claims: object) -> str:
        return self.canaries.add("token", self.world.token(**claims))

    async def assume(self, token: str, **changed: str) -> httpx.Response:
        form = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": ANALYST,
            "RoleSessionName": "alice",
            "WebIdentityToken": token,
            **changed,
        }
        answer = await self.client.post("/", content=urlencode(form).encode(), headers=FORM)
        for name, secret in SECRETS.findall(answer.text):
            self.canaries.add(name, secret)
        return answer

    async def identify(self, credentials: TemporaryCredentials, body: bytes = IDENTITY_FORM) -> httpx.Response:
        signed = self.world.signed(credentials, headers=FORM, body=IDENTITY_FORM)
        return await self.client.post("/", content=body, headers=dict(signed.headers))


async def test_no_secret_is_told_anywhere(tmp_path: Path, told: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(GatewayWorld(tmp_path))
    answers = []
    async with run.client:
        honest = await run.assume(run.token())
        found = dict(SECRETS.findall(honest.text))
        credentials = TemporaryCredentials(
            access_key_id=re.search(r"<AccessKeyId>(\w+)<", honest.text)[1],  # type: ignore[index]
            secret_access_key=found["SecretAccessKey"],
            session_token=found["SessionToken"],
            expiration=run.world.clock.now(),
            packed_percent=None,
        )
        answers += [
            await run.identify(credentials),
            await run.identify(credentials, body=IDENTITY_FORM + b"&More=1"),
            await run.assume(run.token(aud="other")),
            await run.assume(run.token() + "A"),
            await run.assume(run.token(), RoleSessionName=run.token()),
            await run.assume(run.token(), Policy="{"),
            await run.assume(run.token(), **{run.token(): "x"}),
            await run.client.get("/", params={"Action": "AssumeRoleWithWebIdentity", "WebIdentityToken": run.token()}),
            await run.client.get("/", params={"Action": run.token(), "Version": "2011-06-15"}),
        ]
        monkeypatch.setattr("gateway.sessions.issuer.pack", _broken_with(run.canaries.add("a bug's text", "s" * 40)))
        answers.append(await run.assume(run.token()))
        metrics = (await run.client.get("/metrics")).text

    assert honest.status_code == answers[0].status_code == 200
    assert {answer.status_code for answer in answers[1:]} <= {400, 403, 405, 500}
    shown = {
        "log": told.getvalue(),
        "access log": "".join(run.lines),
        "audit log": b"".join(line_of(record) for record in run.world.audit.records).decode(),
        "metrics": metrics,
    }
    assert all(shown.values())
    assert {place: run.canaries.leaks(text) for place, text in shown.items()} == {place: [] for place in shown}


def _broken_with(text: str) -> Callable[..., Never]:
    def broken(*_: object) -> Never:
        raise ValueError(text)

    return broken
