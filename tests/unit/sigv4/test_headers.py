"""Headers of signed requests: joined, trimmed, and none that counts left unsigned."""

import pytest

from gateway.domain.errors import MalformedSignedRequest
from gateway.sigv4.headers import (
    MAXIMUM_HEADER_BYTES,
    MAXIMUM_HEADERS,
    covered_headers,
    read_headers,
    read_signed_headers,
)


@pytest.mark.parametrize(
    ("sent", "line"),
    [
        pytest.param([b"value1"], b"a:value1\n", id="plain"),
        pytest.param([b"  a   b \t c  "], b"a:a b c\n", id="blanks and tabs become one"),
        pytest.param([b'" a   b "'], b'a:" a b "\n', id="in quotes too"),
        pytest.param([b""], b"a:\n", id="empty"),
        pytest.param([b"b", b"a", b"b"], b"a:b,a,b\n", id="repeated, in order"),
        pytest.param([b" b ", b"", b"a  a"], b"a:b,,a a\n", id="each trimmed"),
        pytest.param([b"value1, value2"], b"a:value1, value2\n", id="a list stays as sent"),
        pytest.param(
            [b"value1 value2     value3"], b"a:value1 value2 value3\n", id="a folded line, unfolded by the server"
        ),
        pytest.param([b"\xc3\xa9\xa0"], b"a:\xc3\xa9\xa0\n", id="bytes outside ASCII stay"),
    ],
)
def test_a_signed_header_is_one_line(sent, line) -> None:
    fields = read_headers([(b"host", b"h"), *((b"a", value) for value in sent)])
    assert covered_headers(fields, "a;host") == line + b"host:h\n"


@pytest.mark.parametrize("name", ["authorization", "host", "date", "content-type", "content-length", "content-md5", "range", "transfer-encoding", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "x-amz-target", "x-amz-copy-source", "x-amz-acl"])  # fmt: skip
def test_a_header_of_which_one_counts_is_refused_twice(name) -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        read_headers([(name.encode(), b"same"), (b"host2", b"h"), (name.encode(), b"same")])
    assert str(refused.value) == f"The header {name} is given more than once"
    assert refused.value.kind == ("two_mechanisms" if name == "authorization" else "header")


@pytest.mark.parametrize(
    "name", ["x-amz-meta-note", "x-amz-object-attributes", "x-amz-optional-object-attributes", "accept"]
)
def test_a_header_that_is_a_list_may_be_repeated(name) -> None:
    assert read_headers([(name.encode(), b"a"), (name.encode(), b"b")]) == {name.encode(): b"a,b"}


@pytest.mark.parametrize("value", [b"a\nx-amz-acl:public-read", b"a\r\nb", b"a\x00", b"\x1b[31m", b"a\x7f", b"a\x0bb"])
def test_control_characters_are_refused(value) -> None:
    with pytest.raises(MalformedSignedRequest, match="control characters"):
        read_headers([(b"host", b"h"), (b"a", value)])


@pytest.mark.parametrize("name", [b"X-Amz-Acl", b"x amz", b"a:b", b"a\nb", b"\xc3\xa9"])
def test_a_name_that_is_not_a_lower_case_one_is_refused(name) -> None:
    with pytest.raises(MalformedSignedRequest, match="name is not a lower-case one"):
        read_headers([(name, b"v")])


def test_headers_are_bounded_in_number() -> None:
    read_headers([(b"h%d" % number, b"") for number in range(MAXIMUM_HEADERS)])
    with pytest.raises(MalformedSignedRequest, match="more than 200 headers"):
        read_headers([(b"h%d" % number, b"") for number in range(MAXIMUM_HEADERS + 1)])


def test_headers_are_bounded_in_length() -> None:
    read_headers([(b"a", b"x" * MAXIMUM_HEADER_BYTES)])
    with pytest.raises(MalformedSignedRequest, match="longer than 65536 bytes"):
        read_headers([(b"a", b"x" * MAXIMUM_HEADER_BYTES), (b"b", b"x")])


@pytest.mark.parametrize("text", ["x-amz-date;host", "host;host", "a;host;a"])
def test_signed_headers_are_sorted_each_once(text) -> None:
    with pytest.raises(MalformedSignedRequest, match="sorted, each name once") as refused:
        read_signed_headers(text, kind="query")
    assert refused.value.kind == "query"


def test_host_must_be_signed() -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        covered_headers({b"host": b"h", b"x-amz-date": b"d"}, "x-amz-date")
    assert str(refused.value) == "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    assert refused.value.kind == "unsigned_headers"


def test_every_amz_header_must_be_signed() -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        covered_headers({b"host": b"h", b"x-amz-tagging": b"a=b", b"x-amz-acl": b"private"}, "host")
    assert str(refused.value) == (
        "There were headers present in the request which were not signed: x-amz-acl, x-amz-tagging"
    )
    assert refused.value.kind == "unsigned_headers"


def test_other_headers_need_no_signature() -> None:
    fields = {b"host": b"h", b"x-amzn-trace-id": b"t", b"user-agent": b"u", b"x-forwarded-for": b"f"}
    assert covered_headers(fields, "host") == b"host:h\n"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("x-amz-date", "x-amz-date"), ("HOST", "(unreadable)"), ("", "(unreadable)"), ("é", "(unreadable)")],
)
def test_a_signed_header_must_be_there(name, shown) -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        covered_headers({b"host": b"h"}, f"host;{name}")
    assert str(refused.value) == f"'{shown}' is named as a SignedHeader, but it does not exist in the HTTP request"
    assert refused.value.kind == "header"
