"""Condition keys `saml:*` that trust policies ask SAML providers for, statement by statement."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json import JSONDecodeError, loads
from typing import Any, Final

from gateway.policy.document import PolicyKind
from gateway.settings.faults import Place
from gateway.settings.policy_check import place_of, source_of, uses
from gateway.settings.tree import Section

_PREFIX: Final = "saml:"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedKey:
    """`name`: behind `saml:`, as written; `key` leads to it."""

    name: str
    key: str
    place: Place


def asked_keys(root: Section, provider: str) -> Iterator[AskedKey]:
    """Every key that some trust statement for `provider` cannot hold without."""
    for use in uses(root):
        source = source_of(use.node)
        if use.kind is not PolicyKind.TRUST or source is None:
            continue
        for path, name in _asked(_document(source), provider):
            yield AskedKey(name=name, key=f"{use.key}.{path}", place=place_of(path, use.node) or use.place)


def _document(source: str | dict[str, object]) -> Mapping[str, Any]:
    # What is no policy is told where policies are judged; here it asks for nothing.
    try:
        read = loads(source) if isinstance(source, str) else source
    except (JSONDecodeError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _asked(document: Mapping[str, Any], provider: str) -> Iterator[tuple[str, str]]:
    for at, statement in enumerate(_several(document.get("Statement"))):
        if not isinstance(statement, dict) or not _is_for(statement.get("Principal"), provider):
            continue
        for operator, keys in _entries(statement.get("Condition")):
            if not _takes_absence(operator):
                for key, _ in _entries(keys):
                    if key.lower().startswith(_PREFIX):
                        yield f"Statement[{at}].Condition.{operator}.{key}", key[len(_PREFIX) :]


def _is_for(principal: object, provider: str) -> bool:
    federated = principal.get("Federated") if isinstance(principal, dict) else None
    return any(isinstance(one, str) and one.endswith(f":saml-provider/{provider}") for one in _several(federated))


def _takes_absence(operator: str) -> bool:
    """Whether the condition is written for keys that may not be there."""
    folded = operator.lower()
    return folded == "null" or folded.endswith("ifexists")


def _several(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _entries(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((key, one) for key, one in value.items() if isinstance(key, str))
