"""The refusals of a moment ago, so that an administrator can tell a person why: kept in memory, a bounded number.

They are what the audit log has of them; the log stays the place where all of them are.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_KEPT: Final = 1_000
_LONGEST: Final = 512


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


class RecentRefusals:
    """Of one process: every worker and replica has its own."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: OrderedDict[str, RecentRefusal] = OrderedDict()

    def keep(self, record: Mapping[str, Any]) -> None:
        """Keep the refusal that an audit record tells of; the oldest one goes."""
        refusal = RecentRefusal.of(record)
        self._kept[refusal.request_id] = refusal
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    def by_request(self, request_id: str) -> RecentRefusal | None:
        return self._kept.get(request_id)

    def latest(self, count: int) -> Sequence[RecentRefusal]:
        """The newest first."""
        return list(self._kept.values())[: -count - 1 : -1]


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:_LONGEST]
