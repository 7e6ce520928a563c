"""Mappings of a directory's people: groups compared as the directory does, attributes asked for by name."""

from typing import Any

import pytest

from gateway.domain.arn import ldap_issuer, saml_authority
from gateway.domain.identity import Identity, ProviderType
from gateway.domain.role import PolicyReference
from gateway.roles.catalog import Catalog
from gateway.roles.named_attributes import attributes_named
from tests.unit.roles.made import NOW, REQUEST, mapping, role

ISSUER = ldap_issuer("corp")
DN = "cn=Analysts,ou=groups,dc=corp,dc=example"


def lets_in(wanted: str, *groups: str, provider_type: ProviderType = ProviderType.LDAP) -> bool:
    catalog = Catalog.compile(
        roles=[role()],
        mappings=[mapping(provider="corp", groups=frozenset({wanted}))],
        issuers={"corp": saml_authority("corp") if provider_type is ProviderType.SAML else ISSUER},
        policies={},
        provider_types={"corp": provider_type},
    )
    person = Identity(
        provider="corp",
        provider_type=provider_type,
        issuer=ISSUER,
        subject="1",
        audience=ISSUER,
        username="alice",
        groups=frozenset(groups),
    )
    found = catalog.roles_of(person, NOW)
    assert catalog.may_assume(role(), person, REQUEST, NOW).allowed is bool(found)
    return bool(found)


@pytest.mark.parametrize(
    ("wanted", "had"),
    [
        ("analysts", "Analysts"),
        ("ANALYSTS", "analysts"),
        ("straße", "STRASSE"),
        (DN, "CN=analysts, OU=Groups,DC=CORP,DC=example"),
        ("cn=a\\2cb,dc=x", "cn=A\\,B,dc=X"),
        ("a+b", "A+B"),
    ],
)
def test_a_directorys_group_is_the_same_however_it_is_spelt(wanted: str, had: str) -> None:
    assert lets_in(wanted, had)


@pytest.mark.parametrize(
    ("wanted", "had"),
    [
        ("analysts", DN),
        (DN, "analysts"),
        (DN, "cn=Analysts,ou=other,dc=corp,dc=example"),
        (DN, "cn=Analysts\\,ou=groups,dc=corp,dc=example"),
        ("analysts", "analysts2"),
        ("analysts", "\u0430nalysts"),
    ],
)
def test_another_group_is_another(wanted: str, had: str) -> None:
    assert not lets_in(wanted, had)


def test_of_other_providers_each_letter_counts() -> None:
    assert not lets_in("analysts", "Analysts", provider_type=ProviderType.SAML)
    assert lets_in("analysts", "analysts", provider_type=ProviderType.SAML)


def test_what_the_configuration_names_is_asked_for() -> None:
    condition: dict[str, Any] = {"StringEquals": {"ldap:costCenter": "7", "aws:PrincipalTag/x": "ldap"}}
    trust = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": condition}}
    own = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::lake/${ldap:homeDirectory}/*"}}
    limit = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "${LDAP:title}"}}
    reference = PolicyReference(name="own", document=own)
    boundary = PolicyReference(name="limit", document=limit)

    named = attributes_named(
        "corp",
        mappings=[
            mapping(
                provider="corp", claims={"employeeType": ("x",)}, session_tags={"d": "{claims.department}-{email}"}
            ),
            mapping(1, provider="workforce", claims={"sub": ("x",)}),
        ],
        roles=[role(trust_policy=trust, policies=(reference,), permissions_boundary=boundary)],
        policies=[{"Statement": {"Resource": "${ldap:division}"}}],
    )

    assert named == {"employeeType", "department", "costCenter", "homeDirectory", "title", "division"}
