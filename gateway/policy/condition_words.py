"""Words for conditions: when a statement counts, from the side of whoever holds the role."""

from collections.abc import Mapping
from typing import Final

from gateway.policy.conditions import Condition
from gateway.policy.named_words import key_told, listed, value_told

_IF_EXISTS: Final = "IfExists"
_SETS: Final[Mapping[str, str]] = {"ForAllValues": "every value of ", "ForAnyValue": "some value of "}


def condition_told(condition: Condition, has_variables: bool) -> str:  # noqa: FBT001  of the policy's version
    """`your address is in 203.0.113.0/24`."""
    whole = _WHOLE.get((condition.operator, condition.key.lower(), condition.values))
    if whole is not None:
        return whole
    of_set, _, rest = condition.operator.rpartition(":")
    operator = rest.removesuffix(_IF_EXISTS)
    subject = f"{_SETS.get(of_set, '')}{key_told(condition.key)}"
    if operator == "Null":
        return f"{subject} is {listed([_NULL[value.lower()] for value in condition.values], 'or')}"
    values = [value_told(value, has_variables) or "empty" for value in condition.values]
    one, several = VERBS[operator]
    end = f"{several} {listed(values, 'or')}" if len(values) > 1 else f"{one} {values[0]}"
    given = f" (or {key_told(condition.key)} is not known)" if rest.endswith(_IF_EXISTS) else ""
    return f"{subject} {end}{given}"


_NULL: Final = {"true": "absent", "false": "there"}
_NEITHER: Final = "is none of"
VERBS: Final[Mapping[str, tuple[str, str]]] = {
    "StringEquals": ("is", "is"),
    "StringNotEquals": ("is not", _NEITHER),
    "StringEqualsIgnoreCase": ("is, in any case,", "is, in any case,"),
    "StringNotEqualsIgnoreCase": ("is not, in any case,", "is, in any case, none of"),
    "StringLike": ("is like", "is like"),
    "StringNotLike": ("is not like", "is like none of"),
    "NumericEquals": ("is", "is"),
    "NumericNotEquals": ("is not", _NEITHER),
    "NumericLessThan": ("is below", "is below"),
    "NumericLessThanEquals": ("is at most", "is at most"),
    "NumericGreaterThan": ("is above", "is above"),
    "NumericGreaterThanEquals": ("is at least", "is at least"),
    "DateEquals": ("is", "is"),
    "DateNotEquals": ("is not", _NEITHER),
    "DateLessThan": ("is before", "is before"),
    "DateLessThanEquals": ("is no later than", "is no later than"),
    "DateGreaterThan": ("is after", "is after"),
    "DateGreaterThanEquals": ("is no earlier than", "is no earlier than"),
    "Bool": ("is", "is"),
    "BinaryEquals": ("is", "is"),
    "IpAddress": ("is in", "is in"),
    "NotIpAddress": ("is not in", "is in none of"),
    "ArnEquals": ("is like", "is like"),
    "ArnNotEquals": ("is not like", "is like none of"),
    "ArnLike": ("is like", "is like"),
    "ArnNotLike": ("is not like", "is like none of"),
}
"""Operator to its words before one value and before several."""

_WHOLE: Final[Mapping[tuple[str, str, tuple[str, ...]], str]] = {
    ("Bool", "aws:securetransport", ("true",)): "you come over TLS",
    ("Bool", "aws:securetransport", ("false",)): "you come without TLS",
    ("Bool", "aws:multifactorauthpresent", ("true",)): "you signed in with a second factor",
    ("Bool", "aws:multifactorauthpresent", ("false",)): "you signed in without a second factor",
    ("BoolIfExists", "aws:multifactorauthpresent", ("false",)): "you signed in without a second factor",
}
"""What people say otherwise than by key, operator and value."""
