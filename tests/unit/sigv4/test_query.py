"""Queries of signed requests: sorted as signers sort them, and no authentication parameter in two readings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import MalformedSignedRequest
from gateway.sigv4.query import read_query


@pytest.mark.parametrize(
    ("raw", "forms"),
    [
        pytest.param(b"", (b"",), id="none"),
        pytest.param(b"b=2&a=1", (b"a=1&b=2",), id="sorted by name"),
        pytest.param(b"a=2&a=1&a=", (b"a=&a=1&a=2",), id="repeated, sorted by value"),
        pytest.param(b"a-=1&a=2", (b"a=2&a-=1",), id="by name, not by text"),
        pytest.param(b"a=1&B=2", (b"B=2&a=1",), id="upper case first"),
        pytest.param(b"acl", (b"acl=",), id="no equals sign"),
        pytest.param(b"a&a=", (b"a=&a=",), id="with and without"),
        pytest.param(b"a=1&&b=2", (b"=&a=1&b=2",), id="empty part"),
        pytest.param(b"=v", (b"=v",), id="empty name"),
        pytest.param(b"a=b=c", (b"a=b%3Dc", b"a=b=c"), id="equals sign in a value"),
        pytest.param(b"a=b+c", (b"a=b%20c", b"a=b+c"), id="plus"),
        pytest.param(b"a;b=1", (b"a%3Bb=1", b"a;b=1"), id="a semicolon parts nothing"),
        pytest.param(b"a=%2f&a=%2F", (b"a=%2F&a=%2f",), id="escapes stay as sent"),
        pytest.param(b"X-Amz-Signature=00&a=1", (b"a=1",), id="without the signature"),
        pytest.param(b"a=/&X-Amz-Signature=00", (b"a=%2F", b"a=/"), id="without the signature, both forms"),
    ],
)
def test_canonical_queries(raw, forms) -> None:
    assert read_query(raw).forms == forms


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"X-Amz-Date=1&X-Amz-Date=1", id="twice"),
        pytest.param(b"X-Amz-Date=1&x-amz-date=2", id="twice in two cases"),
        pytest.param(b"X-Amz-Date=1&X-Am%7A-Date=2", id="twice, once escaped"),
        pytest.param(b"%58-Amz-Date=1&X-Amz-Date=2", id="twice, once escaped at the front"),
        pytest.param(b"x-amz-acl=private&X-Amz-Acl=public-read", id="any parameter of that prefix"),
        pytest.param(b"x%2Damz%2Dacl=private&x-amz-acl=public-read", id="prefix escaped"),
        pytest.param(b"x-amz-signature=00", id="signature in lower case"),
        pytest.param(b"X-Amz-Sign%61ture=00", id="signature escaped"),
        pytest.param(b"x-amz-security-token=t", id="token in lower case"),
        pytest.param(b"x-amz-content-sha256=UNSIGNED-PAYLOAD", id="payload hash in lower case"),
        pytest.param(b"X-AMZ-CREDENTIAL=t", id="credential in upper case"),
    ],
)
def test_amz_parameters_have_one_reading(raw) -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        read_query(raw)
    assert refused.value.kind == "query"


def test_parameters_are_decoded() -> None:
    query = read_query(b"X-Amz-Credential=AKID%2F20260504&X-Amz-SignedHeaders=host%3Bdate")
    assert query.text(b"X-Amz-Credential") == "AKID/20260504"
    assert query.text(b"X-Amz-SignedHeaders") == "host;date"
    assert query.text(b"X-Amz-Date") is None


@pytest.mark.parametrize(
    ("escaped", "text"), [(b"a%2Bb%3D%2F", "a+b=/"), (b"a%252Fb", "a%2Fb"), (b"%253Bx", "%3Bx"), (b"a+b", "a b")]
)
def test_a_parameter_is_decoded_once(escaped, text) -> None:
    assert read_query(b"X-Amz-Security-Token=" + escaped).text(b"X-Amz-Security-Token") == text


def test_a_query_does_not_show_its_values() -> None:
    assert "sesame" not in repr(read_query(b"X-Amz-Security-Token=sesame"))


@given(
    st.lists(st.tuples(st.sampled_from(("a", "b", "a-", "a%20")), st.sampled_from(("", "1", "2"))), max_size=6),
    st.randoms(),
)
def test_order_does_not_count(pairs, random) -> None:
    parts = [f"{key}={value}".encode() for key, value in pairs]
    shuffled = list(parts)
    random.shuffle(shuffled)
    assert read_query(b"&".join(parts)) == read_query(b"&".join(shuffled))
