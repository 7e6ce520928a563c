"""Additions to a JSON document as RFC 6902 writes them: one operation for each thing that is added."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

Operation = Mapping[str, Any]
Way = tuple[str | int, ...]
_ESCAPES: Final = (("~", "~0"), ("/", "~1"))  # RFC 6901 3, in this order


class Additions:
    """Gathers additions to one document, which stays as it is; their order counts."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._begun: set[Way] = set()
        self.operations: list[Operation] = []

    def append(self, way: Way, value: Any) -> None:
        """Add to the end of a list that may not be there yet, and may be null (Go writes empty lists so)."""
        if way in self._begun or found(self._document, way):
            self._add((*way, "-"), value)
        else:
            self._add(way, [value])
        self._begun.add(way)

    def prepend(self, way: Way, value: Any) -> None:
        """Add to the front of a list; what is added below it by its index must be added before."""
        if way in self._begun or found(self._document, way):
            self._add((*way, 0), value)
        else:
            self._add(way, [value])
        self._begun.add(way)

    def _add(self, way: Way, value: Any) -> None:
        self.operations.append({"op": "add", "path": pointer(way), "value": value})


def found(document: Any, way: Way) -> Any:
    """What stands in a document at a way; None where nothing does."""
    for step in way:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def pointer(way: Sequence[str | int]) -> str:
    """RFC 6901."""
    return "".join(f"/{_escaped(str(step))}" for step in way)


def _escaped(step: str) -> str:
    for character, escape in _ESCAPES:
        step = step.replace(character, escape)
    return step


def encoded(operations: Sequence[Operation]) -> bytes:
    return json.dumps(operations, separators=(",", ":")).encode()
