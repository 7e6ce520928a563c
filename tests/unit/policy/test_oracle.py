"""The engine against the slow oracle, on random documents and queries."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policy.context import RequestContext
from gateway.policy.document import PolicyKind, parse_policy
from gateway.policy.evaluate import Query, evaluate, evaluate_assumption, evaluate_on_resource, evaluate_statements
from tests.unit.policy import oracle
from tests.unit.policy.documents import ACTIONS, CALLERS, RESOURCES, contexts, documents
from tests.unit.policy.made import ACCOUNT, OTHER, SCALE

pytestmark = pytest.mark.slow

queries = st.fixed_dictionaries(
    {
        "action": st.sampled_from(ACTIONS),
        "resource": st.sampled_from(RESOURCES),
        "context": contexts(),
        "caller": st.sampled_from(CALLERS),
    }
)
several_queries = st.lists(queries, min_size=1, max_size=6)
identity_sets = st.lists(documents(PolicyKind.IDENTITY), max_size=3)
OWNERS = st.sampled_from([ACCOUNT, OTHER])


def compiled(plain: list[dict[str, Any]] | None, kind: PolicyKind) -> Any:
    return plain if plain is None else [parse_policy(one, kind, name=f"p{at}") for at, one in enumerate(plain)]


def asked(query: dict[str, Any]) -> Query:
    context = RequestContext.of(query["context"])
    return Query(action=query["action"], resource=query["resource"], context=context, principal=query["caller"])


@settings(max_examples=600 * SCALE, deadline=None)
@given(identity_sets, st.none() | identity_sets, st.none() | identity_sets, several_queries)
def test_identity_boundary_and_session_policies(
    identity: list[dict[str, Any]],
    boundary: list[dict[str, Any]] | None,
    session: list[dict[str, Any]] | None,
    questions: list[dict[str, Any]],
) -> None:
    sets = {"identity": identity, "boundary": boundary, "session": session}
    kinds = {name: PolicyKind(name) for name in sets}
    ready = {name: compiled(plain, kinds[name]) for name, plain in sets.items()}

    for question in questions:
        decision = evaluate(asked(question), **ready)

        expected = oracle.decide(sets, question)
        assert (decision.allowed, decision.explicit_deny, set(decision.missing)) == expected
        assert decision.reason


@settings(max_examples=300 * SCALE, deadline=None)
@given(documents(PolicyKind.IDENTITY, size=14), several_queries)
def test_a_large_policy_is_indexed_and_means_the_same(plain: dict[str, Any], questions: list[dict[str, Any]]) -> None:
    (ready,) = compiled([plain], PolicyKind.IDENTITY)

    for question in questions:
        decision = evaluate(asked(question), identity=[ready], boundary=None, session=None)

        found = oracle.matching([plain], question)
        denies = [name for name, statement in found if statement["Effect"] == "Deny"]
        assert [one.statement_id for one in decision.matched] == (denies or [name for name, _ in found])
        assert decision == evaluate_statements(asked(question), ready.statements) or not found


@settings(max_examples=400 * SCALE, deadline=None)
@given(documents(PolicyKind.TRUST, size=3), several_queries)
def test_trust_statements_alone(plain: dict[str, Any], questions: list[dict[str, Any]]) -> None:
    (ready,) = compiled([plain], PolicyKind.TRUST)

    for question in questions:
        decision = evaluate_statements(asked(question), ready.statements)

        allowed, explicit, missing = oracle.decide({"statements": [plain]}, question)
        assert (decision.allowed, decision.explicit_deny, set(decision.missing)) == (allowed, explicit, missing)


@settings(max_examples=400 * SCALE, deadline=None)
@given(
    st.lists(documents(PolicyKind.IDENTITY, size=2), max_size=1),
    st.none() | st.lists(documents(PolicyKind.IDENTITY, size=2), max_size=1),
    st.none() | st.lists(documents(PolicyKind.IDENTITY, size=2), max_size=1),
    documents(PolicyKind.RESOURCE, size=3),
    several_queries,
    OWNERS,
)
def test_policies_of_resources(
    identity: list[dict[str, Any]],
    boundary: list[dict[str, Any]] | None,
    session: list[dict[str, Any]] | None,
    resource: dict[str, Any],
    questions: list[dict[str, Any]],
    owner: str,
) -> None:
    sets = {"identity": identity, "boundary": boundary, "session": session}
    ready = {name: compiled(plain, PolicyKind.IDENTITY) for name, plain in sets.items()}
    of_resource = compiled([resource], PolicyKind.RESOURCE)

    for question in questions:
        decision = evaluate_on_resource(asked(question), **ready, resource=of_resource, owner=owner)
        expected = oracle.decide({**sets, "resource": [resource]}, question, owner)
        assert (decision.allowed, decision.explicit_deny, set(decision.missing)) == expected


@settings(max_examples=300 * SCALE, deadline=None)
@given(
    st.lists(documents(PolicyKind.IDENTITY, size=2), max_size=1),
    st.none() | st.lists(documents(PolicyKind.IDENTITY, size=2), max_size=1),
    documents(PolicyKind.TRUST, size=3),
    several_queries,
    OWNERS,
)
def test_trust_policies_beside_the_callers_own(
    identity: list[dict[str, Any]],
    session: list[dict[str, Any]] | None,
    trust: dict[str, Any],
    questions: list[dict[str, Any]],
    owner: str,
) -> None:
    sets = {"identity": identity, "session": session}
    ready = {name: compiled(plain, PolicyKind.IDENTITY) for name, plain in sets.items()}
    of_role = compiled([trust], PolicyKind.TRUST)

    for question in questions:
        decision = evaluate_assumption(asked(question), **ready, boundary=None, trust=of_role, owner=owner)
        expected = oracle.decide({**sets, "trust": [trust]}, question, owner)
        assert (decision.allowed, decision.explicit_deny, set(decision.missing)) == expected
