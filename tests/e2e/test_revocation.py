"""Three gateways over one state, and a resource server that verifies by itself: what is revoked is dead everywhere."""

import re
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.e2e.installation import ROOT, Installation
from tests.e2e.process import Process, free_port, until

ACCOUNT = "111122223333"
ANALYST = f"arn:aws:iam::{ACCOUNT}:role/Analyst"
KEY = "AKIAEXAMPLEEXAMPLE22"
IN_FORCE = 10
CONFIGURATION = """
gateway:
  public_url: http://127.0.0.1:{port}
  keyring: ./keyring.json
  state: sqlite:///{folder}/state.db
  audit: {{path: ./audit.jsonl}}
accounts: {{lake: "111122223333"}}
roles:
  lake/Analyst:
    policies: [everything]
    trust_policy:
      Version: "2012-10-17"
      Statement: [{{Effect: Allow, Principal: {{AWS: "111122223333"}}, Action: "sts:*"}}]
users:
  lake/operator:
    policies: [everything]
    access_keys: [{{id: AKIAEXAMPLEEXAMPLE22, secret: "{secret}"}}]
policies:
  everything: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "*", Resource: "*"}}]}}
services:
  orders: {{type: execute-api, id: orders, hosts: [orders.example.com], region: us-east-1, proxy_token: "{secret}"}}
"""


@dataclass(frozen=True, kw_only=True)
class World:
    """Gateways by number, on one configuration, keyring and state."""

    installation: Installation
    folder: Path
    secret: str
    ports: tuple[int, ...]
    start: Callable[[str, list[str | Path], dict[str, str]], Process]

    def url(self, number: int = 0) -> str:
        return f"http://127.0.0.1:{self.ports[number]}"

    def gateway(self, number: int) -> Process:
        path = self.folder / "gateway.yaml"
        command: list[str | Path] = [self.installation.command, "serve", "--config", path]
        process = self.start(f"gateway-{number}", [*command, "--port", str(self.ports[number])], {})
        process.until(lambda: answers(f"{self.url(number)}/readyz"), "it is ready")
        return process

    def sts(self, number: int, credentials: Any = None) -> Any:
        given = credentials or {"AccessKeyId": KEY, "SecretAccessKey": self.secret}
        return boto3.client(
            "sts",
            endpoint_url=self.url(number),
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}),
        )

    def session(self) -> Any:
        return self.sts(0).assume_role(RoleArn=ANALYST, RoleSessionName="alice")["Credentials"]

    def code(self, number: int, credentials: Any) -> str:
        """The error code that a gateway answers to the session; empty where it takes it."""
        try:
            self.sts(number, credentials).get_caller_identity()
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    def revoke(self, *words: str, number: int = 0) -> None:
        keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": self.secret}
        ended = self.installation.run("revoke", "--url", self.url(number), *words, environment=keys)
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.startswith("revoked: ")


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def world(tmp_path: Path, installed: Installation) -> Iterator[World]:
    secret = secrets.token_urlsafe(30)
    ports = (free_port(), free_port(), free_port())
    (tmp_path / "gateway.yaml").write_text(CONFIGURATION.format(port=ports[0], folder=tmp_path, secret=secret))
    made = installed.run("keys", "generate", "--keyring", tmp_path / "keyring.json")
    assert made.returncode == 0, made.stderr
    with ExitStack() as running:

        def start(name: str, command: list[str | Path], more: dict[str, str]) -> Process:
            environment = installed.environment(**more)
            return running.enter_context(Process(name, command, folder=tmp_path, environment=environment))

        yield World(installation=installed, folder=tmp_path, secret=secret, ports=ports, start=start)


def timed(look: Callable[[], bool], what: str) -> float:
    began = time.monotonic()
    until(look, what)
    return time.monotonic() - began


