"""Which identities a mapping lets in."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain import role as domain
from gateway.domain.identity import Identity
from tests.unit.roles.made import NOW, catalog, decide, identity, mapping, role

SECOND = timedelta(seconds=1)
ETL = "system:serviceaccount:etl:*"

GRANTED: dict[str, tuple[domain.Mapping, Identity]] = {
    "a provider alone lets in all its people": (mapping(), identity()),
    "one of several groups is enough": (mapping(groups={"a", "b"}), identity(groups={"b", "z"})),
    "a group's * is a letter like any other": (mapping(groups={"dev*"}), identity(groups={"dev*"})),
    "a group's ${...} is text": (mapping(groups={"${aws:username}"}), identity(groups={"${aws:username}"})),
    "a claim matches a glob": (mapping(claims={"sub": (ETL,)}), identity(subject="system:serviceaccount:etl:job-7")),
    "one of several globs is enough": (mapping(claims={"sub": ("bob", "al?ce")}), identity()),
    "one value of a list is enough": (
        mapping(claims={"roles": ("admin",)}),
        identity(claims={"roles": ["x", "admin"]}),
    ),
    "a claim is found at its path": (
        mapping(claims={"realm_access.roles": ("admin",)}),
        identity(claims={"realm_access": {"roles": ["admin"]}}),
    ),
    "a claim's name may be a URL": (
        mapping(claims={"https://example.com/Team": ("blue",)}),
        identity(claims={"https://example.com/Team": "blue"}),
    ),
    "a boolean claim reads as JSON writes it": (mapping(claims={"staff": ("true",)}), identity(claims={"staff": True})),
    "a number claim reads as JSON writes it": (mapping(claims={"level": ("3",)}), identity(claims={"level": 3})),
    "groups and claims both hold": (
        mapping(groups={"a"}, claims={"sub": ("alice",)}),
        identity(groups={"a"}),
    ),
    "all methods asked for were used": (mapping(require={"amr": ("mfa", "pwd")}), identity(amr=("pwd", "mfa", "x"))),
    "one of the classes asked for": (mapping(require={"acr": ("gold", "silver")}), identity(acr="silver")),
    "signed in exactly as long ago as allowed": (
        mapping(require={"authenticated_within": 3600}),
        identity(authenticated_at=NOW - 3600 * SECOND),
    ),
    "signed in by a clock that is a little ahead": (
        mapping(require={"authenticated_within": 3600}),
        identity(authenticated_at=NOW + 30 * SECOND),
    ),
}

REFUSED: dict[str, tuple[domain.Mapping, Identity]] = {
    "a person of another provider": (mapping(), identity(provider="cluster")),
    "no group at all": (mapping(groups={"a"}), identity()),
    "a group that differs by case": (mapping(groups={"Devs"}), identity(groups={"devs"})),
    "a group that only begins alike": (mapping(groups={"dev"}), identity(groups={"devs"})),
    "a group that a * would cover": (mapping(groups={"dev*"}), identity(groups={"devs"})),
    "a group by the name of a claim's value": (mapping(groups={"a"}), identity(claims={"groups": ["a"]})),
    "a claim that no glob matches": (mapping(claims={"sub": (ETL,)}), identity(subject="system:serviceaccount:web:x")),
    "a claim that ends otherwise": (mapping(claims={"sub": ("*:main",)}), identity(subject="repo:x:main2")),
    "a claim that differs by case": (mapping(claims={"sub": ("Alice",)}), identity()),
    "a claim that is absent": (mapping(claims={"team": ("*",)}), identity()),
    "a claim that is null": (mapping(claims={"team": ("*",)}), identity(claims={"team": None})),
    "a claim that is an object": (mapping(claims={"team": ("*",)}), identity(claims={"team": {"a": "b"}})),
    "a claim that is an empty list": (mapping(claims={"team": ("*",)}), identity(claims={"team": []})),
    "a claim whose name differs by case": (mapping(claims={"Team": ("blue",)}), identity(claims={"team": "blue"})),
    "a claim spelt as another one is escaped": (
        mapping(claims={"Team": ("blue",)}),
        identity(claims={"%54eam": "blue"}),
    ),
    "one of two claims does not match": (
        mapping(claims={"sub": ("alice",), "team": ("blue",)}),
        identity(claims={"team": "red"}),
    ),
    "the group holds and the claim does not": (
        mapping(groups={"a"}, claims={"sub": ("bob",)}),
        identity(groups={"a"}),
    ),
    "a method that was not used": (mapping(require={"amr": ("mfa",)}), identity(amr=("pwd",))),
    "one of two methods asked for": (mapping(require={"amr": ("mfa", "pwd")}), identity(amr=("mfa",))),
    "methods unknown": (mapping(require={"amr": ("mfa",)}), identity()),
    "another class": (mapping(require={"acr": ("gold",)}), identity(acr="bronze")),
    "class unknown": (mapping(require={"acr": ("gold",)}), identity()),
    "signed in a moment too long ago": (
        mapping(require={"authenticated_within": 3600}),
        identity(authenticated_at=NOW - 3600 * SECOND - timedelta(milliseconds=1)),
    ),
    "time of signing in unknown": (mapping(require={"authenticated_within": 3600}), identity()),
    "signed in in the future": (
        mapping(require={"authenticated_within": 3600}),
        identity(authenticated_at=NOW + 61 * SECOND),
    ),
    "one requirement of two": (
        mapping(require={"amr": ("mfa",), "acr": ("gold",)}),
        identity(amr=("mfa",), acr="bronze"),
    ),
}


@pytest.mark.parametrize(("given", "person"), GRANTED.values(), ids=GRANTED)
def test_a_mapping_lets_in(given: domain.Mapping, person: Identity) -> None:
    decision = decide(catalog(given), person)

    assert decision.allowed
    assert decision.allowed_by == ("mappings[0]",)
    assert decision.cause == ""


@pytest.mark.parametrize(("given", "person"), REFUSED.values(), ids=REFUSED)
def test_a_mapping_keeps_out(given: domain.Mapping, person: Identity) -> None:
    decision = decide(catalog(given), person)

    assert not decision.allowed
    assert decision.cause == f"no mapping gives lake/Analyst to this identity of {person.provider}"
    assert (decision.allowed_by, decision.tags, decision.condition_keys) == ((), {}, {})


def test_every_mapping_that_grants_is_named_in_the_order_of_the_configuration() -> None:
    several = catalog(
        mapping(0, groups={"b"}), mapping(1, groups={"z"}), mapping(2, claims={"sub": ("*",)}), mapping(3, groups={"a"})
    )

    assert decide(several, identity(groups={"a", "b"})).allowed_by == ("mappings[0]", "mappings[2]", "mappings[3]")


def test_a_group_pattern_gives_each_role_to_its_own_group_only() -> None:
    names = {"lake/Analyst": "aws-lake-Analyst", "lake/Admin": "aws-lake-Admin"}
    made = catalog(
        *(
            mapping(0, group_pattern="aws-{account}-{role}", groups={group}, roles=(name,))
            for name, group in names.items()
        ),
        roles=[role("lake/Analyst"), role("lake/Admin")],
    )
    person = identity(groups={"aws-lake-Admin"})

    assert [(choice.role.name, choice.allowed_by) for choice in made.roles_of(person, NOW)] == [
        ("lake/Admin", ("mappings[0]",))
    ]
    assert not decide(made, person).allowed


def test_the_same_subject_at_another_provider_is_another_person() -> None:
    made = catalog(mapping(claims={"sub": ("alice",)}))

    assert decide(made, identity(provider="workforce")).allowed
    assert not decide(made, identity(provider="cluster")).allowed


UNPROVEN: dict[str, dict[str, Any]] = {
    "a provider that is not configured": {"provider": "gone", "issuer": "https://login.example.com"},
    "a provider that now has another issuer": {"issuer": "https://old.example.com"},
    "another issuer's path in the provider's name": {"issuer": "https://login.example.com/"},
}


@pytest.mark.parametrize("changed", UNPROVEN.values(), ids=UNPROVEN)
def test_an_identity_that_no_configured_provider_vouches_for_is_refused(changed: dict[str, Any]) -> None:
    made = catalog(mapping())
    person = identity(**changed)

    decision = decide(made, person)

    assert not decision.allowed
    assert decision.cause == f"no provider {person.provider} with the identity's issuer is configured"
    assert made.roles_of(person, NOW) == ()


WRONG: dict[str, tuple[domain.Mapping, str]] = {
    "an unknown provider": (mapping(provider="x"), "names a provider or a role that is not configured"),
    "an unknown role": (mapping(roles=("lake/X",)), "names a provider or a role that is not configured"),
    "a pattern without its names": (mapping(group_pattern="aws-{role}"), "a group_pattern without the group names"),
    "a template with an unknown field": (mapping(session_tags={"a": "{name}"}), "names {name}; known are username"),
}


@pytest.mark.parametrize(("given", "told"), WRONG.values(), ids=WRONG)
def test_a_mapping_that_cannot_mean_anything_is_refused_at_load(given: domain.Mapping, told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("{", r"\{")):
        catalog(given)
