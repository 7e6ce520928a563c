"""The sidecar under test: the installed `sts-gateway sidecar`, and how a workload's program is pointed at it."""

import json
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.process import Process, free_port

PATH = "/v1/credentials"
TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
IMDS = "/latest/meta-data/iam/security-credentials/"

# One for all: to make a client costs more than to ask a sidecar.
_CLIENT = httpx.Client(timeout=5)


class Sidecar(Process):
    """A running sidecar. `program`: run in place of the installed command."""

    def __init__(
        self,
        folder: Path,
        installation: Installation,
        canaries: Canaries,
        *,
        gateway: str,
        roles: Sequence[str],
        token_file: Path,
        words: Sequence[str] = (),
        program: Sequence[str | Path] = (),
        ready: bool = True,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._canaries = canaries
        self.port, self.probe_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.authorization = canaries.add("authorization token", secrets.token_urlsafe(24))
        self.authorization_file = folder / "authorization"
        self.authorization_file.write_text(self.authorization)
        command: list[str | Path] = [
            *(program or [installation.command]), "sidecar", "--gateway", gateway, "--token-file", token_file,
            "--port", str(self.port), "--probe-port", str(self.probe_port), *words,
        ]  # fmt: skip
        for role in roles:
            command += ["--role-arn", role]
        super().__init__(
            "sidecar",
            command,
            folder=folder,
            environment=installation.environment(**{TOKEN_FILE: str(self.authorization_file)}),
        )
        self.until(lambda: self.probe("/readyz" if ready else "/healthz") == 200, "it is ready")

    def probe(self, path: str) -> int | None:
        """The status; None where nobody answers."""
        try:
            return _CLIENT.get(f"http://127.0.0.1:{self.probe_port}{path}").status_code
        except httpx.TransportError:
            return None

    def ask(self, path: str = PATH, method: str = "GET", **headers: str) -> httpx.Response:
        """One request; by default with the right token."""
        names = {name.replace("_", "-"): value for name, value in headers.items() if value}
        sent = names if "authorization" in headers else {"authorization": self.authorization, **names}
        answer = _CLIENT.request(method, f"{self.url}{path}", headers=sent)
        for name in ("SecretAccessKey", "Token"):
            for secret in re.findall(rf'"{name}": "([^"]+)"', answer.text):
                self._canaries.add(name, secret)
        return answer

    def document(self, path: str = PATH) -> dict[str, Any]:
        document: dict[str, Any] = self.ask(path).json()
        return document

    def imds(self, path: str) -> httpx.Response:
        """By a token of its own."""
        ttl = {"x_aws_ec2_metadata_token_ttl_seconds": "60"}
        token = self.ask("/latest/api/token", "PUT", authorization="", **ttl).text
        return self.ask(path, authorization="", x_aws_ec2_metadata_token=token)

    def environment(self, *, path: str = PATH) -> dict[str, str]:
        """What the workload's container is given."""
        return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.url}{path}", TOKEN_FILE: str(self.authorization_file)}

    def imds_environment(self) -> dict[str, str]:
        return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url, "AWS_EC2_METADATA_DISABLED": "false"}

    def leaks(self) -> list[str]:
        return self._canaries.leaks(self.out + self.err)

    @property
    def resident(self) -> int:
        """KiB in memory now."""
        status = Path(f"/proc/{self._child.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None, status
        return int(found[1])

    @property
    def processor_seconds(self) -> float:
        """Time that it has used so far."""
        fields = Path(f"/proc/{self._child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def told(text: str) -> dict[str, Any]:
    """The last line of JSON that a program printed."""
    document: dict[str, Any] = json.loads(text.strip().splitlines()[-1])
    return document
