"""Revocations: what is ended before its time, and the list that tells whether a session is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

KEPT: Final = timedelta(hours=36, minutes=5)
"""How long a revocation is kept: longer than the longest session (GetSessionToken's 36 hours) may live."""


FARTHEST: Final = timedelta(seconds=5)
"""How far into the future a session may count as issued: it would end so much later."""


class RevocationKind(StrEnum):
    """What a revocation names.

    A session is one sign-in and all that came of it, an access key one set of credentials: both end for good. Of a
    subject (`PROVIDER/SUBJECT`) or a role (`ACCOUNT/NAME`, the account by its number) ends what was issued before.
    """

    ACCESS_KEY = "access_key"
    SESSION = "session"
    SUBJECT = "subject"
    ROLE = "role"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """`issued_before`: the last second of issue that it ends; `until`: when nobody needs it any more."""

    kind: RevocationKind
    value: str
    issued_before: datetime
    until: datetime


class Revocable(Protocol):
    """What revocations name of whoever signs: the gateway's own principals have it, and what it tells of them."""

    @property
    def account(self) -> str: ...
    @property
    def access_key_id(self) -> str: ...
    @property
    def session_id(self) -> str | None: ...
    @property
    def role_name(self) -> str | None: ...
    @property
    def provider(self) -> str | None: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def issued_at(self) -> datetime | None: ...


class RevocationList:
    """All revocations that live, found by what they name. A list never changes: `with_more` makes the next one."""

    __slots__ = ("_access_keys", "_all", "_roles", "_sessions", "_subjects")

    def __init__(self, revocations: Iterable[Revocation] = ()) -> None:
        # A dictionary for each kind: hashing an enum's member costs more than the whole look-up.
        found: dict[RevocationKind, dict[str, Revocation]] = {kind: {} for kind in RevocationKind}
        for one in revocations:
            before = found[one.kind].get(one.value)
            if before is None or before.issued_before < one.issued_before:
                found[one.kind][one.value] = one
        self._all = tuple(one for kind in found.values() for one in kind.values())
        self._sessions = found[RevocationKind.SESSION]
        self._access_keys = found[RevocationKind.ACCESS_KEY]
        self._roles = found[RevocationKind.ROLE]
        self._subjects = found[RevocationKind.SUBJECT]

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Revocation]:
        return iter(self._all)

    def with_more(self, revocations: Iterable[Revocation], now: datetime) -> "RevocationList":
        """These and the ones given; what nobody needs any more is left out."""
        return RevocationList([*(one for one in self._all if one.until > now), *revocations])

    def beyond(self, other: "RevocationList") -> tuple[Revocation, ...]:
        """Those of which the other list has none, or one that ends less."""
        held = {(one.kind, one.value): one.issued_before for one in other}
        return tuple(
            one for one in self if (before := held.get((one.kind, one.value))) is None or before < one.issued_before
        )

    def of(self, principal: Revocable) -> Revocation | None:
        """What ended the principal's session; None where it lives. Four look-ups at most, however long the list."""
        if not self._all or principal.issued_at is None:
            return None
        # Both end for good: a session that a replica opened from a revoked one before it had heard is revoked too.
        ended = self._sessions.get(principal.session_id or "") or self._access_keys.get(principal.access_key_id)
        if ended is not None or not (self._roles or self._subjects):
            return ended
        role = None if principal.role_name is None else role_value(principal.account, principal.role_name)
        return next(
            (
                one
                for one in self._dated(role, principal.provider, principal.subject)
                if principal.issued_at <= one.issued_before
            ),
            None,
        )

    def birth(self, now: datetime, *, role: str | None, provider: str | None, subject: str | None) -> datetime:
        """When a session that is opened now counts as issued: not before what has been revoked of its like.

        `role`: `ACCOUNT/NAME`. Without this a session opened in the second of a revocation, after it, would be dead.
        One that is revoked again and again within a second or two opens nothing that lives.
        """
        second = now.replace(microsecond=0)
        covered = [one.issued_before for one in self._dated(role, provider, subject) if one.issued_before >= second]
        born = max(covered) + timedelta(seconds=1) if covered else now
        return born if born <= second + FARTHEST else now

    def latest_birth(self, now: datetime, kind: RevocationKind, value: str) -> datetime:
        """When sessions, that `kind` and `value` name and that are open by now, count as issued at the latest.

        `birth` puts some of them into the future: what ends them must end those too.
        """
        # A session has both a role and a subject: what one of them was revoked for dates those of the other.
        other = {RevocationKind.ROLE: self._subjects, RevocationKind.SUBJECT: self._roles}.get(kind, {})
        own = {RevocationKind.ROLE: self._roles, RevocationKind.SUBJECT: self._subjects}.get(kind, {}).get(value)
        second = now.replace(microsecond=0)
        covered = [one.issued_before for one in (*other.values(), own) if one and one.issued_before >= second]
        return min(max(covered) + timedelta(seconds=1), second + FARTHEST) if covered else now

    def _dated(self, role: str | None, provider: str | None, subject: str | None) -> Sequence[Revocation]:
        """Of these, what ends the sessions that were issued before."""
        found: list[Revocation | None] = []
        if self._roles and role is not None:
            found.append(self._roles.get(role))
        if self._subjects and provider is not None and subject is not None:
            found.append(self._subjects.get(subject_value(provider, subject)))
        return [one for one in found if one is not None] if found else _NONE


_NONE: Final[Sequence[Revocation]] = ()


def role_value(account: str, name: str) -> str:
    """How a revocation names a role. The account is part of it: two accounts may have a role of one name."""
    return f"{account}/{name}"


def subject_value(provider: str, subject: str) -> str:
    """How a revocation names a person. The provider is part of it: its names hold no `/`, subjects may."""
    return f"{provider}/{subject}"
