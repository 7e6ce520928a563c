"""Queries are read strictly: one meaning, each parameter once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.actions.request_target import MOST_PARAMETERS, read_query
from gateway.domain.errors import GatewayError
from tests.unit.actions.asking import asked, refused, told


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"", {}),
        (b"acl", {"acl": ""}),
        (b"acl=", {"acl": ""}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1&&b=2&", {"a": "1", "b": "2"}),
        (b"prefix=a%2Fb%20%2B%3D", {"prefix": "a/b +="}),
        (b"token=a==", {"token": "a=="}),
        (b"%61cl", {"acl": ""}),
        (b"prefix=/?:@", {"prefix": "/?:@"}),
    ],
)
def test_a_query_is_read(query: bytes, expected: dict[str, str]) -> None:
    assert read_query(query) == expected


@pytest.mark.parametrize(
    "query",
    [
        b"a=1&a=2",
        b"acl&acl",
        b"acl&%61cl",
        b"=1",
        b"a=1&=",
        b"prefix=a+b",
        b"a=1;b=2",
        b"prefix=%ff",
        b"prefix=%00",
        b"prefix=a%0ab",
        b"prefix=%zz",
        b"prefix=%2",
        b"prefix=a b",
        b"prefix=a#b",
        "prefix=ü".encode(),
        b"&".join(b"k%d=v" % number for number in range(MOST_PARAMETERS + 1)),
    ],
)
def test_a_query_that_could_be_read_in_two_ways_is_refused(query: bytes) -> None:
    assert refused("GET", f"/lake?{query.decode('latin-1')}")
    with pytest.raises(GatewayError):
        read_query(query)


@given(st.binary(max_size=80))
def test_any_query_is_read_or_refused(query: bytes) -> None:
    try:
        parameters = read_query(query)
    except GatewayError:
        return
    assert "" not in parameters


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/lake", {}),
        ("/lake?prefix=", {"s3:prefix": ""}),
        (
            "/lake?list-type=2&prefix=a%2Fb&delimiter=%2F&max-keys=10",
            {"s3:prefix": "a/b", "s3:delimiter": "/", "s3:max-keys": "10"},
        ),
        ("/lake?versions&prefix=a&max-keys=0", {"s3:prefix": "a", "s3:max-keys": "0"}),
        ("/lake?uploads&prefix=a&delimiter=%2F", {}),
        ("/?prefix=a", {}),
    ],
)
def test_what_is_listed_is_told_in_condition_keys(target: str, expected: dict[str, str]) -> None:
    (action,) = asked("GET", target)

    names = ("s3:prefix", "s3:delimiter", "s3:max-keys")
    assert {name: action.context[name] for name in names if name in action.context} == expected


@pytest.mark.parametrize("count", ["-1", "1e3", "ten", "", "0x10", "99999999999", "%D9%A3"])
def test_a_count_that_is_not_plain_digits_is_refused(count: str) -> None:
    assert "max-keys" in refused("GET", f"/lake?max-keys={count}")


def test_the_account_of_an_entry_owns_its_buckets() -> None:
    from dataclasses import replace

    from tests.unit.actions.asking import LAKE

    (action,) = asked("GET", "/lake/key", service=replace(LAKE, account="111122223333"))

    assert action.context["s3:ResourceAccount"] == action.context["aws:ResourceAccount"] == "111122223333"
    assert "s3:ResourceAccount" not in asked("GET", "/lake/key")[0].context


def test_a_listing_is_judged_on_the_bucket() -> None:
    assert told(asked("GET", "/lake/?list-type=2")) == ["s3:ListBucket arn:aws:s3:::lake"]
