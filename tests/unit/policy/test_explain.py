"""The one line that the audit log tells of a decision."""

from typing import Any

import pytest

from gateway.policy.document import PolicyKind
from gateway.policy.evaluate import evaluate, evaluate_statements
from tests.unit.policy.made import ACCOUNT, IAM_USER, OBJECT, policy, query, stated, trusting

WANTED = f"s3:GetObject on {OBJECT}"
NEAREST = f"no identity policy allows {WANTED}; nearest is p.Statement[0], which"

REASONS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "allowed": ([stated(Sid="All")], "allowed by p.Statement[0] (All)"),
    "allowed twice": ([stated(), stated()], "allowed by p.Statement[0], p.Statement[1]"),
    "allowed often": (
        [stated()] * 7,
        "allowed by p.Statement[0], p.Statement[1], p.Statement[2], p.Statement[3], p.Statement[4] and 2 more",
    ),
    "denied": ([stated(), stated(Effect="Deny", Sid="Out")], "explicitly denied by p.Statement[1] (Out)"),
    "only other denies": (
        [stated(Effect="Deny", Action="sqs:*")],
        f"no identity policy allows {WANTED}: there is no Allow statement",
    ),
    "another action": (
        [stated(Action="s3:PutObject")],
        f"no identity policy allows {WANTED}; nearest is p.Statement[0], which is about other actions",
    ),
    "another resource": (
        [stated(Action="sqs:*"), stated(Resource="arn:aws:s3:::x")],
        f"no identity policy allows {WANTED}; nearest is p.Statement[1], which is about other resources",
    ),
    "a condition": (
        [stated(Resource="arn:aws:s3:::x"), stated(Condition={"StringEquals": {"aws:UserName": "secret"}})],
        f"no identity policy allows {WANTED}; nearest is p.Statement[0], which is about other resources",
    ),
    "a condition on an absent key": (
        [stated(Condition={"StringEquals": {"aws:UserId": "secret"}})],
        f"{NEAREST} asks for StringEquals on aws:UserId, which the request does not have",
    ),
    "a condition on another value": (
        [stated(Condition={"StringEquals": {"aws:UserName": "secret"}})],
        f"{NEAREST} asks for StringEquals on aws:UserName, which the request does not meet",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "reason"), REASONS.values(), ids=REASONS)
def test_a_reason_names_the_statements(statements: list[dict[str, Any]], reason: str) -> None:
    asked = query(aws__username="hidden")

    decision = evaluate(asked, identity=[policy(*statements)], boundary=None, session=None)

    assert decision.reason == reason
    assert "hidden" not in decision.reason
    assert "secret" not in decision.reason


def test_every_missing_set_is_told() -> None:
    decision = evaluate(query(), identity=[], boundary=[], session=[])

    assert [part.partition(" allows")[0] for part in decision.reason.split("; ")] == [
        "no identity policy",
        "no permissions boundary",
        "no session policy",
    ]


def test_the_principal_is_told_of_trust() -> None:
    made = policy(trusting(Principal={"AWS": "444455556666"}), kind=PolicyKind.TRUST, name="trust_policy")
    asked = query("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/x", principal=IAM_USER)

    assert evaluate_statements(asked, made.statements).reason == (
        f"no statement allows sts:AssumeRole on arn:aws:iam::{ACCOUNT}:role/x; "
        "nearest is trust_policy.Statement[0], which is about other principals"
    )
