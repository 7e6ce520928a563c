"""The engine's answer: allowed or not, by which statements, and what was missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.policy import explain
from gateway.policy.document import Policy
from gateway.policy.query import Query
from gateway.policy.statement import Statement


class PolicySet(StrEnum):
    """Policies that count together: of each set that there is, some must allow."""

    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SESSION = "session"
    RESOURCE = "resource"
    TRUST = "trust"
    STATEMENTS = "statements"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`matched`: the Deny statements of an explicit deny, else the Allow statements that are about the query.

    `missing`: on a deny without an explicit one, the sets that allow nothing. `asked`: what the reason is told from.
    """

    allowed: bool
    matched: tuple[Statement, ...]
    missing: tuple[PolicySet, ...]
    asked: "Asked" = field(compare=False, repr=False)

    @property
    def explicit_deny(self) -> bool:
        return not self.allowed and not self.missing

    @property
    def reason(self) -> str:
        """One line for the audit log, put together when it is asked for; the caller gets a neutral text instead."""
        if self.allowed:
            return explain.allowed_by(self.matched)
        if self.explicit_deny:
            return explain.denied_by(self.matched)
        query, sets = self.asked
        return "; ".join(explain.not_allowed(_NAMES[name], query, _statements_of(sets, name)) for name in self.missing)


Judged = tuple[PolicySet, Sequence[Policy] | None]
"""One set; None where there is none of it."""

Asked = tuple[Query, Sequence[Judged] | Sequence[Statement]]


def _statements_of(sets: Sequence[Judged] | Sequence[Statement], name: PolicySet) -> list[Statement]:
    statements: list[Statement] = []
    for one in sets:
        if isinstance(one, Statement):
            statements.append(one)
        elif one[0] is name:
            statements += (statement for policy in one[1] or () for statement in policy.statements)
    return statements


_NAMES: Final[Mapping[PolicySet, str]] = {
    PolicySet.IDENTITY: "identity policy",
    PolicySet.BOUNDARY: "permissions boundary",
    PolicySet.SESSION: "session policy",
    PolicySet.RESOURCE: "resource policy",
    PolicySet.TRUST: "trust policy",
    PolicySet.STATEMENTS: "statement",
}
