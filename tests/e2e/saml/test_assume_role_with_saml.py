"""AssumeRoleWithSAML by AWS's own clients, with answers that real identity providers gave."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.e2e.aws import aws, aws_answer, refusal, remember, sts_client
from tests.e2e.canaries import Canaries
from tests.e2e.saml.saml_gateway import (
    ACCOUNT,
    ANALYST,
    ENGINEER,
    SamlGateway,
    assumption,
    element,
    provider_arn,
    remember_answer,
)
from tests.e2e.server import Gateway, error_of
from tests.servers.lemonldap import LemonLdap
from tests.servers.saml import IdentityProvider
from tests.servers.santuario import signed_by_ecdsa
from tests.servers.simplesamlphp import SimpleSamlPhp

Given = Callable[..., str]


@pytest.fixture
def given(
    saml_gateway: SamlGateway, ssp: SimpleSamlPhp, lemon: LemonLdap, elliptic: SimpleSamlPhp, canaries: Canaries,
    tmp_path: Path,
) -> Given:  # fmt: skip
    """An answer of a real provider for the gateway's provider of this name: alice's, or the Doctor's at LemonLDAP."""

    def answer(name: str, person: str | None = None) -> str:
        idp: IdentityProvider = {"ssp": ssp, "lemon": lemon, "elliptic": elliptic}[name.partition("-")[0]]
        chosen = person or ("dwho" if idp is lemon else "alice")
        found = idp.answer(idp.unsolicited(saml_gateway.entity_id(name)), saml_gateway.acs(name), chosen).saml_response
        if idp is elliptic:
            unsigned = base64.b64decode(found).decode()
            found = base64.b64encode(signed_by_ecdsa(tmp_path, unsigned, elliptic.signer).encode()).decode()
        return remember_answer(canaries, found)

    return answer


@pytest.mark.parametrize("name", ["ssp", "ssp-sealed", "lemon", "lemon-sealed", "elliptic"])
def test_boto3_gets_credentials_for_a_real_answer(
    name: str, saml_gateway: SamlGateway, given: Given, canaries: Canaries,
    aws_environment: Callable[[Gateway], None], ssp: SimpleSamlPhp, lemon: LemonLdap, elliptic: SimpleSamlPhp,
) -> None:  # fmt: skip
    aws_environment(saml_gateway)
    idp: IdentityProvider = {"ssp": ssp, "lemon": lemon, "elliptic": elliptic}[name.partition("-")[0]]
    person = "dwho" if idp is lemon else "alice"

    with sts_client() as sts:
        answer = sts.assume_role_with_saml(RoleArn=ANALYST, PrincipalArn=provider_arn(name), SAMLAssertion=given(name))
    remember(canaries, answer["Credentials"]["SecretAccessKey"], answer["Credentials"]["SessionToken"])
    with sts_client(answer["Credentials"]) as sts:
        caller = sts.get_caller_identity()["Arn"]

    assert caller == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/{person}"
    assert (answer["Issuer"], answer["Audience"]) == (idp.entity_id, saml_gateway.acs(name))
    assert (answer["Subject"], answer["SubjectType"]) == (person, "persistent")
    qualifier = hashlib.sha1(f"{idp.entity_id}{ACCOUNT}/{name}".encode()).digest()
    assert answer["NameQualifier"] == base64.b64encode(qualifier).decode()


def test_the_aws_command_gets_credentials_for_an_answer_in_a_file(
    saml_gateway: SamlGateway, given: Given, canaries: Canaries, aws_environment: Callable[[Gateway], None],
    tmp_path: Path,
) -> None:  # fmt: skip
    aws_environment(saml_gateway)
    (tmp_path / "answer.txt").write_text(given("ssp"))
    words = (
        "sts", "assume-role-with-saml", "--role-arn", ANALYST, "--principal-arn", provider_arn("ssp"),
        "--saml-assertion", f"file://{tmp_path / 'answer.txt'}",
    )  # fmt: skip

    answer = aws_answer(*words)
    remember(canaries, answer["Credentials"]["SecretAccessKey"], answer["Credentials"]["SessionToken"])
    again = aws(*words)

    assert answer["AssumedRoleUser"]["Arn"].endswith("assumed-role/Analyst/alice")
    assert "InvalidIdentityToken" in again.stderr


def test_a_response_that_hides_an_assertion_without_being_signed_is_refused(
    saml_gateway: SamlGateway, given: Given
) -> None:
    """AES-CBC can be decrypted by asking, unless a signature of the whole stands around it."""
    refused = saml_gateway.assume_with_saml("ssp-careless", given("ssp-careless"))

    assert error_of(refused) == (400, "InvalidIdentityToken")
    assert "decrypted" in element(refused, "Message")


