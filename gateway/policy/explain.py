"""Why a decision came out as it did, in one line for the audit log. Never tells a value of the request's."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from gateway.policy.query import Query
from gateway.policy.statement import Statement

_SHOWN: Final = 5
_ELEMENTS: Final = 4


def denied_by(statements: Sequence[Statement]) -> str:
    return f"explicitly denied by {_listed(named(one) for one in statements)}"


def allowed_by(statements: Sequence[Statement]) -> str:
    return f"allowed by {_listed(named(one) for one in statements)}"


def not_allowed(by: str, query: Query, statements: Sequence[Statement]) -> str:
    """`by`: what allows nothing, such as `identity policy`; `statements`: all of them."""
    told = f"no {by} allows {query.action} on {query.resource}"
    nearest = max((one for one in statements if one.allows), key=lambda one: _held(one, query), default=None)
    if nearest is None:
        return f"{told}: there is no Allow statement"
    return f"{told}; nearest is {named(nearest)}, which {next(failures(nearest, query), 'matches')}"


def named(statement: Statement) -> str:
    return f"{statement.statement_id} ({statement.sid})" if statement.sid else statement.statement_id


def failures(statement: Statement, query: Query) -> Iterator[str]:
    """What keeps the statement from being about the query, each as the end of a sentence about it."""
    if not statement.actions.selects(query.action.lower(), query.context):
        yield "is about other actions"
    if not statement.names(query):
        yield "is about other principals"
    if statement.resources is not None and not statement.resources.selects(query.resource, query.context):
        yield "is about other resources"
    for condition in statement.conditions:
        if not condition.holds(query.context):
            known = condition.key.lower() in query.context.values
            yield f"asks for {condition.operator} on {condition.key}, {_FAILED[known]}"


_FAILED: Final = {True: "which the request does not meet", False: "which the request does not have"}


def _held(statement: Statement, query: Query) -> tuple[bool, int]:
    """How near a statement comes: the right action first, then the fewest failures."""
    found = list(failures(statement, query))
    return statement.actions.selects(query.action.lower(), query.context), -len(found)


def _listed(names: Iterable[str]) -> str:
    several = list(names)
    more = f" and {len(several) - _SHOWN} more" if len(several) > _SHOWN else ""
    return ", ".join(islice(several, _SHOWN)) + more
