"""RoleSessionName made from a user name: always in AWS's grammar, and never shared by two people."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.exchange.session_name import session_name_of

GRAMMAR = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)

ROWS = {
    "plain": ("alice", "alice"),
    "address": ("alice@example.com", "alice@example.com"),
    "blank": ("Alice Smith", "Alice=20Smith"),
    "equals sign": ("a=b", "a=3Db"),
    "slash and colon": ("system:serviceaccount:etl/x", "system=3Aserviceaccount=3Aetl=2Fx"),
    "letters outside ASCII": ("Zoë", "Zo=C3=AB"),
    "one character": ("a", "a--"),
    "one byte that is escaped": (":", "=3A"),
    "a name like a filled one": ("a--", "a-=2D"),
    "two characters": ("--", "--"),
    "as long as may be": ("x" * 64, "x" * 64),
}


@pytest.mark.parametrize(("username", "name"), ROWS.values(), ids=ROWS.keys())
def test_a_user_name_becomes_a_session_name(username: str, name: str) -> None:
    assert session_name_of(username) == name


def test_a_long_name_keeps_its_beginning_and_ends_in_a_hash() -> None:
    name = session_name_of("x" * 65)

    assert len(name) == 64
    assert re.fullmatch(r"x{46}=x[0-9a-f]{16}", name)
    assert name != session_name_of("x" * 66)


@given(st.text(min_size=1, max_size=255))
def test_every_name_is_in_the_grammar(username: str) -> None:
    try:
        username.encode()
    except UnicodeEncodeError:
        return
    assert GRAMMAR.fullmatch(session_name_of(username))


_NAMES = st.text(alphabet="a-=2D:x", min_size=1, max_size=5)


@given(_NAMES, _NAMES)
def test_two_people_never_share_a_session_name(one: str, other: str) -> None:
    assert (session_name_of(one) == session_name_of(other)) == (one == other)