def test_a_revocation_is_in_force_on_every_gateway(world: World) -> None:
    first, second, third = (world.gateway(number) for number in range(3))
    alice, bob = world.session(), world.session()
    assert [world.code(number, alice) for number in range(3)] == ["", "", ""]
    third.send(signal.SIGSTOP)

    world.revoke("--access-key", alice["AccessKeyId"])

    assert world.code(0, alice) == "InvalidClientTokenId"
    assert timed(lambda: world.code(1, alice) == "InvalidClientTokenId", "the second hears of it") < IN_FORCE
    time.sleep(3)
    third.send(signal.SIGCONT)
    assert timed(lambda: world.code(2, alice) == "InvalidClientTokenId", "the third hears of it") < IN_FORCE
    assert [world.code(number, bob) for number in range(3)] == ["", "", ""]

    # Nothing is lost over a restart, and what is opened after a role's revocation lives.
    second.stop()
    world.revoke("--role", "lake/Analyst", number=2)
    world.gateway(1)
    assert world.code(1, alice) == world.code(1, bob) == "InvalidClientTokenId"
    assert world.code(1, world.sts(1).assume_role(RoleArn=ANALYST, RoleSessionName="carol")["Credentials"]) == ""
    assert (first.alive, third.alive) == (True, True)


def test_an_api_of_the_guide_verifies_by_itself(world: World) -> None:
    gateway = world.gateway(0)
    port = free_port()
    host = f"127.0.0.1:{port}"
    guide = (ROOT / "docs" / "resource-servers.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    program = program.replace('"orders.example.com"', f'"{host}"').replace("https://sts.example.com", world.url())
    program = program.replace(", service), open", ", service, max_staleness=datetime.timedelta(seconds=12)), open")
    (world.folder / "orders.py").write_text(f"import datetime\n{program}")
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": world.secret}
    command: list[str | Path] = [world.installation.python, "-m", "uvicorn", "orders:app", "--port", str(port)]
    api = world.start("orders", command, keys)
    api.until(lambda: reached(f"http://{host}/healthz"), "it listens")
    alice, bob = world.session(), world.session()

    answer = signed(alice, "GET", f"http://{host}/orders/7")
    assert answer.json() == {"caller": f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"}
    assert signed(alice, "PUT", f"http://{host}/orders/7/approval", b'{"by": "alice"}').json() == {"approved": True}
    assert signed(bob, "GET", f"http://{host}/orders/7").status_code == 200
    assert httpx.get(f"http://{host}/orders/7").status_code == 403
    tampered = signed(alice, "PUT", f"http://{host}/orders/7/approval", b'{"by": "alice"}', sent=b'{"by": "eve"}')
    assert tampered.json()["__type"] == "InvalidSignatureException"

    world.revoke("--access-key", alice["AccessKeyId"])
    took = timed(lambda: signed(alice, "GET", f"http://{host}/orders/7").status_code == 403, "the API hears of it")
    assert took < IN_FORCE
    assert signed(bob, "GET", f"http://{host}/orders/7").status_code == 200

    # A gateway that is down: who is known goes on, until nobody knows what has been revoked.
    gateway.send(signal.SIGSTOP)
    assert signed(bob, "GET", f"http://{host}/orders/7").status_code == 200
    until(lambda: signed(bob, "GET", f"http://{host}/orders/7").status_code == 503, "the revocations are stale")
    gateway.send(signal.SIGCONT)
    until(lambda: signed(bob, "GET", f"http://{host}/orders/7").status_code == 200, "the gateway is heard again")


def reached(url: str) -> bool:
    try:
        return bool(httpx.get(url, timeout=2).status_code)
    except httpx.TransportError:
        return False


def signed(credentials: Any, method: str, url: str, body: bytes = b"", *, sent: bytes | None = None) -> httpx.Response:
    request = AWSRequest(method=method, url=url, data=body)
    keys = Credentials(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])
    SigV4Auth(keys, "execute-api", "us-east-1").add_auth(request)
    headers = dict(request.headers.items())
    return httpx.request(method, url, headers=headers, content=body if sent is None else sent, timeout=30)
