"""Which statements of a policy could be about a query at all, without looking at each of them.

A statement whose actions (or resources) all begin with, end with or are some text can only match a query whose action
(or resource) does, and one that asks for a value of a condition key only a query that has it: each statement is filed
under one such set of texts, the one that it shares with the fewest others. The index only preselects: every statement
that it gives is then judged in full.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.policy.query import Query
from gateway.policy.selection import Selection
from gateway.policy.statement import Statement

_WORTH_AN_INDEX: Final = 5
# No condition key is spelt so: keys are kept in lower case.
_ACTION: Final = "Action"
_RESOURCE: Final = "Resource"
_IS: Final = "is"
_BEGINS: Final = "begins"
_ENDS: Final = "ends"
# Operators that hold only where the key has one of the values, letter by letter.
_ASKING: Final = frozenset({"StringEquals", "ForAnyValue:StringEquals"})
_VARIABLE: Final = "${"

_Place = tuple[str, str, str]
"""What of the query (or which condition key), how it compares (`is`, `begins` or `ends`), and the text."""


_Probe = tuple[slice, dict[str, list[int]]]
"""Which part of a value to look up, and the positions of the statements under each text."""


class StatementIndex:
    """The statements of one policy. Never changes once built."""

    __slots__ = ("_action_probes", "_always", "_key_probes", "_resource_probes", "_statements")

    def __init__(self, statements: Sequence[Statement]) -> None:
        filed = len(statements) >= _WORTH_AN_INDEX
        tables, always = _filed(statements) if filed else ({}, range(len(statements)))
        self._statements: Final = tuple(statements)
        self._always: Final = tuple(always)
        self._action_probes: Final = _probes(tables, _ACTION)
        self._resource_probes: Final = _probes(tables, _RESOURCE)
        keys = {of for of, _, _ in tables} - {_ACTION, _RESOURCE}
        self._key_probes: Final = tuple((key, table) for key in sorted(keys) for _, table in _probes(tables, key))

    def candidates(self, action: str, query: Query) -> Sequence[Statement]:
        """In the policy's order; `action` in lower case."""
        statements = self._statements
        if len(self._always) == len(statements):
            return statements
        resource, found = query.resource, [*self._always]
        # A value shorter than the part is cut nowhere, and is no text of that length.
        for part, table in self._action_probes:
            if (positions := table.get(action[part])) is not None:
                found += positions
        for part, table in self._resource_probes:
            if (positions := table.get(resource[part])) is not None:
                found += positions
        for key, table in self._key_probes:
            for value in query.context.values.get(key, ()):
                found += table.get(value, ())
        if len(found) > 1:
            found = sorted(set(found))
        return [statements[position] for position in found]


def _filed(statements: Sequence[Statement]) -> tuple[dict[_Place, list[int]], list[int]]:
    """The positions under each place, and those of the statements that are about anything."""
    choices = [list(_choices(statement)) for statement in statements]
    shared = Counter(place for several in choices for choice in several for place in choice)
    filed: dict[_Place, list[int]] = {}
    always = []
    for position, several in enumerate(choices):
        if not several:
            always.append(position)
            continue
        for place in min(several, key=lambda choice: max(shared[place] for place in choice)):
            filed.setdefault(place, []).append(position)
    return filed, always


def _probes(filed: Mapping[_Place, list[int]], attribute: str) -> tuple[_Probe, ...]:
    tables: dict[tuple[str, int], dict[str, list[int]]] = {}
    for (of, how, text), positions in filed.items():
        if of == attribute:
            tables.setdefault((how, 0 if how == _IS else len(text)), {})[text] = positions
    return tuple((_part(how, length), table) for (how, length), table in sorted(tables.items(), key=lambda one: one[0]))


def _part(how: str, length: int) -> slice:
    return {_IS: slice(None), _BEGINS: slice(length), _ENDS: slice(-length, None)}[how]


def _choices(statement: Statement) -> Iterator[frozenset[_Place]]:
    """The sets of places that the statement may be filed under, each of which alone finds it."""
    for attribute, selection in ((_ACTION, statement.actions), (_RESOURCE, statement.resources)):
        if selection is None or selection.excluded:
            continue
        for choice in (_beginnings(attribute, selection), _endings(attribute, selection)):
            if all(text for _, _, text in choice):
                yield choice
    for condition in statement.conditions:
        if condition.operator in _ASKING and not any(_VARIABLE in value for value in condition.values):
            yield frozenset((condition.key.lower(), _IS, value) for value in condition.values)


def _beginnings(attribute: str, selection: Selection) -> frozenset[_Place]:
    return frozenset((attribute, _IS if one.exact else _BEGINS, one.prefix) for one in selection.patterns)


def _endings(attribute: str, selection: Selection) -> frozenset[_Place]:
    return frozenset(
        (attribute, _IS, one.prefix) if one.exact else (attribute, _ENDS, one.suffix) for one in selection.patterns
    )
