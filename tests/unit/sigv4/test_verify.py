"""Time, signature and body of a signed request, each refused alone."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.errors import (
    MalformedSignedRequest,
    PayloadHashMismatch,
    PresignedUrlExpired,
    RequestTimeSkewed,
    SignatureMismatch,
)
from gateway.sigv4.request import parse
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES
from gateway.sigv4.signing_key import signing_key
from gateway.sigv4.verify import check_time, verify
from tests.unit.sigv4.made import (
    BODY,
    EMPTY,
    NOW,
    S3,
    S3_KEY,
    STS,
    STS_KEY,
    encoded,
    get_object,
    hashed,
    header_of,
    post,
    presigned,
    presigned_query,
    request,
    signed_http,
    with_headers,
)

SECOND = timedelta(seconds=1)
WINDOW = timedelta(minutes=15)


@pytest.mark.parametrize("offset", [-WINDOW, -SECOND, timedelta(), SECOND, WINDOW], ids=str)
def test_a_request_within_15_minutes_is_in_time(offset) -> None:
    check_time(parse(post()), NOW + offset)


def test_an_older_request_is_told_the_limit() -> None:
    with pytest.raises(RequestTimeSkewed) as refused:
        check_time(parse(post()), NOW + WINDOW + SECOND)
    assert str(refused.value) == (
        "Signature expired: 20260504T100000Z is now earlier than 20260504T100001Z (20260504T101501Z - 15 min.)"
    )
    assert (refused.value.requested_at, refused.value.now) == (NOW, NOW + WINDOW + SECOND)


def test_a_request_from_the_future_is_told_the_limit() -> None:
    with pytest.raises(RequestTimeSkewed) as refused:
        check_time(parse(post()), NOW - WINDOW - SECOND)
    assert str(refused.value) == (
        "Signature not yet current: 20260504T100000Z is still later than 20260504T095959Z (20260504T094459Z + 15 min.)"
    )


@pytest.mark.parametrize("offset", [-WINDOW, timedelta(), timedelta(seconds=300)], ids=str)
def test_a_presigned_url_lives_for_its_seconds(offset) -> None:
    check_time(parse(presigned()), NOW + offset)


def test_a_presigned_url_of_a_week_outlives_the_window() -> None:
    check_time(parse(presigned(X_Amz_Expires="604800")), NOW + timedelta(days=7))


def test_an_expired_presigned_url_is_refused_without_the_window() -> None:
    with pytest.raises(PresignedUrlExpired) as refused:
        check_time(parse(presigned()), NOW + timedelta(seconds=300, microseconds=1))
    assert str(refused.value) == "Request has expired"
    assert refused.value.expired_at == NOW + timedelta(seconds=300)


def test_a_presigned_url_of_no_seconds_is_over_in_the_next() -> None:
    with pytest.raises(PresignedUrlExpired):
        check_time(parse(presigned(X_Amz_Expires="0")), NOW + SECOND)


def test_a_presigned_url_from_the_future_is_refused() -> None:
    with pytest.raises(RequestTimeSkewed, match="Signature not yet current"):
        check_time(parse(presigned()), NOW - WINDOW - SECOND)


def test_the_last_second_there_is_overflows_nothing() -> None:
    http = presigned(
        X_Amz_Date="99991231T235959Z",
        X_Amz_Credential="AKIDEXAMPLE/99991231/us-east-1/sts/aws4_request",
        X_Amz_Expires="604800",
    )
    with pytest.raises(RequestTimeSkewed):
        check_time(parse(http), NOW)


def test_the_first_second_there_is_overflows_nothing() -> None:
    moment = datetime(1, 1, 1, tzinfo=UTC)
    scope = STS.__class__(date="00010101", region="us-east-1", service="sts")
    with pytest.raises(RequestTimeSkewed):
        check_time(parse(signed_http(request(), scope, now=moment)), NOW)


@pytest.mark.parametrize(
    ("http", "key", "rules", "body"),
    [
        pytest.param(post(), STS_KEY, SERVICE_RULES, BODY, id="service, header form"),
        pytest.param(presigned(), STS_KEY, SERVICE_RULES, b"", id="service, presigned"),
        pytest.param(get_object(), S3_KEY, S3_RULES, b"", id="S3, header form"),
        pytest.param(presigned(scope=S3), S3_KEY, S3_RULES, b"any body", id="S3, presigned"),
    ],
)
def test_an_honest_request_is_verified(http, key, rules, body) -> None:
    verify(parse(http), key, rules, body_sha256=hashed(body))


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(signing_key("another secret", STS), id="other secret"),
        pytest.param(S3_KEY, id="other scope"),
        pytest.param(b"", id="no key"),
    ],
)
def test_another_key_is_refused(key) -> None:
    with pytest.raises(SignatureMismatch):
        verify(parse(post()), key, SERVICE_RULES, body_sha256=hashed(BODY))


def test_a_service_signs_the_real_body() -> None:
    with pytest.raises(SignatureMismatch):
        verify(parse(post()), STS_KEY, SERVICE_RULES, body_sha256=hashed(BODY + b"&"))


def test_a_payload_hash_that_a_service_was_sent_is_compared_with_the_body() -> None:
    http = signed_http(request("POST"), STS, payload_hash=hashed(BODY), rules=S3_RULES)
    verify(parse(http), STS_KEY, SERVICE_RULES, body_sha256=hashed(BODY))
    with pytest.raises(PayloadHashMismatch):
        verify(parse(http), STS_KEY, SERVICE_RULES, body_sha256=EMPTY)


def test_a_body_other_than_s3_was_told_is_refused() -> None:
    with pytest.raises(PayloadHashMismatch) as refused:
        verify(parse(get_object()), S3_KEY, S3_RULES, body_sha256=hashed(b"other"))
    assert str(refused.value) == "The provided 'x-amz-content-sha256' header does not match what was computed."


def test_who_holds_no_key_does_not_learn_about_the_body() -> None:
    with pytest.raises(SignatureMismatch):
        verify(parse(get_object()), STS_KEY, S3_RULES, body_sha256=hashed(b"other"))


@pytest.mark.parametrize(
    "payload",
    ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"],
)  # fmt: skip
def test_a_payload_that_is_not_hashed_whole_is_not_compared(payload) -> None:
    signed = parse(signed_http(request("PUT", b"/lake/key"), S3, payload_hash=payload))
    verify(signed, S3_KEY, S3_RULES, body_sha256=hashed(b"any body"))
    verify(signed, S3_KEY, S3_RULES, body_sha256=None)


def test_a_presigned_url_never_streams() -> None:
    parameters = presigned_query(
        X_Amz_Credential=f"AKIDEXAMPLE/{S3.text}",
        X_Amz_Content_Sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        X_Amz_Signature="0" * 64,
    )
    with pytest.raises(MalformedSignedRequest, match="STREAMING-UNSIGNED-PAYLOAD-TRAILER is not accepted here"):
        verify(parse(request("PUT", b"/lake/key", encoded(parameters))), S3_KEY, S3_RULES, body_sha256=None)


@pytest.mark.parametrize("payload", ["STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "SOMETHING-NEW"])
def test_a_payload_form_that_is_not_accepted_is_refused_though_signed(payload) -> None:
    signed = parse(signed_http(request("PUT", b"/lake/key"), S3, payload_hash=payload))
    with pytest.raises(MalformedSignedRequest) as refused:
        verify(signed, S3_KEY, S3_RULES, body_sha256=None)
    assert refused.value.kind == "unsupported_payload_hash"


def test_a_service_refuses_an_unsigned_payload() -> None:
    signed = parse(signed_http(request("POST"), STS, payload_hash="UNSIGNED-PAYLOAD", rules=S3_RULES))
    with pytest.raises(MalformedSignedRequest, match="UNSIGNED-PAYLOAD is not accepted here"):
        verify(signed, STS_KEY, SERVICE_RULES, body_sha256=EMPTY)


def test_s3_needs_the_payload_hash_in_the_header_form() -> None:
    signed = parse(signed_http(request(), S3, rules=SERVICE_RULES))
    with pytest.raises(MalformedSignedRequest) as refused:
        verify(signed, S3_KEY, S3_RULES, body_sha256=EMPTY)
    assert str(refused.value) == "Missing required header for this request: x-amz-content-sha256"
    assert refused.value.kind == "missing_payload_hash"


@pytest.mark.parametrize("http", [post(), presigned()], ids=["header form", "presigned"])
def test_a_service_whose_body_is_unseen_needs_the_payload_hash(http) -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        verify(parse(http), STS_KEY, SERVICE_RULES, body_sha256=None)
    assert refused.value.kind == "missing_payload_hash"


def test_an_upper_case_signature_is_refused() -> None:
    http = post()
    head, _, signature = header_of(http, "authorization").rpartition("=")
    with pytest.raises(SignatureMismatch, match="calculated does not match") as refused:
        verify(
            parse(with_headers(http, authorization=f"{head}={signature.upper()}")),
            STS_KEY,
            SERVICE_RULES,
            body_sha256=hashed(BODY),
        )
    assert refused.value.cause == "the signature is not 64 lower-case hexadecimal digits"


@pytest.mark.parametrize("raw", [b"/lake/dt=2024-01-01/a", b"/lake/a:b@c", b"/lake/(1),'x'"])
def test_clients_that_send_raw_and_sign_escapes_are_understood(raw) -> None:
    # The AWS SDK for C++, and so pyarrow: `=` on the wire, `%3D` in the canonical request. `sign` does the same.
    verify(parse(signed_http(request(path=raw), S3)), S3_KEY, S3_RULES, body_sha256=EMPTY)


def test_a_hash_whose_body_is_unseen_is_taken_as_signed() -> None:
    verify(parse(get_object()), S3_KEY, S3_RULES, body_sha256=None)
