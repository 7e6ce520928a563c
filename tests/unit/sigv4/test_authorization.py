"""The header form: one syntax, AWS's own sentences for what is wrong, and the signature never told back."""

import pytest

from gateway.domain.errors import MalformedSignedRequest, MissingAuthentication, ScopeMismatch, UnsupportedSignature
from gateway.sigv4.request import HttpRequest, parse
from tests.unit.sigv4.made import KEY_ID, NOW, STAMP, STS, TOKEN, authorization, post, request, with_headers

SIGNATURE = "5f" * 32


def sent(value: str, **headers: str | None) -> HttpRequest:
    return with_headers(request(), authorization=value, **{"x_amz_date": STAMP, **headers})


def test_the_header_form_is_read() -> None:
    signed = parse(post())
    assert signed.access_key_id == KEY_ID
    assert signed.scope == STS
    assert signed.timestamp == NOW
    assert signed.expires is None
    assert signed.signed_headers == ("content-type", "host", "x-amz-date", "x-amz-security-token")
    assert signed.session_token == TOKEN
    assert signed.payload_hash is None


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(authorization(signature=SIGNATURE).replace(", ", ","), id="no blanks"),
        pytest.param(authorization(signature=SIGNATURE).replace(", ", " ,  "), id="more blanks"),
        pytest.param(
            f"AWS4-HMAC-SHA256 Signature={SIGNATURE}, SignedHeaders=host;x-amz-date, "
            f"Credential={KEY_ID}/20260504/us-east-1/sts/aws4_request",
            id="other order",
        ),
    ],
)
def test_blanks_and_order_are_free(value) -> None:
    signed = parse(sent(value))
    assert (signed.access_key_id, signed.scope, signed.signature) == (KEY_ID, STS, SIGNATURE)


PARTS = {
    "Credential": f"Credential={KEY_ID}/20260504/us-east-1/sts/aws4_request",
    "Signature": f"Signature={SIGNATURE}",
    "SignedHeaders": "SignedHeaders=host;x-amz-date",
}


@pytest.mark.parametrize(
    "missing", [*((name,) for name in PARTS), ("Signature", "SignedHeaders"), tuple(PARTS)], ids=", ".join
)
def test_what_is_missing_is_told_all_at_once(missing) -> None:
    value = "AWS4-HMAC-SHA256 " + ", ".join(part for name, part in PARTS.items() if name not in missing)
    with pytest.raises(MalformedSignedRequest) as refused:
        parse(sent(value, x_amz_date=None))
    told = [f"Authorization header requires '{name}' parameter." for name in PARTS if name in missing]
    told.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    assert str(refused.value) == " ".join(told)
    assert refused.value.kind == "header"


def test_an_empty_parameter_is_a_missing_one() -> None:
    with pytest.raises(MalformedSignedRequest, match="requires 'Signature' parameter"):
        parse(sent(authorization(signature="")))


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param(authorization(credential=" AKID/x"), "not a valid key=value pair", id="blank before the key id"),
        pytest.param(authorization() + ", ", "not a valid key=value pair", id="trailing comma"),
        pytest.param(authorization().replace(", ", ",\xa0"), "each once", id="a blank outside ASCII"),
        pytest.param("AWS4-HMAC-SHA256 garbage", "not a valid key=value pair", id="no equals sign"),
        pytest.param(authorization() + f", Signature={SIGNATURE}", "each once", id="signature twice"),
        pytest.param(authorization() + ", Foo=bar", "and nothing else", id="unknown parameter"),
        pytest.param(authorization().replace("Credential", "credential"), "and nothing else", id="other case"),
        pytest.param(authorization(credential="a/b/c"), "exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c'", id="credential of three"),
        pytest.param(authorization(credential="a/b/c/d/e"), "exactly 5 slash-delimited", id="credential without a date"),
        pytest.param(authorization(signed_headers="x-amz-date;host"), "sorted", id="unsorted headers"),
        pytest.param(authorization(signed_headers="Host;X-Amz-Date"), "'Host' or ':authority'", id="upper-case headers"),
        pytest.param(authorization(signed_headers="host"), "not signed: x-amz-date", id="unsigned date"),
        pytest.param(authorization(signed_headers="x-amz-date"), "'Host' or ':authority'", id="unsigned host"),
        pytest.param(authorization(signed_headers="a;host;x-amz-date"), "'a' is named as a SignedHeader", id="absent header"),
    ],
)  # fmt: skip
def test_a_header_of_another_syntax_is_refused(value, problem) -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        parse(sent(value))
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(f"AWS4-HMAC-SHA256 Credential=A/20260504/us-east-1/sts/aws4_request;Signature={SIGNATURE}, SignedHeaders=host, Signature=0", id="semicolon"),
        pytest.param(f"AWS4-HMAC-SHA256 Signature {SIGNATURE}", id="blank"),
        pytest.param(f"AWS4-HMAC-SHA256 Signature={SIGNATURE}, Signature={SIGNATURE}", id="twice"),
        pytest.param(f"AWS4-HMAC-SHA256 Credential=A, SignedHeaders=host, Signature={SIGNATURE}", id="credential"),
        pytest.param(f"Bearer {SIGNATURE}", id="bearer"),
        pytest.param(SIGNATURE, id="bare"),
    ],
)  # fmt: skip
def test_the_signature_is_never_told_back(value) -> None:
    with pytest.raises((MalformedSignedRequest, UnsupportedSignature)) as refused:
        parse(sent(value))
    assert SIGNATURE not in str(refused.value)
    assert SIGNATURE not in str(refused.value.cause)
    assert SIGNATURE not in getattr(refused.value, "scheme", "")


