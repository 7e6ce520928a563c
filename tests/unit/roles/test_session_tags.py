"""Which tags a session carries."""

from typing import Any

import pytest

from gateway.domain.identity import Identity
from tests.unit.roles.made import catalog, decide, identity, mapping, role, trust_policy, trusted

TEMPLATES: dict[str, tuple[str, Identity, dict[str, str]]] = {
    "plain text": ("blue", identity(), {"k": "blue"}),
    "the user name": ("{username}", identity(), {"k": "alice"}),
    "subject and provider": ("{provider}/{subject}", identity(), {"k": "workforce/alice"}),
    "the e-mail address": ("{email}", identity(email="a@example.com"), {"k": "a@example.com"}),
    "no e-mail address": ("{email}", identity(), {}),
    "a claim": ("{claims.team}", identity(claims={"team": "blue"}), {"k": "blue"}),
    "a claim at a path": ("{claims.org.team}", identity(claims={"org": {"team": "blue"}}), {"k": "blue"}),
    "a claim amid text": ("t-{claims.team}-x", identity(claims={"team": "blue"}), {"k": "t-blue-x"}),
    "a list of one": ("{claims.team}", identity(claims={"team": ["blue"]}), {"k": "blue"}),
    "a number": ("{claims.level}", identity(claims={"level": 3}), {"k": "3"}),
    "an empty text": ("{claims.team}", identity(claims={"team": ""}), {"k": ""}),
    "an absent claim": ("{claims.team}", identity(), {}),
    "an absent claim amid text": ("t-{claims.team}", identity(), {}),
    "several values": ("{claims.team}", identity(claims={"team": ["blue", "red"]}), {}),
    "a text and an object": ("{claims.team}", identity(claims={"team": ["blue", {}]}), {}),
    "an object": ("{claims.team}", identity(claims={"team": {"a": "b"}}), {}),
    "a claim's value is no template": ("{claims.team}", identity(claims={"team": "a@b", "x": "y"}), {"k": "a@b"}),
}


