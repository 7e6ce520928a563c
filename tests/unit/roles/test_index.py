"""The index finds what looking at every statement finds."""

import os
import re
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain import role as domain
from gateway.domain.identity import Identity, claim_texts
from gateway.domain.role import Role
from gateway.roles.catalog import Catalog
from gateway.roles.condition_keys import Facts
from gateway.roles.index import Index, anchor
from gateway.roles.trust import RoleTrust
from tests.unit.roles.made import ISSUERS, NOW, REQUEST, identity, mapping, role, trust_policy, trusted

SCALE = int(os.environ.get("STS_TEST_SCALE", "1"))
ROLES = ["lake/A", "lake/B", "lake/C"]

texts = st.text(alphabet="ab:", max_size=4)
globs = st.text(alphabet="ab:*?", min_size=1, max_size=4)
providers = st.sampled_from(sorted(ISSUERS))
claim_names = st.sampled_from(["sub", "team", "Team", "org.unit"])
mappings = st.builds(
    mapping,
    st.integers(0, 9),
    provider=providers,
    roles=st.lists(st.sampled_from(ROLES), min_size=1, max_size=3, unique=True).map(tuple),
    groups=st.frozensets(st.sampled_from("abc*"), max_size=2),
    claims=st.dictionaries(claim_names, st.lists(globs, min_size=1, max_size=2).map(tuple), max_size=2),
)
operators = st.sampled_from(
    ["StringEquals", "StringLike", "ForAnyValue:StringLike", "StringNotEquals", "StringEqualsIfExists"]
)
claim_keys = st.builds("{}:{}".format, st.sampled_from(["login.example.com", "k8s.example.com"]), claim_names)
principals = st.sampled_from(
    [
        "*",
        *(
            {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{host}"}
            for host in ("login.example.com", "k8s.example.com")
        ),
    ]
)
statements = st.builds(
    lambda effect, principal, conditions: trusted(
        effect, Principal=principal, **({"Condition": conditions} if conditions else {})
    ),
    st.sampled_from(["Allow", "Allow", "Deny"]),
    principals,
    st.dictionaries(operators, st.dictionaries(claim_keys, globs, min_size=1, max_size=2), max_size=2),
)
policies = st.none() | st.lists(statements, min_size=1, max_size=3).map(lambda several: trust_policy(*several))
people = st.builds(
    lambda provider, subject, groups, claims: identity(
        provider=provider, subject=subject, groups=groups, claims=claims
    ),
    providers,
    texts.filter(bool),
    st.frozensets(st.sampled_from("abc*"), max_size=3).map(set),
    st.fixed_dictionaries(
        {},
        optional={
            "team": texts | st.lists(texts, max_size=2),
            "Team": texts,
            "org": st.fixed_dictionaries({"unit": texts}),
        },
    ),
)


def lets_in(given: domain.Mapping, person: Identity) -> bool:
    """What the contract says of a mapping, without any engine."""
    patterns = {
        path: re.compile(
            "|".join(re.escape(glob).replace(r"\*", ".*").replace(r"\?", ".") for glob in several), re.DOTALL
        )
        for path, several in given.claims.items()
    }
    return (
        given.provider == person.provider
        and (not given.groups or bool(given.groups & person.groups))
        and all(any(map(one.fullmatch, claim_texts(person.claims, path))) for path, one in patterns.items())
    )


def compiled(several: list[domain.Mapping], trust: dict[str, Any]) -> Catalog:
    roles = [role(name, trust_policy=trust.get(name)) for name in ROLES]
    return Catalog.compile(roles=roles, mappings=several, issuers=ISSUERS, policies={})


@settings(max_examples=150 * SCALE, deadline=None)
@given(st.lists(mappings, max_size=12), people)
def test_mappings_grant_what_the_contract_says(several: list[domain.Mapping], person: Identity) -> None:
    made = compiled(several, {})
    granting = {
        name: {one.mapping_id for one in several if name in one.roles and lets_in(one, person)} for name in ROLES
    }

    decisions = {one.name: made.may_assume(one, person, REQUEST, NOW) for one in made.roles}

    assert {name: set(decision.allowed_by) for name, decision in decisions.items()} == granting
    assert {one.role.name: set(one.allowed_by) for one in made.roles_of(person, NOW)} == {
        name: ids for name, ids in granting.items() if ids
    }


@settings(max_examples=150 * SCALE, deadline=None)
@given(st.lists(mappings, max_size=6), st.dictionaries(st.sampled_from(ROLES), policies), people)
def test_the_roles_of_a_person_are_those_that_each_role_decides_with_every_statement(
    several: list[domain.Mapping], trust: dict[str, Any], person: Identity
) -> None:
    made = compiled(several, trust)

    def naive(one: Role) -> tuple[str, ...]:
        everything = made.trust_of(one)
        unfiled = RoleTrust(
            role=one,
            mappings=everything.mappings,
            stated=everything.stated,
            index=Index([(mapping, ()) for mapping in everything.mappings]),
            readers=everything.readers,
        )
        assert unfiled.preselect(Facts(identity=person, request=REQUEST, now=NOW)) == list(everything.mappings)
        alone = Catalog(trusts=[unfiled], policies=made._policies, issuers=ISSUERS)
        return alone.may_assume(one, person, REQUEST, NOW).allowed_by

    expected = {one.name: allowed_by for one in made.roles if (allowed_by := naive(one))}

    assert {one.role.name: one.allowed_by for one in made.roles_of(person, NOW, REQUEST)} == expected
    assert {
        one.name: decision.allowed_by
        for one in made.roles
        if (decision := made.may_assume(one, person, REQUEST, NOW)).allowed
    } == expected


def test_a_statement_is_filed_under_the_condition_that_fewest_others_share() -> None:
    everybody = anchor("i", "groups", ["everybody"], literal=True)
    index = Index([(number, (everybody, anchor("i", "sub", [str(number)], literal=True))) for number in range(100)])
    person = {"groups": ["everybody"], "sub": ["7"]}

    assert index.preselect("i", lambda key: person.get(key, ())) == [7]


def test_a_glob_is_found_by_what_stands_before_its_first_wild_character() -> None:
    several = ["repo:org/a:*", "repo:org/b?:x", "repo:*", "*", "repo:org/a:main"]
    index = Index([(glob, (anchor("i", "sub", [glob], literal=False),)) for glob in several])

    def found(value: str) -> list[str]:
        return index.preselect("i", lambda _key: [value])

    assert found("repo:org/a:main") == ["repo:org/a:*", "repo:*", "*", "repo:org/a:main"]
    assert found("repo:org/bc:x") == ["repo:org/b?:x", "repo:*", "*"]
    assert found("x") == ["*"]


def test_another_issuers_statements_are_never_looked_at() -> None:
    index = Index([(issuer, (anchor(issuer, "sub", ["a"], literal=True),)) for issuer in ("i", "j")])

    def values(key: str) -> list[str]:
        return {"sub": ["a"]}[key]

    assert [index.preselect(*case) for case in product(("i", "j", "k"), (values,))] == [["i"], ["j"], []]
