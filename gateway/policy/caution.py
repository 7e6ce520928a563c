"""Deciding a request of which not everything can be seen: what is unknown helps no Allow, and every Deny.

A bulk deletion whose body is not at hand stands for every key of its bucket; a condition on what only the store knows
(an object's own tags) has no value here. AWS sees both; a proxy in front of a store may not.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from gateway.policy.decision import Decision, PolicySet
from gateway.policy.document import Policy
from gateway.policy.query import Query
from gateway.policy.selection import Selection
from gateway.policy.statement import Statement
from gateway.policy.variables import keys_in

# Keys that no policy can name by letters: private-use characters, one key of one and one of two.
_PROBES: Final = ("\ue000", "\ue001\ue002")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """What the request leaves open.

    `keys`: condition keys without a value here, in lower case; one that ends in `/` means all below it.
    `resources_below`: how the ARNs begin of which any may be meant (`arn:aws:s3:::lake/`); None: the query's one.
    """

    keys: AbstractSet[str] = frozenset()
    resources_below: str | None = None


def evaluate_cautiously(
    query: Query,
    unknown: Unknown,
    *,
    identity: Sequence[Policy],
    boundary: Sequence[Policy] | None,
    session: Sequence[Policy] | None,
) -> Decision:
    """As `evaluate.evaluate`, for a request that leaves something open: allowed only if every completion of it is."""
    sets = ((PolicySet.IDENTITY, identity), (PolicySet.BOUNDARY, boundary), (PolicySet.SESSION, session))
    allows: list[Statement] = []
    denies: list[Statement] = []
    missing: list[PolicySet] = []
    for name, policies in sets:
        if policies is None:
            continue
        statements = [statement for policy in policies for statement in policy.statements]
        granting = [one for one in statements if one.allows and _surely_matches(one, query, unknown)]
        allows += granting
        denies += [one for one in statements if not one.allows and _may_match(one, query, unknown)]
        if not granting:
            missing.append(name)
    if denies:
        return Decision(allowed=False, matched=tuple(denies), missing=(), asked=(query, sets))
    return Decision(allowed=not missing, matched=tuple(allows), missing=tuple(missing), asked=(query, sets))


def _surely_matches(statement: Statement, query: Query, unknown: Unknown) -> bool:
    below = unknown.resources_below
    if below is None:
        return statement.matches(query) and not _is_open(statement, unknown)
    # All but some resources is not all of them.
    if statement.resources is not None and statement.resources.excluded:
        return False
    if not all(statement.matches(replace(query, resource=below + probe)) for probe in _PROBES):
        return False
    return not _is_open(statement, unknown)


def _is_open(statement: Statement, unknown: Unknown) -> bool:
    """Whether another value of what is unknown could make the statement match or not."""
    if any(
        _is_unknown(condition.key, unknown) or _vary(condition.values, unknown) for condition in statement.conditions
    ):
        return True
    return statement.resources is not None and _vary(statement.resources.written, unknown)


def _vary(texts: Sequence[str], unknown: Unknown) -> bool:
    """Whether a variable in one of `texts` stands for what is unknown."""
    return any(_is_unknown(key, unknown) for text in texts for key in keys_in(text))


def _may_match(statement: Statement, query: Query, unknown: Unknown) -> bool:
    if not statement.actions.selects(query.action.lower(), query.context) or not statement.names(query):
        return False
    if not _may_select(statement.resources, query, unknown):
        return False
    return all(
        condition.holds(query.context) or _is_unknown(condition.key, unknown) or _vary(condition.values, unknown)
        for condition in statement.conditions
    )


def _may_select(resources: Selection | None, query: Query, unknown: Unknown) -> bool:
    below = unknown.resources_below
    if resources is None:
        return True
    if below is None:
        return resources.selects(query.resource, query.context) or _vary(resources.written, unknown)
    if resources.excluded:
        return True
    # A pattern and `below*` have an ARN in common only if one's fixed beginning begins the other's.
    return any(
        one.prefix.startswith(below) or (not one.exact and below.startswith(one.prefix)) for one in resources.patterns
    )


def _is_unknown(key: str, unknown: Unknown) -> bool:
    folded = key.lower()
    return folded in unknown.keys or any(one.endswith("/") and folded.startswith(one) for one in unknown.keys)
