"""The record of one sign-in: the person, where it began, and all that came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from gateway.exchange.people.signed_in import SignedIn

MAXIMUM_PROGRAMS: Final = 50
"""Programs of one sign-in: the one that came first gives way."""
_MAXIMUM_AGENT: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRecord:
    """`agent`: what the client said it is. `programs`: token family to the name that its program gave itself.

    `portal`: the key of its portal session. `provider_token`: the provider's refresh token, where it gave one.
    `look_again`: when to ask the provider anew. `credentials_until`: when the last credentials that it gave end.
    """

    signed_in: SignedIn
    address: str | None
    agent: str | None
    seen: datetime
    portal: str | None = field(default=None, repr=False)
    programs: Mapping[str, str] = field(default_factory=dict, repr=False)
    provider_token: str | None = field(default=None, repr=False)
    look_again: datetime | None = None
    credentials_until: datetime | None = None

    @property
    def until(self) -> datetime:
        """When nothing of it lives any more."""
        ends = self.signed_in.ends
        return ends if self.credentials_until is None else max(ends, self.credentials_until)

    def is_over(self, now: datetime) -> bool:
        """Whether nothing that came of it lives."""
        entered = (self.portal is not None or self.programs) and now < self.signed_in.ends
        return not entered and (self.credentials_until is None or self.credentials_until <= now)

    def with_program(self, family: str, name: str) -> "SignInRecord":
        programs = {**self.programs, family: name}
        kept = list(programs)[-MAXIMUM_PROGRAMS:]
        return replace(self, programs={one: programs[one] for one in kept})

    def without_program(self, family: str) -> "SignInRecord":
        return replace(self, programs={one: name for one, name in self.programs.items() if one != family})

    def written(self) -> dict[str, Any]:
        """As JSON's types."""
        return {
            "person": self.signed_in.written(),
            "address": self.address,
            "agent": None if self.agent is None else self.agent[:_MAXIMUM_AGENT],
            "seen": self.seen.timestamp(),
            "portal": self.portal,
            "programs": self.programs,
            "token": self.provider_token,
            "again": _seconds(self.look_again),
            "credentials": _seconds(self.credentials_until),
        }

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "SignInRecord":
        return cls(
            signed_in=SignedIn.read(written["person"]),
            address=written["address"],
            agent=written["agent"],
            seen=datetime.fromtimestamp(written["seen"], UTC),
            portal=written["portal"],
            programs=written["programs"],
            provider_token=written["token"],
            look_again=_moment(written["again"]),
            credentials_until=_moment(written["credentials"]),
        )


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
