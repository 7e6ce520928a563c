"""Minting: a grant becomes a session and its temporary credentials. No store, no I/O."""

import binascii
import os
from datetime import datetime
from typing import Any, Final

import msgspec

from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.errors import PackedPolicyTooLarge
from gateway.domain.grant import Grant, UserGrant
from gateway.domain.identifiers import RANDOM_BYTES_OF_A_KEY_ID, TEMPORARY_KEY_PREFIX, access_key_id, session_id
from gateway.domain.identity import Identity
from gateway.domain.session import Session
from gateway.sealing.envelope import SALT_BYTES, Sealer, content_capacity
from gateway.sessions.session_token import (
    MAXIMUM_CHARACTERS,
    SessionKind,
    TokenContent,
    pack,
    packed_policy,
    session_of,
)

_SECRET_BYTES: Final = 30  # exactly 40 base64 characters
_SESSION_ID_BYTES: Final = 10
_KEY_END: Final = RANDOM_BYTES_OF_A_KEY_ID
_SECRET_END: Final = _KEY_END + _SECRET_BYTES
_ID_END: Final = _SECRET_END + _SESSION_ID_BYTES
_RANDOM_BYTES: Final = _ID_END + SALT_BYTES
_NOTHING: Final[dict[str, str]] = {}
_CAPACITY: Final = content_capacity(MAXIMUM_CHARACTERS)


class SessionIssuer:
    """Mints sessions under a sealer of purpose `session`."""

    __slots__ = ("_sealer",)

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def mint(self, grant: Grant, now: datetime) -> tuple[Session, TemporaryCredentials]:
        """Open a session of `grant.duration` seconds from `now` on.

        The secret is 240 bits from the operating system, drawn for this session alone and known only from inside the
        sealed token: nothing that the token shows leads to it.

        Raises PackedPolicyTooLarge: the token would pass 4,096 characters. KeyringUnavailable: no key may seal.
        """
        sign_in = grant.sign_in
        return self._seal(
            _Bare.drawn(grant.role.arn.account, now, grant.duration, sign_in.session_id),
            role_arn=str(grant.role.arn),
            session_name=grant.session_name,
            provider=sign_in.provider or "",
            subject=sign_in.subject or "",
            user_name=sign_in.user_name or "",
            source_identity=grant.source_identity,
            tags=dict(grant.tags),
            transitive_tag_keys=tuple(sorted(grant.transitive_tag_keys)),
            condition_keys=dict(grant.condition_keys),
            session_policies=tuple(map(packed_policy, grant.session_policies)),
            chain_depth=sign_in.chain_depth,
        )

    def mint_usual(
        self,
        role_arn: str,
        account: str,
        identity: Identity,
        session_name: str,
        duration: int,
        condition_keys: dict[str, tuple[str, ...]],
        now: datetime,
    ) -> tuple[TokenContent, str] | None:
        """As `mint`, of a sign-in that brings neither tags nor policies: what the token holds, and the token.

        None where the token would be too long. Raises KeyringUnavailable.
        """
        random, issued_at = os.urandom(_RANDOM_BYTES), int(now.timestamp())
        content = TokenContent(
            access_key_id=access_key_id(TEMPORARY_KEY_PREFIX, account, random[:_KEY_END]),
            secret_access_key=_secret(random),
            session_id=session_id(random[_SECRET_END:_ID_END]),
            issued_at=issued_at,
            expires_at=issued_at + duration,
            role_arn=role_arn,
            session_name=session_name,
            provider=identity.provider,
            subject=identity.subject,
            user_name=identity.username,
            source_identity=None,
            tags=_NOTHING,
            transitive_tag_keys=(),
            condition_keys=condition_keys,
            session_policies=(),
            chain_depth=0,
        )
        packed = pack(content)
        if len(packed) > _CAPACITY:
            return None
        return content, self._sealer.seal(packed, now=issued_at, random=random[_ID_END:])

    def mint_for_user(self, grant: UserGrant, now: datetime) -> tuple[Session, TemporaryCredentials]:
        """Open a session of a user, or of somebody whom it vouches for. Raises as `mint`."""
        federated = grant.federated_name
        return self._seal(
            _Bare.drawn(grant.user.account, now, grant.duration, None),
            role_arn=grant.user.arn,
            session_name=federated or "",
            provider="",
            subject="",
            user_name="",
            source_identity=None,
            tags=dict(grant.tags),
            transitive_tag_keys=(),
            condition_keys={},
            session_policies=tuple(packed_policy(policy) for policy in grant.session_policies),
            chain_depth=0,
            kind=SessionKind.USER if federated is None else SessionKind.FEDERATED_USER,
        )

    def _seal(self, bare: "_Bare", **holds: Any) -> tuple[Session, TemporaryCredentials]:
        content = TokenContent(
            access_key_id=bare.access_key_id,
            secret_access_key=bare.secret_access_key,
            session_id=bare.session_id,
            issued_at=bare.issued_at,
            expires_at=bare.expires_at,
            **holds,
        )
        packed = pack(content)
        percent = _packed_percent(content, packed)
        token = self._sealer.seal(packed, now=bare.issued_at, random=bare.salt)
        session = session_of(content)
        credentials = TemporaryCredentials(
            access_key_id=content.access_key_id,
            secret_access_key=content.secret_access_key,
            session_token=token,
            expiration=session.expires_at,
            packed_percent=percent,
        )
        return session, credentials


class _Bare:
    """What every session has, drawn from the operating system's randomness in one call."""

    __slots__ = ("access_key_id", "expires_at", "issued_at", "salt", "secret_access_key", "session_id")

    access_key_id: str
    secret_access_key: str
    session_id: str
    salt: bytes
    issued_at: int
    expires_at: int

    @classmethod
    def drawn(cls, account: str, now: datetime, duration: int, known_id: str | None) -> "_Bare":
        """`known_id`: of a sign-in that this session comes of."""
        bare, random = cls(), os.urandom(_RANDOM_BYTES)
        bare.access_key_id = access_key_id(TEMPORARY_KEY_PREFIX, account, random[:_KEY_END])
        bare.secret_access_key = _secret(random)
        bare.session_id = known_id or session_id(random[_SECRET_END:_ID_END])
        bare.salt = random[_ID_END:]
        bare.issued_at = int(now.timestamp())
        bare.expires_at = bare.issued_at + duration
        return bare


def _secret(random: bytes) -> str:
    return binascii.b2a_base64(random[_KEY_END:_SECRET_END], newline=False).decode("ascii")


def _packed_percent(content: TokenContent, packed: bytes) -> int | None:
    """Share of the space left for session policies and tags that they use; None where the session has neither."""
    if not content.session_policies and not content.tags:
        if len(packed) > _CAPACITY:
            raise PackedPolicyTooLarge(percent=-(-len(packed) * 100 // _CAPACITY))
        return None
    bare = msgspec.structs.replace(content, session_policies=(), tags={}, transitive_tag_keys=())
    overhead = len(pack(bare))
    percent = -(-(len(packed) - overhead) * 100 // max(1, _CAPACITY - overhead))
    if percent > 100 or len(packed) > _CAPACITY:
        raise PackedPolicyTooLarge(percent=max(101, percent))
    return percent
