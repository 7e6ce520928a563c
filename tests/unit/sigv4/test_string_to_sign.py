"""The string to sign, shown by one server to another together with its signature."""

import pytest

from gateway.domain.errors import MalformedSignedRequest, ScopeMismatch, SignatureMismatch, UnsupportedSignature
from gateway.sigv4.request import parse
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES
from gateway.sigv4.string_to_sign import (
    StringToSign,
    check_signature,
    read_string_to_sign,
    signature_of,
    strings_to_sign,
)
from tests.unit.sigv4.made import (
    BODY,
    EMPTY,
    NOW,
    S3,
    S3_KEY,
    STS,
    STS_KEY,
    get_object,
    hashed,
    post,
    request,
    signed_http,
)

TEXT = f"AWS4-HMAC-SHA256\n20260504T100000Z\n{STS.text}\n{EMPTY}"


def test_what_a_signed_request_shows_is_verified_by_whoever_holds_the_key() -> None:
    signed = parse(post())
    (shown,) = strings_to_sign(signed, SERVICE_RULES, body_sha256=hashed(BODY))
    read = read_string_to_sign(shown)
    assert (read.scope, read.timestamp) == (STS, NOW)
    check_signature([shown], signed.signature, STS_KEY)


def test_a_string_is_written_as_it_was_read() -> None:
    read = read_string_to_sign(TEXT)
    assert read == StringToSign(timestamp=NOW, scope=STS, request_hash=EMPTY)
    assert read.text == TEXT


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(TEXT + "\n", id="line break at the end"),
        pytest.param(TEXT.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(TEXT.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), id="other algorithm"),
        pytest.param(TEXT.replace("20260504T100000Z", "20261304T100000Z"), id="no such time"),
        pytest.param(TEXT.replace("sts/", "sts/sts/"), id="scope of five"),
        pytest.param(TEXT.upper(), id="upper case"),
        pytest.param(TEXT + "0", id="longer hash"),
        pytest.param("x" * 1_000_000, id="endless"),
    ],
)
def test_a_string_of_another_shape_is_refused(text) -> None:
    with pytest.raises(MalformedSignedRequest):
        read_string_to_sign(text)


def test_a_string_of_sigv4a_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedSignature) as refused:
        read_string_to_sign(f"AWS4-ECDSA-P256-SHA256\n20260504T100000Z\n20260504/sts/aws4_request\n{EMPTY}")
    assert refused.value.scheme == "AWS4-ECDSA-P256-SHA256"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        pytest.param(TEXT.replace("20260504/", "20260503/"), "date", id="other day"),
        pytest.param(TEXT.replace("aws4_request", "aws5_request"), "terminator", id="terminator"),
    ],
)
def test_a_scope_that_contradicts_the_string_is_refused(text, part) -> None:
    with pytest.raises(ScopeMismatch) as refused:
        read_string_to_sign(text)
    assert refused.value.part == part


def test_a_signature_is_lower_case_hex_of_an_hmac() -> None:
    assert signature_of("", b"") == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(str.upper, id="upper case"),
        pytest.param(lambda signature: signature[:-1], id="shorter"),
        pytest.param(lambda signature: signature + "0", id="longer"),
        pytest.param(lambda signature: signature + "\n", id="line break"),
        pytest.param(lambda signature: "", id="empty"),
        pytest.param(lambda signature: "é" + signature[1:], id="outside ASCII"),
    ],
)
def test_a_signature_of_another_form_is_refused_as_such(change) -> None:
    with pytest.raises(SignatureMismatch) as refused:
        check_signature([TEXT], change(signature_of(TEXT, STS_KEY)), STS_KEY)
    assert refused.value.cause == "the signature is not 64 lower-case hexadecimal digits"


def test_another_signature_is_refused() -> None:
    with pytest.raises(SignatureMismatch) as refused:
        check_signature([TEXT], signature_of(TEXT, S3_KEY), STS_KEY)
    assert refused.value.cause == "the signature differs from the computed one"


def test_the_likeliest_string_comes_first_and_a_second_where_characters_were_sent_raw() -> None:
    written = parse(signed_http(request(path=b"/lake/dt%3D1", query=b"a=%2F"), S3))
    assert len(strings_to_sign(written, S3_RULES, body_sha256=None)) == 1
    raw = parse(signed_http(request(path=b"/lake/dt=1", query=b"a=/"), S3))
    strings = strings_to_sign(raw, S3_RULES, body_sha256=None)
    assert len(strings) == 2
    assert strings[0] == strings_to_sign(written, S3_RULES, body_sha256=None)[0]


def test_a_string_of_nothing_is_refused() -> None:
    with pytest.raises(SignatureMismatch):
        check_signature([], signature_of(TEXT, STS_KEY), STS_KEY)


def test_s3_strings_need_no_body() -> None:
    signed = parse(get_object())
    assert strings_to_sign(signed, S3_RULES, body_sha256=None) == strings_to_sign(signed, S3_RULES, body_sha256=EMPTY)
