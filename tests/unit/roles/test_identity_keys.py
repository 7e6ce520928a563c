"""Condition keys that the identity answers, in trust policies and in a session's own requests."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.arn import ldap_issuer
from gateway.domain.identifiers import name_qualifier
from gateway.domain.identity import Identity, ProviderType
from gateway.domain.role import PolicyReference
from gateway.roles.catalog import Catalog
from gateway.roles.decision import Refusal
from gateway.roles.identity_keys import carried, carried_values
from tests.unit.roles.made import catalog, decide, identity, role, trust_policy, trusted


def of_directory() -> Identity:
    return Identity(
        provider="corp",
        provider_type=ProviderType.LDAP,
        issuer=ldap_issuer("corp"),
        subject="u-1",
        audience=ldap_issuer("corp"),
        username="alice",
        groups=frozenset({"a", "b"}),
        claims={"dn": "uid=alice,dc=corp", "mail": "a@corp.example"},
    )


def of_saml() -> Identity:
    return Identity(
        provider="adfs",
        provider_type=ProviderType.SAML,
        issuer="http://adfs.example.com/trust",
        subject="alice@corp",
        audience="https://sts.example.com/saml",
        username="alice",
        claims={
            "eduPersonAffiliation": ["staff", "member"],
            "urn:oid:0.9.2342.19200300.100.1.3": "a@x.example",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": "a@y.example",
        },
        subject_type="persistent",
    )


QUALIFIER = name_qualifier("http://adfs.example.com/trust", "111122223333", "adfs")
PEOPLE = {
    "oidc": identity(claims={"Preferred_Username": "alice.b", "groups": ["x", "y"], "realm": {"roles": ["r"]}}),
    "ldap": of_directory(),
    "saml": of_saml(),
}


@pytest.mark.parametrize(
    ("person", "key", "values"),
    [
        ("oidc", "jwt:preferred_username", ("alice.b",)),
        ("oidc", "jwt:groups", ("x", "y")),
        ("oidc", "jwt:realm.roles", ("r",)),
        ("oidc", "jwt:sub", ("alice",)),
        ("oidc", "jwt:aud", ("sts.amazonaws.com",)),
        ("oidc", "jwt:iss", ("https://login.example.com",)),
        ("oidc", "jwt:absent", None),
        ("oidc", "ldap:username", None),
        ("oidc", "aws:username", ("alice",)),
        ("ldap", "ldap:username", ("alice",)),
        ("ldap", "ldap:user", ("uid=alice,dc=corp",)),
        ("ldap", "ldap:groups", ("a", "b")),
        ("ldap", "ldap:mail", ("a@corp.example",)),
        ("ldap", "jwt:sub", None),
        ("ldap", "aws:username", ("alice",)),
        ("saml", "saml:sub", ("alice@corp",)),
        ("saml", "saml:aud", ("https://sts.example.com/saml",)),
        ("saml", "saml:iss", ("http://adfs.example.com/trust",)),
        ("saml", "saml:edupersonaffiliation", ("staff", "member")),
        ("saml", "saml:sub_type", ("persistent",)),
        ("saml", "saml:doc", ("111122223333/adfs",)),
        ("saml", "saml:namequalifier", (QUALIFIER,)),
        ("saml", "saml:mail", ("a@x.example", "a@y.example")),
        ("saml", "saml:uid", None),
        ("oidc", "saml:doc", None),
        ("saml", "ldap:username", None),
    ],
)
def test_a_key_has_the_value_that_the_identity_gives(person: str, key: str, values: tuple[str, ...] | None) -> None:
    found = carried_values(PEOPLE[person], carried(frozenset({key})), "111122223333")
    assert {name: set(texts) for name, texts in found.items()} == ({} if values is None else {key: set(values)})


@pytest.mark.parametrize("key", ["saml:doc", "saml:namequalifier"])
def test_what_names_an_account_is_absent_while_none_is_known(key: str) -> None:
    assert carried_values(of_saml(), carried(frozenset({key}))) == {}


def test_several_values_of_a_key_that_has_one_are_refused_not_chosen_from() -> None:
    person = replace(of_saml(), claims={"urn:oid:1.3.6.1.4.1.5923.1.1.1.6": ["a", "b"]})

    with pytest.raises(Refusal, match="has one value"):
        carried_values(person, frozenset({"saml:edupersonprincipalname"}))


def test_only_keys_of_the_identity_are_carried() -> None:
    named = frozenset(
        {"jwt:sub", "ldap:user", "saml:sub", "aws:username", "aws:sourceip", "s3:prefix", "jwt:", "jwtx:a"}
    )

    assert carried(named) == {"jwt:sub", "ldap:user", "saml:sub", "aws:username"}


def test_claims_that_differ_only_by_case_are_refused_not_chosen_from() -> None:
    person = identity(claims={"team": "a", "Team": "b"})

    with pytest.raises(Refusal, match="differ only by case"):
        carried_values(person, frozenset({"jwt:team"}))


def test_a_roles_keys_are_those_of_its_policies_and_its_boundary() -> None:
    def policy(resource: str, version: str = "2012-10-17", **condition: Any) -> PolicyReference:
        statement = {"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::{resource}", **condition}
        return PolicyReference(name="p", document={"Version": version, "Statement": statement})

    one = role(
        policies=(
            policy("home/${jwt:Preferred_Username}/*"),
            policy("a", Condition={"StringLike": {"LDAP:groups": "${aws:username}"}}),
            policy("old/${jwt:name}", version="2008-10-17"),
        ),
        permissions_boundary=policy("b/${jwt:email, 'none'}"),
    )

    made = catalog(roles=[one, role("lake/Plain", policies=(policy("a"),))])

    assert made.carried_keys(one) == {"jwt:preferred_username", "ldap:groups", "aws:username", "jwt:email"}
    assert made.carried_keys(made.roles[1]) == frozenset()


@pytest.mark.parametrize(("team", "allowed"), [("blue", True), ("red", False)])
def test_a_trust_policy_may_ask_for_a_claim_by_minios_name(team: str, allowed: bool) -> None:
    statement = trusted(Condition={"StringEquals": {"jwt:team": team}})
    made = catalog(roles=[role(trust_policy=trust_policy(statement))])

    assert decide(made, identity(claims={"team": "blue"})).allowed is allowed


ARNS = {
    "own": ("ldap", "arn:aws:iam::111122223333:ldap-provider/corp", True),
    "another directory": ("ldap", "arn:aws:iam::111122223333:ldap-provider/other", False),
    "another account's": ("ldap", "arn:aws:iam::444455556666:ldap-provider/corp", False),
    "another type": ("ldap", "arn:aws:iam::111122223333:saml-provider/corp", False),
    "SAML": ("saml", "arn:aws:iam::111122223333:saml-provider/adfs", True),
    "SAML's name of another type": ("saml", "arn:aws:iam::111122223333:ldap-provider/adfs", False),
}


@pytest.mark.parametrize(("person", "principal", "allowed"), ARNS.values(), ids=ARNS)
def test_a_trust_policy_names_a_provider_by_its_arn(person: str, principal: str, allowed: bool) -> None:
    somebody = PEOPLE[person]
    action = ["sts:AssumeRoleWithLDAPIdentity", "sts:AssumeRoleWithSAML"]
    made = Catalog.compile(
        roles=[role(trust_policy=trust_policy(trusted(Principal={"Federated": principal}, Action=action)))],
        mappings=(),
        issuers={somebody.provider: somebody.authority},
        policies={},
        provider_types={somebody.provider: somebody.provider_type},
    )

    assert decide(made, somebody).allowed is allowed


@pytest.mark.parametrize(("dn", "allowed"), [("UID=Alice,dc=CORP", True), ("uid=bob,dc=corp", False)])
def test_a_trust_policy_may_ask_for_one_persons_dn(dn: str, allowed: bool) -> None:
    statement = trusted(
        Principal={"Federated": "arn:aws:iam::111122223333:ldap-provider/corp"},
        Action="sts:AssumeRoleWithLDAPIdentity",
        Condition={"StringEqualsIgnoreCase": {"ldap:user": dn}},
    )
    made = Catalog.compile(
        roles=[role(trust_policy=trust_policy(statement))],
        mappings=(),
        issuers={"corp": ldap_issuer("corp")},
        policies={},
        provider_types={"corp": ProviderType.LDAP},
    )

    assert decide(made, of_directory()).allowed is allowed
