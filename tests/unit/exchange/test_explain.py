"""Why an identity may or may not assume a role."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain import role as domain
from gateway.domain.identity import Identity
from gateway.exchange.explain import Explanation, explain
from gateway.roles.catalog import Catalog
from tests.unit.roles.made import NOW, REQUEST, catalog, identity, mapping, role, trust_policy, trusted

DEVS = identity(groups={"ops", "devs"})


def explained(made: Catalog, person: Identity) -> Explanation:
    """Of the first role."""
    (only,) = explain(made, person, REQUEST, NOW, made.roles[:1])
    return only


FAILED: dict[str, tuple[domain.Mapping, Identity, str]] = {
    "groups": (mapping(groups={"b", "a"}), DEVS, "needs group a or b; known groups: devs, ops"),
    "no groups": (mapping(groups={"a"}), identity(), "needs group a; known groups: none"),
    "many groups": (
        mapping(groups={f"g{number:02}" for number in range(12)}),
        identity(groups={f"h{number:02}" for number in range(11)}),
        f"needs group {' or '.join(f'g{number:02}' for number in range(10))} or 2 more; "  # noqa: ISC004  one sentence
        f"known groups: {', '.join(f'h{number:02}' for number in range(10))} and 1 more",
    ),
    "a claim": (
        mapping(claims={"sub": ("system:serviceaccount:etl:*",)}),
        identity(),
        "needs claim sub to match system:serviceaccount:etl:*; it is alice",
    ),
    "an absent claim": (
        mapping(claims={"Team": ("x", "y")}),
        identity(),
        "needs claim Team to match x or y; it is absent",
    ),
    "two claims": (
        mapping(claims={"a": ("1",), "b": ("2",)}),
        identity(claims={"a": "3"}),
        "needs claim a to match 1; it is 3; needs claim b to match 2; it is absent",
    ),
    "methods": (
        mapping(require={"amr": ("mfa", "pwd")}),
        identity(amr=("pwd",)),
        "needs sign-in by mfa; amr is pwd",
    ),
    "class": (mapping(require={"acr": ("gold",)}), identity(), "needs acr gold; it is absent"),
    "age": (
        mapping(require={"authenticated_within": 60}),
        identity(authenticated_at=NOW - timedelta(seconds=90)),
        "needs a sign-in at most 60 s old; it is 90 s old",
    ),
    "age unknown": (
        mapping(require={"authenticated_within": 60}),
        identity(),
        "needs a sign-in at most 60 s old; when that was is not known",
    ),
    "provider": (mapping(provider="cluster"), identity(), "is for people of cluster; this is workforce"),
}


@pytest.mark.parametrize(("given", "person", "told"), FAILED.values(), ids=FAILED)
def test_a_mapping_that_fails_tells_what_it_needs_and_what_there_is(
    given: domain.Mapping, person: Identity, told: str
) -> None:
    nearest = explained(catalog(given), person).nearest

    assert nearest is not None
    assert str(nearest) == f"mappings[0] {told}"


STATED: dict[str, tuple[dict[str, Any], str]] = {
    "a condition": (
        {"Condition": {"StringEquals": {"login.example.com:sub": ["bob", "eve"]}}},
        "needs login.example.com:sub StringEquals bob or eve; it is alice",
    ),
    "an absent key": (
        {"Condition": {"StringLike": {"login.example.com:team": "x*"}}},
        "needs login.example.com:team StringLike x*; it is absent",
    ),
    "the principal": ({"Principal": {"AWS": "111122223333"}}, "names another principal"),
    "the action": ({"Action": "sts:AssumeRole"}, "is about another action"),
}


@pytest.mark.parametrize(("changed", "told"), STATED.values(), ids=STATED)
def test_a_trust_statement_that_fails_is_told_as_it_is_written(changed: dict[str, Any], told: str) -> None:
    policy = trust_policy(trusted(Sid="People", **changed))

    nearest = explained(catalog(roles=[role(trust_policy=policy)]), identity()).nearest

    assert str(nearest) == f"trust_policy.Statement[0] (People) {told}"


def test_what_grants_is_told_with_the_tags_that_follow() -> None:
    made = catalog(mapping(0, groups={"x"}), mapping(1, groups={"devs"}, session_tags={"team": "blue"}))

    explanation = explained(made, DEVS)

    assert explanation.decision.allowed_by == ("mappings[1]",)
    assert explanation.decision.tags == {"team": "blue"}
    assert explanation.nearest is None
    assert [str(finding) for finding in explanation.findings] == [
        "mappings[1] grants",
        "mappings[0] needs group x; known groups: devs, ops",
    ]


def test_a_deny_that_matches_is_told_before_all_else() -> None:
    policy = trust_policy(trusted(), trusted("Deny", Sid="Out"))

    explanation = explained(catalog(mapping(), roles=[role(trust_policy=policy)]), identity())

    assert [str(finding) for finding in explanation.findings] == [
        "trust_policy.Statement[1] (Out) denies",
        "mappings[0] grants",
        "trust_policy.Statement[0] grants",
    ]
    assert str(explanation.nearest) == "trust_policy.Statement[1] (Out) denies"


def test_the_nearest_is_what_lacks_least_and_of_those_what_holds_most() -> None:
    made = catalog(
        mapping(0, groups={"x"}),
        mapping(1, groups={"devs"}, claims={"sub": ("bob",)}),
        mapping(2, groups={"devs"}, claims={"sub": ("bob",), "team": ("blue",)}),
        mapping(3, provider="cluster", groups={"devs"}, claims={"sub": ("alice",)}),
    )

    explanation = explained(made, DEVS)

    assert [finding.statement_id for finding in explanation.findings] == [f"mappings[{n}]" for n in (1, 0, 2, 3)]


def test_tags_that_contradict_each_other_are_the_cause_though_statements_match() -> None:
    made = catalog(mapping(0, session_tags={"k": "1"}), mapping(1, session_tags={"k": "2"}))

    explanation = explained(made, identity())

    assert explanation.decision.cause == "mappings[0] and mappings[1] give the session tag 'k' unlike values"
    assert all(finding.matches for finding in explanation.findings)


def test_conditions_on_tags_are_told_with_the_tags_that_the_session_would_carry() -> None:
    policy = trust_policy(trusted("Deny", Condition={"StringEquals": {"aws:RequestTag/team": "blue"}}))
    made = catalog(mapping(session_tags={"team": "blue"}), roles=[role(trust_policy=policy)])

    assert str(explained(made, identity()).nearest) == "trust_policy.Statement[0] denies"


def test_claims_that_differ_only_by_case_are_absent_to_every_statement_that_asks() -> None:
    policy = trust_policy(trusted(Condition={"StringEquals": {"login.example.com:team": "blue"}}))
    made = catalog(roles=[role(trust_policy=policy)])

    explanation = explained(made, identity(claims={"team": "blue", "Team": "red"}))

    assert explanation.decision.cause == "the token has claims that differ only by case, Team and team"
    assert str(explanation.nearest).endswith("it is absent")


def test_what_version_a_condition_is_read_by_is_its_documents() -> None:
    condition = {"Condition": {"StringLike": {"login.example.com:sub": "${*}"}}}
    for version, person in (("2012-10-17", identity(subject="*")), ("2008-10-17", identity(subject="${x}"))):
        policy = trust_policy(trusted(**condition), version=version)
        explanation = explained(catalog(roles=[role(trust_policy=policy)]), person)
        assert explanation.decision.allowed
        assert str(explanation.findings[0]) == "trust_policy.Statement[0] grants"


def test_without_a_role_granted_ones_come_first_and_then_the_nearest() -> None:
    names = ["lake/A", "lake/B", "lake/C", "lake/D", "lake/E"]
    made = catalog(
        mapping(0, groups={"x"}, roles=("lake/A",)),
        mapping(1, groups={"devs"}, claims={"sub": ("bob",)}, roles=("lake/B",)),
        mapping(2, groups={"devs"}, roles=("lake/D",)),
        mapping(3, groups={"ops"}, roles=("lake/C",)),
        roles=[role(name) for name in names],
    )

    told = explain(made, DEVS, REQUEST, NOW)

    assert [explanation.role.name for explanation in told] == ["lake/C", "lake/D", "lake/B", "lake/A", "lake/E"]
    assert [explanation.decision.allowed for explanation in told] == [True, True, False, False, False]
    assert told[-1].nearest is None


@pytest.mark.parametrize("groups", [{"devs"}, {"x"}, set()])
@pytest.mark.parametrize("subject", ["alice", "bob"])
def test_the_findings_agree_with_the_decision(groups: set[str], subject: str) -> None:
    policy = trust_policy(
        trusted(Condition={"StringEquals": {"login.example.com:sub": "bob"}}),
        trusted("Deny", Condition={"ForAnyValue:StringEquals": {"gateway:Groups": "x"}}),
    )
    made = catalog(mapping(groups={"devs"}, claims={"sub": ("a*",)}), roles=[role(trust_policy=policy)])

    explanation = explained(made, identity(groups=groups, subject=subject))

    matching = [finding for finding in explanation.findings if finding.matches]
    denied = any(not finding.allows for finding in matching)
    assert explanation.decision.allowed is (bool(matching) and not denied)
    if explanation.decision.allowed:
        assert {finding.statement_id for finding in matching} == set(explanation.decision.allowed_by)