@pytest.mark.parametrize(
    ("value", "scheme", "hint"),
    [
        pytest.param("AWS AKID:c2ln", "AWS", "signature_version='s3v4'", id="SigV2"),
        pytest.param("AWS4-ECDSA-P256-SHA256 Credential=A", "AWS4-ECDSA-P256-SHA256", "Version 4A", id="SigV4A"),
        pytest.param("Bearer e30.e30.x", "Bearer", "Please use AWS4-HMAC-SHA256.", id="Bearer"),
        pytest.param("Basic dTpw", "Basic", "Please use AWS4-HMAC-SHA256.", id="Basic"),
        pytest.param("DPoP e30", "DPoP", "Please use AWS4-HMAC-SHA256.", id="DPoP"),
        pytest.param("AWS3-HTTPS AWSAccessKeyId=A", "AWS3-HTTPS", "Please use AWS4-HMAC-SHA256.", id="AWS3"),
        pytest.param("Sesame open", "unknown", "Please use AWS4-HMAC-SHA256.", id="unknown"),
        pytest.param("aws4-hmac-sha256 Credential=A", "unknown", "Please use AWS4-HMAC-SHA256.", id="other case"),
        pytest.param("AWS4-HMAC-SHA512 Credential=A", "unknown", "Please use AWS4-HMAC-SHA256.", id="other hash"),
        pytest.param("", "unknown", "Please use AWS4-HMAC-SHA256.", id="empty"),
    ],
)
def test_another_scheme_is_refused_by_name(value, scheme, hint) -> None:
    with pytest.raises(UnsupportedSignature) as refused:
        parse(sent(value))
    assert refused.value.scheme == scheme
    assert hint in str(refused.value)


def test_no_signature_at_all_is_missing_authentication() -> None:
    with pytest.raises(MissingAuthentication):
        parse(request(query=b"Action=GetCallerIdentity", x_amz_date=STAMP))


@pytest.mark.parametrize(
    ("date", "shown"), [("2026-05-04T10:00:00Z", "2026-05-04T10:00:00Z"), ("x=<script>", "(unreadable)"), ("", "")]
)
def test_a_date_of_another_form_is_told(date, shown) -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        parse(sent(authorization(), x_amz_date=date))
    assert str(refused.value) == (
        f"Date must be in ISO-8601 'basic format'. Got '{shown}'. See http://en.wikipedia.org/wiki/ISO_8601"
    )


@pytest.mark.parametrize("date", [STAMP, "Mon, 04 May 2026 10:00:00 GMT"])
def test_a_date_header_stands_in_for_x_amz_date(date) -> None:
    signed = parse(sent(authorization(signed_headers="date;host"), x_amz_date=None, date=date))
    assert (signed.timestamp, signed.timestamp_text) == (NOW, STAMP)


def test_x_amz_date_wins_over_date() -> None:
    assert parse(sent(authorization(), date="Tue, 01 Jan 2030 00:00:00 GMT")).timestamp == NOW


def test_x_amz_date_is_never_an_http_date() -> None:
    with pytest.raises(MalformedSignedRequest, match="basic format"):
        parse(sent(authorization(), x_amz_date="Mon, 04 May 2026 10:00:00 GMT"))


@pytest.mark.parametrize(
    ("credential", "part"),
    [
        pytest.param(f"{KEY_ID}/20260503/us-east-1/sts/aws4_request", "date", id="day before"),
        pytest.param(f"{KEY_ID}/20260504/us-east-1/sts/aws4_Request", "terminator", id="terminator"),
    ],
)
def test_a_scope_that_contradicts_the_request_is_refused(credential, part) -> None:
    with pytest.raises(ScopeMismatch) as refused:
        parse(sent(authorization(credential=credential)))
    assert refused.value.part == part


def test_a_signed_request_does_not_show_its_secrets() -> None:
    shown = repr(parse(post()))
    assert TOKEN not in shown
    assert parse(post()).signature not in shown


def test_a_date_that_is_missing_is_told() -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        parse(sent(authorization(signed_headers="host"), x_amz_date=None))
    assert str(refused.value) == "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
