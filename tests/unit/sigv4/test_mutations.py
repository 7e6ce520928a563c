"""Any one change of what was signed is refused: method, path, query, header, body, token, signature, date, scope."""

import re
from dataclasses import replace
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.domain.errors import GatewayError, PayloadHashMismatch, SignatureMismatch
from gateway.sigv4.request import HttpRequest, parse
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES, SigningRules
from gateway.sigv4.verify import verify
from tests.unit.sigv4.made import (
    BODY,
    EMPTY,
    KEY_ID,
    S3,
    S3_KEY,
    STS_KEY,
    TOKEN,
    get_object,
    hashed,
    header_of,
    post,
    presigned,
    request,
    with_headers,
)

PRESIGNED = presigned(request("PUT", b"/lake/team%20a/part-1.parquet", b"versionId=3&x-id=PutObject"), S3)


def refused(http: HttpRequest, key: bytes, rules: SigningRules, body: str | None) -> GatewayError:
    with pytest.raises(GatewayError) as raised:
        verify(parse(http), key, rules, body_sha256=body)
    return raised.value


OBJECT_CHANGES = {
    "method": lambda http: replace(http, method="DELETE"),
    "method's case": lambda http: replace(http, method="get"),
    "path": lambda http: replace(http, raw_path=b"/lake/team%20a/part-2.parquet"),
    "path, a slash more": lambda http: replace(http, raw_path=b"/lake//team%20a/part-1.parquet"),
    "path, a dot segment": lambda http: replace(http, raw_path=b"/lake/./team%20a/part-1.parquet"),
    "path, an escaped dot segment": lambda http: replace(http, raw_path=b"/lake/x/%2e%2e/team%20a/part-1.parquet"),
    "path, an escaped slash": lambda http: replace(http, raw_path=b"/lake%2Fteam%20a/part-1.parquet"),
    "path, a needless escape": lambda http: replace(http, raw_path=b"/lake/team%20a/p%61rt-1.parquet"),
    "path, plus for a blank": lambda http: replace(http, raw_path=b"/lake/team+a/part-1.parquet"),
    "path, a final slash": lambda http: replace(http, raw_path=http.raw_path + b"/"),
    "query value": lambda http: replace(http, raw_query=b"versionId=4&x-id=GetObject"),
    "query name's case": lambda http: replace(http, raw_query=b"versionid=3&x-id=GetObject"),
    "query, one more": lambda http: replace(http, raw_query=http.raw_query + b"&acl"),
    "query, one more that is empty": lambda http: replace(http, raw_query=http.raw_query + b"&"),
    "query, one twice": lambda http: replace(http, raw_query=http.raw_query + b"&versionId=3"),
    "query, one less": lambda http: replace(http, raw_query=b"versionId=3"),
    "query, all gone": lambda http: replace(http, raw_query=b""),
    "query, semicolon": lambda http: replace(http, raw_query=b"versionId=3;x-id=GetObject"),
    "query, a needless escape": lambda http: replace(http, raw_query=b"versionId=%33&x-id=GetObject"),
    "host": lambda http: with_headers(http, host="other.example.com"),
    "host's case": lambda http: with_headers(http, host="STS.example.com"),
    "date, within the day": lambda http: with_headers(http, x_amz_date="20260504T100001Z"),
    "payload hash": lambda http: with_headers(http, x_amz_content_sha256="UNSIGNED-PAYLOAD"),
    "token": lambda http: with_headers(http, x_amz_security_token=TOKEN[:-1] + "x"),
}


@pytest.mark.parametrize("change", OBJECT_CHANGES)
def test_a_changed_s3_request_is_refused(change) -> None:
    http = get_object()
    verify(parse(http), S3_KEY, S3_RULES, body_sha256=EMPTY)
    assert isinstance(refused(OBJECT_CHANGES[change](http), S3_KEY, S3_RULES, EMPTY), SignatureMismatch)


@pytest.mark.parametrize(
    "change", [name for name in OBJECT_CHANGES if name.startswith(("path", "query", "method", "host"))]
)
def test_a_changed_presigned_url_is_refused(change) -> None:
    authentication = PRESIGNED.raw_query.partition(b"&X-Amz-Algorithm")[2]
    verify(parse(PRESIGNED), S3_KEY, S3_RULES, body_sha256=None)
    changed = OBJECT_CHANGES[change](replace(PRESIGNED, raw_query=b"versionId=3&x-id=PutObject"))
    query = changed.raw_query.replace(b"GetObject", b"PutObject") + b"&X-Amz-Algorithm" + authentication
    changed = replace(changed, raw_query=query)
    assert changed != PRESIGNED
    assert isinstance(refused(changed, S3_KEY, S3_RULES, None), SignatureMismatch)


CREDENTIAL = f"{KEY_ID}/20260504/us-east-1/sts/aws4_request"
POST_CHANGES = {
    "credential's region": (CREDENTIAL, CREDENTIAL.replace("us-east-1", "us-east-2")),
    "credential's service": (CREDENTIAL, CREDENTIAL.replace("/sts/", "/s3/")),
    "credential's date": (CREDENTIAL, CREDENTIAL.replace("20260504", "20260503")),
    "credential's terminator": (CREDENTIAL, CREDENTIAL.replace("aws4", "aws5")),
    "signed headers, one less": ("content-type;", ""),
    "signed headers, without the host": (";host;", ";"),
    "signed headers, without the date": (";x-amz-date;", ";"),
    "signed headers, without the token": (";x-amz-security-token", ""),
    "signed headers, one that is absent": ("content-type;", "accept;content-type;"),
    "scheme": ("AWS4-HMAC-SHA256 ", "AWS4-ECDSA-P256-SHA256 "),
}