def test_a_response_whose_assertion_is_not_signed_is_refused(saml_gateway: SamlGateway, given: Given) -> None:
    refused = saml_gateway.assume_with_saml("ssp-strict", given("ssp-strict"))

    assert error_of(refused) == (400, "InvalidIdentityToken")


def test_somebody_without_the_group_gets_nothing_and_their_answer_is_used_up(
    saml_gateway: SamlGateway, given: Given
) -> None:
    answer = given("ssp", person="bob")

    refused = saml_gateway.assume_with_saml("ssp", answer)
    again = saml_gateway.assume_with_saml("ssp", answer)

    assert error_of(refused) == (403, "AccessDenied")
    assert error_of(again) == (400, "InvalidIdentityToken")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"PrincipalArn": provider_arn("ssp-sealed")}, (400, "InvalidIdentityToken"), id="another provider"
        ),
        pytest.param({"PrincipalArn": provider_arn("nobody")}, (400, "InvalidIdentityToken"), id="no provider"),
        pytest.param({"RoleArn": ENGINEER}, (403, "AccessDenied"), id="another role"),
        pytest.param({"DurationSeconds": "43200"}, (400, "ValidationError"), id="too long"),
    ],
)
def test_an_answer_counts_for_what_it_was_given_for_alone(
    saml_gateway: SamlGateway, given: Given, changes: dict[str, str], expected: tuple[int, str]
) -> None:
    assert error_of(saml_gateway.assume_with_saml("ssp", given("ssp"), **changes)) == expected


def test_an_answer_in_a_query_is_refused_and_logged_nowhere(saml_gateway: SamlGateway, given: Given) -> None:
    refused = httpx.get(saml_gateway.url, params=assumption("ssp", given("ssp")))

    assert error_of(refused) == (405, "MethodNotAllowed")


def test_an_answer_over_aws_s_length_is_refused_by_its_length(
    saml_gateway: SamlGateway, aws_environment: Callable[[Gateway], None]
) -> None:
    refused = saml_gateway.assume_with_saml("ssp", "A" * 100_001)

    assert error_of(refused) == (400, "ValidationError")


def test_the_audit_line_names_the_assertion_and_does_not_hold_it(saml_gateway: SamlGateway, given: Given) -> None:
    answered = saml_gateway.assume_with_saml("ssp", given("ssp"))

    record = saml_gateway.audit(answered.headers["x-amzn-requestid"])

    assert record["eventName"] == "AssumeRoleWithSAML"
    assert record["userIdentity"]["type"] == "SAMLUser"
    assert record["userIdentity"]["userName"] == "alice"
    assert record["requestParameters"]["principalArn"] == provider_arn("ssp")
    assert record["requestParameters"]["sAMLAssertionID"].startswith("_")
    assert "PHNhbWxw" not in json.dumps(record)


def test_aws_s_own_attributes_name_and_tag_the_session(
    saml_gateway: SamlGateway, given: Given, canaries: Canaries, aws_environment: Callable[[Gateway], None]
) -> None:
    aws_environment(saml_gateway)

    with sts_client() as sts:
        answer = sts.assume_role_with_saml(
            RoleArn=ANALYST, PrincipalArn=provider_arn("ssp-tags"), SAMLAssertion=given("ssp-tags")
        )
    remember(canaries, answer["Credentials"]["SecretAccessKey"], answer["Credentials"]["SessionToken"])
    record = saml_gateway.audit(answer["ResponseMetadata"]["RequestId"])

    assert answer["SourceIdentity"] == "alice@example.test"
    assert answer["AssumedRoleUser"]["Arn"].endswith("assumed-role/Analyst/nightly.job")
    assert record["requestParameters"]["principalTags"]["team"] == "data"
    assert record["requestParameters"]["transitiveTagKeys"] == ["team"]


def test_the_answer_to_somebody_s_browser_is_no_good_for_the_api(
    saml_gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries
) -> None:
    answer = ssp.answer(f"{saml_gateway.url}/login/ssp", saml_gateway.acs("ssp"))
    remember_answer(canaries, answer.saml_response)

    refused = saml_gateway.assume_with_saml("ssp", answer.saml_response)

    assert error_of(refused) == (400, "InvalidIdentityToken")


def test_boto3_tells_the_refusal_of_garbage(
    saml_gateway: SamlGateway, aws_environment: Callable[[Gateway], None]
) -> None:
    aws_environment(saml_gateway)

    with sts_client() as sts, pytest.raises(ClientError) as refused:
        sts.assume_role_with_saml(RoleArn=ANALYST, PrincipalArn=provider_arn("ssp"), SAMLAssertion="bm90IHhtbA==")

    assert refusal(refused.value) == (400, "InvalidIdentityToken")
