"""Conditions together: several values, keys and operators, absent keys and sets of values."""

from typing import Any

import pytest

from gateway.domain.errors import MalformedPolicyDocument
from gateway.policy.context import RequestContext
from gateway.policy.evaluate import evaluate
from gateway.policy.operators import OPERATORS
from tests.unit.policy.made import asked, policy, stated


def holds(condition: dict[str, Any], context: dict[str, Any]) -> bool:
    made = policy(stated(Condition=condition))
    return evaluate(asked(context), identity=[made], boundary=None, session=None).allowed


AB = ["a", "b"]
# Operator, the policy's values, the request's (None: the key is absent), whether it holds.
SETS: list[tuple[str, list[str], Any, bool]] = [
    ("StringEquals", AB, "b", True),
    ("StringEquals", AB, "c", False),
    ("StringEquals", AB, None, False),
    ("StringEquals", AB, ["c", "a"], True),
    ("StringEquals", AB, ["c", "d"], False),
    ("StringEquals", AB, [], False),
    ("StringNotEquals", AB, "b", False),
    ("StringNotEquals", AB, "c", True),
    ("StringNotEquals", AB, None, True),
    ("StringNotEquals", AB, ["c", "a"], False),
    ("StringNotEquals", AB, ["c", "d"], True),
    ("StringNotEquals", AB, [], True),
    ("StringEqualsIfExists", AB, "a", True),
    ("StringEqualsIfExists", AB, "c", False),
    ("StringEqualsIfExists", AB, None, True),
    ("StringEqualsIfExists", AB, [], True),
    ("StringNotEqualsIfExists", AB, "a", False),
    ("StringNotEqualsIfExists", AB, "c", True),
    ("StringNotEqualsIfExists", AB, None, True),
    ("ForAnyValue:StringEquals", AB, ["c", "a"], True),
    ("ForAnyValue:StringEquals", AB, ["c", "d"], False),
    ("ForAnyValue:StringEquals", AB, "a", True),
    ("ForAnyValue:StringEquals", AB, None, False),
    ("ForAnyValue:StringEquals", AB, [], False),
    ("ForAnyValue:StringNotEquals", AB, ["a", "c"], True),
    ("ForAnyValue:StringNotEquals", AB, ["a", "b"], False),
    ("ForAnyValue:StringNotEquals", AB, None, False),
    ("ForAnyValue:StringNotEquals", AB, [], False),
    ("ForAllValues:StringEquals", AB, ["a", "b"], True),
    ("ForAllValues:StringEquals", AB, ["a", "c"], False),
    ("ForAllValues:StringEquals", AB, ["a"], True),
    ("ForAllValues:StringEquals", AB, None, True),
    ("ForAllValues:StringEquals", AB, [], True),
    ("ForAllValues:StringEquals", AB, "", True),
    ("ForAllValues:StringEquals", AB, ["", "c"], False),
    ("ForAllValues:StringNotEquals", AB, ["c", "d"], True),
    ("ForAllValues:StringNotEquals", AB, ["c", "a"], False),
    ("ForAllValues:StringNotEquals", AB, None, True),
    ("StringLike", ["a*", "b"], "ax", True),
    ("StringLike", ["a*", "b"], "b", True),
    ("StringLike", ["a*", "b"], "bx", False),
    ("ForAllValues:StringLike", ["a*"], ["ab", "a"], True),
    ("ForAllValues:StringLike", ["a*"], ["ab", "b"], False),
    ("ForAnyValue:StringEqualsIfExists", AB, None, True),
    ("ForAnyValue:StringEqualsIfExists", AB, ["c"], False),
    ("ForAllValues:StringEqualsIfExists", AB, ["c"], False),
    ("ForAllValues:StringEqualsIfExists", AB, None, True),
    ("ForAnyValue:NumericLessThan", ["5"], ["9", "4"], True),
    ("ForAllValues:NumericLessThan", ["5"], ["9", "4"], False),
    ("ForAllValues:IpAddress", ["10.0.0.0/8"], ["10.1.1.1", "10.2.2.2"], True),
    ("ForAnyValue:ArnLike", ["arn:aws:iam::*:role/x"], ["arn:aws:iam::1:role/x"], True),
    ("NumericLessThan", ["5", "9"], "7", True),
    ("Null", ["true"], None, True),
    ("Null", ["true"], "x", False),
    ("Null", ["true"], "", False),
    ("Null", ["true"], [], True),
    ("Null", ["false"], None, False),
    ("Null", ["false"], "x", True),
    ("Null", ["False"], [], False),
    ("Null", ["true", "false"], None, True),
    ("BoolIfExists", ["true"], None, True),
    ("BoolIfExists", ["true"], "false", False),
    ("Bool", ["true"], None, False),
    ("NotIpAddress", ["10.0.0.0/8"], None, True),
    ("NotIpAddress", ["10.0.0.0/8", "11.0.0.0/8"], "11.1.1.1", False),
    ("NumericNotEquals", ["5"], None, True),
    ("DateNotEquals", ["2026"], None, True),
    ("ArnNotLike", ["arn:aws:iam::1:role/x"], None, True),
    ("ArnNotEquals", ["arn:aws:iam::1:role/x"], None, True),
    ("StringNotLike", ["x"], None, True),
]


