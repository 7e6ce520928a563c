"""A gateway in one process: a real configuration, keyring and provider keys, a clock that tests move, an audit list."""

import functools
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent, indent
from typing import Any
from urllib.parse import urlencode

from gateway.assembly.compose import exchange_of
from gateway.domain.assumption import AssumedRole, SessionRequest, WebIdentityRequest
from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.errors import AuditUnavailable
from gateway.domain.identity import UnverifiedToken
from gateway.domain.origin import RequestOrigin
from gateway.sealing import key_file
from gateway.sealing.issuer_key import IssuerKey, new_issuer_keys
from gateway.sealing.key_file import read
from gateway.sealing.keyring import Keyring
from gateway.sessions.revocation import Revocations
from gateway.settings.load import load
from gateway.sigv4.request import HttpRequest
from gateway.sigv4.rules import SERVICE_RULES, SigningRules
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.sign import sign
from gateway.state.memory import MemoryStore
from gateway.telemetry.meters import Meters
from tests.fakes.identity_provider import IdentityProvider

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ISSUER = "https://login.example.com"
ACCOUNT = "111122223333"
ANALYST = f"arn:aws:iam::{ACCOUNT}:role/Analyst"
ENGINEER = f"arn:aws:iam::{ACCOUNT}:role/team/Engineer"
ORIGIN = RequestOrigin(request_id="r-1", source_ip="192.0.2.7", user_agent="test/1", secure_transport=True)

SECTIONS: Mapping[str, str] = {
    "accounts": 'lake: "111122223333"',
    "roles": """
        lake/Analyst: {policies: [read-lake], max_session_duration: 4h, tags: {team: blue, cost: low}}
        lake/Engineer: {path: /team/, policies: [all-s3], permissions_boundary: read-lake, max_session_duration: 30m}
        """,
    "policies": """
        read-lake:
          Version: "2012-10-17"
          Statement:
            - {Sid: Read, Effect: Allow, Action: ["s3:GetObject", "s3:ListBucket"],
               Resource: ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"]}
        all-s3: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}
        """,
    "mappings": """
        - {provider: workforce, groups: [analysts], roles: [lake/Analyst],
           session_tags: {department: "{claims.department}"}}
        - {provider: workforce, groups: [engineers], roles: [lake/Engineer]}
        """,
    "users": """
        lake/ci: {access_keys: [{id: AKIAEXAMPLEEXAMPLE22, secret: 0123456789abcdefghij}], policies: [read-lake]}
        """,
    "services": """
        store: {type: s3, hosts: [s3.example.com], proxy_token: secret-proxy-token}
        """,
}


@functools.cache
def issuer_keys() -> tuple[IssuerKey, ...]:
    """One pair of keys for ID tokens, made once a run: an RSA key takes its time."""
    return new_issuer_keys(now=START - timedelta(days=1), signs_from=START - timedelta(days=1))


class MovableClock:
    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def move(self, **by: float) -> None:
        self._now += timedelta(**by)


class RecordedAudit:
    """Keeps records; refuses once `full`."""

    def __init__(self) -> None:
        self.records: list[Mapping[str, Any]] = []
        self.full = False

    def write(self, record: Mapping[str, Any]) -> None:
        if self.full:
            raise AuditUnavailable(cause="the audit log is full")
        self.records.append(record)

    @property
    def last(self) -> Mapping[str, Any]:
        return self.records[-1]


class GatewayWorld:
    """One gateway. `sections` replace those of the honest configuration."""

    def __init__(self, folder: Path, **sections: str) -> None:
        self.clock = MovableClock()
        self.audit = RecordedAudit()
        self.meters = Meters.alone()
        self.state = MemoryStore(self.clock)
        self.revocations = Revocations(self.state, self.clock)
        self.provider = IdentityProvider()
        self.provider.issuer = ISSUER
        self.provider.now = lambda: self.clock.now().timestamp()
        self.folder = folder
        (folder / "jwks.json").write_text(json.dumps({"keys": self.provider.public_keys()}))
        key = key_file.new_key(now=START - timedelta(days=1), seals_from=START - timedelta(days=1))
        key_file.create(folder / "keyring.json", Keyring([key], issuer_keys()))
        self.reload(**sections)

    def load(self, **sections: str) -> Any:
        merged = {
            "gateway": "public_url: https://sts.example.com\nkeyring: ./keyring.json",
            "providers": f"workforce: {{type: oidc, issuer: '{ISSUER}', audiences: [sts.amazonaws.com], "
            "jwks_file: ./jwks.json}",
            **SECTIONS,
            **sections,
        }
        path = self.folder / "gateway.yaml"
        path.write_text("".join(f"{name}:\n{indent(dedent(text).strip(), '  ')}\n" for name, text in merged.items()))
        return load(path)

    def reload(self, **sections: str) -> None:
        """The same keyring and clock with another configuration, as a reload makes it."""
        self.configuration = self.load(**sections)
        self.exchange, self.registry = exchange_of(
            self.configuration,
            read(self.folder / "keyring.json"),
            clock=self.clock,
            audit=self.audit,
            state=self.state,
            revocations=self.revocations,
            meters=self.meters,
        )

    def token(self, *groups: str, **claims: Any) -> UnverifiedToken:
        return self.provider.token(self.provider.claims(groups=list(groups or ("analysts",)), **claims))

    async def assume(self, token: str | None = None, role: str | None = ANALYST, **request: Any) -> AssumedRole:
        session = SessionRequest(**{"role_arn": role, "session_name": "alice", **request})
        asked = WebIdentityRequest(token=UnverifiedToken(token or self.token()), session=session)
        return await self.exchange.assume_role_with_web_identity(asked, ORIGIN)

    def signed(
        self,
        credentials: TemporaryCredentials | tuple[str, str],
        *,
        method: str = "POST",
        path: str = "/",
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        host: str = "sts.example.com",
        service: str = "sts",
        region: str = "us-east-1",
        rules: SigningRules = SERVICE_RULES,
    ) -> HttpRequest:
        """A request signed by the credentials, at the world's time."""
        if isinstance(credentials, tuple):
            (key, secret), token = credentials, None
        else:
            key, secret, token = (
                credentials.access_key_id,
                credentials.secret_access_key,
                credentials.session_token,
            )
        given = {"host": host, **(headers or {})}
        plain = HttpRequest(
            method=method,
            raw_path=path.encode(),
            raw_query=query.encode(),
            headers=tuple((name.encode(), value.encode()) for name, value in given.items()),
        )
        now = self.clock.now()
        added = sign(
            plain,
            access_key_id=key,
            secret_access_key=secret,
            session_token=token,
            scope=CredentialScope(date=f"{now:%Y%m%d}", region=region, service=service),
            now=now,
            rules=rules,
            payload_hash=sha256(body),
        )
        return HttpRequest(
            method=method, raw_path=plain.raw_path, raw_query=plain.raw_query, headers=(*plain.headers, *added)
        )


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


IDENTITY_FORM = urlencode({"Action": "GetCallerIdentity", "Version": "2011-06-15"}).encode()
