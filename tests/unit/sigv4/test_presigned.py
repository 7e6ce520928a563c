"""The query form: six parameters, each refused in S3's words, and only one reading of token and payload hash."""

import pytest

from gateway.domain.errors import MalformedSignedRequest, MissingAuthentication, ScopeMismatch, UnsupportedSignature
from gateway.sigv4.request import HttpRequest, parse
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES
from gateway.sigv4.verify import verify
from tests.unit.sigv4.made import (
    EMPTY,
    KEY_ID,
    NOW,
    S3,
    S3_KEY,
    STS,
    STS_KEY,
    TOKEN,
    also,
    encoded,
    hashed,
    presigned,
    presigned_query,
    request,
    with_headers,
)


def sent(**changed: str | None) -> HttpRequest:
    signature = {"X_Amz_Signature": "0" * 64, **changed}
    return request(query=encoded(presigned_query(**signature)))


def test_the_query_form_is_read() -> None:
    signed = parse(presigned())
    assert signed.access_key_id == KEY_ID
    assert signed.scope == STS
    assert signed.timestamp == NOW
    assert signed.expires == 300
    assert signed.signed_headers == ("host",)
    assert signed.session_token == TOKEN
    assert signed.payload_hash is None


@pytest.mark.parametrize(
    "name",
    ["X_Amz_Algorithm", "X_Amz_Credential", "X_Amz_Signature", "X_Amz_Date", "X_Amz_SignedHeaders", "X_Amz_Expires"],
)
@pytest.mark.parametrize("value", [pytest.param(None, id="missing"), pytest.param("", id="empty")])
def test_all_six_parameters_are_needed(name, value) -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        parse(sent(**{name: value}))
    assert str(refused.value) == (
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
        "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
    )
    assert refused.value.kind == "query"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"X_Amz_Algorithm": "AWS4-HMAC-SHA1"}, 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"', id="algorithm"),
        pytest.param({"X_Amz_Algorithm": "aws4-hmac-sha256"}, 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"', id="algorithm in lower case"),
        pytest.param({"X_Amz_Credential": f"{KEY_ID}/20260504/us-east-1/sts"}, 'Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".', id="credential"),
        pytest.param({"X_Amz_Credential": f"{KEY_ID}%2F20260504%2Fus-east-1%2Fsts%2Faws4_request"}, 'Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".', id="credential encoded twice"),
        pytest.param({"X_Amz_Date": "2026-05-04T10:00:00Z"}, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"", id="date"),
        pytest.param({"X_Amz_Expires": "soon"}, "X-Amz-Expires should be a number", id="expires no number"),
        pytest.param({"X_Amz_Expires": "1.5"}, "X-Amz-Expires should be a number", id="expires a fraction"),
        pytest.param({"X_Amz_Expires": "+5"}, "X-Amz-Expires should be a number", id="expires with plus"),
        pytest.param({"X_Amz_Expires": " 5"}, "X-Amz-Expires should be a number", id="expires with blank"),
        pytest.param({"X_Amz_Expires": "٣٠٠"}, "X-Amz-Expires should be a number", id="expires in other digits"),
        pytest.param({"X_Amz_Expires": "9" * 5000}, "X-Amz-Expires should be a number", id="expires endless"),
        pytest.param({"X_Amz_Expires": "-1"}, "X-Amz-Expires must be non-negative", id="expires negative"),
        pytest.param({"X_Amz_Expires": "604801"}, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds", id="expires over a week"),
        pytest.param({"X_Amz_SignedHeaders": "host;host"}, "SignedHeaders must be sorted, each name once", id="signed headers"),
    ],
)  # fmt: skip
def test_a_parameter_of_another_form_is_refused(changed, message) -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        parse(sent(**changed))
    assert str(refused.value) == message
    assert refused.value.kind == "query"


@pytest.mark.parametrize("seconds", [0, 1, 604_800])
def test_a_life_of_up_to_seven_days_is_read(seconds) -> None:
    assert parse(sent(X_Amz_Expires=str(seconds))).expires == seconds


def test_sigv4a_is_refused_by_name() -> None:
    changed = {"X_Amz_Credential": f"{KEY_ID}/20260504/sts/aws4_request", "X_Amz_Region_Set": "*"}
    with pytest.raises(UnsupportedSignature) as refused:
        parse(sent(X_Amz_Algorithm="AWS4-ECDSA-P256-SHA256", **changed))
    assert refused.value.scheme == "AWS4-ECDSA-P256-SHA256"


def test_sigv2_is_refused_with_the_hint() -> None:
    with pytest.raises(UnsupportedSignature, match="signature_version='s3v4'") as refused:
        parse(request(query=b"AWSAccessKeyId=AKID&Signature=c2ln&Expires=1777888800"))
    assert refused.value.scheme == "AWS"


