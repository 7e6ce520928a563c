"""The gateway under test: the installed `sts-gateway serve` on a free loopback port, and its audit lines."""

import json
import re
import secrets
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.process import Process, free_port

ANALYST = "arn:aws:iam::111122223333:role/analytics/Analyst"
QUICK = "arn:aws:iam::111122223333:role/Quick"
ENGINEER = "arn:aws:iam::444455556666:role/Engineer"
VERSION = "2011-06-15"
CI_KEY, CI_SECRET = "AKIAEXAMPLEEXAMPLE22", secrets.token_urlsafe(30)
IDLE_KEY, IDLE_SECRET = "AKIAEXAMPLEEXAMPLE33", secrets.token_urlsafe(30)
"""Users of gateway.yaml with long-lived keys: one that may do anything, and one that may do nothing."""
NOBODY = "http://127.0.0.1:9"
"""An issuer that never answers: nothing listens on the port of discard."""

_CONFIGURATION = Path(__file__).parent / "gateway.yaml"


class Gateway(Process):
    """A running gateway with gateway.yaml as its configuration."""

    def __init__(
        self,
        folder: Path,
        installation: Installation,
        canaries: Canaries,
        *,
        issuer: str,
        client_secret: str,
        past_issuer: str = NOBODY,
        audit_path: str = "./audit.jsonl",
        audit_on_failure: str = "refuse",
        port: int | None = None,
        public_url: str | None = None,
        settings: str = "",
        sections: Mapping[str, str] | None = None,
        words: Sequence[str] = (),
    ) -> None:
        """A folder that has a keyring, and the port of a gateway that has ended, make the same gateway again.

        `public_url`: where something stands in front of it. `settings`: lines to add to the section `gateway`;
        `sections`: to others, by their names; `words`: more of the command line.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._canaries = canaries
        self.audit_path = audit_path
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = installation.environment(
            PUBLIC_URL=public_url or self.url,
            ISSUER=issuer,
            PAST_ISSUER=past_issuer,
            CLIENT_SECRET=client_secret,
            CI_SECRET=CI_SECRET,
            IDLE_SECRET=IDLE_SECRET,
            AUDIT_PATH=audit_path,
            AUDIT_ON_FAILURE=audit_on_failure,
        )
        for secret in (CI_SECRET, IDLE_SECRET):
            canaries.add("user's secret", secret)
        self.metrics_text = ""
        self.configuration = folder / _CONFIGURATION.name
        text = _CONFIGURATION.read_text()
        for section, lines in {"gateway": settings, **(sections or {})}.items():
            added = "".join(f"  {line}\n" for line in lines.splitlines())
            text = re.sub(
                rf"^{section}:\n", lambda head, added=added: head[0] + added, text, count=1, flags=re.MULTILINE
            )
        self.configuration.write_text(text)
        keyring = folder / "keyring.json"
        if not keyring.exists():
            made = installation.run("keys", "generate", "--keyring", keyring)
            assert made.returncode == 0, made.stderr
        for key in json.loads(keyring.read_text())["keys"]:
            canaries.add("keyring's secret", key["secret"])
        serve: list[str | Path] = [
            installation.command,
            "serve",
            "--config",
            self.configuration,
            "--port",
            str(self.port),
            *words,
        ]
        super().__init__("gateway", serve, folder=folder, environment=self.environment)
        self.until(lambda: self.readiness() == 200, "it is ready")

    def remember(self, name: str, secret: str) -> None:
        """Add a secret that none of its outputs may show."""
        self._canaries.add(name, secret)

    @property
    def audit_text(self) -> str:
        if self.audit_path == "-":
            return self.out
        path = self.folder / self.audit_path
        return path.read_text() if path.is_file() else ""  # a device has no end

    def audit(self, request_id: str) -> dict[str, Any]:
        """The one audit line of an answer."""
        lines = [
            line for line in self.audit_text.splitlines() if f'"{request_id}"' in line and '"eventVersion"' in line
        ]
        assert len(lines) == 1, f"{len(lines)} audit lines of {request_id}\n{self.told()}"
        record: dict[str, Any] = json.loads(lines[0])
        return record

    def audit_by_key(self, access_key_id: str) -> dict[str, Any]:
        """The audit line of the answer that handed out this access key id."""
        records = map(json.loads, self.audit_text.splitlines())
        (found,) = [
            record
            for record in records
            if ((record.get("responseElements") or {}).get("credentials") or {}).get("accessKeyId") == access_key_id
        ]
        record: dict[str, Any] = found
        return record

    def assume(self, token: str, **parameters: str) -> httpx.Response:
        """AssumeRoleWithWebIdentity over bare HTTP; by default alice's role and session name."""
        answer = httpx.post(self.url, data=assumption(token, **parameters), timeout=30)
        for name in ("SecretAccessKey", "SessionToken"):
            for secret in re.findall(rf"<{name}>([^<]+)</{name}>", answer.text):
                self._canaries.add(name, secret)
        return answer

    def stop(self) -> int:
        """End it at once: the first signal alone would leave whoever balances the load time to notice."""
        if self.alive:
            self.metrics_text = self.metrics().text
            self.send(signal.SIGTERM)
            self.until(lambda: self.readiness() in (None, 503), "it drains")
            self.send(signal.SIGTERM)
        return self.ended()

    def leaks(self) -> list[str]:
        """Names of the secrets that its outputs, its audit log and its last metrics show."""
        return self._canaries.leaks(self.out + self.err + self.audit_text + self.metrics_text)

    def metrics(self) -> httpx.Response:
        return httpx.get(f"{self.url}/metrics")

    def readiness(self) -> int | None:
        """The status of `/readyz`; None where nobody answers."""
        try:
            return httpx.get(f"{self.url}/readyz").status_code
        except httpx.TransportError:
            return None


StartGateway = Callable[..., Gateway]


def assumption(token: str, **parameters: str) -> dict[str, str]:
    """The form of AssumeRoleWithWebIdentity; what is given empty is left out."""
    form = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": VERSION,
        "RoleArn": ANALYST,
        "RoleSessionName": "alice",
        "WebIdentityToken": token,
        **parameters,
    }
    return {name: value for name, value in form.items() if value}


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and STS error code of a refusal."""
    code = re.search(r"<Code>(\w+)</Code>", answer.text)
    assert code is not None, answer.text
    return answer.status_code, code[1]


def request_id_of(answer: httpx.Response) -> str:
    request_id: str = answer.headers["x-amzn-requestid"]
    return request_id
