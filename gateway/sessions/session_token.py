"""What a session token holds, and its packed form inside the envelope."""

import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec

from gateway.domain.arn import RoleArn, account_and_name, federated_user_arn, session_arn
from gateway.domain.errors import PackedPolicyTooLarge, UnknownAccessKey
from gateway.domain.grant import SessionPolicy
from gateway.domain.identifiers import role_id, user_id
from gateway.domain.principal import Principal, PrincipalType
from gateway.domain.session import OpenedSession, Session

PURPOSE: Final = "session"
MAXIMUM_CHARACTERS: Final = 4096
_COMPRESSED_FROM: Final = 200
MAXIMUM_DOCUMENT: Final = 16 * 1024
"""Bytes of a session policy at most: deflated, far more would fit into a token, and each request inflates it."""


class SessionKind(StrEnum):
    """Whose session a token is."""

    ROLE = "role"
    USER = "user"
    FEDERATED_USER = "federated"


_ROLE: Final = SessionKind.ROLE.value


class PackedPolicy(msgspec.Struct, frozen=True, array_like=True):
    """A session policy: its ARN if it has one, and its JSON, deflated where that makes it shorter."""

    arn: str | None
    document: bytes
    deflated: bool


class TokenContent(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """The content of a session token, packed as an array in this order.

    A field is never removed, moved or given another meaning; new ones go to the end and have a default, so that tokens
    of the version before open too. A gateway skips the fields that it does not know: one that narrows what a session
    may do comes with a new version of the envelope, which older gateways refuse. Times are seconds since the epoch.
    """

    access_key_id: str
    secret_access_key: str
    session_id: str
    issued_at: int
    expires_at: int
    role_arn: str
    session_name: str
    provider: str
    subject: str
    user_name: str
    source_identity: str | None
    tags: dict[str, str]
    transitive_tag_keys: tuple[str, ...]
    condition_keys: dict[str, tuple[str, ...]]
    session_policies: tuple[PackedPolicy, ...]
    chain_depth: int
    kind: str = SessionKind.ROLE.value
    """Of whom the session is. For the kinds of users `role_arn` is the user's ARN."""

    def __repr__(self) -> str:
        return f"TokenContent(access_key_id={self.access_key_id!r}, ...)"


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(TokenContent)


def pack(content: TokenContent) -> bytes:
    return _encoder.encode(content)


def unpack(packed: bytes) -> TokenContent:
    """Raises UnknownAccessKey: sealed by us and still not a token, so another version's."""
    try:
        return _decoder.decode(packed)
    except msgspec.DecodeError as error:
        raise UnknownAccessKey(cause=f"the session token's content cannot be read: {error}") from None


def packed_policy(policy: SessionPolicy) -> PackedPolicy:
    """Only the policy's text is deflated, never together with the secret: lengths must tell nothing about that.

    Raises PackedPolicyTooLarge for a document that would not be inflated again.
    """
    plain = policy.document.encode()
    if len(plain) > MAXIMUM_DOCUMENT:
        raise PackedPolicyTooLarge(percent=-(-len(plain) * 100 // MAXIMUM_DOCUMENT))
    if len(plain) >= _COMPRESSED_FROM:
        deflated = zlib.compress(plain, 9)
        if len(deflated) < len(plain):
            return PackedPolicy(arn=policy.arn, document=deflated, deflated=True)
    return PackedPolicy(arn=policy.arn, document=plain, deflated=False)


def opened_session(content: TokenContent) -> OpenedSession:
    """The session that the content describes, and its secret. Raises as `session_of`."""
    return OpenedSession(session=session_of(content), secret_access_key=content.secret_access_key)


def session_of(content: TokenContent) -> Session:
    """The session that the content describes. Role or user are references: whether they exist is asked at each use.

    Raises InvalidArn, UnknownAccessKey: sealed by us, and still not a session of this version.
    """
    whose = _PRINCIPALS.get(content.kind)
    if whose is None:
        raise UnknownAccessKey(cause=f"the session token is of a kind that this version does not know: {content.kind}")
    issued_at, expires_at = time_of(content.issued_at), time_of(content.expires_at)
    of_role = content.kind == _ROLE
    return Session(
        principal=whose(content, issued_at, expires_at),
        role_arn=content.role_arn if of_role else None,
        user_arn=None if of_role else content.role_arn,
        issued_at=issued_at,
        expires_at=expires_at,
        session_policies=tuple(map(_session_policy, content.session_policies)),
        transitive_tag_keys=frozenset(content.transitive_tag_keys),
        chain_depth=content.chain_depth,
    )


def _role_session(content: TokenContent, issued_at: datetime, expires_at: datetime) -> Principal:
    role = RoleArn.parse(content.role_arn)
    return Principal(
        type=PrincipalType.ASSUMED_ROLE,
        arn=session_arn(role.account, role.name, content.session_name),
        identity_arn=content.role_arn,
        account=role.account,
        unique_id=f"{role_id(role.account, role.name)}:{content.session_name}",
        access_key_id=content.access_key_id,
        session_name=content.session_name,
        session_id=content.session_id,
        role_name=role.name,
        user_name=content.user_name or None,
        source_identity=content.source_identity,
        tags=content.tags,
        issued_at=issued_at,
        expires_at=expires_at,
        provider=content.provider or None,
        subject=content.subject or None,
        condition_keys=content.condition_keys,
    )


def _user_session(content: TokenContent, issued_at: datetime, expires_at: datetime) -> Principal:
    """A user with temporary keys is the user: same ARN, same id."""
    account, name = account_and_name(content.role_arn)
    return Principal(
        type=PrincipalType.USER,
        arn=content.role_arn,
        identity_arn=content.role_arn,
        account=account,
        unique_id=user_id(account, name),
        access_key_id=content.access_key_id,
        session_id=content.session_id,
        user_name=name,
        issued_at=issued_at,
        expires_at=expires_at,
    )


def _federated_user(content: TokenContent, issued_at: datetime, expires_at: datetime) -> Principal:
    account, _ = account_and_name(content.role_arn)
    arn = federated_user_arn(account, content.session_name)
    return Principal(
        type=PrincipalType.FEDERATED_USER,
        arn=arn,
        identity_arn=arn,
        account=account,
        unique_id=f"{account}:{content.session_name}",
        access_key_id=content.access_key_id,
        session_name=content.session_name,
        session_id=content.session_id,
        user_name=content.session_name,
        tags=content.tags,
        issued_at=issued_at,
        expires_at=expires_at,
    )


_PRINCIPALS: Final[Mapping[str, Callable[[TokenContent, datetime, datetime], Principal]]] = {
    SessionKind.ROLE.value: _role_session,
    SessionKind.USER.value: _user_session,
    SessionKind.FEDERATED_USER.value: _federated_user,
}


def time_of(seconds: int) -> datetime:
    """Seconds since the epoch in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def _session_policy(packed: PackedPolicy) -> SessionPolicy:
    if not packed.deflated:
        return SessionPolicy(document=packed.document.decode(), arn=packed.arn)
    inflater = zlib.decompressobj()
    plain = inflater.decompress(packed.document, MAXIMUM_DOCUMENT)
    if not inflater.eof:
        raise UnknownAccessKey(cause="a session policy in the token inflates beyond its bound")
    return SessionPolicy(document=plain.decode(), arn=packed.arn)
