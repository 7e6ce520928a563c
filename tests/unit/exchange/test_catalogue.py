"""What an identity may assume, and who may assume what."""

from typing import Any

import pytest

from gateway.domain import role as domain
from gateway.exchange.catalogue import AccessRow, access, assumable_roles
from tests.unit.roles.made import NOW, catalog, identity, mapping, role, trust_policy, trusted


def test_an_identity_sees_the_roles_that_it_may_assume() -> None:
    made = catalog(
        mapping(0, groups={"devs"}, roles=("lake/B",)),
        mapping(1, groups={"x"}, roles=("lake/A",)),
        roles=[role("lake/A"), role("lake/B")],
    )

    choices = assumable_roles(made, identity(groups={"devs"}), NOW)

    assert [(choice.role.name, choice.allowed_by) for choice in choices] == [("lake/B", ("mappings[0]",))]


MAPPED: dict[str, tuple[domain.Mapping, str, str]] = {
    "everybody": (mapping(), "everybody", ""),
    "a group": (mapping(groups={"devs"}), "group devs", ""),
    "groups": (mapping(groups={"c", "b", "a"}), "group a, b or c", ""),
    "claims": (
        mapping(claims={"sub": ("a*", "b"), "team": ("x",)}),
        "everybody",
        "claim sub matches a* or b; claim team matches x",
    ),
    "requirements": (
        mapping(require={"amr": ("mfa", "pwd"), "acr": ("gold", "silver"), "authenticated_within": 43200}),
        "everybody",
        "signed in with mfa and pwd; acr is gold or silver; signed in within 12h",
    ),
    "minutes": (mapping(require={"authenticated_within": 900}), "everybody", "signed in within 15m"),
    "seconds": (mapping(require={"authenticated_within": 901}), "everybody", "signed in within 901s"),
}


@pytest.mark.parametrize(("given", "who", "conditions"), MAPPED.values(), ids=MAPPED)
def test_a_mapping_is_told_in_the_words_of_the_configuration(given: domain.Mapping, who: str, conditions: str) -> None:
    assert access(catalog(given)) == (
        AccessRow(
            role="lake/Analyst",
            effect="Allow",
            provider="workforce",
            who=who,
            conditions=conditions,
            granted_by="mappings[0]",
        ),
    )


STATED: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "an Allow with conditions": (
        trusted(Principal={"Federated": ["a", "b"]}, Condition={"StringLike": {"x:sub": ["c*", "d"]}}),
        "Allow",
        "Federated a or b",
        "Action sts:AssumeRoleWithWebIdentity; x:sub StringLike c* or d",
    ),
    "a Deny of everybody": (
        trusted("Deny", Principal="*", Action=["sts:AssumeRole", "sts:TagSession"]),
        "Deny",
        "everybody",
        "Action sts:AssumeRole or sts:TagSession",
    ),
    "a boolean": (
        trusted(Principal={"AWS": "111122223333"}, Condition={"Bool": {"aws:MultiFactorAuthPresent": True}}),
        "Allow",
        "AWS 111122223333",
        "Action sts:AssumeRoleWithWebIdentity; aws:MultiFactorAuthPresent Bool true",
    ),
}


@pytest.mark.parametrize(("statement", "effect", "who", "conditions"), STATED.values(), ids=STATED)
def test_a_trust_statement_is_told_as_it_is_written(
    statement: dict[str, Any], effect: str, who: str, conditions: str
) -> None:
    (row,) = access(catalog(roles=[role(trust_policy=trust_policy(statement))]))

    assert (row.effect, row.who, row.conditions) == (effect, who, conditions)
    assert (row.provider, row.granted_by) == ("", "trust_policy.Statement[0]")


def test_all_but_somebody_is_told_as_such() -> None:
    statement = trusted("Deny", NotPrincipal={"AWS": "111122223333"})
    del statement["Principal"]

    (row,) = access(catalog(roles=[role(trust_policy=trust_policy(statement))]))

    assert row.who == "all but AWS 111122223333"


def test_rows_stand_by_role_and_mappings_before_the_roles_own_policy() -> None:
    made = catalog(
        mapping(0, roles=("lake/B", "lake/A")),
        mapping(1, roles=("lake/A",)),
        roles=[role("lake/B"), role("lake/A", trust_policy=trust_policy(trusted()))],
    )

    assert [(row.role, row.granted_by) for row in access(made)] == [
        ("lake/A", "mappings[0]"),
        ("lake/A", "mappings[1]"),
        ("lake/A", "trust_policy.Statement[0]"),
        ("lake/B", "mappings[0]"),
    ]
    assert [row.role for row in access(made, [made.roles[0]])] == ["lake/B"]
