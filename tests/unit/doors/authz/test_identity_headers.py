"""The headers that tell who signed."""

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import ProxyRefused
from gateway.domain.principal import Principal, PrincipalType
from gateway.doors.authz.identity_headers import LARGEST, identity_headers
from gateway.exchange.authorization import Authorization


def authorization(tags: dict[str, str] | None = None, **principal: Any) -> Authorization:
    who = Principal(
        **{
            "type": PrincipalType.ASSUMED_ROLE,
            "arn": "arn:aws:sts::1:assumed-role/R/alice",
            "identity_arn": "arn:aws:iam::1:role/R",
            "account": "1",
            "unique_id": "A:alice",
            "access_key_id": "ASIA",
            "session_name": "alice",
            **principal,
        }
    )
    return Authorization(principal=who, actions=(), decisions=(), tags=tags or {})


def test_what_is_not_known_is_not_said() -> None:
    assert dict(identity_headers(authorization(session_name=None))) == {
        b"x-gateway-principal": b"arn:aws:sts::1:assumed-role/R/alice",
        b"x-gateway-account": b"1",
    }


def test_the_source_identity_is_said() -> None:
    assert dict(identity_headers(authorization(source_identity="bob")))[b"x-gateway-source-identity"] == b"bob"


def test_tags_that_differ_by_an_underscore_have_unlike_headers() -> None:
    """WSGI servers read `_` and `-` alike."""
    headers = dict(identity_headers(authorization({"a_b": "1", "a-b": "2", "a b": "3", "a%b": "4"})))

    assert {name: value for name, value in headers.items() if b"tag" in name} == {
        b"x-gateway-tag-a%5fb": b"1",
        b"x-gateway-tag-a-b": b"2",
        b"x-gateway-tag-a%20b": b"3",
        b"x-gateway-tag-a%25b": b"4",
    }


@given(st.text(max_size=60))
def test_a_value_is_printable_and_reads_back(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    value = dict(identity_headers(authorization({"t": text})))[b"x-gateway-tag-t"]

    assert value.decode("ascii").isprintable()
    assert value == value.strip()
    assert unquote(value.decode()) == text


def test_more_than_proxies_hold_is_refused_and_never_cut() -> None:
    tags = {f"t{number}": "x" * 256 for number in range(50)}

    with pytest.raises(ProxyRefused) as refused:
        identity_headers(authorization(tags))
    assert refused.value.cause.endswith(f"at most {LARGEST}: give shorter tags")
