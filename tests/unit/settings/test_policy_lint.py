"""Statements of policies that can never have an effect."""

import json
from typing import Any

import pytest

from tests.unit.settings.test_lint import warned
from tests.unit.settings.written import Written, marked_line

LAKE = "arn:aws:s3:::lake/*"


def statement(effect: str, action: Any, resource: Any, condition: Any = None) -> dict[str, Any]:
    written = {"Effect": effect, "Action": action, "Resource": resource}
    return written if condition is None else {**written, "Condition": condition}


def told(written: Written, *statements: dict[str, Any]) -> list[tuple[str, str]]:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    warnings = warned(written, policies=f"read-lake: {json.dumps(policy)}")
    return [(key, message) for _, key, message in warnings]


DENIED: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "the same": (statement("Allow", "s3:GetObject", LAKE), statement("Deny", "s3:GetObject", LAKE), True),
    "wider": (statement("Allow", ["s3:GetObject", "S3:PutObject"], LAKE), statement("Deny", "s3:*", "*"), True),
    "a pattern within a pattern": (
        statement("Allow", "s3:Get*", "arn:aws:s3:::lake/a/*"), statement("Deny", "s3:G*", LAKE), True,
    ),
    "everything but": (statement("Allow", "s3:GetObject", "*"), statement("Deny", "*", "*"), True),
    "narrower in action": (statement("Allow", "s3:*", LAKE), statement("Deny", "s3:GetObject", LAKE), False),
    "narrower in resource": (statement("Allow", "s3:GetObject", "*"), statement("Deny", "s3:GetObject", LAKE), False),
    "of one of two": (
        statement("Allow", ["s3:GetObject", "sqs:SendMessage"], "*"), statement("Deny", "s3:*", "*"), False,
    ),
    "with a condition": (
        statement("Allow", "s3:GetObject", LAKE),
        statement("Deny", "s3:GetObject", LAKE, {"Bool": {"aws:SecureTransport": "false"}}),
        False,
    ),
    "one character for many": (statement("Allow", "s3:Get*", "*"), statement("Deny", "s3:Get?", "*"), False),
    "a variable": (
        statement("Allow", "s3:GetObject", "arn:aws:s3:::lake/a"),
        statement("Deny", "s3:GetObject", "arn:aws:s3:::lake/${aws:username}"),
        False,
    ),
    "another Allow": (statement("Allow", "s3:GetObject", LAKE), statement("Allow", "s3:*", "*"), False),
}  # fmt: skip


@pytest.mark.parametrize(("allow", "deny", "is_told"), DENIED.values(), ids=DENIED)
def test_an_allow_that_a_deny_covers_whole_is_told(
    written: Written, allow: dict[str, Any], deny: dict[str, Any], is_told: bool
) -> None:
    found = told(written, allow, deny)

    assert [key for key, _ in found] == (["policies.read-lake.Statement[0]"] if is_told else [])
    assert all("allows nothing: Statement[1] denies all of it" in message for _, message in found)


CONTRADICTIONS: dict[str, tuple[dict[str, Any], bool]] = {
    "absent and equal": ({"Null": {"s3:prefix": "true"}, "StringEquals": {"s3:prefix": "a"}}, True),
    "absent and equal, of any key": ({"Null": {"x:y": True}, "StringEquals": {"X:Y": "a"}}, True),
    "equal and unlike": (
        {"StringEquals": {"aws:username": ["a", "b"]}, "StringNotLike": {"aws:username": "*"}}, True,
    ),
    "two values of a single-valued key": (
        {"StringEquals": {"aws:username": "a"}, "StringLike": {"aws:username": "b*"}}, True,
    ),
    "two values of which one passes": (
        {"StringEquals": {"aws:username": ["a", "b1"]}, "StringLike": {"aws:username": "b*"}}, False,
    ),
    "two values of a key that may have several": (
        {"StringEquals": {"x:y": "a"}, "StringLike": {"x:y": "b*"}}, False,
    ),
    "a variable": (
        {"StringEquals": {"aws:username": "a"}, "StringLike": {"aws:username": "${aws:SourceIdentity}"}}, False,
    ),
    "if it exists, and absent": (
        {"StringEqualsIfExists": {"aws:username": "a"}, "Null": {"aws:username": "true"}}, False,
    ),
    "present and equal": ({"Null": {"s3:prefix": "false"}, "StringEquals": {"s3:prefix": "a"}}, False),
    "unlike keys": ({"Null": {"s3:prefix": "true"}, "StringEquals": {"s3:delimiter": "/"}}, False),
}  # fmt: skip


@pytest.mark.parametrize(("condition", "is_told"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_conditions_that_contradict_each_other_are_told(
    written: Written, condition: dict[str, Any], is_told: bool
) -> None:
    found = told(written, statement("Allow", "s3:ListBucket", "*", condition))

    assert [key for key, _ in found] == (["policies.read-lake.Statement[0]"] if is_told else [])
    assert all("contradict each other" in message for _, message in found)


def test_the_warning_stands_at_the_statements_line(written: Written) -> None:
    sections = {
        "policies": """
        read-lake:
          Version: "2012-10-17"
          Statement:
            - {Effect: Deny, Action: "s3:*", Resource: "*"}
            - {Effect: Allow, Action: "s3:GetObject", Resource: "*"}  # HERE
        """
    }

    ((line, key, _),) = warned(written, **sections)

    assert (line, key) == (marked_line(written.text(**sections)), "policies.read-lake.Statement[1]")


def test_a_deny_of_everybody_covers_an_allow_of_a_trust_policy(written: Written) -> None:
    deny, allow = (
        {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole"}
        for effect, principal in (("Deny", "*"), ("Allow", {"AWS": "111122223333"}))
    )
    trust = {"Version": "2012-10-17", "Statement": [allow, deny]}

    found = warned(written, roles=f"data-platform/Analyst: {json.dumps({'trust_policy': trust})}")

    assert [key for _, key, _ in found] == ["roles.data-platform/Analyst.trust_policy.Statement[0]"]