@pytest.mark.parametrize(("template", "person", "tags"), TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_makes_a_tag_where_every_part_has_one_value(
    template: str, person: Identity, tags: dict[str, str]
) -> None:
    assert decide(catalog(mapping(session_tags={"k": template})), person).tags == tags


def test_the_tags_of_every_mapping_that_grants_come_together() -> None:
    made = catalog(
        mapping(0, session_tags={"a": "1", "same": "x"}),
        mapping(1, session_tags={"b": "2", "same": "x"}),
        mapping(2, groups={"other"}, session_tags={"c": "3"}),
    )

    assert decide(made, identity()).tags == {"a": "1", "same": "x", "b": "2"}


@pytest.mark.parametrize("second_key", ["department", "Department"])
def test_unlike_values_of_two_mappings_for_one_key_are_refused_with_both_named(second_key: str) -> None:
    made = catalog(
        mapping(0, session_tags={"department": "blue"}), mapping(1, session_tags={second_key: "{claims.department}"})
    )

    refused = decide(made, identity(claims={"department": "red"}))

    assert not refused.allowed
    assert refused.cause == f"mappings[0] and mappings[1] give the session tag {second_key!r} unlike values"
    assert decide(made, identity(claims={"department": "blue"})).tags == {"department": "blue"}


def test_a_mapping_that_does_not_grant_contradicts_nobody() -> None:
    made = catalog(mapping(0, session_tags={"k": "1"}), mapping(1, groups={"x"}, session_tags={"k": "2"}))

    assert decide(made, identity()).tags == {"k": "1"}


def test_the_tokens_own_tags_are_added_and_lose_to_those_of_mappings() -> None:
    made = catalog(mapping(session_tags={"Department": "blue"}))
    person = identity(
        session_tags={"department": "red", "Project": "x"}, transitive_tag_keys=frozenset({"department", "Project"})
    )

    decision = decide(made, person)

    assert decision.tags == {"Department": "blue", "Project": "x"}
    assert decision.transitive_tag_keys == {"Department", "Project"}


def test_a_transitive_key_without_its_tag_is_refused() -> None:
    decision = decide(catalog(mapping()), identity(transitive_tag_keys=frozenset({"gone"})))

    assert decision.cause == "the token's transitive tag key 'gone' is not among the session's tags"


OUTSIDE: dict[str, tuple[dict[str, str], dict[str, Any], str]] = {
    "a character": ({"k": "{claims.t}"}, {"t": "R&D"}, "mappings[0] gives the session tag 'k' a value outside"),
    "a line feed": ({"k": "{claims.t}"}, {"t": "a\nb"}, "mappings[0] gives the session tag 'k' a value outside"),
    "a long value": ({"k": "{claims.t}"}, {"t": "x" * 257}, "mappings[0] gives the session tag 'k' a value outside"),
    "a long key": ({"k" * 129: "v"}, {}, "mappings[0] gives a session tag whose key is outside"),
    "a reserved key": ({"AWS:k": "v"}, {}, "mappings[0] gives a session tag whose key is outside"),
    "an empty key": ({"": "v"}, {}, "mappings[0] gives a session tag whose key is outside"),
}


@pytest.mark.parametrize(("templates", "claims", "cause"), OUTSIDE.values(), ids=OUTSIDE)
def test_a_tag_outside_awss_grammar_is_refused(templates: dict[str, str], claims: dict[str, Any], cause: str) -> None:
    decision = decide(catalog(mapping(session_tags=templates)), identity(claims=claims))

    assert not decision.allowed
    assert decision.cause == f"{cause} AWS's grammar"


@pytest.mark.parametrize("value", ["x" * 256, "Zürich 1_.:/=+-@", "部門"])
def test_a_tag_at_the_edge_of_awss_grammar_is_carried(value: str) -> None:
    made = catalog(mapping(session_tags={"k": "{claims.t}"}))

    assert decide(made, identity(claims={"t": value})).tags == {"k": value}


def test_the_tokens_tags_are_held_to_the_same_grammar() -> None:
    decision = decide(catalog(mapping()), identity(session_tags={"k": "R&D"}))

    assert decision.cause == "the token gives the session tag 'k' a value outside AWS's grammar"


@pytest.mark.parametrize(("count", "allowed"), [(50, True), (51, False)])
def test_mappings_and_token_together_give_at_most_fifty_tags(count: int, allowed: bool) -> None:
    made = catalog(mapping(session_tags={f"m{number}": "v" for number in range(30)}))

    decision = decide(made, identity(session_tags={f"t{number}": "v" for number in range(count - 30)}))

    assert decision.allowed is allowed
    assert decision.cause == ("" if allowed else "the session would carry 51 tags; at most 50 are allowed")


CARRYING: dict[str, tuple[dict[str, Any], str]] = {
    "tags": ({"session_tags": {"k": "v"}}, "sts:TagSession"),
    "a source identity": ({"source_identity": "alice"}, "sts:SetSourceIdentity"),
}


@pytest.mark.parametrize(("carried", "action"), CARRYING.values(), ids=CARRYING)
def test_a_trust_policy_must_name_what_lets_a_session_carry(carried: dict[str, Any], action: str) -> None:
    assume = "sts:AssumeRoleWithWebIdentity"
    without = catalog(roles=[role(trust_policy=trust_policy(trusted()))])
    along = catalog(roles=[role(trust_policy=trust_policy(trusted(Action=[assume, action])))])

    assert decide(without, identity()).allowed
    refused = decide(without, identity(**carried))
    assert not refused.allowed
    assert refused.cause.startswith(f"{action}: ")
    assert decide(along, identity(**carried)).allowed


@pytest.mark.parametrize(("carried", "action"), CARRYING.values(), ids=CARRYING)
def test_a_deny_of_what_a_session_carries_beats_the_mapping(carried: dict[str, Any], action: str) -> None:
    made = catalog(mapping(), roles=[role(trust_policy=trust_policy(trusted("Deny", Action=action)))])

    assert decide(made, identity()).allowed
    assert decide(made, identity(**carried)).cause.startswith(f"{action}: ")


@pytest.mark.parametrize(("carried", "action"), CARRYING.values(), ids=CARRYING)
def test_a_mappings_allow_covers_what_a_session_carries(carried: dict[str, Any], action: str) -> None:
    decision = decide(catalog(mapping()), identity(**carried))

    assert decision.allowed
    assert (decision.tags, decision.source_identity) == (
        carried.get("session_tags", {}),
        carried.get("source_identity"),
    )
