"""Servers for benchmarks: a whole gateway from the command line with an issuer beside it, and the floor's servers."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import serialization

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks._load import post

from tests.fakes.identity_provider import IdentityProvider

ROLE = "arn:aws:iam::111122223333:role/Analyst"
PATIENCE = 10.0
_FLOOR = Path(__file__).parent / "_floor_server.py"
_CONFIGURATION = """
gateway:
  public_url: http://127.0.0.1:{port}
  keyring: ./keyring.json
  state: "{state}"
  audit: {{path: ./audit.jsonl}}
accounts: {{lake: "111122223333"}}
providers:
  workforce: {{type: oidc, issuer: "{issuer}", audiences: [sts.amazonaws.com]}}
roles:
  lake/Analyst: {{policies: [read-lake], max_session_duration: 4h}}
policies:
  read-lake:
    Version: "2012-10-17"
    Statement: [{{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::lake/*"}}]
mappings:
  - {{provider: workforce, groups: [analysts], roles: [lake/Analyst]}}
services:
  store: {{type: s3, hosts: [s3.data.example.com], proxy: envoy, proxy_token: token-of-the-proxy}}
"""
PROXY_TOKEN = "token-of-the-proxy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One server: where it listens, and the process that serves."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    folder: Path
    started_at: float

    @property
    def cpu(self) -> float:
        """Seconds of the processor that the process has had, to the nanosecond."""
        return processor_time(self.process.pid)

    @property
    def workers(self) -> list[int]:
        """Process ids of the workers, where it has any beside itself."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]


def processor_time(pid: int) -> float:
    """Seconds of the processor that a process has had, to the nanosecond."""
    # The clock id of another process's time (Linux, clock_getcpuclockid(3)); /proc counts in hundredths.
    return time.clock_gettime(~pid << 3 | 2)


def resident(pid: int) -> float:
    """MiB of memory that a process has."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tokens(provider: IdentityProvider, count: int, **header: Any) -> list[str]:
    """Distinct tokens as a usual issuer makes them."""
    return [
        provider.token(
            provider.claims(
                sub=f"user-{number:06d}",
                groups=["everybody", "analysts", f"team-{number % 50}"],
                name=f"User {number}",
                email=f"user-{number}@corp.example.com",
                email_verified=True,
                preferred_username=f"user-{number}",
                jti=f"5d0f5c1e-7a0b-4a5c-8f0e-{number:012d}",
                auth_time=int(time.time()) - 30,
                acr="urn:example:loa:2",
            ),
            header=header or None,
        )
        for number in range(count)
    ]


def assumptions(some_tokens: Sequence[str]) -> list[bytes]:
    """Requests of AssumeRoleWithWebIdentity."""
    form = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": ROLE, "DurationSeconds": "3600"}
    return [
        post(urlencode({**form, "RoleSessionName": f"user-{number:06d}", "WebIdentityToken": token}).encode())
        for number, token in enumerate(some_tokens)
    ]


@contextmanager
def gateway(
    folder: Path,
    provider: IdentityProvider,
    *,
    workers: int = 1,
    state: str = "memory:",
    configuration: str = _CONFIGURATION,
) -> Iterator[Running]:
    """`sts-gateway serve` with its audit log and access log in files."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    program = [sys.executable, "-m", "gateway"]
    (folder / "gateway.yaml").write_text(configuration.format(port=port, issuer=provider.issuer, state=state))
    if not (folder / "keyring.json").exists():
        subprocess.run(
            [*program, "keys", "generate", "--keyring", folder / "keyring.json"], check=True, stdout=subprocess.DEVNULL
        )
    serve = ["serve", "--config", str(folder / "gateway.yaml"), "--port", str(port), "--workers", str(workers)]
    with _running("gateway", [*program, *serve], port, folder) as running:
        yield running


@contextmanager
def floor(kind: str, folder: Path, provider: IdentityProvider) -> Iterator[Running]:
    """`bare` or `floor` of _floor_server.py."""
    folder.mkdir(parents=True, exist_ok=True)
    (_, key), *_ = provider.keys.values()
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "key.pem").write_bytes(pem)
    port = free_port()
    command = [sys.executable, str(_FLOOR), kind, str(port), str(folder / "key.pem")]
    with _running(kind, command, port, folder) as running:
        yield running


@contextmanager
def bare_pages(folder: Path, sizes: Mapping[str, int]) -> Iterator[Running]:
    """A server that has so many bytes at each path, and does nothing for them."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [sys.executable, str(_FLOOR), "pages", str(port), json.dumps(sizes)]
    with _running("bare", command, port, folder) as running:
        yield running


@contextmanager
def _running(name: str, command: Sequence[str], port: int, folder: Path) -> Iterator[Running]:
    with ExitStack() as stack:
        err = stack.enter_context((folder / f"{name}.err").open("wb"))
        started_at = time.perf_counter()
        process = stack.enter_context(subprocess.Popen(command, stderr=err, cwd=folder))
        stack.callback(process.kill)
        running = Running(name=name, port=port, process=process, folder=folder, started_at=started_at)
        _until_open(running)
        yield running


def _until_open(running: Running) -> None:
    until = time.perf_counter() + PATIENCE
    while time.perf_counter() < until and running.process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", running.port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.005)
        else:
            return
    told = (running.folder / f"{running.name}.err").read_text()
    raise SystemExit(f"{running.name} did not start: {told}")


def audit_lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]
