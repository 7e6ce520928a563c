"""Each operator by itself: one value of the policy against one of the request."""

import pytest

from gateway.domain.errors import MalformedPolicyDocument
from gateway.policy import scalars
from gateway.policy.evaluate import evaluate
from gateway.policy.operators import OPERATORS
from tests.unit.policy.made import OLD_VERSION, asked, policy, stated

ROLE = "arn:aws:iam::111122223333:role/team/Analyst"

# Operator, what the policy says, what matches it, what does not. Negated operators are told by the first that is not.
CASES: list[tuple[str, str, list[str], list[str]]] = [
    ("StringEquals", "Blue", ["Blue"], ["blue", "Blue ", "", "Bl", "*"]),
    ("StringEquals", "B*", ["B*"], ["Blue"]),
    ("StringEqualsIgnoreCase", "Blue", ["Blue", "BLUE", "blue"], ["Blues", ""]),
    ("StringEqualsIgnoreCase", "B?", ["b?"], ["bl"]),
    ("StringLike", "B*e", ["Blue", "Be"], ["blue", "Blues", ""]),
    ("StringLike", "B?", ["Bl"], ["B", "Blu"]),
    ("StringLike", "*", ["", "x"], []),
    ("StringLike", "Blue", ["Blue"], ["blue", "Blues", "BlueBlue", "Blu", ""]),
    ("StringLike", "a${*}b${?}", ["a*b?"], ["axb?", "a", "a*", "a*bx", "a${*}b${?}"]),
    ("NumericEquals", "10", ["10", "10.0", "1e1", "+10", "010"], ["10.1", "ten", "", "0x0a", "nan", "1_0", "١٠"]),
    ("NumericLessThan", "10", ["9", "-1", "9.99"], ["10", "11", "x"]),
    ("NumericLessThanEquals", "10", ["10", "9"], ["10.01", "11", "x"]),
    ("NumericGreaterThan", "10", ["11", "10.01"], ["10", "9", "x"]),
    ("NumericGreaterThanEquals", "10", ["10", "11"], ["9.99", "x"]),
    ("NumericEquals", "0.1", ["0.10", "1e-1"], ["0.1000000000000000055"]),
    ("NumericEquals", "9007199254740993", ["9007199254740993"], ["9007199254740992"]),
    (
        "DateEquals",
        "2026-03-01T12:00:00Z",
        ["2026-03-01T12:00:00Z", "2026-03-01T12:00Z", "2026-03-01T13:30:00+01:30", "2026-03-01T12:00:00.0Z",
         "1772366400", "1772366400.0", "2026-03-01T05:00:00-07:00"],
        ["2026-03-01T12:00:01Z", "2026-03-01T12:00:00.5Z", "2026-03-01T12:00:00", "2026-03-01", "noon", "", "1772366401"],
    ),
    ("DateEquals", "2026-03-01", ["2026-03-01T00:00:00Z"], ["2026-03-01T12:00:00Z"]),
    ("DateEquals", "2026-03", ["2026-03-01T00:00:00Z"], []),
    ("DateEquals", "2026", ["2026-01-01"], ["2026-01-02", "1970-01-01T00:33:46Z"]),
    ("DateEquals", "0", ["1970-01-01T00:00:00Z"], ["1970-01-02", "2026-02-30", "2026-01-01T25:00Z", "2026-01-01T00:00+25:00"]),
    ("DateLessThan", "2026-03-01T12:00:00Z", ["2026-03-01T11:59:59Z", "1969-01-01"], ["2026-03-01T12:00:00Z", "x"]),
    ("DateLessThanEquals", "2026-03-01T12:00:00Z", ["2026-03-01T12:00:00Z"], ["2026-03-01T12:00:01Z", "x"]),
    ("DateGreaterThan", "2026-03-01T12:00:00Z", ["2026-03-01T12:00:01Z"], ["2026-03-01T12:00:00Z", "x"]),
    ("DateGreaterThanEquals", "2026-03-01T12:00:00Z", ["2026-03-01T12:00:00Z"], ["2026-03-01T11:59:59Z", "x"]),
    ("Bool", "true", ["true", "True"], ["false", "1", "", "yes"]),
    ("Bool", "False", ["false"], ["true", "0", ""]),
    ("BinaryEquals", "QmluYXJ5", ["QmluYXJ5"], ["QmluYXJ6", "Binary", "", "QmluYXJ5*"]),
    ("BinaryEquals", "QQ==", ["QQ=="], ["QQ", "QUE="]),
    (
        "IpAddress",
        "203.0.113.0/24",
        ["203.0.113.0", "203.0.113.255", "::ffff:203.0.113.7"],
        ["203.0.112.255", "203.0.114.0", "2001:db8::1", "203.0.113.7/32", "x", "", "203.0.113.007", "203.0.113"],
    ),
    ("IpAddress", "203.0.113.7", ["203.0.113.7"], ["203.0.113.8"]),
    ("IpAddress", "203.0.113.7/24", ["203.0.113.200"], ["203.0.114.1"]),
    ("IpAddress", "0.0.0.0/0", ["1.2.3.4", "255.255.255.255"], ["::1", "x"]),
    ("IpAddress", "::/0", ["::1", "2001:db8::1"], ["1.2.3.4", "::ffff:1.2.3.4"]),
    ("IpAddress", "2001:DB8::/32", ["2001:db8:0:0::1", "2001:0db8::"], ["2001:db9::", "32.1.13.184"]),
    ("IpAddress", "2001:db8::1", ["2001:0DB8:0000::1"], ["2001:db8::2"]),
    ("IpAddress", "::ffff:10.0.0.0/104", ["10.1.2.3", "::ffff:10.1.2.3"], ["11.0.0.0"]),
    ("ArnEquals", ROLE, [ROLE], [ROLE.lower(), ROLE + "/x", "x"]),
    ("ArnEquals", "arn:aws:iam::*:role/*", [ROLE], ["arn:aws:iam::1:user/x"]),
    ("ArnLike", "arn:aws:iam::*:role/*", [ROLE, "arn:aws:iam::1:role/a:b"], ["arn:aws:iam::1:user/a:role/x", "arn:aws:iam"]),
    ("ArnLike", "*", [ROLE], ["x"]),
]  # fmt: skip
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
TABLE = [
    (operator, wanted, given, expected)
    for operator, wanted, matching, others in CASES
    for given, expected in [*((one, True) for one in matching), *((one, False) for one in others)]
]


