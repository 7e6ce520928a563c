"""A policy's JSON text, read one way only: what two readers could understand differently is refused."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, Never

from gateway.domain.errors import MalformedPolicyDocument

MAXIMUM_LENGTH: Final = 1_000_000
"""Characters (or bytes); IAM's largest document has 20,480."""


class Number(str):
    """A number as it is written: a condition's value keeps its digits, and no other place takes one."""

    __slots__ = ()


class Repeated(dict[str, Any]):
    """An object that names `key` twice. Whoever reads it knows where it stands, and refuses it there."""

    key: str


def read_document(source: str | bytes) -> Mapping[str, Any]:
    """The JSON object in `source`. Time is linear in its length.

    Numbers are `Number`, objects with a name twice `Repeated`. Raises MalformedPolicyDocument: too long, not strict
    UTF-8, not JSON, another top level than an object, `NaN` or an infinity, nested too deeply.
    """
    if len(source) > MAXIMUM_LENGTH:
        raise MalformedPolicyDocument("", f"the document is longer than {MAXIMUM_LENGTH} characters")
    try:
        value = _DECODER.decode(_text(source))
    except json.JSONDecodeError as fault:
        problem = f"the document is not valid JSON: {fault.msg} at line {fault.lineno} column {fault.colno}"
        raise MalformedPolicyDocument("", problem) from None
    except RecursionError:
        # The decoder counts its own depth and stops long before the stack ends.
        raise MalformedPolicyDocument("", "the document is nested too deeply") from None
    if not isinstance(value, dict):
        raise MalformedPolicyDocument("", "the document must be a JSON object")
    return value


def _text(source: str | bytes) -> str:
    if isinstance(source, str):
        return source
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedPolicyDocument("", "the document is not UTF-8") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    repeated = Repeated(value)
    [(repeated.key, _)] = Counter(name for name, _ in pairs).most_common(1)
    return repeated


def _constant(name: str) -> Never:
    raise MalformedPolicyDocument("", f"the document holds {name}, which JSON has not")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=Number, parse_float=Number, parse_constant=_constant
)
