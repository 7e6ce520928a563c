"""Why an identity may or may not assume a role: what granted, what refused, and what came nearest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.domain.grant import StatementId
from gateway.domain.identity import Identity
from gateway.domain.role import Role
from gateway.roles.catalog import Catalog
from gateway.roles.condition_keys import ACR, AMR, AUTHENTICATION_AGE, GROUPS, PROVIDER, claim_path
from gateway.roles.decision import AssumptionRequest, TrustDecision
from gateway.roles.examination import Condition, Examined

_SHOWN_VALUES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One statement. `missing`: a sentence for each thing that keeps it from matching, empty where it matches.

    `satisfied` of all its conditions hold. `allows` is False for an explicit Deny.
    """

    statement_id: StatementId
    allows: bool
    matches: bool
    missing: tuple[str, ...]
    satisfied: int
    of_own_provider: bool = True
    sid: str | None = None

    def __str__(self) -> str:
        name = self.statement_id if self.sid is None else f"{self.statement_id} ({self.sid})"
        if not self.matches:
            return f"{name} {'; '.join(self.missing)}"
        return f"{name} grants" if self.allows else f"{name} denies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One role: the decision as the exchange would make it, and every statement, the most telling first."""

    role: Role
    decision: TrustDecision
    findings: tuple[Finding, ...]

    @property
    def nearest(self) -> Finding | None:
        """Of a refused role the Deny that matches, else the Allow that lacks least."""
        return self.findings[0] if self.findings and not self.decision.allowed else None


def explain(
    catalog: Catalog, identity: Identity, request: AssumptionRequest, now: datetime, roles: Sequence[Role] | None = None
) -> tuple[Explanation, ...]:
    """Each of `roles` (None: all) with why; granted ones first by name, then refused ones, the nearest first."""
    chosen = catalog.roles if roles is None else roles
    explained = [_explained(catalog, role, identity, request, now) for role in chosen]
    return tuple(sorted(explained, key=_order))


def _explained(
    catalog: Catalog, role: Role, identity: Identity, request: AssumptionRequest, now: datetime
) -> Explanation:
    findings = [_finding(one, identity) for one in catalog.examine(role, identity, request, now)]
    return Explanation(
        role=role,
        decision=catalog.may_assume(role, identity, request, now),
        findings=tuple(sorted(findings, key=_distance)),
    )


def _order(explanation: Explanation) -> tuple[bool, bool, tuple[int, ...], str]:
    allowed, nearest = explanation.decision.allowed, explanation.nearest
    return not allowed, nearest is None, () if nearest is None else _distance(nearest), explanation.role.name


def _distance(finding: Finding) -> tuple[int, ...]:
    """What decides comes first: a Deny that matches, an Allow that matches, then Allows by what holds of them."""
    kind = _KINDS[finding.allows, finding.matches]
    # What lacks counts before what holds: a trust policy of which much holds is further than a mapping that lacks MFA
    # alone. One for everybody of another provider lacks little, and is far all the same.
    return kind, not finding.of_own_provider, len(finding.missing), -finding.satisfied


_KINDS: Final[Mapping[tuple[bool, bool], int]] = {
    (False, True): 0,
    (True, True): 1,
    (True, False): 2,
    (False, False): 3,
}


def _finding(examined: Examined, identity: Identity) -> Finding:
    sentence = _stated if examined.provider is None else _mapped
    missing = [sentence(condition, identity) for condition in examined.failed]
    if not examined.names_action:
        missing.insert(0, "is about another action")
    if not examined.names_principal:
        missing.insert(0, "names another principal")
    return Finding(
        statement_id=examined.statement_id,
        allows=examined.allows,
        matches=examined.matches,
        missing=tuple(missing),
        satisfied=sum(condition.holds for condition in examined.conditions),
        of_own_provider=examined.names_principal and examined.provider in {None, identity.provider},
        sid=examined.sid,
    )


def _mapped(condition: Condition, identity: Identity) -> str:
    """A mapping's condition in the words of the configuration, since nobody wrote its statement."""
    path = claim_path(condition.key)
    if path is not None:
        return f"needs claim {path} to match {_any(condition.wanted)}; it is {_found(condition)}"
    return _SENTENCES[condition.key.partition("/")[0]](condition, identity)


def _stated(condition: Condition, _identity: Identity) -> str:
    return f"needs {condition.key} {condition.operator} {_any(condition.wanted)}; it is {_found(condition)}"


def _any(values: Sequence[str]) -> str:
    shown = list(values[:_SHOWN_VALUES])
    if len(values) > _SHOWN_VALUES:
        shown.append(f"{len(values) - _SHOWN_VALUES} more")
    return " or ".join(shown)


def _found(condition: Condition) -> str:
    return _listed(condition.found) if condition.found else "absent"


def _listed(values: Sequence[str]) -> str:
    shown = ", ".join(sorted(values)[:_SHOWN_VALUES])
    return shown if len(values) <= _SHOWN_VALUES else f"{shown} and {len(values) - _SHOWN_VALUES} more"


def _groups(condition: Condition, _identity: Identity) -> str:
    have = _listed(condition.found) if condition.found else "none"
    return f"needs group {_any(condition.wanted)}; known groups: {have}"


def _age(condition: Condition, _identity: Identity) -> str:
    age = f"it is {condition.found[0]} s old" if condition.found else "when that was is not known"
    return f"needs a sign-in at most {condition.wanted[0]} s old; {age}"


_SENTENCES: Final[Mapping[str, Callable[[Condition, Identity], str]]] = {
    PROVIDER: lambda condition, identity: f"is for people of {_any(condition.wanted)}; this is {identity.provider}",
    GROUPS: _groups,
    AMR: lambda condition, _: f"needs sign-in by {_any(condition.wanted)}; amr is {_found(condition)}",
    ACR: lambda condition, _: f"needs acr {_any(condition.wanted)}; it is {_found(condition)}",
    AUTHENTICATION_AGE: _age,
}
