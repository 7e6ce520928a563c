"""AssumeRoleWithSAML on the wire: its parameters, and the members of its answer."""

import re
from datetime import UTC, datetime

import pytest

from gateway.domain.assumption import AssumedRole
from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.errors import InvalidArn, MethodRefused, ValidationFailed
from gateway.domain.identifiers import name_qualifier
from gateway.domain.identity import Identity, ProviderType
from gateway.domain.principal import Principal, PrincipalType
from gateway.wire import sts_answers, sts_xml
from gateway.wire.sts_query import Parameters, operation_of
from gateway.wire.sts_requests import saml_request

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Analyst"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/adfs"
HONEST = {"RoleArn": ROLE, "PrincipalArn": PROVIDER, "SAMLAssertion": "AAAA"}


def sent(method: str = "POST", **changes: str | None) -> Parameters:
    given = {"Action": "AssumeRoleWithSAML", "Version": "2011-06-15", **HONEST, **changes}
    return Parameters(method=method, values={name: value for name, value in given.items() if value is not None})


def test_the_parameters_are_read() -> None:
    request = saml_request(
        sent(DurationSeconds="900", **{"PolicyArns.member.1.arn": f"arn:aws:iam::{ACCOUNT}:policy/p"})
    )

    assert (request.principal_arn, request.assertion) == (PROVIDER, "AAAA")
    assert (request.session.role_arn, request.session.duration) == (ROLE, 900)
    assert request.session.session_name is None
    assert request.session.policy_arns == (f"arn:aws:iam::{ACCOUNT}:policy/p",)
    assert "AAAA" not in repr(request)


def test_an_assertion_never_stands_in_a_url() -> None:
    with pytest.raises(MethodRefused):
        operation_of(sent("GET"))


VIOLATIONS = {
    "no role": ({"RoleArn": None}, "Value null at 'roleArn'"),
    "no provider": ({"PrincipalArn": None}, "Value null at 'principalArn'"),
    "no assertion": ({"SAMLAssertion": None}, "Value null at 'sAMLAssertion'"),
    "a short one": ({"SAMLAssertion": "AAA"}, "Member must have length greater than or equal to 4"),
    "a long one": ({"SAMLAssertion": "A" * 100_001}, "Member must have length less than or equal to 100000"),
    "a short time": ({"DurationSeconds": "899"}, "Member must have value greater than or equal to 900"),
}


@pytest.mark.parametrize(("changes", "told"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_what_is_outside_its_shape_is_told_and_no_assertion_shown(changes: dict[str, str | None], told: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        saml_request(sent(**changes))

    assert told in str(refused.value)
    assert "AAA" not in str(refused.value)


def test_the_longest_assertion_is_taken() -> None:
    assert len(saml_request(sent(SAMLAssertion="A" * 100_000)).assertion) == 100_000


ARNS = {
    "the provider's for the role": ({"RoleArn": PROVIDER}, "Request ARN is invalid"),
    "the role's for the provider": ({"PrincipalArn": ROLE}, "Request ARN is invalid"),
    "another kind of provider": ({"PrincipalArn": PROVIDER.replace("saml", "oidc")}, "Request ARN is invalid"),
    "no ARN": ({"PrincipalArn": "adfs" * 10}, "is invalid"),
}


@pytest.mark.parametrize(("changes", "told"), ARNS.values(), ids=ARNS)
def test_an_arn_of_another_kind_is_told(changes: dict[str, str], told: str) -> None:
    with pytest.raises(InvalidArn, match=told):
        saml_request(sent(**changes))


def test_the_answer_has_awss_members_in_its_order() -> None:
    identity = Identity(
        provider="adfs",
        provider_type=ProviderType.SAML,
        issuer="http://adfs.example.com/trust",
        subject="alice",
        audience="https://sts.example.com/saml/adfs/acs",
        username="alice",
        subject_type="persistent",
    )
    principal = Principal(
        type=PrincipalType.ASSUMED_ROLE,
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice",
        identity_arn=ROLE,
        account=ACCOUNT,
        unique_id="AROAEXAMPLE:alice",
        access_key_id="ASIAEXAMPLE",
        source_identity="alice",
    )
    credentials = TemporaryCredentials(
        access_key_id="ASIAEXAMPLE",
        secret_access_key="secret",
        session_token="token",
        expiration=datetime(2026, 3, 1, tzinfo=UTC),
        packed_percent=3,
    )

    text = sts_xml.answer(
        sts_answers.saml(AssumedRole(credentials=credentials, principal=principal, identity=identity)), "r-1"
    ).decode()

    members = re.findall(r"<(\w+)>([^<\s]+)</", text.partition("</AssumedRoleUser>")[2].partition("</AssumeRole")[0])
    assert members == [
        ("PackedPolicySize", "3"),
        ("Subject", "alice"),
        ("SubjectType", "persistent"),
        ("Issuer", "http://adfs.example.com/trust"),
        ("Audience", "https://sts.example.com/saml/adfs/acs"),
        ("NameQualifier", name_qualifier(identity.issuer, ACCOUNT, "adfs")),
        ("SourceIdentity", "alice"),
    ]
