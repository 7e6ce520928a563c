"""Three gateways behind nginx on one Redis, with an identity provider and a directory: what a company runs."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import boto3
import httpx
import yaml
from botocore.config import Config

from tests.e2e.canaries import Canaries
from tests.e2e.installation import ROOT, Installation
from tests.e2e.openid_provider import OpenIdProvider
from tests.e2e.process import Process, free_port, until
from tests.e2e.state.redis_server import RedisServer, Replicated
from tests.servers.slapd import Slapd, group, member, person

REPLICAS = 3
ACCOUNT = "111122223333"
ANALYST = f"arn:aws:iam::{ACCOUNT}:role/Analyst"
PEOPLE = tuple(f"person{number}" for number in range(8))
PASSWORD = "canary-password-of-people"
OPERATOR = "AKIAEXAMPLEEXAMPLE22"
STORE = "s3.example.com"
_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_BUT_SECRETS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::lake/secret/*"}],
}


class Fleet:
    """What runs, to be hurt: `gateways`, `store`, `nginx`, `provider`, `directory`."""

    def __init__(
        self, folder: Path, installation: Installation, canaries: Canaries, store: RedisServer | Replicated
    ) -> None:
        self.folder = folder
        self.store = store
        self.port, self.ports = free_port(), [free_port() for _ in range(REPLICAS)]
        self.url = f"http://127.0.0.1:{self.port}"
        self.secret = canaries.add("operator's secret", "canary-secret-of-the-operator")
        self.proxy_token = canaries.add("proxy token", "canary-token-of-the-proxy")
        canaries.add("password", PASSWORD)
        self._canaries = canaries
        self.installation = installation
        self.liar = "http://127.0.0.1:9"
        """An issuer whose answers are of no use; nobody at all, until somebody lies there."""
        self._running = ExitStack()
        self.gateways: list[Process] = []

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._running:
            self._start()
            self._running = self._running.pop_all()
        return self

    def _start(self) -> None:
        enter = self._running.enter_context
        enter(self.store)
        self.provider = enter(OpenIdProvider(self.folder / "provider", self._canaries))
        people = "".join(person(name, PASSWORD) for name in PEOPLE)
        members = group("analysts", *(member(name) for name in PEOPLE))
        self.directory = enter(Slapd(self.folder / "slapd", data=people + members))
        self.configuration = self.folder / "gateway.yaml"
        self.configure()
        self.keys("generate")
        self.gateways = [enter(self._gateway(number)) for number in range(REPLICAS)]
        self.nginx = enter(self._nginx())
        until(lambda: answers(f"{self.url}/readyz"), "nginx answers")

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def configure(self, **sections: Any) -> None:
        """Write the configuration that all replicas read; `sections` replace those of the honest one."""
        written = self.configuration.with_suffix(".new")
        written.write_text(yaml.safe_dump({**self.honest(), **sections}))
        written.replace(self.configuration)

    def keys(self, *words: str) -> None:
        made = self.installation.run("keys", *words, "--keyring", self.folder / "keyring.json")
        assert made.returncode == 0, made.stderr

    def revive(self, number: int) -> None:
        """Start a replica anew that was killed."""
        self.gateways[number].ended()
        self.gateways[number] = self._running.enter_context(self._gateway(number))

    def sts(self, url: str | None = None, credentials: Mapping[str, str] | None = None) -> Any:
        """boto3 as it comes, but without second tries: what it would hide counts here."""
        given = credentials or {"AccessKeyId": OPERATOR, "SecretAccessKey": self.secret}
        return boto3.client(
            "sts",
            region_name="us-east-1",
            endpoint_url=url or self.url,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
        )

    def replica(self, number: int) -> str:
        return f"http://127.0.0.1:{self.ports[number]}"

    @property
    def audit_text(self) -> str:
        return (self.folder / "audit.jsonl").read_text()

    def leaks(self) -> list[str]:
        outputs = "".join(gateway.out + gateway.err for gateway in self.gateways)
        return self._canaries.leaks(outputs + self.audit_text)

    def honest(self) -> dict[str, Any]:
        return {
            "gateway": {
                "public_url": self.url,
                "keyring": "./keyring.json",
                "state": self.store.url,
                "trusted_proxies": ["127.0.0.1/32"],
                "audit": {"path": "./audit.jsonl"},
            },
            "accounts": {"lake": ACCOUNT},
            "providers": {
                "workforce": {"type": "oidc", "issuer": self.provider.issuer, "audiences": ["app-rs256"]},
                "corp": self.directory.settings(),
                "liar": {"type": "oidc", "issuer": self.liar, "audiences": ["app-rs256"]},
            },
            "roles": {"lake/Analyst": {"policies": ["everything", "but-secrets"]}},
            "policies": {"everything": _EVERYTHING, "but-secrets": _BUT_SECRETS},
            "mappings": [
                {"provider": name, "groups": ["analysts"], "roles": ["lake/Analyst"]} for name in ("workforce", "corp")
            ],
            "services": {"store": {"type": "s3", "hosts": [STORE], "proxy_token": self.proxy_token}},
            "users": {
                "lake/operator": {
                    "policies": ["everything"],
                    "access_keys": [{"id": OPERATOR, "secret": self.secret}],
                }
            },
        }

    def _gateway(self, number: int) -> Process:
        command: list[str | Path] = [self.installation.command, "serve", "--config", self.configuration]
        running = Process(
            f"gateway-{number}",
            [*command, "--port", str(self.ports[number])],
            folder=self.folder,
            environment=self.installation.environment(),
        )
        running.until(lambda: answers(f"{self.replica(number)}/readyz"), "it is ready")
        return running

    def _nginx(self) -> Process:
        text = (ROOT / "deploy" / "proxies" / "load-balancer.conf").read_text()
        for number, port in enumerate(self.ports, start=8081):
            text = text.replace(f"127.0.0.1:{number}", f"127.0.0.1:{port}")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"    {kind}_temp_path {self.folder}/nginx-{kind};\n" for kind in kinds)
        text = text.replace("listen 8000", f"listen 127.0.0.1:{self.port}").replace("http {\n", f"http {{\n{places}", 1)
        path = self.folder / "nginx.conf"
        path.write_text(f"daemon off;\npid {self.folder}/nginx.pid;\n{text}")
        return Process("nginx", ["/usr/sbin/nginx", "-e", "stderr", "-c", path], folder=self.folder)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def code_of(body: str) -> str:
    found = re.search(r"<Code>(\w+)</Code>", body)
    return found[1] if found else body[:80]
