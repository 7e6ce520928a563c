"""The refusals of a moment ago, so that an administrator can tell a person why: kept in memory, a bounded number.

They are what the audit log has of them; the log stays the place where all of them are.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from operator import itemgetter
from typing import Any, Final

_KEPT: Final = 1_000
_KEPT_OF_FLOODS: Final = 64
LONGEST: Final = 512
"""Characters of a text at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentRefusal:
    """One refusal. `who` may be empty: of somebody unproven nothing is written down as a name. Texts are for people."""

    request_id: str
    time: str
    event: str
    who: str
    provider: str
    address: str
    code: str
    message: str
    cause: str

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "RecentRefusal":
        """`record`: an audit record that has an `errorCode`."""
        identity, details = record.get("userIdentity") or {}, record.get("additionalEventData") or {}
        return cls(
            request_id=_text(record.get("requestID")),
            time=_text(record.get("eventTime")),
            event=_text(record.get("eventName")),
            who=_text(details.get("userName") or identity.get("arn") or identity.get("userName")),
            provider=_text(details.get("provider")),
            address=_text(record.get("sourceIPAddress")),
            code=_text(record.get("errorCode")),
            message=_text(record.get("errorMessage")),
            cause=_text(details.get("cause")),
        )


_Kept = tuple[int, str, Callable[..., RecentRefusal], tuple[Any, ...]]
"""Which one it is of all that there were, its request's id, and what makes it of what."""


class RecentRefusals:
    """Of one process: every worker and replica has its own."""

    __slots__ = ("_kept", "_kept_of_floods", "_number")

    def __init__(self) -> None:
        self._kept: deque[_Kept] = deque(maxlen=_KEPT)
        self._kept_of_floods: deque[_Kept] = deque(maxlen=_KEPT_OF_FLOODS)
        self._number = itertools.count().__next__

    def keep(self, record: Mapping[str, Any]) -> None:
        """Keep the refusal that an audit record tells of; the oldest one goes."""
        refusal = RecentRefusal.of(record)
        self._kept.append((self._number(), refusal.request_id, _same, (refusal,)))

    def keep_of_flood(self, request_id: str, made: Callable[..., RecentRefusal], *of: Any) -> None:
        """As `keep`, of what anybody may send without end: the oldest of these goes, never another's.

        It is made where somebody asks for it: hardly any of a flood are read.
        """
        self._kept_of_floods.append((self._number(), request_id, made, of))

    def by_request(self, request_id: str) -> RecentRefusal | None:
        return next((made(*of) for _, one, made, of in self._newest_first() if one == request_id), None)

    def latest(self, count: int) -> Sequence[RecentRefusal]:
        """The newest first."""
        return [made(*of) for _, _, made, of in itertools.islice(self._newest_first(), count)]

    def _newest_first(self) -> Iterator[_Kept]:
        return merge(reversed(self._kept), reversed(self._kept_of_floods), key=itemgetter(0), reverse=True)


def _same(refusal: RecentRefusal) -> RecentRefusal:
    return refusal


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:LONGEST]
