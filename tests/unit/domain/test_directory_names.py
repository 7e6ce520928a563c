"""DNs are compared as DNs, other names by case folding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.ldap.templates import escaped
from gateway.domain.directory_names import (
    NotADistinguishedName,
    comparable,
    folded,
    is_below,
    is_distinguished_name,
    parsed,
    values_of,
)

ANALYSTS = "cn=analysts,ou=groups,dc=corp,dc=example"

SAME = {
    "case": "CN=Analysts,OU=Groups,DC=CORP,DC=EXAMPLE",
    "blanks": " cn = analysts , ou=groups,dc=corp , dc=example ",
    "the separator of LDAPv2": "cn=analysts;ou=groups;dc=corp;dc=example",
    "an escaped letter": "cn=\\61nalysts,ou=groups,dc=corp,dc=example",
    "quotes": 'cn="analysts",ou=groups,dc=corp,dc=example',
    "long names of types": "commonName=analysts,organizationalUnitName=groups,domainComponent=corp,dc=example",
    "numbers of types": "2.5.4.3=analysts,OID.2.5.4.11=groups,0.9.2342.19200300.100.1.25=corp,dc=example",
    "a hexadecimal value": "cn=#0c08616e616c79737473,ou=groups,dc=corp,dc=example",
    "full width": "cn=ａｎａｌｙｓｔｓ,ou=groups,dc=corp,dc=example",
}


@pytest.mark.parametrize("spelling", SAME.values(), ids=SAME)
def test_spellings_of_one_dn_are_one(spelling: str) -> None:
    assert comparable(spelling) == ANALYSTS
    assert parsed(spelling) == parsed(ANALYSTS)


DIFFERENT = {
    "an escaped comma": "cn=analysts\\,ou=groups,dc=corp,dc=example",
    "an escaped equals": "cn=analysts,ou\\3dgroups=x,dc=corp,dc=example",
    "a blank inside": "cn=ana lysts,ou=groups,dc=corp,dc=example",
    "another order": "ou=groups,cn=analysts,dc=corp,dc=example",
    "less": "cn=analysts,dc=corp,dc=example",
    "more": "cn=analysts,ou=groups,dc=corp,dc=example,dc=com",
    "another type": "ou=analysts,ou=groups,dc=corp,dc=example",
}


@pytest.mark.parametrize("other", DIFFERENT.values(), ids=DIFFERENT)
def test_other_dns_are_others(other: str) -> None:
    assert comparable(other) != ANALYSTS


def test_the_order_inside_a_relative_name_makes_no_difference() -> None:
    assert comparable("CN=a+UID=b,dc=x") == comparable("uid=B + cn=A,DC=X")
    assert comparable("cn=a+uid=b,dc=x") != comparable("cn=a,uid=b,dc=x")


def test_repeated_blanks_are_one_and_outer_ones_none() -> None:
    assert comparable("cn=a  b\\20,dc=x") == comparable("cn=A B,dc=x")


NOT_DNS = ["analysts", "a=b,c", "=x", "cn=a\\zz", "cn=a\\", 'cn="a', "cn=a,,dc=b", "c n=a", "cn=\\ff\\fe", "x" * 9000]


@pytest.mark.parametrize("text", NOT_DNS)
def test_what_is_no_dn_is_told_and_compared_as_a_name(text: str) -> None:
    with pytest.raises(NotADistinguishedName):
        parsed(text)
    assert not is_distinguished_name(text)
    assert comparable(text.upper()) == comparable(text)


def test_nothing_is_no_name_of_anything() -> None:
    assert parsed("  ") == ()
    assert not is_distinguished_name("")


def test_names_are_folded_as_unicode_does() -> None:
    assert folded("Straße") == folded("STRASSE")
    assert folded(" Ünïcode  Team ") == folded("ÜNÏCODE TEAM")
    assert folded("İ") == folded(folded("İ"))
    assert folded("a") != folded("а")  # Cyrillic


def test_below_is_judged_by_whole_relative_names() -> None:
    base = "ou=groups,dc=corp"
    assert is_below("CN=x, OU=Groups,DC=corp", base)
    assert is_below(base, base)
    assert not is_below("cn=x\\,ou=groups,dc=corp", base)
    assert not is_below("cn=x,ou=othergroups,dc=corp", base)
    assert not is_below("dc=corp", base)


def test_the_values_of_a_relative_name_are_found_by_type() -> None:
    assert values_of(parsed("uid=Alice+cn=A,dc=x")[0], "UID") == ("alice",)
    assert values_of(parsed("userid=Alice,dc=x")[0], "uid") == ("alice",)
    assert values_of(parsed("cn=A,dc=x")[0], "uid") == ()


@given(st.text(min_size=1, max_size=30).filter(lambda text: folded(text) != ""))
def test_an_escaped_value_is_one_value_of_one_relative_name(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    found = parsed(f"cn={escaped(value)},dc=x")
    assert len(found) == 2
    assert found[0] == frozenset({("cn", folded(value))})


_VALUE = r'(?:[abcA \n]|\\[ "#+,;<=>\\]|\\2[bB]){0,8}'


@given(st.from_regex(rf"cn={_VALUE}(?:[+,;] ?OU ?= ?{_VALUE}){{0,2}}", fullmatch=True))
def test_the_canonical_form_is_its_own_canonical_form(text: str) -> None:
    assert comparable(comparable(text)) == comparable(text)


@given(st.text(max_size=60))
def test_any_text_is_a_dn_or_told_as_none(text: str) -> None:
    try:
        parsed(text)
    except NotADistinguishedName:
        assert comparable(text).removeprefix("\0") == folded(text).removeprefix("\0")


PASSED_OFF = {
    "full width equals": "cn\uff1danalysts,ou\uff1dgroups,dc\uff1dcorp,dc\uff1dexample",
    "full width letters": "\uff43\uff4e=analysts,ou=groups,dc=corp,dc=example",
    "superscript equals": "cn\u207canalysts,ou=groups,dc=corp,dc=example",
    "a blank of another kind": "\u2003cn\u2003=\u00a0analysts,ou\u00a0=groups,dc=corp,dc=example",
}


@pytest.mark.parametrize("text", PASSED_OFF.values(), ids=PASSED_OFF)
def test_a_name_that_folds_to_a_dn_is_not_comparable_to_it(text: str) -> None:
    assert not is_distinguished_name(text) or parsed(text) == parsed(ANALYSTS)
    assert (comparable(text) == ANALYSTS) is is_distinguished_name(text)


@given(st.text(alphabet='cn=\uff1d\u207c,\uff0c;\uff1b+ \u00a0\0ab\\"#', max_size=12))
def test_no_other_name_is_comparable_to_a_dn(text: str) -> None:
    assert is_distinguished_name(comparable(text)) is is_distinguished_name(text)