@pytest.mark.parametrize(
    "query",
    [b"Signature=mine", b"xAWSAccessKeyId=a&Signature=b", b"X-Amz-Date=20260504T100000Z", b"X-Amz-Security-Token=t"],
)
def test_parameters_that_make_no_signature_are_missing_authentication(query) -> None:
    with pytest.raises(MissingAuthentication):
        parse(request(query=query))


@pytest.mark.parametrize(
    ("credential", "part"),
    [
        pytest.param(f"{KEY_ID}/20260503/us-east-1/sts/aws4_request", "date", id="day before"),
        pytest.param(f"{KEY_ID}/20260504/us-east-1/sts/aws5_request", "terminator", id="terminator"),
    ],
)
def test_a_scope_that_contradicts_the_request_is_refused(credential, part) -> None:
    with pytest.raises(ScopeMismatch) as refused:
        parse(sent(X_Amz_Credential=credential))
    assert refused.value.part == part


def test_an_absent_signed_header_is_refused() -> None:
    with pytest.raises(MalformedSignedRequest, match="'range' is named as a SignedHeader"):
        parse(sent(X_Amz_SignedHeaders="host;range"))


def test_an_unsigned_amz_header_is_refused() -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        parse(also(presigned(), "x-amz-acl", "public-read"))
    assert refused.value.kind == "unsigned_headers"


def test_a_token_in_the_query_is_covered_by_the_signature() -> None:
    other = presigned(X_Amz_Security_Token=None)
    added = HttpRequest(
        method="GET",
        raw_path=other.raw_path,
        raw_query=other.raw_query + b"&X-Amz-Security-Token=other",
        headers=other.headers,
    )
    assert parse(added).canonical_queries != parse(other).canonical_queries


def test_a_token_in_a_signed_header_is_read() -> None:
    http = presigned(
        request(x_amz_security_token=TOKEN), X_Amz_Security_Token=None, X_Amz_SignedHeaders="host;x-amz-security-token"
    )
    assert parse(http).session_token == TOKEN
    verify(parse(http), STS_KEY, SERVICE_RULES, body_sha256=EMPTY)


def test_a_token_in_an_unsigned_header_is_refused() -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        parse(also(presigned(X_Amz_Security_Token=None), "x-amz-security-token", TOKEN))
    assert refused.value.kind == "unsigned_headers"


def test_a_token_in_query_and_header_is_refused() -> None:
    with pytest.raises(MalformedSignedRequest, match="session token is given twice"):
        parse(with_headers(sent(X_Amz_SignedHeaders="host;x-amz-security-token"), x_amz_security_token=TOKEN))


def test_a_date_in_query_and_header_is_refused() -> None:
    with pytest.raises(MalformedSignedRequest, match="date is given twice") as refused:
        parse(with_headers(sent(X_Amz_SignedHeaders="host;x-amz-date"), x_amz_date="20260504T100000Z"))
    assert refused.value.kind == "two_mechanisms"


def test_the_payload_hash_of_the_query_is_read() -> None:
    http = presigned(scope=S3, X_Amz_Content_Sha256="UNSIGNED-PAYLOAD")
    assert parse(http).payload_hash == "UNSIGNED-PAYLOAD"
    verify(parse(http), S3_KEY, S3_RULES, body_sha256=hashed(b"anything"))


def test_the_payload_hash_of_a_signed_header_is_read() -> None:
    http = presigned(
        request("PUT", x_amz_content_sha256=hashed(b"a")), S3, X_Amz_SignedHeaders="host;x-amz-content-sha256"
    )
    assert parse(http).payload_hash == hashed(b"a")
    verify(parse(http), S3_KEY, S3_RULES, body_sha256=hashed(b"a"))


def test_two_payload_hashes_that_differ_are_refused() -> None:
    http = sent(X_Amz_SignedHeaders="host;x-amz-content-sha256", X_Amz_Content_Sha256="UNSIGNED-PAYLOAD")
    with pytest.raises(MalformedSignedRequest, match="differs between query and header"):
        parse(with_headers(http, x_amz_content_sha256=EMPTY))


def test_an_unsigned_payload_header_that_says_what_is_signed_is_let_pass() -> None:
    http = also(presigned(scope=S3), "x-amz-content-sha256", "UNSIGNED-PAYLOAD")
    assert parse(http).payload_hash is None
    verify(parse(http), S3_KEY, S3_RULES, body_sha256=None)


@pytest.mark.parametrize(
    "value", [EMPTY, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "no"]
)
def test_an_unsigned_payload_header_that_says_anything_else_is_refused(value) -> None:
    with pytest.raises(MalformedSignedRequest, match="not signed: x-amz-content-sha256") as refused:
        parse(also(presigned(scope=S3), "x-amz-content-sha256", value))
    assert refused.value.kind == "unsigned_headers"
