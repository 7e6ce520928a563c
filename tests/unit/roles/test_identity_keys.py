"""Condition keys that the identity answers, in trust policies and in a session's own requests."""

from typing import Any

import pytest

from gateway.domain.arn import ldap_issuer
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
        claims={"eduPersonAffiliation": ["staff", "member"]},
    )


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
        ("saml", "ldap:username", None),
    ],
)
def test_a_key_has_the_value_that_the_identity_gives(person: str, key: str, values: tuple[str, ...] | None) -> None:
    assert carried_values(PEOPLE[person], carried(frozenset({key}))) == ({} if values is None else {key: values})


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
