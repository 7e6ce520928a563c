"""A policy document without the one fault that was told, so that its reader comes to the next."""

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.policy.json_text import Repeated
from gateway.settings.faults import closest

_IN_STATEMENT: Final = re.compile(r"Statement\[([0-9]{1,6})\](?:\.([^.\[]+)(.*))?")
_INDEX: Final = re.compile(r"\[([0-9]{1,6})\]")
_ELEMENTS: Final = ("Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource")
_NOT: Final = "Not"


def mended(document: Mapping[str, Any], path: str, sound: Mapping[str, Any]) -> dict[str, Any] | None:
    """The document with something sound where `path` leads; None where nothing can be put there.

    `sound`: the elements of a statement that no reader minds, in the order in which a reader misses them.
    """
    at = _IN_STATEMENT.fullmatch(path)
    if at is None:
        return _mended_top(document, path)
    written = document.get("Statement")
    statements = list(written) if isinstance(written, list) else [written]
    number = int(at[1])
    if number >= len(statements):
        return None
    statement = statements[number]
    if not isinstance(statement, Mapping):
        statements[number] = dict(sound)
    elif at[2] is None:
        statements[number] = _completed(statement, sound)
    else:
        statements[number] = _corrected(statement, at[2], at[3].removeprefix("."), sound)
    return {**document, "Statement": statements}


def _mended_top(document: Mapping[str, Any], path: str) -> dict[str, Any] | None:
    if path not in document or "Statement" in {path, closest(path, ("Version", "Id", "Statement"))}:
        return None  # without its statements nothing is left to tell
    return {key: value for key, value in document.items() if key != path} | {"Version": "2012-10-17"}


def _completed(statement: Mapping[str, Any], sound: Mapping[str, Any]) -> dict[str, Any]:
    """What a statement lacks is told one by one, in the order of `sound`."""
    if isinstance(statement, Repeated):
        return {**statement}
    for name, value in sound.items():
        opposite = f"{_NOT}{name}"
        if name in statement and opposite in statement:
            return {key: kept for key, kept in statement.items() if key != opposite}
        if name not in statement and opposite not in statement:
            return {**statement, name: value}
    return dict(sound)


def _corrected(statement: Mapping[str, Any], element: str, rest: str, sound: Mapping[str, Any]) -> dict[str, Any]:
    value = statement.get(element)
    others = {key: kept for key, kept in statement.items() if key != element}
    if element == "Condition" and isinstance(value, Mapping):
        return {**others, element: _without(value, rest)}
    # A misspelt element is told, and not that the one which was meant is missing.
    meant = element if element in _ELEMENTS else closest(element, _ELEMENTS) or ""
    positive = meant.removeprefix(_NOT)
    if positive not in sound or (meant != element and {positive, f"{_NOT}{positive}"} & statement.keys()):
        return others
    item = _INDEX.fullmatch(rest)
    if item and isinstance(value, list) and int(item[1]) < len(value):
        items = [*value]
        items[int(item[1])] = sound[positive]
        return {**statement, element: items}
    return {**others, positive: sound[positive]}


def _without(conditions: Mapping[str, Any], rest: str) -> dict[str, Any]:
    """The conditions without the key that `rest` leads to, or without its operator."""
    operator = _longest(conditions, rest)
    keys = conditions.get(operator)
    others = {name: block for name, block in conditions.items() if name != operator}
    key = _longest(keys, rest[len(operator) + 1 :]) if isinstance(keys, Mapping) else ""
    if not key or not isinstance(keys, Mapping) or len(keys) == 1:
        return others if operator else {}
    return {**others, operator: {name: values for name, values in keys.items() if name != key}}


def _longest(names: Mapping[str, Any], rest: str) -> str:
    """The name that `rest` begins with: condition keys hold dots themselves."""
    found = (name for name in names if rest == name or rest.startswith((f"{name}.", f"{name}[")))
    return max(found, key=len, default="")
