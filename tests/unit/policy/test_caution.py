"""Deciding a request that leaves something open: what is unknown helps every Deny and no Allow."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.caution import Unknown, evaluate_cautiously
from gateway.policy.context import RequestContext
from gateway.policy.document import Policy, PolicyKind, parse_policy
from gateway.policy.evaluate import evaluate
from gateway.policy.query import Query

LAKE = "arn:aws:s3:::lake/"
QUERY = Query(
    action="s3:DeleteObject", resource=f"{LAKE}*", context=RequestContext.of({"aws:username": "ci", "aws:userid": "*"})
)
BULK = Unknown(resources_below=LAKE)


def statement(effect: str = "Allow", **changed: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "s3:DeleteObject", "Resource": f"{LAKE}*", **changed}


def policy(*statements: dict[str, Any]) -> Policy:
    return parse_policy({"Version": "2012-10-17", "Statement": list(statements)}, PolicyKind.IDENTITY, name="p")


def allowed(unknown: Unknown, *statements: dict[str, Any], query: Query = QUERY) -> bool:
    return evaluate_cautiously(query, unknown, identity=[policy(*statements)], boundary=None, session=None).allowed


ALLOWS: dict[str, tuple[Any, bool]] = {
    "the bucket's keys": ({}, True),
    "all buckets' keys": ({"Resource": "arn:aws:s3:::*"}, True),
    "everything": ({"Resource": "*"}, True),
    "a bucket by a glob": ({"Resource": "arn:aws:s3:::la*"}, True),
    "keys of one character": ({"Resource": f"{LAKE}?"}, False),
    "keys of two characters": ({"Resource": f"{LAKE}??"}, False),
    "keys below a prefix": ({"Resource": f"{LAKE}a*"}, False),
    "keys with an ending": ({"Resource": f"{LAKE}*a"}, False),
    "a key that is a star": ({"Resource": f"{LAKE}${{*}}"}, False),
    "keys by a variable": ({"Resource": f"{LAKE}${{aws:userid}}"}, False),
    "all keys but some": ({"Resource": None, "NotResource": f"{LAKE}secret/*"}, False),
    "another action": ({"Action": "s3:GetObject"}, False),
    "a condition that holds": ({"Condition": {"StringEquals": {"aws:username": "ci"}}}, True),
    "a condition that does not": ({"Condition": {"StringEquals": {"aws:username": "x"}}}, False),
}


@pytest.mark.parametrize(("changed", "covers"), ALLOWS.values(), ids=ALLOWS.keys())
def test_an_allow_must_cover_every_key(changed: dict[str, Any], covers: bool) -> None:
    written = {name: value for name, value in statement(**changed).items() if value is not None}

    assert allowed(BULK, written) is covers


DENIES: dict[str, tuple[Any, bool]] = {
    "one key": ({"Resource": f"{LAKE}secret"}, True),
    "keys below a prefix": ({"Resource": f"{LAKE}secret/*"}, True),
    "keys by a variable": ({"Resource": f"{LAKE}${{aws:username}}/*"}, True),
    "any bucket": ({"Resource": "arn:aws:s3:::*/secret"}, True),
    "everything": ({"Resource": "*"}, True),
    "all but some": ({"Resource": None, "NotResource": f"{LAKE}public/*"}, True),
    "a bucket of a like name": ({"Resource": "arn:aws:s3:::lake2/*"}, False),
    "another bucket": ({"Resource": "arn:aws:s3:::other/*"}, False),
    "the bucket itself": ({"Resource": "arn:aws:s3:::lake"}, False),
    "another action": ({"Action": "s3:GetObject"}, False),
    "a condition that does not hold": ({"Condition": {"StringEquals": {"aws:username": "x"}}}, False),
}


@pytest.mark.parametrize(("changed", "refuses"), DENIES.values(), ids=DENIES.keys())
def test_a_deny_of_any_key_refuses(changed: dict[str, Any], refuses: bool) -> None:
    written = {name: value for name, value in statement("Deny", **changed).items() if value is not None}

    assert allowed(BULK, statement(), written) is not refuses


UNSEEN = Unknown(keys=frozenset({"s3:existingobjecttag/", "s3:versionid"}))
OF_ONE = Query(action="s3:DeleteObject", resource=f"{LAKE}a", context=RequestContext.of({}))


@pytest.mark.parametrize("key", ["s3:ExistingObjectTag/class", "S3:existingobjecttag/Class", "s3:VersionId"])
@pytest.mark.parametrize(
    "operator", ["StringEquals", "StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringLike"]
)
def test_a_condition_on_what_cannot_be_seen_holds_for_a_deny_and_not_for_an_allow(key: str, operator: str) -> None:
    asking = {"Condition": {operator: {key: "secret"}}}

    assert not allowed(UNSEEN, statement(**asking), query=OF_ONE)
    assert allowed(UNSEEN, statement(), query=OF_ONE)
    assert not allowed(UNSEEN, statement(), statement("Deny", **asking), query=OF_ONE)


BY_A_VARIABLE: dict[str, dict[str, Any]] = {
    "equals": {"Condition": {"StringEquals": {"aws:username": "${s3:ExistingObjectTag/owner}"}}},
    "equals, with a default": {"Condition": {"StringEquals": {"aws:username": "${s3:ExistingObjectTag/owner, 'ci'}"}}},
    "differs": {"Condition": {"StringNotEquals": {"aws:username": "${s3:VersionId}"}}},
    "one of several values": {"Condition": {"StringLike": {"aws:username": ["x", "${s3:versionid}*"]}}},
    "in the resource": {"Resource": f"{LAKE}${{s3:ExistingObjectTag/name}}"},
    "in the resource that is left out": {"Resource": None, "NotResource": f"{LAKE}${{s3:ExistingObjectTag/name}}"},
}


@pytest.mark.parametrize("asking", BY_A_VARIABLE.values(), ids=BY_A_VARIABLE)
def test_a_variable_that_stands_for_what_cannot_be_seen_helps_every_deny_and_no_allow(asking: dict[str, Any]) -> None:
    query = Query(action="s3:DeleteObject", resource=f"{LAKE}a", context=RequestContext.of({"aws:username": "ci"}))
    allow, deny = (
        {name: value for name, value in statement(effect, **asking).items() if value is not None}
        for effect in ("Allow", "Deny")
    )

    assert not allowed(UNSEEN, allow, query=query)
    assert not allowed(UNSEEN, statement(), deny, query=query)
    assert allowed(UNSEEN, statement(), {**deny, "Action": "s3:GetObject"}, query=query)


def test_a_deny_of_another_resource_stays_one_of_another_resource() -> None:
    asking = {"Condition": {"StringEquals": {"s3:VersionId": "1"}}, "Resource": f"{LAKE}b"}

    assert allowed(UNSEEN, statement(), statement("Deny", **asking), query=OF_ONE)


def test_every_set_must_allow() -> None:
    everything, nothing = [policy(statement())], [policy(statement(Action="s3:GetObject"))]

    assert evaluate_cautiously(QUERY, BULK, identity=everything, boundary=everything, session=everything).allowed
    assert not evaluate_cautiously(QUERY, BULK, identity=everything, boundary=nothing, session=None).allowed
    assert not evaluate_cautiously(QUERY, BULK, identity=everything, boundary=None, session=nothing).allowed
    assert not evaluate_cautiously(QUERY, BULK, identity=everything, boundary=None, session=[]).allowed
    refused = evaluate_cautiously(QUERY, BULK, identity=[], boundary=None, session=None)
    assert not refused.allowed
    assert refused.reason


_RESOURCES = st.sampled_from(
    ["*", f"{LAKE}*", f"{LAKE}a*", f"{LAKE}*a", f"{LAKE}?", f"{LAKE}a", "arn:aws:s3:::l*", "arn:aws:s3:::x/*"]
)
_STATEMENTS = st.lists(
    st.builds(
        lambda effect, name, resource: {"Effect": effect, "Action": "s3:*", name: resource},
        st.sampled_from(["Allow", "Allow", "Deny"]),
        st.sampled_from(["Resource", "Resource", "NotResource"]),
        _RESOURCES,
    ),
    min_size=1,
    max_size=4,
)


@given(_STATEMENTS, st.text(alphabet="ab*?/", min_size=1, max_size=4))
def test_what_is_allowed_for_every_key_is_allowed_for_each(statements: list[dict[str, Any]], key: str) -> None:
    document = policy(*statements)
    one = Query(action="s3:DeleteObject", resource=LAKE + key, context=RequestContext.of({}))

    if evaluate_cautiously(QUERY, BULK, identity=[document], boundary=None, session=None).allowed:
        assert evaluate(one, identity=[document], boundary=None, session=None).allowed
