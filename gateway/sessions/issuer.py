"""Minting: a grant becomes a session and its temporary credentials. No store, no I/O."""

import base64
import os
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.errors import PackedPolicyTooLarge
from gateway.domain.grant import Grant
from gateway.domain.identifiers import RANDOM_BYTES_OF_A_KEY_ID, TEMPORARY_KEY_PREFIX, access_key_id
from gateway.domain.session import Session
from gateway.sealing.envelope import SALT_BYTES, Sealer, content_capacity
from gateway.sessions.session_token import MAXIMUM_CHARACTERS, TokenContent, opened_session, pack, packed_policy

_SECRET_BYTES: Final = 30  # exactly 40 base64 characters
_SESSION_ID_BYTES: Final = 10
_KEY_END: Final = RANDOM_BYTES_OF_A_KEY_ID
_SECRET_END: Final = _KEY_END + _SECRET_BYTES
_ID_END: Final = _SECRET_END + _SESSION_ID_BYTES
_RANDOM_BYTES: Final = _ID_END + SALT_BYTES
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
        random = os.urandom(_RANDOM_BYTES)
        issued_at = int(now.timestamp())
        content = TokenContent(
            access_key_id=access_key_id(TEMPORARY_KEY_PREFIX, grant.role.arn.account, random[:_KEY_END]),
            secret_access_key=base64.b64encode(random[_KEY_END:_SECRET_END]).decode("ascii"),
            session_id=base64.b32encode(random[_SECRET_END:_ID_END]).decode("ascii"),
            issued_at=issued_at,
            expires_at=issued_at + grant.duration,
            role_arn=str(grant.role.arn),
            session_name=grant.session_name,
            provider=grant.identity.provider,
            subject=grant.identity.subject,
            user_name=grant.identity.username,
            source_identity=grant.source_identity,
            tags=dict(grant.tags),
            transitive_tag_keys=tuple(sorted(grant.transitive_tag_keys)),
            condition_keys=dict(grant.condition_keys),
            session_policies=tuple(packed_policy(policy) for policy in grant.session_policies),
            chain_depth=0,
        )
        packed = pack(content)
        percent = _packed_percent(content, packed)
        token = self._sealer.seal(packed, now=issued_at, random=random[_ID_END:])
        credentials = TemporaryCredentials(
            access_key_id=content.access_key_id,
            secret_access_key=content.secret_access_key,
            session_token=token,
            expiration=datetime.fromtimestamp(issued_at, UTC) + timedelta(seconds=grant.duration),
            packed_percent=percent,
        )
        return opened_session(content).session, credentials


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
