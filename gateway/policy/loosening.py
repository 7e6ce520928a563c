"""What policies could allow in the best case: for reviews of access, never for a decision about a request.

Of a review's question only some condition keys are known. Every other one is taken to have whatever value an Allow asks
for and no Deny does; what was taken for granted is told beside the answer.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from gateway.policy.context import RequestContext
from gateway.policy.document import Policy
from gateway.policy.index import StatementIndex
from gateway.policy.patterns import Pattern
from gateway.policy.query import Query
from gateway.policy.selection import Selection
from gateway.policy.statement import Statement

_VARIABLE: Final = "${"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loosened:
    """One set of policies in its best case.

    `policies` go to the engine. `doubtful`: the Deny statements that may or may not hold, as Allow statements that
    match where they may. `written`: what a statement of either stands for, by its id().
    """

    policies: tuple[Policy, ...]
    doubtful: tuple[Statement, ...]
    written: dict[int, Statement]

    @classmethod
    def of(cls, policies: Iterable[Policy], action: str, known: AbstractSet[str]) -> "Loosened":
        """Only statements about `action` are kept. `known`: keys in lower case that every query will have."""
        kept, doubtful, written = [], [], {}
        for policy in policies:
            statements = []
            for one in policy.statements:
                if not _is_about(one, action):
                    continue
                loose = _loose(one, known, has_variables=policy.has_variables)
                written[id(loose)] = one
                if one.allows or loose is one:
                    statements.append(loose)
                else:
                    doubtful.append(loose)
            kept.append(replace(policy, statements=tuple(statements), index=StatementIndex(statements)))
        return cls(policies=tuple(kept), doubtful=tuple(doubtful), written=written)

    @property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(statement for policy in self.policies for statement in policy.statements)

    def may_deny(self, query: Query) -> tuple[Statement, ...]:
        """The Deny statements, as written, that hold for some values of what is not known."""
        return tuple(self.written[id(one)] for one in self.doubtful if one.matches(query))

    def as_written(self, matched: Sequence[Statement]) -> tuple[Statement, ...]:
        """Those of `matched` that are of this set."""
        return tuple(self.written[id(one)] for one in matched if id(one) in self.written)


def open_conditions(statement: Statement, known: AbstractSet[str]) -> tuple[str, ...]:
    """What a statement as written still asks for, a text each: its conditions on other keys, its open resources."""
    conditions = (
        f"{one.key} {one.operator} {' or '.join(one.values)}"
        for one in statement.conditions
        if not _is_known(one.key, one.values, known)
    )
    written = () if statement.resources is None else statement.resources.written
    resources = [text for text in written if _VARIABLE in text]
    return (*conditions, *([f"resource {' or '.join(resources)}"] if resources else ()))


def _loose(statement: Statement, known: AbstractSet[str], *, has_variables: bool) -> Statement:
    conditions = tuple(one for one in statement.conditions if _is_known(one.key, one.values, known))
    resources = statement.resources
    if has_variables and resources is not None and any(_VARIABLE in text for text in resources.written):
        resources = _loose_resources(resources)
    if conditions == statement.conditions and resources is statement.resources:
        return statement
    return replace(statement, conditions=conditions, resources=resources, needs=())


def _loose_resources(resources: Selection) -> Selection | None:
    """Whatever a variable may stand for; None, which narrows nothing, where it stands for an exception."""
    if resources.excluded:
        return None
    patterns = tuple(
        _ends_of(one) if _VARIABLE in text and not one.exact else one
        for text, one in zip(resources.written, resources.patterns, strict=True)
    )
    return Selection(
        written=resources.written,
        excluded=False,
        patterns=patterns,
        selects=lambda text, context: any(one.matches(text, context) for one in patterns),
    )


def _ends_of(pattern: Pattern) -> Pattern:
    begins, ends = pattern.prefix, pattern.suffix
    return Pattern(matches=lambda text, _: text.startswith(begins) and text.endswith(ends), prefix=begins, suffix=ends)


def _is_about(statement: Statement, action: str) -> bool:
    return statement.actions.selects(action.lower(), RequestContext(values={}))


def _is_known(key: str, values: Iterable[str], known: AbstractSet[str]) -> bool:
    return key.lower() in known and not any(_VARIABLE in value for value in values)
