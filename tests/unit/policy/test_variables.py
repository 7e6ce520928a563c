"""Policy variables: their values are texts, and only new documents have them."""

from collections.abc import Sequence
from typing import Any

import pytest

from gateway.domain.errors import MalformedPolicyDocument
from gateway.policy.evaluate import evaluate
from tests.unit.policy.made import OLD_VERSION, VERSION, asked, policy, query, stated

HOME = "arn:aws:s3:::lake/home/"


def allowed(resource: str, given: str, version: str = VERSION, **context: str | Sequence[str]) -> bool:
    made = policy(stated(Resource=resource), version=version)
    return evaluate(query(resource=given, **context), identity=[made], boundary=None, session=None).allowed


CASES: dict[str, tuple[str, str, dict[str, Any], bool]] = {
    "its value": ("${aws:username}/*", "alice/x", {"aws__username": "alice"}, True),
    "another's value": ("${aws:username}/*", "bob/x", {"aws__username": "alice"}, False),
    "any case of the key": ("${AWS:UserName}/*", "alice/x", {"aws__username": "alice"}, True),
    "white space around the key": ("${ aws:username }", "alice", {"aws__username": "alice"}, True),
    "a key that is absent": ("${aws:username}*", "alice", {}, False),
    "a key with several values": ("${aws:username}*", "alice", {"aws__username": ["alice", "bob"]}, False),
    "a key with one value in a list": ("${aws:username}", "alice", {"aws__username": ["alice"]}, True),
    "a default": ("${aws:username, 'none'}", "none", {}, True),
    "a default without a space": ("${aws:username,'none'}", "none", {}, True),
    "a default that is not needed": ("${aws:username, 'none'}", "none", {"aws__username": "alice"}, False),
    "a default for several values": ("${aws:username, 'none'}", "none", {"aws__username": ["a", "b"]}, False),
    "an empty default": ("${aws:username, ''}x", "x", {}, True),
    "a default with a brace and a star": ("${aws:username, '}*'}", "}*", {}, True),
    "a default is no pattern": ("${aws:username, '*'}", "alice", {}, False),
    "a value that looks like a pattern": ("${aws:username}/*", "alice/x", {"aws__username": "*"}, False),
    "a value that looks like a pattern, itself": ("${aws:username}/*", "*/x", {"aws__username": "*"}, True),
    "a value with a question mark": ("${aws:username}", "a", {"aws__username": "?"}, False),
    "a value that looks like a variable": ("${aws:username}", "x", {"aws__username": "${a}", "a": "x"}, False),
    "an empty value": ("${aws:username}*", "x", {"aws__username": ""}, True),
    "two of them": ("${a}-${b}", "1-2", {"a": "1", "b": "2"}, True),
    "two of them, one absent": ("${a}-${b}", "1-2", {"a": "1"}, False),
    "a question mark beside one": ("${a}?", "12", {"a": "1"}, True),
    "a question mark that is missing": ("${a}?", "1", {"a": "1"}, False),
    "a star as a letter": ("${*}", "*", {}, True),
    "a star as a letter, against others": ("${*}", "alice", {}, False),
    "a question mark as a letter": ("${?}", "?", {}, True),
    "a question mark as a letter, against another": ("${?}", "a", {}, False),
    "a dollar sign as a letter": ("${$}{x}", "${x}", {}, True),
    "a dollar sign without a brace": ("$x", "$x", {}, True),
}


@pytest.mark.parametrize(("pattern", "given", "context", "expected"), CASES.values(), ids=CASES)
def test_a_variable_stands_for(pattern: str, given: str, context: dict[str, Any], expected: bool) -> None:
    assert allowed(HOME + pattern, HOME + given, **context) is expected


def test_a_value_with_colons_stays_within_its_part() -> None:
    pattern = "arn:aws:iam::${aws:PrincipalTag/account}:role/x"
    tag = {"aws:PrincipalTag/account": "1:role/evil"}
    made = policy(stated(Resource=pattern))

    def decided(resource: str, context: dict[str, str]) -> bool:
        from dataclasses import replace

        return evaluate(
            replace(asked(context), resource=resource), identity=[made], boundary=None, session=None
        ).allowed

    assert decided("arn:aws:iam::1:role/x", {"aws:PrincipalTag/account": "1"})
    assert not decided("arn:aws:iam::1:role/evil:role/x", tag)


@pytest.mark.parametrize("given", ["${aws:username}", "alice"])
def test_an_old_document_has_no_variables(given: str) -> None:
    expected = given.startswith("$")

    assert allowed(HOME + "${aws:username}", HOME + given, version=OLD_VERSION, aws__username="alice") is expected


def test_a_star_in_braces_is_a_wildcard_in_an_old_document() -> None:
    assert allowed(HOME + "${*}", HOME + "${x}", version=OLD_VERSION)


