"""Policies in words: twelve of them as people would write them, and every sentence that comes of each."""

from typing import Any

import pytest

from gateway.policy.condition_words import VERBS
from gateway.policy.document import PolicyKind, parse_policy
from gateway.policy.named_words import value_told
from gateway.policy.operators import OPERATORS
from gateway.policy.words import told

LAKE = ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"]


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


GOLDEN: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "read a bucket": (
        [allow(["s3:GetObject", "s3:ListBucket"], LAKE)],
        ["May read objects and list objects on the bucket lake and everything in it."],
    ),
    "write below one's own tag": (
        [allow(["s3:PutObject", "s3:DeleteObject"], "arn:aws:s3:::lake/scratch/${aws:PrincipalTag/team}/*")],
        ["May write objects and delete objects on everything under scratch/(your tag team)/ in the bucket lake."],
    ),
    "a home with a default": (
        [allow("s3:GetObject", "arn:aws:s3:::home/${aws:username, 'guest'}/*")],
        ["May read objects on everything under (your user name, else guest)/ in the bucket home."],
    ),
    "everything but identities": (
        [
            {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"},
            deny("s3:DeleteObject*", "arn:aws:s3:::backups/*"),
        ],
        [
            "May do anything except anything with IAM and STS on everything.",
            "May never use all S3 actions that begin with DeleteObject on everything in the bucket backups.",
        ],
    ),
    "from the office over TLS": (
        [
            allow(
                "s3:*",
                "arn:aws:s3:::lake*/*",
                Condition={
                    "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]},
                    "Bool": {"aws:SecureTransport": "true"},
                },
            )
        ],
        [
            (
                "May do anything with S3 on everything in buckets like lake*, only if your address is in 192.0.2.0/24 or "
                "2001:db8::/32 and you come over TLS."
            )
        ],
    ),
    "no deletion without a second factor": (
        [
            allow("s3:*"),
            deny("s3:DeleteObject", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
        ],
        [
            "May do anything with S3 on everything.",
            "May never delete objects on everything, if you signed in without a second factor.",
        ],
    ),
    "a folder's listing": (
        [allow("s3:ListBucket", LAKE[0], Condition={"StringLike": {"s3:prefix": ["", "reports/*"]}})],
        ["May list objects on the bucket lake, only if the prefix that is listed is like empty or reports/*."],
    ),
    "an API's methods": (
        [allow("execute-api:Invoke", "arn:aws:execute-api:us-east-1:111122223333:orders/prod/GET/orders/*")],
        ["May call HTTP APIs on GET of /orders/* of the API orders, stage prod."],
    ),
    "other roles, sometimes": (
        [
            allow(
                ["sts:AssumeRole", "sts:TagSession"],
                ["arn:aws:iam::111122223333:role/*", "arn:aws:iam::444455556666:role/Audit"],
                Condition={
                    "DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"},
                    "StringNotEquals": {"aws:PrincipalTag/team": ["interns", "guests"]},
                },
            )
        ],
        [
            (
                "May assume roles and tag sessions on every role of account 111122223333 and the role Audit of account "
                "444455556666, only if the time is before 2027-01-01T00:00:00Z and your tag team is none of interns or "
                "guests."
            )
        ],
    ),
    "many values and absent ones": (
        [
            allow(
                "s3:PutObjectTagging",
                LAKE[1],
                Condition={
                    "ForAllValues:StringEquals": {"s3:RequestObjectTag/class": ["public", "internal"]},
                    "Null": {"aws:PrincipalTag/team": "false"},
                    "NumericLessThanEqualsIfExists": {"s3:max-keys": "100"},
                },
            )
        ],
        [
            (
                "May change objects' tags on everything in the bucket lake, only if every value of the object's tag to set, "
                "class is public or internal, your tag team is there and the number of keys that is asked for is at most "
                "100 (or the number of keys that is asked for is not known)."
            )
        ],
    ),
    "what has no words of its own": (
        [
            allow(["s3:RestoreObject", "sqs:*", "glue:Get?able"], ["arn:aws:sqs:us-east-1:111122223333:jobs"]),
            {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::lake/a?/b"},
        ],
        [
            (
                "May do anything with SQS, use s3:RestoreObject and use glue:Get?able on "
                "arn:aws:sqs:us-east-1:111122223333:jobs."
            ),
            "May never do anything on everything but objects like a?/b in the bucket lake.",
        ],
    ),
    "the gateway itself": (
        [
            allow("gateway:ReadConfiguration", "arn:aws:gateway:us-east-1:111122223333:configuration"),
            allow("gateway:Authenticate", "arn:aws:gateway:us-east-1:111122223333:service/orders"),
            allow("gateway:Revoke", "arn:aws:iam::111122223333:role/team/Engineer"),
        ],
        [
            "May see this gateway's configuration and health on this gateway.",
            "May verify requests for a service on the service orders.",
            "May end sessions on the role team/Engineer of account 111122223333.",
        ],
    ),
}


@pytest.mark.parametrize(("statements", "sentences"), GOLDEN.values(), ids=GOLDEN.keys())
def test_a_policy_is_told_in_words(statements: list[dict[str, Any]], sentences: list[str]) -> None:
    policy = parse_policy({"Version": "2012-10-17", "Statement": statements}, PolicyKind.IDENTITY, name="golden")
    assert [one.sentence for one in told([policy])] == sentences


def test_there_are_twelve_of_them() -> None:
    assert len(GOLDEN) == 12


def test_every_operator_has_words() -> None:
    assert VERBS.keys() == OPERATORS.keys()


def test_in_the_old_version_a_variable_is_the_text_that_it_is() -> None:
    """Version 2008-10-17 has no variables: `${aws:username}` means those characters."""
    document = {"Version": "2008-10-17", "Statement": [allow("s3:GetObject", "arn:aws:s3:::home/${aws:username}/*")]}
    (one,) = told([parse_policy(document, PolicyKind.IDENTITY, name="old")])
    assert one.resources == ("everything under ${aws:username}/ in the bucket home",)


def test_a_denial_stands_after_what_is_allowed_whichever_policy_it_is_in() -> None:
    policies = [
        parse_policy({"Statement": [statement]}, PolicyKind.IDENTITY, name=str(at))
        for at, statement in enumerate((deny("s3:*"), allow("sqs:*")))
    ]
    assert [one.allows for one in told(policies)] == [True, False]


def test_thousands_of_blanks_in_a_variable_are_told_at_once() -> None:
    blanks = " " * 20_000

    assert value_told(f"${{{blanks}aws:username{blanks}}}", has_variables=True) == value_told(
        "${aws:username}", has_variables=True
    )
    assert value_told(f"${{a{blanks}b, '{blanks}}}", has_variables=True).startswith("(a")
