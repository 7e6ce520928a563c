"""Honest clients that ask all the time, and note each answer that is not what must come back."""

import base64
import json
import re
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from gateway.client.api import GatewayUnreachable
from gateway.client.identity_center import PASSWORD as PASSWORD_GRANT
from gateway.client.identity_center import IdentityCenter, Refused
from tests.e2e.fleet.fleet import ACCOUNT, ANALYST, PASSWORD, PEOPLE, STORE, Fleet

MINTERS, PERSONS, WRK_CONNECTIONS = 3, 3, 8
LOST = 0
"""The status of an answer that never came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    at: float
    who: str
    what: str
    is_lost: bool = False
    """No answer of a gateway: its connection ended, or the proxy said so in its place."""
    is_retryable: bool = False
    """A refusal that asks to try again in a moment."""


@dataclass(slots=True)
class Load:
    """Clients in threads of their own, from `with` to its end. `counts`: answers that were right, by kind."""

    fleet: Fleet
    wrong: list[Wrong] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        token = self.fleet.provider.id_token()
        for number in range(MINTERS):
            self._start(f"minter {number}", lambda who: self._mint(who, token))
        for number in range(PERSONS):
            self._start(f"person {number}", lambda who, name=PEOPLE[number]: self._live(who, name))
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self._threads)

    def _start(self, who: str, work: Callable[[str], None]) -> None:
        thread = threading.Thread(target=work, args=(who,), name=who, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _mint(self, who: str, token: str) -> None:
        """A workload: trades its token, uses the session at whatever replica, and is refused where it must be."""
        with closing(self.fleet.sts()) as sts:
            asked = {"RoleArn": ANALYST, "RoleSessionName": "alice", "WebIdentityToken": token}
            while not self._ended.is_set():
                minted = self._boto(who, "mint", lambda: sts.assume_role_with_web_identity(**asked))
                if minted is not None:
                    self._use(who, minted["Credentials"])
                    self._authorize(who, minted["Credentials"])
                    self._must_refuse(who, sts, {**asked, "WebIdentityToken": f"{token[:-4]}AAAA"})
                    self._must_refuse(who, sts, {**asked, "WebIdentityToken": named(self.fleet.liar)})

    def _use(self, who: str, credentials: dict[str, str]) -> None:
        with closing(self.fleet.sts(credentials=credentials)) as sts:
            told = self._boto(who, "use", sts.get_caller_identity)
        if told is not None and told["Arn"] != f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice":
            self._note(who, f"another's name: {told['Arn']}")

    def _authorize(self, who: str, credentials: dict[str, str]) -> None:
        """A proxy in front of a store asks about two keys, of which a Deny names one."""
        for key, right in (("open/a", 200), ("secret/a", 403)):
            asked = AWSRequest("GET", f"http://{STORE}/lake/{key}")
            names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
            S3SigV4Auth(Credentials(*(credentials[name] for name in names)), "s3", "us-east-1").add_auth(asked)
            headers = {**asked.headers, "host": STORE, "x-gateway-proxy-token": self.fleet.proxy_token}
            try:
                answer = httpx.get(f"{self.fleet.url}/authz/lake/{key}", headers=headers, timeout=30)
            except httpx.TransportError as fault:
                self._note(who, f"authorize: {type(fault).__name__}", LOST)
                continue
            if answer.status_code == right:
                self._count("allow" if right == 200 else "deny")
            else:
                self._note(who, f"authorize {key}: {answer.text[:200]}", answer.status_code)

    def _must_refuse(self, who: str, sts: Any, asked: dict[str, str]) -> None:
        try:
            sts.assume_role_with_web_identity(**asked)
        except ClientError as refused:
            code, status = refused.response["Error"]["Code"], _status(refused)
            if code not in {"InvalidIdentityToken", "IDPCommunicationError"}:
                self._note(who, f"a forged token: {status} {code}", status)
            else:
                self._count("refuse")
        except BotoCoreError as fault:
            self._note(who, f"a forged token: {type(fault).__name__}", LOST)
        else:
            self._note(who, "a forged token was taken")

    def _live(self, who: str, name: str) -> None:
        """A person: signs in once with a password, and from then on renews tokens and takes credentials."""
        center = IdentityCenter(self.fleet.url)
        client, tokens = center.register(), None
        while not self._ended.is_set():
            if tokens is None:
                typed = {"provider": "corp", "username": name, "password": PASSWORD}
                sent = {"grantType": PASSWORD_GRANT, **typed}
                tokens = self._center(who, "sign in", lambda sent=sent: center.tokens(client, sent))
                continue
            sent = {"grantType": "refresh_token", "refreshToken": tokens["refreshToken"]}
            # A refresh whose answer was lost may have been done: who cannot know signs in anew.
            tokens = self._center(who, "refresh", lambda sent=sent: center.tokens(client, sent))
            if tokens is not None:
                access = tokens["accessToken"]
                self._center(who, "vend", lambda access=access: center.credentials(access, ACCOUNT, "Analyst"))
            time.sleep(0.02)

    def _boto(self, who: str, kind: str, call: Callable[[], Any]) -> Any:
        try:
            answer = call()
        except ClientError as refused:
            status = _status(refused)
            self._note(who, f"{kind}: {status} {refused.response['Error']}", status)
            return None
        except BotoCoreError as fault:
            self._note(who, f"{kind}: {type(fault).__name__}", LOST)
            return None
        self._count(kind)
        return answer

    def _center(self, who: str, kind: str, call: Callable[[], Any]) -> Any:
        try:
            answer = call()
        except Refused as refused:
            status = 503 if refused.code == "ServiceUnavailableException" else 400
            self._note(who, f"{kind}: {refused.code} {refused}", status)
            return None
        except GatewayUnreachable as fault:
            self._note(who, f"{kind}: {fault}", 503 if "try again in a moment" in str(fault) else LOST)
            return None
        self._count(kind)
        return answer

    def _note(self, who: str, what: str, status: int = 200) -> None:
        wrong = Wrong(
            at=time.monotonic(), who=who, what=what, is_lost=status in (LOST, 502, 504), is_retryable=status == 503
        )
        with self._lock:
            self.wrong.append(wrong)

    def _count(self, kind: str) -> None:
        with self._lock:
            self.counts[kind] = self.counts.get(kind, 0) + 1


class Wrk:
    """wrk on the front door, minting, for so many seconds."""

    def __init__(self, folder: Path, fleet: Fleet, seconds: int) -> None:
        script = folder / "mint.lua"
        body = (
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=alice"
            f"&RoleArn={ANALYST}&WebIdentityToken={fleet.provider.id_token()}"
        )
        script.write_text(
            'wrk.method = "POST"\n'
            'wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"\n'
            f'wrk.body = "{body}"\n'
        )
        script.chmod(0o600)
        words = [
            "wrk",
            "-t1",
            f"-c{WRK_CONNECTIONS}",
            f"-d{seconds}s",
            "--timeout",
            "20s",
            "-s",
            str(script),
            fleet.url,
        ]
        self._child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)

    def result(self) -> tuple[int, int, str]:
        """Requests that were answered, those that were not 2xx or lost their connection, and all that wrk says."""
        told, _ = self._child.communicate(timeout=120)
        total = re.search(r"(\d+) requests in", told)
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
        socket = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
        assert total is not None, told
        lost = sum(map(int, socket.groups())) if socket else 0
        return int(total[1]), (int(refused[1]) if refused else 0) + lost, told


def named(issuer: str) -> str:
    """A token that names an issuer and that nobody signed."""
    now = int(time.time())
    claims = {"iss": issuer, "aud": "app-rs256", "sub": "alice", "groups": ["analysts"], "iat": now, "exp": now + 300}
    parts = ({"alg": "RS256", "kid": "k"}, claims)
    head = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return f"{head}.{'A' * 342}"


def _status(refused: ClientError) -> int:
    return int(refused.response["ResponseMetadata"]["HTTPStatusCode"])