@pytest.mark.parametrize("change", POST_CHANGES)
def test_a_changed_authorization_header_is_refused(change) -> None:
    before = header_of(post(), "authorization")
    after = before.replace(*POST_CHANGES[change])
    assert after != before
    assert refused(with_headers(post(), authorization=after), STS_KEY, SERVICE_RULES, hashed(BODY))


@pytest.mark.parametrize("position", range(64))
def test_a_signature_with_one_digit_changed_is_refused(position) -> None:
    before = header_of(post(), "authorization")
    at = len(before) - 64 + position
    digit = "0" if before[at] != "0" else "1"
    after = before[:at] + digit + before[at + 1 :]
    error = refused(with_headers(post(), authorization=after), STS_KEY, SERVICE_RULES, hashed(BODY))
    assert isinstance(error, SignatureMismatch)


def test_a_token_taken_away_is_refused() -> None:
    error = refused(with_headers(post(), x_amz_security_token=None), STS_KEY, SERVICE_RULES, hashed(BODY))
    assert "'x-amz-security-token' is named as a SignedHeader" in str(error)


def test_a_token_added_after_signing_is_refused() -> None:
    bare = presigned(request(), X_Amz_Security_Token=None)
    verify(parse(bare), STS_KEY, SERVICE_RULES, body_sha256=EMPTY)
    added = replace(bare, raw_query=bare.raw_query + b"&X-Amz-Security-Token=" + TOKEN.encode())
    assert isinstance(refused(added, STS_KEY, SERVICE_RULES, EMPTY), SignatureMismatch)


def test_a_life_prolonged_is_refused() -> None:
    longer = replace(PRESIGNED, raw_query=PRESIGNED.raw_query.replace(b"X-Amz-Expires=300", b"X-Amz-Expires=3000"))
    assert isinstance(refused(longer, S3_KEY, S3_RULES, None), SignatureMismatch)


def test_a_header_signed_into_a_url_cannot_be_changed() -> None:
    http = presigned(request("PUT", b"/lake/a", content_type="text/plain"), S3, X_Amz_SignedHeaders="content-type;host")
    verify(parse(http), S3_KEY, S3_RULES, body_sha256=None)
    assert isinstance(refused(with_headers(http, content_type="text/html"), S3_KEY, S3_RULES, None), SignatureMismatch)


def test_a_header_split_in_two_has_one_reading_or_none() -> None:
    http = get_object()
    split = replace(
        http,
        headers=(*(pair for pair in http.headers if pair[0] != b"host"), (b"host", b"sts.example"), (b"host", b"com")),
    )
    assert "host is given more than once" in str(refused(split, S3_KEY, S3_RULES, EMPTY))


def _meaning(query: bytes) -> list[tuple[bytes, bytes]]:
    pairs = (part.partition(b"=") for part in query.split(b"&"))
    return sorted(
        (unquote_to_bytes(key.replace(b"+", b" ")), unquote_to_bytes(value.replace(b"+", b" ")))
        for key, _, value in pairs
    )


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_byte_changed_anywhere_is_refused_or_means_the_same(data) -> None:
    http = get_object()
    part = data.draw(st.sampled_from(("raw_path", "raw_query")))
    before = getattr(http, part)
    at = data.draw(st.integers(0, len(before) - 1))
    after = before[:at] + bytes((data.draw(st.integers(0, 255)),)) + before[at + 1 :]
    assume(after != before)
    assume(part != "raw_query" or _meaning(after) != _meaning(before))
    assert refused(replace(http, **{part: after}), S3_KEY, S3_RULES, EMPTY)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_byte_changed_in_a_signed_header_is_refused(data) -> None:
    http = get_object()
    index = data.draw(st.integers(0, len(http.headers) - 1))
    name, value = http.headers[index]
    at = data.draw(st.integers(0, len(value) - 1))
    other = value[:at] + bytes((data.draw(st.integers(0, 255)),)) + value[at + 1 :]
    assume(other.strip() != value)
    headers = (*http.headers[:index], (name, other), *http.headers[index + 1 :])
    changed = replace(http, headers=headers)
    if name == b"authorization" and _signed_parts(other) == _signed_parts(value):
        # Blanks between parameters mean nothing. The key id is not signed: it chooses the secret, and another's differs.
        return
    assert refused(changed, S3_KEY, S3_RULES, EMPTY)


def _signed_parts(authorization: bytes) -> list[bytes]:
    parts = [part.strip(b" \t") for part in authorization.split(b",")]
    return [re.sub(rb"Credential=[!-+\-.0-~]+?/", b"Credential=", part) for part in parts]


@given(body=st.binary(max_size=40))
def test_any_other_body_is_refused(body) -> None:
    assume(body not in (BODY, b""))
    assert isinstance(refused(post(), STS_KEY, SERVICE_RULES, hashed(body)), SignatureMismatch)
    assert isinstance(refused(get_object(), S3_KEY, S3_RULES, hashed(body)), PayloadHashMismatch)
