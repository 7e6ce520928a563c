"""From a signed request to whoever signed it: opens the session token, or finds the user's key."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from gateway.domain.errors import ExpiredSession, InvalidArn, UnknownAccessKey
from gateway.domain.identifiers import TEMPORARY_KEY_PREFIX
from gateway.domain.principal import Principal
from gateway.domain.session import Session
from gateway.domain.user import User
from gateway.sealing.envelope import SealBroken, Sealer
from gateway.sealing.keyring import SealingKey
from gateway.sessions.session_token import opened_session, unpack
from gateway.sessions.users import Users, principal_of

_REMEMBERED: Final = 1_000
_ANOTHERS: Final = "the session token belongs to another access key id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """Who a request says it is from, and the secret that its signature must prove. Not yet believed."""

    principal: Principal
    secret_access_key: str = field(repr=False)
    session: Session | None = None
    user: User | None = None
    found_out: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What follows from the rest alone, kept for the session's next requests by whoever worked it out."""


class Authenticator:
    """Finds the claimant of an access key id and a session token. Touches no store.

    A token that was opened is remembered: a session asks many times. It counts as long as the key that sealed it would
    open it again, and is looked at anew for its end.
    """

    __slots__ = ("_opened", "_sealer", "_users")

    def __init__(self, sealer: Sealer, users: Users) -> None:
        self._sealer = sealer
        self._users = users
        self._opened: dict[str, tuple[Claimant, SealingKey]] = {}

    def claimant(self, access_key_id: str, session_token: str | None, now: datetime) -> Claimant:
        """Whoever holds this key. The caller still has to check the signature with the secret.

        Raises UnknownAccessKey: no such key, a token that is missing, foreign or changed, or one of another key.
        ExpiredSession: the session ended at or before `now`.
        """
        return self._user(access_key_id) if session_token is None else self.opened(access_key_id, session_token, now)[0]

    def opened(self, access_key_id: str, session_token: str, now: datetime) -> tuple[Claimant, SealingKey]:
        """As `claimant`, of a session; and the key that its token was sealed with: see `is_in_force`."""
        if not access_key_id.startswith(TEMPORARY_KEY_PREFIX):
            raise UnknownAccessKey(cause="a session token came with a key that is not a temporary one")
        known = self._opened.get(session_token)
        if known is None or not self._sealer.is_in_force(known[1]):
            known = self._open(access_key_id, session_token)
        claimant = known[0]
        if claimant.principal.access_key_id != access_key_id:
            raise UnknownAccessKey(cause=_ANOTHERS)
        if claimant.session is not None and claimant.session.expires_at <= now:
            raise ExpiredSession(expired_at=claimant.session.expires_at)
        return known

    def is_in_force(self, key: SealingKey) -> bool:
        """Whether what this key sealed would still be opened."""
        return self._sealer.is_in_force(key)

    def _open(self, access_key_id: str, session_token: str) -> tuple[Claimant, SealingKey]:
        try:
            packed, key = self._sealer.open_with_key(session_token)
        except SealBroken as broken:
            raise UnknownAccessKey(cause=f"session token: {broken.cause}") from None
        content = unpack(packed)
        if content.access_key_id != access_key_id:
            raise UnknownAccessKey(cause=_ANOTHERS)
        try:
            opened = opened_session(content)
        except InvalidArn:
            raise UnknownAccessKey(cause="the session token names a role that cannot be") from None
        claimant = Claimant(
            principal=opened.session.principal, secret_access_key=opened.secret_access_key, session=opened.session
        )
        while len(self._opened) >= _REMEMBERED:
            del self._opened[next(iter(self._opened))]
        self._opened[session_token] = claimant, key
        return claimant, key

    def _user(self, access_key_id: str) -> Claimant:
        found = self._users.by_access_key(access_key_id)
        if found is None:
            temporary = access_key_id.startswith(TEMPORARY_KEY_PREFIX)
            raise UnknownAccessKey(cause="a temporary key without its session token" if temporary else "no such key")
        user, key = found
        return Claimant(principal=principal_of(user, key), secret_access_key=key.secret_access_key, user=user)
