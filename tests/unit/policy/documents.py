"""Random valid documents over a small vocabulary, so that statements and queries meet often."""

import json
from typing import Any

from hypothesis import strategies as st

from gateway.policy.document import PolicyKind
from gateway.policy.evaluate import PrincipalReference
from tests.unit.policy.made import ACCOUNT, FEDERATED_USER, IAM_USER, OIDC, OTHER, ROLE, ROLE_SESSION, SESSION, USER
from tests.unit.policy.made import WEB_IDENTITY as WEB

ACTIONS = ["s3:GetObject", "s3:PutObject", "S3:getobject", "sts:AssumeRole"]
ACTION_PATTERNS = [*ACTIONS, "*", "*:*", "s3:*", "s3:Get*", "s3:?etObject", "sts:*Role", "s3:G*t*ct", "*:GetObject"]
RESOURCES = [
    "arn:aws:s3:::lake/a",
    "arn:aws:s3:::lake/ab",
    "arn:aws:s3:::lake/a:b",
    "arn:aws:s3:eu-1:1:lake/a",
    "arn:aws:s3:::*",
    "*",
    "arn:aws:sqs:eu-1:1:a",
]
RESOURCE_PATTERNS = [
    *RESOURCES,
    "arn:aws:s3:::lake/*",
    "arn:aws:s3:::lake/a?",
    "arn:aws:s3:*:*:lake/*",
    "arn:aws:s3:?u-1:*:*",
    "arn:aws:s3:::*a",
    "arn:aws:s3:::lake/${user}",
    "arn:aws:s3:::lake/${user}*",
    "arn:aws:s3:::lake/${absent, 'a'}",
    "arn:aws:s3:::lake/${*}",
    "arn:aws:s3:::${team}/a",
    "arn:aws:s3:${region}:1:lake/?",
]
KEYS = ["user", "USER", "team", "absent", "ip", "age", "when", "flag", "arn", "bytes", "groups"]
TEXTS = ["a", "b", "A", "*", "?", "ab", "", "${user}", "${team, 'a'}", "${$}", "${*}", "a*", "*b", "?b"]
VALUES: dict[str, list[Any]] = {
    "S": TEXTS,
    "N": ["1", "2", "2.0", "-1", "1e1", 2],
    "D": ["2026-03-01T12:00:00Z", "2026-03-01", "2026", "1772366400", "2026-03-01T13:00:00+01:00"],
    "Bool": ["true", "false", True, "${flag}"],
    "Bin": ["QQ==", "QUI="],
    "I": ["10.0.0.0/8", "10.1.0.1", "::/0", "2001:db8::/32", "0.0.0.0/0", "::ffff:10.0.0.0/104"],
    "A": ["arn:aws:iam::1:role/x", "arn:aws:iam::*:role/*", "arn:aws:iam::?:role/?", "${arn}", "*", "arn:aws:iam::${user}:*"],
    "Null": ["true", "false"],
}  # fmt: skip
GIVEN: dict[str, list[Any]] = {
    "user": ["a", "b", "*", "", "1", ["a"], ["a", "b"], ["", "b"], []],
    "team": ["lake", "a", "A", ["a", "b"]],
    "ip": ["10.1.0.1", "11.0.0.1", "2001:db8::1", "::ffff:10.0.0.1", "x", ["10.1.0.1", "x"]],
    "age": ["1", "2", "2.5", "x", "", ["1", "3"]],
    "when": ["2026-03-01T12:00:00Z", "2026-03-01T11:59:59Z", "x", "1772366400", ["2026", "2027"]],
    "flag": ["true", "False", "x", ["true", "false"]],
    "arn": ["arn:aws:iam::1:role/x", "arn:aws:iam::22:role/x", "a", ["arn:aws:iam::1:role/x", "a"]],
    "bytes": ["QQ==", "QUI=", "QQ", "", ["QQ==", "x"]],
    "groups": ["a", ["a", "b"], ["a", "ab"], [""], []],
}
STRINGS = ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"]
COMPARISONS = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]
OPERATORS = {
    **dict.fromkeys([*STRINGS, "StringLike", "StringNotLike"], "S"),
    **{f"Numeric{one}": "N" for one in COMPARISONS},
    **{f"Date{one}": "D" for one in COMPARISONS},
    "Bool": "Bool",
    "BinaryEquals": "Bin",
    "IpAddress": "I",
    "NotIpAddress": "I",
    **dict.fromkeys(["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"], "A"),
}
NATURAL = {
    "S": KEYS,
    "N": ["age"],
    "D": ["when"],
    "Bool": ["flag"],
    "Bin": ["bytes"],
    "I": ["ip"],
    "A": ["arn"],
    "Null": KEYS,
}
PRINCIPALS: list[Any] = [
    "*",
    {"AWS": "*"},
    {"AWS": ACCOUNT},
    {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    {"AWS": OTHER},
    {"AWS": ROLE},
    {"AWS": SESSION},
    {"AWS": [USER, ROLE]},
    {"AWS": [ACCOUNT, ROLE, SESSION]},
    {"AWS": [ACCOUNT, USER]},
    {"AWS": FEDERATED_USER},
    {"Federated": OIDC},
    {"Federated": "*"},
    {"Federated": "login.example.com", "AWS": OTHER},
    {"Service": "ec2.amazonaws.com"},
]
OTHER_SESSION = PrincipalReference(account=OTHER, arns=ROLE_SESSION.arns, federated=frozenset())
FEDERATED = PrincipalReference(account=ACCOUNT, arns=frozenset({USER, FEDERATED_USER}), federated=frozenset())
CALLERS = [None, ROLE_SESSION, IAM_USER, WEB, OTHER_SESSION, FEDERATED]


def some_of(values: list[Any]) -> st.SearchStrategy[Any]:
    """One, or a list of some."""
    return st.sampled_from(values) | st.lists(st.sampled_from(values), min_size=1, max_size=3)


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for _ in range(draw(st.integers(0, 2))):
        base = draw(st.sampled_from([*OPERATORS, "Null"]))
        family = OPERATORS.get(base, base)
        name = base
        if base != "Null":
            name = draw(st.sampled_from(["", "", "ForAllValues:", "ForAnyValue:"])) + base
            name += draw(st.sampled_from(["", "", "IfExists"]))
        keys = NATURAL[family] + ["absent"]
        block.setdefault(name, {})[draw(st.sampled_from(keys))] = draw(some_of(VALUES[family]))
    return block


@st.composite
def statements(draw: st.DrawFn, kind: PolicyKind) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))}
    statement[draw(st.sampled_from(["Action", "Action", "Action", "NotAction"]))] = draw(some_of(ACTION_PATTERNS))
    if kind is not PolicyKind.TRUST:
        element = draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]))
        statement[element] = draw(some_of(RESOURCE_PATTERNS))
    if kind in {PolicyKind.TRUST, PolicyKind.RESOURCE}:
        statement[draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"]))] = draw(st.sampled_from(PRINCIPALS))
    if draw(st.booleans()) and (block := draw(conditions())):
        statement["Condition"] = block
    return statement


@st.composite
def documents(draw: st.DrawFn, kind: PolicyKind = PolicyKind.IDENTITY, size: int = 4) -> dict[str, Any]:
    several = draw(st.lists(statements(kind), min_size=1, max_size=size))
    document: dict[str, Any] = {"Statement": several[0] if len(several) == 1 and draw(st.booleans()) else several}
    version = draw(st.sampled_from([None, "2008-10-17", "2012-10-17", "2012-10-17", "2012-10-17"]))
    if version == "2012-10-17":
        return {"Version": version, **document}
    # Without variables these would be neither a boolean nor an ARN.
    document = json.loads(json.dumps(document).replace('"${flag}"', '"true"').replace('"${arn}"', '"*"'))
    return document if version is None else {"Version": version, **document}


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, Any]:
    chosen = draw(st.sets(st.sampled_from(sorted(GIVEN)), max_size=6))
    return {key: draw(st.sampled_from(GIVEN[key])) for key in sorted(chosen)}
