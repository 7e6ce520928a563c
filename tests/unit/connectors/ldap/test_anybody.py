"""A filter without the name asks for all else that it asked."""

import pytest

from gateway.connectors.ldap.anybody import for_anybody
from gateway.connectors.ldap.filters import USERNAME, read

ROWS = {
    "the name alone": ("(uid={username})", "(uid=*)"),
    "one of two names": ("(|(uid={username})(mail={username}))", "(|(uid=*)(mail=*))"),
    "what else must be": (
        "(&(objectClass=person)(uid={username})(!(loginDisabled=TRUE)))",
        "(&(objectClass=person)(uid=*)(!(loginDisabled=TRUE)))",
    ),
    "a part of a value": ("(mail={username}@corp.example)", "(mail=*)"),
    "between stars": ("(mail=*{username}*)", "(mail=*)"),
    "by a matching rule": ("(cn:caseExactMatch:={username})", "(cn=*)"),
    "by a rule on any attribute": ("(:caseExactMatch:={username})", "(objectClass=*)"),
    "within a not nothing is known": ("(&(uid={username})(!(cn={username})))", "(&(uid=*)(objectClass=*))"),
}


@pytest.mark.parametrize(("query", "expected"), ROWS.values(), ids=ROWS)
def test_the_name_becomes_presence(query: str, expected: str) -> None:
    made = for_anybody(read(query, allowed=(USERNAME,), needed=(USERNAME,)))
    assert made.encoded({}) == _plain(expected)
    assert made.places() == frozenset()


def _plain(text: str) -> bytes:
    """A filter without places, by way of one beside it that is dropped again."""
    whole = read(f"(&{text}(uid={{username}}))", allowed=(USERNAME,), needed=(USERNAME,))
    return whole.parts[0].encoded({})  # type: ignore[attr-defined]
