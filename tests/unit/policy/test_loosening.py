"""Policies in their best case: an Allow's open conditions hold, a Deny's do not, and what was assumed is told."""

from typing import Any

import pytest

from gateway.policy.context import RequestContext
from gateway.policy.document import PolicyKind, parse_policy
from gateway.policy.evaluate import evaluate
from gateway.policy.loosening import Loosened, open_conditions
from gateway.policy.query import Query

KNOWN = frozenset({"aws:principalarn"})
ARN = "arn:aws:iam::111122223333:role/A"
QUERY = Query(
    action="s3:GetObject", resource="arn:aws:s3:::lake/a/b", context=RequestContext.of({"aws:PrincipalArn": ARN})
)


def loosened(*statements: dict[str, Any], version: str = "2012-10-17") -> Loosened:
    written = [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", **one} for one in statements]
    policy = parse_policy({"Version": version, "Statement": written}, PolicyKind.IDENTITY, name="p")
    return Loosened.of([policy], "s3:GetObject", KNOWN)


def allowed(one: Loosened) -> bool:
    return evaluate(QUERY, identity=one.policies, boundary=None, session=None).allowed


@pytest.mark.parametrize(
    ("statement", "expected", "told"),
    [
        ({}, True, ()),
        ({"Condition": {"StringEquals": {"x:y": ["a", "b"]}}}, True, ("x:y StringEquals a or b",)),
        ({"Condition": {"ArnEquals": {"aws:PrincipalArn": ARN}}}, True, ()),
        ({"Condition": {"ArnEquals": {"aws:PrincipalArn": f"{ARN}x"}}}, False, ()),
        ({"Condition": {"StringEquals": {"aws:PrincipalArn": "${x:y}"}}}, True, ("aws:PrincipalArn StringEquals ${x:y}",)),
        ({"Resource": "arn:aws:s3:::lake/${x:y}/b"}, True, ("resource arn:aws:s3:::lake/${x:y}/b",)),
        ({"Resource": "arn:aws:s3:::lake/${x:y}/c"}, False, ("resource arn:aws:s3:::lake/${x:y}/c",)),
        ({"Resource": "arn:aws:s3:::sea/${x:y}/b"}, False, ("resource arn:aws:s3:::sea/${x:y}/b",)),
        (
            {"Resource": ["arn:aws:s3:::sea/${x:y}", "arn:aws:s3:::lake/*q*/b", "arn:aws:s3:::sea/${x:z}"]},
            False,
            ("resource arn:aws:s3:::sea/${x:y} or arn:aws:s3:::sea/${x:z}",),
        ),
        ({"Action": "s3:PutObject"}, False, ()),
    ],
)  # fmt: skip
def test_an_allow_is_taken_at_its_best(statement: dict[str, Any], expected: bool, told: tuple[str, ...]) -> None:
    one = loosened(statement)

    assert allowed(one) is expected
    written = list(one.written.values())
    assert [open_conditions(statement, KNOWN) for statement in written] == ([told] if written else [])


def test_an_exception_with_a_variable_excludes_nothing_for_sure() -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::lake/${x:y}/*"}
    policy = parse_policy({"Version": "2012-10-17", "Statement": statement}, PolicyKind.IDENTITY, name="p")

    assert allowed(Loosened.of([policy], "s3:GetObject", KNOWN))


def test_a_dollar_sign_of_the_old_version_is_text() -> None:
    assert not allowed(loosened({"Resource": "arn:aws:s3:::lake/${x:y}/b"}, version="2008-10-17"))


@pytest.mark.parametrize(
    ("deny", "is_sure", "is_doubtful"),
    [
        ({}, True, False),
        ({"Condition": {"Bool": {"x:y": "true"}}}, False, True),
        ({"Resource": "arn:aws:s3:::lake/${x:y}/b"}, False, True),
        ({"Resource": "arn:aws:s3:::sea/*"}, False, False),
        ({"Resource": "arn:aws:s3:::sea/*", "Condition": {"Bool": {"x:y": "true"}}}, False, False),
    ],
)
def test_a_deny_counts_only_where_it_is_sure(deny: dict[str, Any], is_sure: bool, is_doubtful: bool) -> None:
    one = loosened({}, {"Effect": "Deny", **deny})

    assert allowed(one) is not is_sure
    assert [found.statement_id for found in one.may_deny(QUERY)] == (["p.Statement[1]"] if is_doubtful else [])