@pytest.mark.parametrize(("operator", "wanted", "given", "expected"), SETS)
def test_a_condition_holds(operator: str, wanted: list[str], given: Any, expected: bool) -> None:
    assert holds({operator: {"k": wanted}}, {} if given is None else {"k": given}) is expected


BLOCKS: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "no block": ({}, {}, True),
    "both keys": ({"StringEquals": {"a": "1", "b": "2"}}, {"a": "1", "b": "2"}, True),
    "one key of two": ({"StringEquals": {"a": "1", "b": "2"}}, {"a": "1", "b": "3"}, False),
    "both operators": ({"StringEquals": {"a": "1"}, "Bool": {"b": "true"}}, {"a": "1", "b": "true"}, True),
    "one operator of two": ({"StringEquals": {"a": "1"}, "Bool": {"b": "true"}}, {"a": "1", "b": "false"}, False),
    "two operators on one key": (
        {"NumericGreaterThan": {"a": "1"}, "NumericLessThan": {"a": "5"}},
        {"a": "5"},
        False,
    ),
    "one key in two cases": ({"StringEquals": {"K": "a", "k": "b"}}, {"k": "a"}, False),
    "any case of the key": ({"StringEquals": {"AWS:UserName": "a"}}, {"aws:username": "a"}, True),
    "any case of the request's key": ({"StringEquals": {"aws:username": "a"}}, {"AWS:UserName": "a"}, True),
    "another key": ({"StringEquals": {"aws:username": "a"}}, {"aws:userid": "a"}, False),
}


@pytest.mark.parametrize(("block", "context", "expected"), BLOCKS.values(), ids=BLOCKS)
def test_operators_and_keys_must_all_hold(block: dict[str, Any], context: dict[str, Any], expected: bool) -> None:
    assert holds(block, context) is expected


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_has_all_its_names(name: str) -> None:
    values = {"N": "1", "D": "2026", "B": "true", "I": "10.0.0.0/8", "A": "arn:aws:iam::1:role/x", "S": "x"}
    value = "QQ==" if name == "BinaryEquals" else "10.0.0.0/8" if "Ip" in name else values[name[0]]
    negated = "Not" in name

    for prefix, absent in (("", negated), ("ForAllValues:", True), ("ForAnyValue:", False)):
        assert holds({f"{prefix}{name}": {"k": value}}, {}) is absent
        assert holds({f"{prefix}{name}IfExists": {"k": value}}, {})


UNKNOWN = {
    "StringEqual": "StringEquals",
    "stringequals": "StringEquals",
    "NullIfExists": "",
    "ForAnyValue:Null": "",
    "forAnyValue:StringEquals": "ForAnyValue:StringEquals",
    "ForAnyValue:ForAllValues:StringEquals": "",
    "StringEqualsIfExistsIfExists": "",
    "": "",
    "If": "",
}


@pytest.mark.parametrize(("operator", "nearest"), UNKNOWN.items())
def test_an_operator_that_does_not_exist_is_refused(operator: str, nearest: str) -> None:
    with pytest.raises(MalformedPolicyDocument) as caught:
        holds({"StringEquals": {"a": "1"}, operator: {"k": "x"}}, {})

    assert caught.value.path == f"Statement[0].Condition.{operator}"
    assert f"; write {nearest}" in caught.value.problem or not nearest


def test_two_keys_of_a_request_that_differ_by_case_are_refused() -> None:
    with pytest.raises(ValueError, match="differ only by case"):
        RequestContext.of({"aws:PrincipalTag/Team": "a", "aws:principaltag/team": "b"})
