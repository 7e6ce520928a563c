"""All that a configuration gives, cut into its smallest pieces: who may assume what, who may do what to what."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from gateway.domain.role import Mapping, Role
from gateway.exchange.catalogue import EVERYBODY, conditions_of, principals_of, requirements_of
from gateway.exchange.chaining import Chaining
from gateway.policy.document import Policy
from gateway.policy.selection import Selection
from gateway.policy.statement import Statement
from gateway.roles.catalog import Catalog

_MOST_PIECES: Final = 400
_WITHIN: Final = " within its permissions boundary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing that somebody has. `told`: what follows, conditions above all; `takes_away`: it is a Deny.

    `by`: where the configuration says so; two pieces are the same whatever it is.
    """

    who: str
    actions: str
    resource: str = ""
    told: str = ""
    takes_away: bool = False
    by: str = ""
    folded: str = ""
    """The same as `actions` for all that is written in another case and means no other."""
    compared: str = ""
    """The same as `told` for all that is written in another order."""

    @property
    def key(self) -> tuple[object, ...]:
        return self.who, self.folded or self.actions, self.resource, self.compared or self.told, self.takes_away


def ways_to(catalog: Catalog, role: Role, chaining: Chaining) -> Iterator[Piece]:
    """Who may assume the role: by its mappings, by its trust policy, and by way of other roles and users."""
    assume = f"may assume {role.name}"
    trust = catalog.trust_of(role)
    for one in trust.mappings:
        for who, claims in _people(one.mapping):
            told = _told([*claims, *requirements_of(one.mapping), *_tags(one.mapping)])
            yield Piece(who=who, actions=assume, told=told, by=one.mapping.mapping_id)
    for policy in trust.stated.policies:
        for statement in policy.statements:
            yield from _trusted(assume, statement, policy)
    for way in chaining.ways_to(role):
        yield Piece(
            who=way.who,
            actions=assume,
            told=_told(way.conditions),
            compared=way.compared,
            by=", ".join(way.statements),
        )


def _trusted(assume: str, statement: Statement, policy: Policy) -> Iterator[Piece]:
    written = _sorted(statement.written())
    told = f"{_told(conditions_of(written))}{_literal(statement, policy)}"
    for who in principals_of(written):
        yield Piece(who=who, actions=assume, told=told, takes_away=not statement.allows, by=statement.statement_id)


def pieces_of_policies(who: str, policies: Iterable[Policy]) -> Iterator[Piece]:
    """Every action on every resource that the policies are about."""
    for policy in policies:
        for statement in policy.statements:
            yield from _pieces(who, statement, policy, "")


def pieces_of_boundary(who: str, policies: Iterable[Policy]) -> Iterator[Piece]:
    for policy in policies:
        for statement in policy.statements:
            yield from _pieces(who, statement, policy, _WITHIN)


def _pieces(who: str, statement: Statement, policy: Policy, suffix: str) -> Iterator[Piece]:
    actions, resources = _names(statement.actions), _names(statement.resources)
    if len(actions) * len(resources) > _MOST_PIECES:
        actions, resources = [", ".join(actions)], [", ".join(resources)]
    conditions = _told(conditions_of(_sorted({"Condition": statement.written().get("Condition")})))
    for action, resource in product(actions, resources):
        yield Piece(
            who=who,
            actions=action,
            folded=action.lower(),
            resource=resource,
            told=f"{conditions}{_literal(statement, policy)}{suffix}",
            takes_away=not statement.allows,
            by=statement.statement_id,
        )


def _literal(statement: Statement, policy: Policy) -> str:
    return " (${ is plain text)" if statement.variable_keys and not policy.has_variables else ""


def _names(selection: Selection | None) -> list[str]:
    if selection is None:
        return [""]
    names = sorted(selection.written)
    return [f"all but {' and '.join(names)}"] if selection.excluded else names


def _people(mapping: Mapping) -> Iterator[tuple[str, list[str]]]:
    groups = [f"group {group}" for group in sorted(mapping.groups)] or [EVERYBODY]
    paths = sorted(mapping.claims)
    choices: Sequence[Sequence[str]] = [sorted(mapping.claims[path]) for path in paths]
    many = 1
    for globs in choices:
        many *= len(globs)
    if many * len(groups) > _MOST_PIECES:
        choices = [[" or ".join(globs)] for globs in choices]
    for group, globs in product(groups, product(*choices)):
        yield (
            f"{group} of {mapping.provider}",
            [f"claim {path} matches {glob}" for path, glob in zip(paths, globs, strict=True)],
        )


def _tags(mapping: Mapping) -> Iterator[str]:
    for key, template in sorted(mapping.session_tags.items()):
        yield f"session tag {key}={template}"


def _told(conditions: Iterable[str]) -> str:
    texts = list(conditions)
    return f" where {'; '.join(texts)}" if texts else ""


def _sorted(value: Any) -> Any:
    """What the order says nothing about is put into one order."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return sorted(value, key=json.dumps) if isinstance(value, list) else value
