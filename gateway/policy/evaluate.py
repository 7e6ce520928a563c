"""The one evaluation that every decision goes through.

Source: IAM User Guide, "Policy evaluation logic": an explicit Deny anywhere wins; else every set of policies that there
is must allow; what nothing allows is denied.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.policy.decision import Asked, Decision, Judged, PolicySet
from gateway.policy.document import Policy
from gateway.policy.principals import Reach
from gateway.policy.query import PrincipalReference, Query
from gateway.policy.statement import Statement

__all__ = [
    "Decision",
    "PolicySet",
    "PrincipalReference",
    "Query",
    "evaluate",
    "evaluate_assumption",
    "evaluate_on_resource",
    "evaluate_statements",
]

_Suffices = Mapping[Reach, frozenset[PolicySet]]
"""By how an Allow of the resource's policy reaches the caller: the sets that then need not allow."""


def evaluate_statements(query: Query, statements: Sequence[Statement]) -> Decision:
    """Decide by `statements` alone, which are one set: some Allow must match, and no Deny."""
    action = query.action.lower()
    matched = [statement for statement in statements if statement.matches_folded(action, query)]
    denies = [statement for statement in matched if not statement.allows]
    return _decision(matched, denies, [] if matched else [PolicySet.STATEMENTS], (query, statements))


def evaluate(
    query: Query,
    *,
    identity: Sequence[Policy],
    boundary: Sequence[Policy] | None,
    session: Sequence[Policy] | None,
) -> Decision:
    """Decide by what the caller carries: identity policies, within the boundary, within the session's policies.

    None is no boundary, or no session policy; an empty sequence is a set that allows nothing.
    """
    return _evaluate(query, _carried(identity, boundary, session), None)


def evaluate_on_resource(
    query: Query,
    *,
    identity: Sequence[Policy],
    boundary: Sequence[Policy] | None,
    session: Sequence[Policy] | None,
    resource: Sequence[Policy],
    owner: str,
) -> Decision:
    """As `evaluate`, with the policies of a resource in the account `owner`.

    Across accounts both sides must allow. Within one account either may: a resource policy that names the caller's
    account leaves it to the caller's policies, one that names the role stays within boundary and session policies, one
    that names the session or the user itself needs nothing else.
    """
    sets = (*_carried(identity, boundary, session), (PolicySet.RESOURCE, resource))
    return _evaluate(query, sets, _RESOURCE_SUFFICES if _is_at_home(query, owner) else None)


def evaluate_assumption(
    query: Query,
    *,
    identity: Sequence[Policy],
    boundary: Sequence[Policy] | None,
    session: Sequence[Policy] | None,
    trust: Sequence[Policy],
    owner: str,
) -> Decision:
    """As `evaluate_on_resource`, for a role's trust policy, which must allow whatever the caller's policies say."""
    sets = (*_carried(identity, boundary, session), (PolicySet.TRUST, trust))
    return _evaluate(query, sets, _TRUST_SUFFICES if _is_at_home(query, owner) else None)


def _carried(
    identity: Sequence[Policy], boundary: Sequence[Policy] | None, session: Sequence[Policy] | None
) -> tuple[Judged, ...]:
    return (_IDENTITY, identity), (_BOUNDARY, boundary), (_SESSION, session)


def _evaluate(query: Query, sets: Sequence[Judged], suffices: _Suffices | None) -> Decision:
    """`suffices`: what an Allow of the last set can stand in for; None where every set must allow."""
    action = query.action.lower()
    allows: list[Statement] = []
    denies: list[Statement] = []
    missing: list[PolicySet] = []
    before = 0
    for name, policies in sets:
        if policies is None:
            continue
        before = len(allows)
        for policy in policies:
            for statement in policy.index.candidates(action, query):
                if statement.matches_folded(action, query):
                    (allows if statement.allows else denies).append(statement)
        if len(allows) == before:
            missing.append(name)
    if suffices is not None and missing:
        needless = suffices[max((_reach(one, query) for one in allows[before:]), default=Reach.NONE)]
        missing = [name for name in missing if name not in needless]
    return _decision(allows, denies, missing, (query, sets))


def _is_at_home(query: Query, owner: str) -> bool:
    return query.principal is None or query.principal.account == owner


def _reach(statement: Statement, query: Query) -> Reach:
    # Whom NotPrincipal lets in is named by nobody: their own policies decide.
    if statement.principals is None or statement.excludes_principals:
        return Reach.DELEGATED
    return statement.principals.reach(query.principal)


def _decision(allows: list[Statement], denies: list[Statement], missing: list[PolicySet], asked: Asked) -> Decision:
    if denies:
        return Decision(allowed=False, matched=tuple(denies), missing=(), asked=asked)
    return Decision(allowed=not missing, matched=tuple(allows), missing=tuple(missing), asked=asked)


# Looking a member of an enumeration up costs as much as matching a statement.
_IDENTITY: Final = PolicySet.IDENTITY
_BOUNDARY: Final = PolicySet.BOUNDARY
_SESSION: Final = PolicySet.SESSION

_RESOURCE_SUFFICES: Final[_Suffices] = {
    Reach.NONE: frozenset({PolicySet.RESOURCE}),
    Reach.DELEGATED: frozenset({PolicySet.RESOURCE}),
    Reach.LIMITED: frozenset({PolicySet.RESOURCE, PolicySet.IDENTITY}),
    Reach.DIRECT: frozenset(PolicySet),
}
# A trust policy is never dispensed with, whoever is named. Nor are boundary and session policies, where AWS would do
# without them for whoever is named directly: a session that was narrowed must not get out through another role.
_TRUST_SUFFICES: Final[_Suffices] = {
    Reach.NONE: frozenset(),
    Reach.DELEGATED: frozenset(),
    Reach.LIMITED: frozenset({PolicySet.IDENTITY}),
    Reach.DIRECT: frozenset({PolicySet.IDENTITY}),
}