@pytest.mark.parametrize(
    "text",
    ["${", "${}", "${aws:username", "${a, b}", "${a, 'b}", "${${a}}", "${a{b}", "${a, 'b' c}", "${*x}", "${,'a'}"],
)
def test_a_variable_that_is_none_is_refused_with_its_path(text: str) -> None:
    with pytest.raises(MalformedPolicyDocument) as caught:
        policy(stated(Resource=["*", HOME + text]))

    assert caught.value.path == "Statement[0].Resource[1]"
    assert "${$}" in caught.value.problem


TEXTS: dict[str, tuple[str, str, str, bool]] = {
    "equals": ("StringEquals", "${aws:username}", "alice", True),
    "equals, not": ("StringEquals", "${aws:username}", "bob", False),
    "not equals": ("StringNotEquals", "${aws:username}", "alice", False),
    "ignoring case": ("StringEqualsIgnoreCase", "${aws:username}", "ALICE", True),
    "like": ("StringLike", "${aws:username}-*", "alice-1", True),
    "equals knows no patterns": ("StringEquals", "${*}", "*", True),
    "a default": ("StringEquals", "${aws:absent, 'x'}", "x", True),
    "nothing": ("StringEquals", "${aws:absent}", "", False),
    "nothing, negated": ("StringNotEquals", "${aws:absent}", "x", False),
    "a boolean": ("Bool", "${aws:flag}", "true", True),
    "a boolean that is none": ("Bool", "${aws:username}", "alice", False),
    "a whole ARN": ("ArnEquals", "${aws:arn}", "arn:aws:iam::1:role/x", True),
    "a whole ARN, another": ("ArnEquals", "${aws:arn}", "arn:aws:iam::1:role/y", False),
    "a part of an ARN": ("ArnLike", "arn:aws:iam::1:role/${aws:role}", "arn:aws:iam::1:role/x", True),
}


@pytest.mark.parametrize(("operator", "wanted", "given", "expected"), TEXTS.values(), ids=TEXTS)
def test_conditions_have_variables(operator: str, wanted: str, given: str, expected: bool) -> None:
    made = policy(stated(Condition={operator: {"k": wanted}}))
    context = {
        "k": given,
        "aws:username": "alice",
        "aws:flag": "TRUE",
        "aws:arn": "arn:aws:iam::1:role/x",
        "aws:role": "x",
    }

    assert evaluate(asked(context), identity=[made], boundary=None, session=None).allowed is expected


EXCEPTIONS: dict[str, dict[str, Any]] = {
    "other resources": {"Resource": None, "NotResource": ["arn:aws:s3:::x", "arn:aws:s3:::lake/${aws:absent}/*"]},
    "other values": {"Condition": {"StringNotEquals": {"k": ["y", "${aws:absent}"]}}},
    "other ARNs": {"Condition": {"ArnNotLike": {"k": "arn:aws:iam::1:role/${aws:absent}"}}},
    "some other value": {"Condition": {"ForAnyValue:StringNotLike": {"k": "${aws:absent}*"}}},
    "no value at all": {"Condition": {"StringNotEqualsIfExists": {"aws:gone": "${aws:absent}"}}},
    "several values": {"Resource": None, "NotResource": "arn:aws:s3:::lake/${aws:several}"},
}


@pytest.mark.parametrize("excepting", EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_an_exception_of_nothing_widens_a_deny_and_no_allow(excepting: dict[str, Any]) -> None:
    allow, deny = (
        {name: value for name, value in stated(Effect=effect, **excepting).items() if value is not None}
        for effect in ("Allow", "Deny")
    )
    known = asked({"k": "x", "aws:several": ["a", "b"]})
    decided = [
        evaluate(known, identity=[policy(*statements)], boundary=None, session=None)
        for statements in ((allow,), (stated(), deny))
    ]

    assert [one.allowed for one in decided] == [False, False]
    assert decided[1].explicit_deny


def test_an_exception_by_a_default_is_one() -> None:
    made = policy(stated(Condition={"StringNotEquals": {"k": "${aws:absent, 'none'}"}}))

    assert evaluate(asked({"k": "x"}), identity=[made], boundary=None, session=None).allowed
    assert not evaluate(asked({"k": "none"}), identity=[made], boundary=None, session=None).allowed


@pytest.mark.parametrize("operator", ["NumericEquals", "DateEquals", "IpAddress", "BinaryEquals", "Null"])
def test_other_operators_have_no_variables(operator: str) -> None:
    with pytest.raises(MalformedPolicyDocument) as caught:
        policy(stated(Condition={operator: {"k": "${aws:username}"}}))

    assert caught.value.path == f"Statement[0].Condition.{operator}.k"
