"""The rules of evaluation, one by one, and what must never be."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policy.context import RequestContext
from gateway.policy.document import PolicyKind, parse_policy
from gateway.policy.evaluate import Decision, PolicySet, Query, evaluate, evaluate_statements
from tests.unit.policy.documents import ACTIONS, CALLERS, RESOURCES, contexts, documents
from tests.unit.policy.made import OBJECT, SCALE, policy, query, stated

pytestmark = pytest.mark.slow

ALLOW = policy(stated(), name="allow")
DENY = policy(stated(Effect="Deny"), name="deny")
OTHER = policy(stated(Action="sqs:*"), name="other")

# Identity, boundary, session: whether it is allowed, whether a Deny said so, and the sets that allow nothing.
RULES: dict[str, tuple[Any, Any, Any, bool, bool, tuple[str, ...]]] = {
    "an allow": ([ALLOW], None, None, True, False, ()),
    "one allow of two policies": ([OTHER, ALLOW], None, None, True, False, ()),
    "no policy at all": ([], None, None, False, False, ("identity",)),
    "no allow": ([OTHER], None, None, False, False, ("identity",)),
    "a deny": ([DENY], None, None, False, True, ()),
    "a deny beside an allow": ([ALLOW, DENY], None, None, False, True, ()),
    "a boundary that allows": ([ALLOW], [ALLOW], None, True, False, ()),
    "a boundary that does not": ([ALLOW], [OTHER], None, False, False, ("boundary",)),
    "a boundary of nothing": ([ALLOW], [], None, False, False, ("boundary",)),
    "a boundary that denies": ([ALLOW], [DENY, ALLOW], None, False, True, ()),
    "a boundary gives nothing": ([], [ALLOW], None, False, False, ("identity",)),
    "a session policy that allows": ([ALLOW], None, [ALLOW], True, False, ()),
    "one session policy of two": ([ALLOW], None, [OTHER, ALLOW], True, False, ()),
    "a session policy that does not": ([ALLOW], None, [OTHER], False, False, ("session",)),
    "no session policies that count": ([ALLOW], None, [], False, False, ("session",)),
    "a session policy that denies": ([ALLOW], None, [ALLOW, DENY], False, True, ()),
    "a session policy gives nothing": ([OTHER], None, [ALLOW], False, False, ("identity",)),
    "all three": ([ALLOW], [ALLOW], [ALLOW], True, False, ()),
    "two of three": ([ALLOW], [OTHER], [OTHER], False, False, ("boundary", "session")),
    "none of three": ([], [], [], False, False, ("identity", "boundary", "session")),
    "a deny where all else is missing": ([], [], [DENY], False, True, ()),
}


@pytest.mark.parametrize(
    ("identity", "boundary", "session", "allowed", "explicit", "missing"), RULES.values(), ids=RULES
)
def test_a_rule(identity: Any, boundary: Any, session: Any, allowed: bool, explicit: bool, missing: tuple[str]) -> None:
    decision = evaluate(query(), identity=identity, boundary=boundary, session=session)

    assert (decision.allowed, decision.explicit_deny, decision.missing) == (allowed, explicit, missing)


def test_the_statements_that_allow_are_told() -> None:
    decision = evaluate(query(), identity=[OTHER, ALLOW], boundary=[ALLOW], session=[ALLOW])

    assert [one.statement_id for one in decision.matched] == ["allow.Statement[0]"] * 3


def test_of_a_deny_the_statements_that_deny_are_told() -> None:
    decision = evaluate(query(), identity=[ALLOW, DENY], boundary=None, session=[DENY])

    assert [one.statement_id for one in decision.matched] == ["deny.Statement[0]"] * 2


def test_what_did_allow_is_told_where_something_is_missing() -> None:
    decision = evaluate(query(), identity=[ALLOW], boundary=None, session=[OTHER])

    assert [one.statement_id for one in decision.matched] == ["allow.Statement[0]"]
    assert decision.missing == (PolicySet.SESSION,)


ABOUT: dict[str, tuple[dict[str, Any], Query, bool]] = {
    "the action": (stated(Action="s3:GetObject"), query(), True),
    "the action in another case": (stated(Action="S3:GETobject"), query("s3:getObject"), True),
    "another action": (stated(Action="s3:PutObject"), query(), False),
    "another vendor": (stated(Action="sqs:GetObject"), query(), False),
    "one of the actions": (stated(Action=["s3:PutObject", "s3:GetObject"]), query(), True),
    "an action's beginning": (stated(Action="s3:Get*"), query(), True),
    "half a vendor is no vendor": (stated(Action="s3:*"), query("s3express:GetObject"), False),
    "all but the action": (stated(Action=None, NotAction=["s3:GetObject", "x:y"]), query(), False),
    "all but another action": (stated(Action=None, NotAction="s3:Put*"), query(), True),
    "the resource": (stated(Resource=OBJECT), query(), True),
    "the resource in another case": (stated(Resource=OBJECT.upper().replace("ARN:AWS:S3", "arn:aws:s3")), query(), False),
    "another resource": (stated(Resource=OBJECT + "x"), query(), False),
    "one of the resources": (stated(Resource=["arn:aws:s3:::x", OBJECT]), query(), True),
    "a prefix of the resource": (stated(Resource="arn:aws:s3:::lake/*"), query(), True),
    "the bucket is not its objects": (stated(Resource="arn:aws:s3:::lake"), query(), False),
    "all but the resource": (stated(Resource=None, NotResource=["arn:aws:s3:::lake/*"]), query(), False),
    "all but another resource": (stated(Resource=None, NotResource="arn:aws:s3:::x"), query(), True),
    "no resource in particular": (stated(Resource="arn:aws:s3:::*"), query(resource="*"), False),
    "everything, for no resource in particular": (stated(), query(resource="*"), True),
    "a resource that is no ARN": (stated(Resource=None, NotResource="arn:aws:s3:*:*:*"), query(resource="x"), True),
    "a condition": (stated(Condition={"StringEquals": {"a:b": "c"}}), query(a__b="c"), True),
    "a condition that fails": (stated(Condition={"StringEquals": {"a:b": "c"}}), query(a__b="d"), False),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "asked", "expected"), ABOUT.values(), ids=ABOUT)
def test_a_statement_is_about(statement: dict[str, Any], asked: Query, expected: bool) -> None:
    (made,) = policy(statement).statements

    assert made.matches(asked) is expected
    assert evaluate(asked, identity=[policy(statement)], boundary=None, session=None).allowed is expected


def test_statements_alone_are_one_set() -> None:
    allow, deny = (*ALLOW.statements, *DENY.statements)

    nothing = evaluate_statements(query(), [])
    assert (nothing.allowed, nothing.explicit_deny, nothing.missing) == (False, False, (PolicySet.STATEMENTS,))
    assert evaluate_statements(query(), [allow]).matched == (allow,)
    assert evaluate_statements(query(), [allow]).allowed
    both = evaluate_statements(query(), [allow, deny, *OTHER.statements])
    assert (both.allowed, both.explicit_deny, both.matched) == (False, True, (deny,))


def decided(sets: dict[str, Any], asked: Query) -> Decision:
    kinds = {"identity": PolicyKind.IDENTITY, "boundary": PolicyKind.BOUNDARY, "session": PolicyKind.SESSION}
    ready = {
        name: None if plain is None else [parse_policy(one, kinds[name], name=name) for one in plain]
        for name, plain in sets.items()
    }
    return evaluate(asked, identity=ready["identity"] or [], boundary=ready["boundary"], session=ready["session"])


several = st.lists(documents(), max_size=2)
sets = st.fixed_dictionaries({"identity": several, "boundary": st.none() | several, "session": st.none() | several})
questions = st.builds(
    lambda action, resource, context, caller: Query(
        action=action, resource=resource, context=RequestContext.of(context), principal=caller
    ),
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    contexts(),
    st.sampled_from(CALLERS),
)


@settings(max_examples=200 * SCALE, deadline=None)
@given(sets, documents(), st.sampled_from(["identity", "boundary", "session"]), questions)
def test_an_added_deny_never_allows_more(
    given_sets: dict[str, Any], more: dict[str, Any], where: str, asked: Query
) -> None:
    statements = more["Statement"] if isinstance(more["Statement"], list) else [more["Statement"]]
    denying = {**more, "Statement": [{**one, "Effect": "Deny"} for one in statements]}
    added = {**given_sets, where: [*(given_sets[where] or []), denying]}
    # To a set that was not there a Deny is added beside an Allow of everything, else the set alone would forbid.
    if given_sets[where] is None:
        added[where] = [*added[where], {"Statement": stated()}]

    assert not decided(added, asked).allowed or decided(given_sets, asked).allowed


@settings(max_examples=200 * SCALE, deadline=None)
@given(sets, several, questions)
def test_session_policies_never_allow_more(given_sets: dict[str, Any], more: list[Any], asked: Query) -> None:
    without = {**given_sets, "session": None}

    assert not decided({**given_sets, "session": more}, asked).allowed or decided(without, asked).allowed


@settings(max_examples=200 * SCALE, deadline=None)
@given(sets, several, questions)
def test_a_boundary_never_allows_more(given_sets: dict[str, Any], more: list[Any], asked: Query) -> None:
    without = {**given_sets, "boundary": None}

    assert not decided({**given_sets, "boundary": more}, asked).allowed or decided(without, asked).allowed


@settings(max_examples=200 * SCALE, deadline=None)
@given(sets, questions)
def test_nothing_is_allowed_without_identity_policies(given_sets: dict[str, Any], asked: Query) -> None:
    assert not decided({**given_sets, "identity": []}, asked).allowed


odd_contexts = st.dictionaries(
    st.sampled_from(["user", "ip", "age", "when", "flag", "arn", "bytes"]),
    st.text(max_size=8) | st.lists(st.text(max_size=4), max_size=3),
)


@settings(max_examples=300 * SCALE, deadline=None)
@given(
    st.sampled_from(PolicyKind).flatmap(lambda kind: st.tuples(st.just(kind), documents(kind))),
    st.text(max_size=12),
    st.text(max_size=12),
    odd_contexts,
    st.sampled_from(CALLERS),
)
def test_evaluation_never_raises(
    made: tuple[PolicyKind, dict[str, Any]], action: str, resource: str, context: Any, caller: Any
) -> None:
    kind, plain = made
    ready = parse_policy(plain, kind, name="p")
    asked = Query(action=action, resource=resource, context=RequestContext.of(context), principal=caller)

    assert evaluate(asked, identity=[ready], boundary=[ready], session=None).reason
    assert evaluate_statements(asked, ready.statements).reason


def test_decisions_on_two_queries_are_equal_where_they_say_the_same() -> None:
    one = evaluate(query(), identity=[ALLOW], boundary=None, session=None)

    assert one == evaluate(query("s3:PutObject"), identity=[ALLOW], boundary=None, session=None)
    assert replace(one, allowed=False) != one
