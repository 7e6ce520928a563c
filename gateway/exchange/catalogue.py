"""What an identity may assume, and, the other way round, who may assume what."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.domain.identity import Identity
from gateway.domain.role import Mapping as RoleMapping
from gateway.domain.role import Requirement, Role
from gateway.domain.user import User
from gateway.exchange.chaining import Chaining
from gateway.roles.catalog import Catalog
from gateway.roles.decision import RoleChoice
from gateway.roles.statements import TRUST_POLICY, statements_of, texts_of

EVERYBODY: Final = "everybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRow:
    """One way to a role. `granted_by`: `mappings[N]` or `trust_policy.Statement[N]`; an `effect` Deny takes away.

    `provider` is empty for a trust policy's statement, whose `who` is its Principal, and for a configured role or user
    that may call AssumeRole, whose own statements then stand in `granted_by` too. All texts are for people.
    """

    role: str
    effect: str
    provider: str
    who: str
    conditions: str
    granted_by: str


def assumable_roles(catalog: Catalog, identity: Identity, now: datetime) -> tuple[RoleChoice, ...]:
    """The roles that `identity` may assume, by name, each with what grants it."""
    return catalog.roles_of(identity, now)


def access(catalog: Catalog, roles: Sequence[Role] | None = None, users: Iterable[User] = ()) -> tuple[AccessRow, ...]:
    """Every way to each of `roles` (None: all), by role name: mappings, the role's own trust policy, then the roles and
    `users` that may assume it by what it and they allow. Raises MalformedPolicyDocument: a user's policy.
    """
    chosen = catalog.roles if roles is None else roles
    chaining = Chaining(catalog, users)
    return tuple(
        row
        for role in sorted(chosen, key=lambda role: role.name)
        for rows in (_rows(catalog, role), _chained_rows(chaining, role))
        for row in rows
    )


def _chained_rows(chaining: Chaining, role: Role) -> Iterator[AccessRow]:
    for way in chaining.ways_to(role):
        yield AccessRow(
            role=role.name,
            effect="Allow",
            provider="",
            who=way.who,
            conditions="; ".join(way.conditions),
            granted_by=", ".join(way.statements),
        )


def _rows(catalog: Catalog, role: Role) -> Iterator[AccessRow]:
    trust = catalog.trust_of(role)
    for one in trust.mappings:
        yield AccessRow(
            role=role.name,
            effect="Allow",
            provider=one.mapping.provider,
            who=_groups(one.mapping),
            conditions="; ".join((*_claims(one.mapping), *requirements_of(one.mapping))),
            granted_by=one.mapping.mapping_id,
        )
    for number, statement in enumerate(statements_of(trust.stated.document)):
        yield AccessRow(
            role=role.name,
            effect=statement["Effect"],
            provider="",
            who=_principal(statement),
            conditions="; ".join(conditions_of(statement)),
            granted_by=f"{TRUST_POLICY}.Statement[{number}]",
        )


def _groups(mapping: RoleMapping) -> str:
    if not mapping.groups:
        return EVERYBODY
    return f"group {alternatives(sorted(mapping.groups))}"


def _claims(mapping: RoleMapping) -> Iterator[str]:
    for path, globs in mapping.claims.items():
        yield f"claim {path} matches {alternatives(globs)}"


def requirements_of(mapping: RoleMapping) -> Iterator[str]:
    """What the login itself must have been, a text each."""
    for attribute, told in _REQUIREMENTS.items():
        value = getattr(mapping.require, attribute)
        if value:
            yield told(mapping.require)


def conditions_of(statement: Mapping[str, Any]) -> Iterator[str]:
    """The actions of a trust policy's statement as written, and its conditions, a text each."""
    for element in ("Action", "NotAction"):
        if element in statement:
            yield f"{element} {alternatives(texts_of(statement[element]))}"
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, values in keys.items():
            yield f"{key} {operator} {alternatives(texts_of(values))}"


def principals_of(statement: Mapping[str, Any]) -> list[str]:
    """Whom a trust policy's statement names, one by one; all but some are one."""
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping):
        return [_principal(statement)]
    return [f"{kind} {name}" for kind, names in principal.items() for name in texts_of(names)]


def _principal(statement: Mapping[str, Any]) -> str:
    for element, prefix in (("Principal", ""), ("NotPrincipal", "all but ")):
        principal = statement.get(element)
        if isinstance(principal, Mapping):
            return prefix + "; ".join(f"{kind} {alternatives(texts_of(of))}" for kind, of in principal.items())
        if principal is not None:
            return prefix + EVERYBODY
    return EVERYBODY


def alternatives(values: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last


def told_duration(seconds: int) -> str:
    """`4h`, `15m` or `901s`."""
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


_REQUIREMENTS: Final[Mapping[str, Callable[[Requirement], str]]] = {
    "amr": lambda require: f"signed in with {' and '.join(require.amr)}",
    "acr": lambda require: f"acr is {alternatives(require.acr)}",
    "authenticated_within": lambda require: f"signed in within {told_duration(require.authenticated_within or 0)}",
}
