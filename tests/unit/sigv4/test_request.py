"""One request, one signature: two of them, or an unreadable target, are refused before anything is looked up."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import (
    AuthenticationError,
    MalformedSignedRequest,
    MissingAuthentication,
    RequestError,
    SignatureMismatch,
)
from gateway.sigv4.request import MAXIMUM_PATH_BYTES, MAXIMUM_QUERY_BYTES, HttpRequest, parse
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES
from gateway.sigv4.verify import verify
from tests.unit.sigv4.made import (
    EMPTY,
    S3,
    S3_KEY,
    also,
    authorization,
    get_object,
    presigned,
    request,
    signed_http,
    with_headers,
)

ONE_MECHANISM = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter "
    "or the Authorization header should be specified"
)


def test_two_authorization_headers_are_refused() -> None:
    http = get_object()
    with pytest.raises(MalformedSignedRequest, match="authorization is given more than once") as refused:
        parse(also(http, "authorization", dict(http.headers)[b"authorization"].decode()))
    assert refused.value.kind == "two_mechanisms"


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(presigned().raw_query, id="a whole presigned URL"),
        pytest.param(b"X-Amz-Algorithm=AWS4-HMAC-SHA256", id="algorithm"),
        pytest.param(b"X-Amz-Credential=a", id="credential"),
        pytest.param(b"X-Amz-Signature=00", id="signature"),
        pytest.param(b"X-Amz-SignedHeaders=host", id="signed headers"),
        pytest.param(b"X-Amz-Expires=1", id="expires"),
        pytest.param(b"AWSAccessKeyId=a&Signature=b&Expires=1", id="SigV2"),
        pytest.param(b"AWSAccessKeyId=a&Signature=b+c", id="SigV2, raw"),
    ],
)
@pytest.mark.parametrize("header", [authorization(), "AWS a:b", "Bearer e30", ""])
def test_a_signature_in_header_and_query_is_refused(query, header) -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        parse(with_headers(request(query=query), authorization=header))
    assert str(refused.value) == ONE_MECHANISM
    assert refused.value.kind == "two_mechanisms"


@pytest.mark.parametrize("query", [b"X-Amz-Security-Token=t", b"X-Amz-Date=20260504T100000Z"])
def test_a_token_or_date_in_the_query_of_the_header_form_is_refused(query) -> None:
    http = signed_http(request(query=query))
    with pytest.raises(MalformedSignedRequest, match="not query parameters") as refused:
        parse(http)
    assert refused.value.kind == "two_mechanisms"


def test_a_signature_parameter_of_an_application_is_none_of_ours() -> None:
    assert parse(signed_http(request(query=b"Signature=mine"))).canonical_queries == (b"Signature=mine",)


@pytest.mark.parametrize("method", ["", "GET\nX", "GET /", "G" * 33, "GÉT", "1GET"])
def test_a_method_that_is_none_is_refused(method) -> None:
    with pytest.raises(MalformedSignedRequest, match="method"):
        parse(replace(get_object(), method=method))


@pytest.mark.parametrize("path", [b"*", b"host.example.com:443", b"https://host.example.com/", b"a/b"])
def test_a_target_that_is_no_path_is_refused(path) -> None:
    with pytest.raises(MalformedSignedRequest, match="must begin with '/'"):
        parse(replace(get_object(), raw_path=path))


@pytest.mark.parametrize("part", ["raw_path", "raw_query"])
@pytest.mark.parametrize("control", [b"\n", b"\r", b"\x00", b"\t", b"\x7f"])
def test_control_characters_in_the_target_are_refused(part, control) -> None:
    with pytest.raises(MalformedSignedRequest, match="control characters"):
        parse(replace(get_object(), **{part: b"/a" + control + b"b"}))


def test_the_target_is_bounded() -> None:
    longest = request(path=b"/" + b"a" * (MAXIMUM_PATH_BYTES - 1), query=b"a" * MAXIMUM_QUERY_BYTES)
    parse(signed_http(longest))
    for longer in (
        replace(longest, raw_path=longest.raw_path + b"a"),
        replace(longest, raw_query=longest.raw_query + b"a"),
    ):
        with pytest.raises(MalformedSignedRequest, match="too long"):
            parse(signed_http(longer))


PAYLOADS = [
    EMPTY,
    "UNSIGNED-PAYLOAD",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
    "SOMETHING-NEW",
]
GARBAGE = "0" * 64
FORGED = {
    "neither": lambda: request("PUT", b"/lake/key"),
    "header, garbage signature": lambda: with_headers(
        request("PUT", b"/lake/key"),
        authorization=authorization(
            credential=f"ASIAQNZGKIQY56JQ7WML/{S3.text}",
            signed_headers="host;x-amz-content-sha256;x-amz-date",
            signature=GARBAGE,
        ),
        x_amz_date="20260504T100000Z",
    ),
    "header, no signature": lambda: with_headers(
        request("PUT", b"/lake/key"),
        authorization=f"AWS4-HMAC-SHA256 Credential=ASIAQNZGKIQY56JQ7WML/{S3.text}, SignedHeaders=host",
        x_amz_date="20260504T100000Z",
    ),
    "query, garbage signature": lambda: replace(
        presigned(request("PUT", b"/lake/key"), S3),
        raw_query=presigned(request("PUT", b"/lake/key"), S3).raw_query[:-64] + GARBAGE.encode(),
    ),
    "query, no signature": lambda: replace(
        presigned(request("PUT", b"/lake/key"), S3),
        raw_query=presigned(request("PUT", b"/lake/key"), S3).raw_query.rpartition(b"&")[0],
    ),
    "query, key id only": lambda: request("PUT", b"/lake/key", b"X-Amz-Credential=ASIAQNZGKIQY56JQ7WML%2F20260504"),
    "both": lambda: with_headers(presigned(request("PUT", b"/lake/key"), S3), authorization=authorization()),
}


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("place", FORGED)
@pytest.mark.parametrize("body", [EMPTY, None], ids=["body seen", "body unseen"])
def test_no_payload_form_lets_a_request_by_without_a_checked_signature(payload, place, body) -> None:
    http = with_headers(FORGED[place](), x_amz_content_sha256=payload)
    with pytest.raises((MalformedSignedRequest, MissingAuthentication, SignatureMismatch)):
        verify(parse(http), S3_KEY, S3_RULES, body_sha256=body)


BYTES = st.binary(max_size=60)
NAMES = st.sampled_from(
    (
        b"host",
        b"authorization",
        b"x-amz-date",
        b"date",
        b"x-amz-security-token",
        b"x-amz-content-sha256",
        b"x-amz-acl",
        b"a",
        b"A",
        b"",
    )
)
AUTHORIZATIONS = st.lists(
    st.sampled_from(
        (
            "AWS4-HMAC-SHA256",
            " ",
            ",",
            "Credential=",
            "a/20260504/r/s/aws4_request",
            "/",
            "SignedHeaders=",
            "host",
            ";",
            "x-amz-date",
            "Signature=",
            "0" * 64,
            "é",
            "=",
        )
    ),
    max_size=12,
).map(lambda parts: "".join(parts).encode("latin-1"))
QUERIES = st.lists(
    st.sampled_from(
        (
            b"X-Amz-Algorithm=AWS4-HMAC-SHA256",
            b"X-Amz-Credential=a%2F20260504%2Fr%2Fs%2Faws4_request",
            b"X-Amz-Date=20260504T100000Z",
            b"X-Amz-Expires=1",
            b"X-Amz-SignedHeaders=host",
            b"X-Amz-Signature=0",
            b"%",
            b"X-Amz-Expires=%FF",
            b"X-Amz-Content-Sha256=%00",
        )
    ),
    max_size=9,
).map(b"&".join)


@given(
    method=st.text(max_size=6),
    path=BYTES.map(lambda tail: b"/" + tail),
    query=st.one_of(BYTES, QUERIES),
    headers=st.lists(
        st.one_of(
            st.tuples(NAMES, BYTES),
            st.tuples(st.just(b"authorization"), AUTHORIZATIONS),
            st.just((b"x-amz-date", b"20260504T100000Z")),
        ),
        max_size=6,
    ),
)
def test_whatever_comes_is_read_or_refused_with_an_error_of_ours(method, path, query, headers) -> None:
    http = HttpRequest(method=method or "GET", raw_path=path, raw_query=query, headers=tuple(headers))
    try:
        signed = parse(http)
        verify(signed, S3_KEY, SERVICE_RULES, body_sha256=EMPTY)
    except (AuthenticationError, RequestError):
        return
    raise AssertionError("nobody signed this")
