"""Gateways over one state, and the servers of the guide to resource servers beside them."""

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
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
FRAMEWORKS = Path(__file__).parent / ".web-frameworks"
CONFIGURATION = """
gateway:
  public_url: http://127.0.0.1:{port}
  keyring: ./keyring.json
  state: {state}
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
  lake: {{type: s3, hosts: [lake.example.com], proxy_token: "{secret}"}}
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

    def server(self, name: str, *command: str, **changed: str) -> str:
        """Start a server of the guide to resource servers, as it stands there; its address. `changed`: texts in it."""
        host = f"127.0.0.1:{free_port()}"
        program = programs()[name].replace("https://sts.example.com", self.url())
        for old, new in {"orders.example.com": host, "lake.example.com": host, **changed}.items():
            program = program.replace(old, new)
        (self.folder / f"{name}.py").write_text(program)
        keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": self.secret, "PYTHONPATH": str(FRAMEWORKS)}
        words = [one.replace("HOST", host).replace("PORT", host.partition(":")[2]) for one in command]
        server = self.start(name, [self.installation.python, "-m", *words], keys)
        server.until(lambda: reached(f"http://{host}/healthz"), "it listens")
        return f"http://{host}"

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


def programs() -> Mapping[str, str]:
    """The programs of the guide, each by the name in its first line."""
    guide = (ROOT / "docs" / "resource-servers.md").read_text()
    return dict(re.findall(r"```python\n# (\w+)\.py\n(.*?)```", guide, re.DOTALL))


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def gateways(folder: Path, installed: Installation, state: str) -> Iterator[World]:
    """Three, none of which runs yet; `state`: the address of what they share."""
    secret = secrets.token_urlsafe(30)
    ports = (free_port(), free_port(), free_port())
    (folder / "gateway.yaml").write_text(CONFIGURATION.format(port=ports[0], state=state, secret=secret))
    made = installed.run("keys", "generate", "--keyring", folder / "keyring.json")
    assert made.returncode == 0, made.stderr
    with ExitStack() as running:

        def start(name: str, command: list[str | Path], more: dict[str, str]) -> Process:
            environment = installed.environment(**more)
            return running.enter_context(Process(name, command, folder=folder, environment=environment))

        yield World(installation=installed, folder=folder, secret=secret, ports=ports, start=start)


def timed(look: Callable[[], bool], what: str) -> float:
    began = time.monotonic()
    until(look, what)
    return time.monotonic() - began


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
