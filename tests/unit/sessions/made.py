"""Honest grants, users and sessions, of which a case changes one thing."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.domain.arn import RoleArn
from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.grant import Grant, SessionPolicy, SignIn, StatementId
from gateway.domain.identifiers import role_id, user_id
from gateway.domain.role import Role
from gateway.domain.session import Session
from gateway.domain.user import AccessKey, User
from gateway.sealing.envelope import Sealer
from gateway.sealing.keyring import Keyring, SealingKey
from gateway.sessions.authenticator import Authenticator
from gateway.sessions.issuer import SessionIssuer
from gateway.sessions.session_token import PURPOSE, TokenContent
from gateway.sessions.users import Users

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ACCOUNT = "111122223333"
REALM = "https://sts.example.com"
READ_ONLY = '{"Statement":[{"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}'


def keyring(letter: str = "k") -> Keyring:
    key = SealingKey(key_id=letter.encode() * 8, secret=letter.encode() * 32, created_at=NOW, seals_from=NOW)
    return Keyring([key])


def sealer(keys: Keyring | None = None, *, purpose: str = PURPOSE, realm: str = REALM) -> Sealer:
    return Sealer(keys or keyring(), purpose=purpose, realm=realm)


def role(*, account: str = ACCOUNT, path: str = "/", name: str = "Analyst") -> Role:
    return Role(
        name=f"lake/{name}",
        arn=RoleArn(account=account, path=path, name=name),
        role_id=role_id(account, name),
        maximum_duration=43_200,
    )


def grant(**changed: Any) -> Grant:
    values = {
        "role": role(),
        "sign_in": SignIn(provider="workforce", subject="00u1a2b3", user_name="alice"),
        "session_name": "alice",
        "duration": 3600,
        "allowed_by": (StatementId("mappings[0]"),),
    }
    return Grant(**{**values, **changed})


def rich_grant() -> Grant:
    """A grant that uses every part of a session token."""
    return grant(
        role=role(path="/team/blue/"),
        tags={"department": "blue", "Ünïcode": "ø", "empty": ""},
        transitive_tag_keys=frozenset({"department", "empty"}),
        source_identity="alice@example.com",
        session_policies=(
            SessionPolicy(document=READ_ONLY),
            SessionPolicy(document='{"' + "long " * 300 + '":1}', arn=f"arn:aws:iam::{ACCOUNT}:policy/read-lake"),
        ),
        condition_keys={"login.example.com:sub": ("00u1a2b3",), "login.example.com:amr": ("pwd", "mfa")},
    )


def mint(grant: Grant, *, now: datetime = NOW, sealed_by: Sealer | None = None) -> tuple[Session, TemporaryCredentials]:
    return SessionIssuer(sealed_by or sealer()).mint(grant, now)


CI = User(
    name="lake/ci",
    account=ACCOUNT,
    user_id=user_id(ACCOUNT, "ci"),
    arn=f"arn:aws:iam::{ACCOUNT}:user/machines/ci",
    access_keys=(
        AccessKey(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key="first secret of ci"),
        AccessKey(access_key_id="AKIAI44QH8DHBEXAMPLE", secret_access_key="second secret of ci"),
    ),
)


def authenticator(opened_by: Sealer | None = None, *users: User) -> Authenticator:
    return Authenticator(opened_by or sealer(), Users(users or [CI]))


def content(**changed: Any) -> TokenContent:
    """What is inside a token; its expiry is an hour after NOW."""
    values = {
        "access_key_id": "ASIAQAAAAAAAAAAAAAAA",
        "secret_access_key": "s" * 40,
        "session_id": "I" * 16,
        "issued_at": int(NOW.timestamp()),
        "expires_at": int(NOW.timestamp()) + 3600,
        "role_arn": f"arn:aws:iam::{ACCOUNT}:role/Analyst",
        "session_name": "alice",
        "provider": "workforce",
        "subject": "00u1a2b3",
        "user_name": "alice",
        "source_identity": None,
        "tags": {},
        "transitive_tag_keys": (),
        "condition_keys": {},
        "session_policies": (),
        "chain_depth": 0,
    }
    return TokenContent(**{**values, **changed})


def decoded(token: str) -> bytes:
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


def encoded(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
