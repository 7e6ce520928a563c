"""Of many statements only those are looked at that could be about the query."""

from typing import Any

import pytest

from gateway.policy.evaluate import Query
from tests.unit.policy.made import policy, query, stated


def looked_at(statements: list[dict[str, Any]], asked: Query) -> list[int]:
    made = policy(*statements)
    return [made.statements.index(one) for one in made.index.candidates(asked.action.lower(), asked)]


def lake(name: str) -> str:
    return f"arn:aws:s3:::lake/{name}"


MANY = range(100)
SHAPES: dict[str, tuple[list[dict[str, Any]], Query]] = {
    "an action each": ([stated(Action=f"s3:Get{n}") for n in MANY], query("s3:Get7")),
    "the beginning of an action each": ([stated(Action=f"s3:Get{n}x*") for n in MANY], query("s3:GET7xyz")),
    "two actions each": ([stated(Action=[f"s3:Get{n}", f"s3:Put{n}"]) for n in MANY], query("s3:Put7")),
    "a resource each": ([stated(Resource=lake(str(n))) for n in MANY], query(resource=lake("7"))),
    "a prefix each": ([stated(Resource=lake(f"{n}/*")) for n in MANY], query(resource=lake("7/x"))),
    "a suffix each": ([stated(Resource=lake(f"*/{n}")) for n in MANY], query(resource=lake("a/7"))),
    "a prefix each, before a variable": (
        [stated(Resource=lake(f"{n}/${{user}}")) for n in MANY],
        query(resource=lake("7/a"), user="a"),
    ),
    "a value each": ([stated(Condition={"StringEquals": {"K": f"v{n}"}}) for n in MANY], query(k="v7")),
    "some values each": (
        [stated(Condition={"ForAnyValue:StringEquals": {"K": [f"v{n}", f"w{n}"]}}) for n in MANY],
        query(k=["x", "w7"]),
    ),
}


@pytest.mark.parametrize(("statements", "asked"), SHAPES.values(), ids=SHAPES)
def test_one_statement_of_many_is_looked_at(statements: list[dict[str, Any]], asked: Query) -> None:
    assert looked_at(statements, asked) == [7]


ALWAYS: dict[str, dict[str, Any]] = {
    "other actions": stated(Action=None, NotAction="s3:Get1"),
    "other resources": stated(Resource=None, NotResource=lake("1")),
    "everything": stated(),
    "everything among others": stated(Resource=[lake("1"), "*"]),
    "a value that is a variable": stated(Condition={"StringEquals": {"k": "${user}"}}),
    "another operator": stated(Condition={"StringEqualsIfExists": {"k": "a"}}),
    "no value": stated(Condition={"StringNotEquals": {"k": "a"}}),
    "a pattern": stated(Condition={"StringLike": {"k": "a"}}),
    "all values": stated(Condition={"ForAllValues:StringEquals": {"k": "a"}}),
}


@pytest.mark.parametrize("statement", ALWAYS.values(), ids=ALWAYS)
def test_a_statement_that_could_be_about_anything_is_always_looked_at(statement: dict[str, Any]) -> None:
    others = [stated(Action=f"s3:Get{n}", Sid=str(n)) for n in MANY]

    assert 100 in looked_at([*others, statement], query())
    assert 100 in looked_at([*others, statement], query(k="a"))


def test_a_pattern_without_a_fixed_end_is_not_filed_under_ends() -> None:
    others = [stated(Action="s3:*", Resource=lake("*"), Sid=str(n)) for n in MANY]
    mixed = stated(Action="s3:*", Resource=[lake("*"), "arn:aws:s3:::*x"])

    assert 100 in looked_at([*others, mixed], query(resource=lake("7")))


def test_statements_are_looked_at_once_and_in_their_order() -> None:
    statements = [stated(Resource=[lake("a*"), lake("ab*"), lake("*b")], Sid=str(n)) for n in range(9)]

    assert looked_at(statements, query(resource=lake("ab"))) == list(range(9))


def test_a_value_shorter_than_what_is_filed_finds_nothing() -> None:
    statements = [stated(Resource=lake(f"*long-ending-{n}")) for n in MANY]

    assert looked_at(statements, query(resource="x")) == []