def holds(operator: str, wanted: object, given: str | list[str]) -> bool:
    made = policy(stated(Condition={operator: {"k": wanted}}))
    return evaluate(asked({"k": given}), identity=[made], boundary=None, session=None).allowed


@pytest.mark.parametrize(("operator", "wanted", "given", "expected"), TABLE)
def test_an_operator_compares(operator: str, wanted: str, given: str, expected: bool) -> None:
    assert holds(operator, wanted, given) is expected


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        (name, wanted, given, not expected)
        for name, positive in NEGATED.items()
        for operator, wanted, given, expected in TABLE
        if operator == positive
    ],
)
def test_a_negated_operator_is_the_other_way_round(operator: str, wanted: str, given: str, expected: bool) -> None:
    assert holds(operator, wanted, given) is expected


def test_every_operator_has_a_case() -> None:
    assert set(OPERATORS) == {operator for operator, _, _, _ in CASES} | set(NEGATED)


BAD = [
    ("NumericEquals", "ten"),
    ("NumericLessThan", ""),
    ("NumericLessThan", "1e9999"),
    ("NumericLessThan", "nan"),
    ("DateEquals", "2026-13-01"),
    ("DateEquals", "2026-02-30"),
    ("DateEquals", "20260301T120000Z"),
    ("DateEquals", "2026-03-01T12:00:00"),
    ("DateEquals", "2026-03-01T12:00:00+01:60"),
    ("DateEquals", "0000"),
    ("Bool", "yes"),
    ("Bool", ""),
    ("BinaryEquals", "QQ"),
    ("BinaryEquals", "?"),
    ("IpAddress", "203.0.113.0/33"),
    ("IpAddress", "203.0.113.0/255.255.255.0"),
    ("IpAddress", "203.0.113"),
    ("IpAddress", "10.0.0.*"),
    ("IpAddress", "fe80::1%eth0"),
    ("ArnLike", "x"),
    ("ArnLike", "arn:aws:iam::1*"),
    ("Null", "maybe"),
    ("Null", ""),
]


@pytest.mark.parametrize(("operator", "wanted"), BAD)
def test_a_value_that_an_operator_cannot_compare_with_is_refused(operator: str, wanted: str) -> None:
    with pytest.raises(MalformedPolicyDocument) as caught:
        holds(operator, wanted, "x")
    assert caught.value.path == f"Statement[0].Condition.{operator}.k"

    good = {"N": "1", "D": "2026", "B": "true", "I": "10.0.0.0/8", "A": ROLE}[operator[0]]
    with pytest.raises(MalformedPolicyDocument) as caught:
        holds(operator, ["QQ==" if operator == "BinaryEquals" else "true" if operator == "Null" else good, wanted], "x")
    assert caught.value.path == f"Statement[0].Condition.{operator}.k[1]"


@pytest.mark.parametrize(
    ("operator", "wanted", "given"),
    [
        ("NumericEquals", 10, "10"),
        ("NumericLessThan", 0.5, "0.25"),
        ("Bool", True, "true"),
        ("Bool", False, "false"),
        ("Null", False, "x"),
        ("StringEquals", 10, "10"),
        ("StringEquals", True, "true"),
        ("DateGreaterThan", 1772366400, "2026-03-01T12:00:01Z"),
    ],
)
def test_numbers_and_booleans_may_stand_for_their_texts(operator: str, wanted: object, given: str) -> None:
    assert holds(operator, wanted, given)


def test_an_old_document_compares_dollar_signs_as_text() -> None:
    made = policy(stated(Condition={"StringEquals": {"k": "${x}"}}), version=OLD_VERSION)

    assert evaluate(asked({"k": "${x}", "x": "y"}), identity=[made], boundary=None, session=None).allowed


@pytest.mark.parametrize("name", ["number", "moment", "address"])
def test_a_long_value_is_nothing_and_is_not_remembered(name: str) -> None:
    remembered = getattr(scalars, f"_{name}").cache_info

    before = remembered().misses
    assert getattr(scalars, name)("1" * 101) is None
    assert remembered().misses == before
