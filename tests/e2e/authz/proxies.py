"""Real Envoy and nginx with the configurations of deploy/proxies, in front of an upstream and beside a gateway."""

import json
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.e2e.canaries import Canaries
from tests.e2e.installation import ROOT, Installation
from tests.e2e.process import Process, free_port
from tests.servers import ceph

CI_KEY, CI_SECRET = "AKIAEXAMPLEEXAMPLE22", secrets.token_urlsafe(30)
ANALYST = "arn:aws:iam::111122223333:role/Analyst"
ENVOY = Path(__file__).parents[1] / ".envoy" / "envoy" / "_bin" / "envoy"
_CONFIGURATIONS = ROOT / "deploy" / "proxies"
_GATEWAY = """\
gateway:
  public_url: http://127.0.0.1:{port}
  keyring: ./keyring.json
  internal_listen: 127.0.0.1:{internal_port}
  audit: {{path: ./audit.jsonl}}
accounts: {{lake: "111122223333"}}
providers:
  nobody: {{type: oidc, issuer: "http://127.0.0.1:9", audiences: [a]}}
roles:
  lake/Analyst:
    tags: {{team: blue}}
    policies: [use-lake]
    trust_policy:
      Version: "2012-10-17"
      Statement: [{{Effect: Allow, Principal: {{AWS: "111122223333"}}, Action: "sts:*"}}]
policies:
  assume: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "sts:*", Resource: "*"}}]}}
  use-lake:
    Version: "2012-10-17"
    Statement:
      - {{Effect: Allow, Action: "s3:*", Resource: ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"]}}
      - {{Effect: Deny, Action: "s3:DeleteObject*", Resource: "arn:aws:s3:::lake/kept/*"}}
users:
  lake/ci: {{access_keys: [{{id: {key}, secret: {secret}}}], policies: [assume]}}
services:
{services}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One proxy in front of one upstream. `resigns`: the gateway has a key of its own there."""

    proxy: str
    upstream_port: int
    resigns: bool
    port: int = field(default_factory=free_port)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def service(self) -> str:
        """The gateway's entry."""
        upstream = (
            f", upstream: {{endpoint: 'http://127.0.0.1:{self.upstream_port}', access_key_id: {ceph.ACCESS_KEY}, "
            f"secret_access_key: {ceph.SECRET_KEY}}}"
        )
        return (
            f"  on-{self.port}: {{type: s3, hosts: ['{self.host}'], proxy: {self.proxy}, proxy_token: {self.token}"
            f"{upstream if self.resigns else ''}}}"
        )


class Gateway(Process):
    """The installed gateway, with one service for each door."""

    def __init__(self, folder: Path, installation: Installation, canaries: Canaries, doors: Sequence[Door]) -> None:
        folder.mkdir(parents=True)
        self.port, self.internal_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._canaries = canaries
        for name, secret in (("user's secret", CI_SECRET), ("upstream's secret", ceph.SECRET_KEY)):
            canaries.add(name, secret)
        for door in doors:
            canaries.add("proxy token", door.token)
        configuration = folder / "gateway.yaml"
        configuration.write_text(
            _GATEWAY.format(
                port=self.port,
                internal_port=self.internal_port,
                key=CI_KEY,
                secret=CI_SECRET,
                services="\n".join(door.service for door in doors),
            )
        )
        made = installation.run("keys", "generate", "--keyring", folder / "keyring.json")
        assert made.returncode == 0, made.stderr
        serve = [installation.command, "serve", "--config", configuration, "--port", str(self.port)]
        super().__init__("gateway", serve, folder=folder, environment=installation.environment())
        self.until(self._is_ready, "it is ready")

    @property
    def audit_text(self) -> str:
        return (self.folder / "audit.jsonl").read_text()

    def audit(self, request_id: str) -> dict[str, object]:
        (line,) = [line for line in self.audit_text.splitlines() if f'"requestID":"{request_id}"' in line]
        record: dict[str, object] = json.loads(line)
        return record

    def leaks(self) -> list[str]:
        return self._canaries.leaks(self.out + self.err + self.audit_text)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False


def start(door: Door, folder: Path, gateway_port: int) -> Process:
    """The door's proxy, up."""
    folder.mkdir(parents=True, exist_ok=True)
    running = {"envoy": _envoy, "nginx": _nginx}[door.proxy](door, folder, gateway_port)
    running.until(lambda: _listens(door.port), "it listens")
    return running


def _envoy(door: Door, folder: Path, gateway_port: int) -> Process:
    path = folder / "envoy.yaml"
    path.write_text(
        _changed(
            _CONFIGURATIONS / "envoy.yaml",
            {
                "port_value: 8000": f"port_value: {door.port}",
                "port_value: 9090": f"port_value: {gateway_port}",
                "port_value: 9000": f"port_value: {door.upstream_port}",
                "value: CHANGE-ME": f"value: {door.token}",
                "s3.example.com": "localhost",
            },
        )
    )
    # Of hot restarts, by which two Envoys of one id would end one another, there are none.
    words = ["--config-path", path, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
    return Process("envoy", [ENVOY, *words], folder=folder)


def _nginx(door: Door, folder: Path, gateway_port: int) -> Process:
    path = folder / "nginx.conf"
    # What a service of the system has as its defaults.
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    text = _changed(
        _CONFIGURATIONS / "nginx.conf",
        {
            "listen 8000": f"listen {door.port}",
            "127.0.0.1:9090": f"127.0.0.1:{gateway_port}",
            "127.0.0.1:9000": f"127.0.0.1:{door.upstream_port}",
            "Proxy-Token CHANGE-ME": f"Proxy-Token {door.token}",
            "s3.example.com": "localhost",
            "http {\n": f"http {{\n    access_log off;\n{places}",
        },
    )
    path.write_text(f"daemon off;\npid {folder}/nginx.pid;\n{text}")
    return Process("nginx", ["/usr/sbin/nginx", "-e", "stderr", "-c", path], folder=folder)


def _changed(path: Path, changes: dict[str, str]) -> str:
    """The file with what its own first lines tell to change."""
    text = path.read_text()
    for old, new in changes.items():
        assert old in text, f"{path.name} has no {old!r}"
        text = text.replace(old, new)
    return text


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
