"""The credential scope: read whole, compared part by part, refused in AWS's words."""

import pytest

from gateway.domain.errors import ScopeMismatch
from gateway.sigv4 import scope
from gateway.sigv4.scope import CredentialScope, check_date, check_scope, read_credential

SCOPE = CredentialScope(date="20260504", region="eu-central-1", service="sts")


def test_a_credential_is_an_access_key_id_and_a_scope() -> None:
    assert read_credential("AKIDEXAMPLE/20260504/eu-central-1/sts/aws4_request") == ("AKIDEXAMPLE", SCOPE)


def test_a_scope_is_written_as_it_is_signed() -> None:
    assert SCOPE.text == "20260504/eu-central-1/sts/aws4_request"


def test_what_is_too_long_for_a_credential_is_not_remembered() -> None:
    before = scope._read.cache_info().currsize

    assert read_credential("A" * 65_000) is None

    assert scope._read.cache_info().currsize == before


def test_the_longest_credential_is_read() -> None:
    text = "/".join(["A" * 128, "20260504", "r" * 64, "s" * 64, "aws4_request"])

    assert read_credential(text) == ("A" * 128, CredentialScope(date="20260504", region="r" * 64, service="s" * 64))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("AKID/20260504/sts/aws4_request", id="four parts, as SigV4A"),
        pytest.param("AKID/x/20260504/eu-central-1/sts/aws4_request", id="six parts"),
        pytest.param("/20260504/eu-central-1/sts/aws4_request", id="no key id"),
        pytest.param("AKID/2026054/eu-central-1/sts/aws4_request", id="short date"),
        pytest.param("AKID/2026050٤/eu-central-1/sts/aws4_request", id="digits of another script"),
        pytest.param("AKID/20260504//sts/aws4_request", id="no region"),
        pytest.param("AKID/20260504/eu-central-1//aws4_request", id="no service"),
        pytest.param("AKID/20260504/eu-central-1/sts/", id="no terminator"),
        pytest.param("AKID/20260504/eu central/sts/aws4_request", id="blank"),
        pytest.param("AKID/20260504/eu-central-1\n/sts/aws4_request", id="line break"),
        pytest.param("AKID/20260504/eu-central-1/sts/aws4_request\n", id="line break at the end"),
        pytest.param("A" * 129 + "/20260504/eu-central-1/sts/aws4_request", id="key id too long"),
        pytest.param("AKID/20260504/" + "r" * 65 + "/sts/aws4_request", id="region too long"),
    ],
)
def test_nothing_else_is_a_credential(text) -> None:
    assert read_credential(text) is None


def test_another_terminator_is_refused_by_name() -> None:
    with pytest.raises(ScopeMismatch) as refused:
        read_credential("AKID/20260504/eu-central-1/sts/aws5_request")
    assert str(refused.value) == (
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'."
    )
    assert (refused.value.part, refused.value.given, refused.value.expected) == (
        "terminator",
        "aws5_request",
        "aws4_request",
    )


def test_a_scope_of_another_day_is_refused() -> None:
    with pytest.raises(ScopeMismatch) as refused:
        check_date(SCOPE, "20260505T000000Z")
    assert str(refused.value) == (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        "'20260504' != '20260505', from '20260505T000000Z'."
    )
    assert refused.value.part == "date"


def test_a_scope_of_ours_is_taken() -> None:
    check_scope(SCOPE, service="sts", region="eu-central-1")
    check_scope(SCOPE, service="sts", region=None)


def test_another_service_is_refused() -> None:
    with pytest.raises(ScopeMismatch) as refused:
        check_scope(SCOPE, service="s3", region=None)
    assert str(refused.value) == "Credential should be scoped to correct service: 's3'."
    assert (refused.value.part, refused.value.given, refused.value.expected) == ("service", "sts", "s3")


def test_another_region_is_refused() -> None:
    with pytest.raises(ScopeMismatch) as refused:
        check_scope(SCOPE, service="sts", region="us-east-1")
    assert str(refused.value) == "Credential should be scoped to a valid Region, not 'eu-central-1'."
    assert (refused.value.part, refused.value.given, refused.value.expected) == (
        "region",
        "eu-central-1",
        "us-east-1",
    )


@pytest.mark.parametrize("service", ["STS", "sts ", "st"])
def test_a_service_is_compared_exactly(service) -> None:
    with pytest.raises(ScopeMismatch):
        check_scope(SCOPE, service=service, region=None)
