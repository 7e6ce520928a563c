"""A filter is read once; values fill it as bytes and never as text."""

import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.ldap import ber, filters
from gateway.connectors.ldap.filters import DN, USERNAME, any_of, compares, follows_links, read

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from ldap3.operation.search import compile_filter, parse_filter
    from ldap3.protocol.rfc4511 import Filter
    from pyasn1.codec.ber import decoder, encoder

BOTH = (USERNAME, DN)


def made(text: str, **values: str) -> bytes:
    return read(text, allowed=BOTH, needed=BOTH).encoded(values)


def ours(text: str) -> bytes:
    found, end = filters._filter(text, 0, 0)
    assert end == len(text)
    return found.encoded({})


def by_ldap3(text: str) -> bytes:
    parsed = parse_filter(text, None, False, True, None, False).elements[0]
    encoded: bytes = encoder.encode(compile_filter(parsed))
    return encoded


SAME = [
    "(uid=alice)",
    "(cn=\\c3\\9cn\\2a\\28)",
    "(objectClass=*)",
    "(cn=a*)",
    "(cn=*a)",
    "(cn=a*b*c)",
    "(cn=*a*)",
    "(number>=5)",
    "(number<=5)",
    "(cn~=alice)",
    "(&(objectClass=person)(!(uid=x))(|(a=1)(b=2)(c=3)))",
    "(member:1.2.840.113556.1.4.1941:=cn=x)",
    "(cn:caseExactMatch:=Fred)",
    "(cn;lang-de=x)",
]


@pytest.mark.parametrize("text", SAME)
def test_a_filter_is_encoded_as_ldap3_does(text: str) -> None:
    assert ours(text) == by_ldap3(text)


def test_a_match_of_dns_too_says_true_as_rfc_4511_asks() -> None:
    # RFC 4511 5.1: true is FF, which ldap3 writes as 01.
    assert ours("(ou:dn:=Sales)") == by_ldap3("(ou:dn:=Sales)")[:-1] + b"\xff"


def decoded(encoded: bytes) -> Any:
    found, rest = decoder.decode(encoded, asn1Spec=Filter())
    assert rest == b""
    return found


@given(st.text(max_size=400))
def test_whatever_a_name_holds_it_is_one_assertion_value(name: str) -> None:
    encoded = made("(&(objectClass=person)(uid={username}))", username=name)
    first = ours("(objectClass=person)")
    # The and holds two filters, of which ldap3's decoder takes one at a time.
    second = encoded[encoded.index(first) + len(first) :]
    assert encoded == ber.constructed(0xA0, [first, second])
    found = decoded(second)["equalityMatch"]
    assert str(found["attributeDesc"]) == "uid"
    assert bytes(found["assertionValue"]) == name.encode("utf-8", "surrogatepass")


HOSTILE = ["*", "*)(uid=*))(|(uid=*", "\\2a", "\\00", "\0", "a)(b", "a,b=c+d\\#", ""]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_a_pattern_or_another_filter(name: str) -> None:
    found = decoded(made("(uid={username})", username=name))
    assert found.getName() == "equalityMatch"
    assert bytes(found["equalityMatch"]["assertionValue"]) == name.encode()


def test_a_place_stands_inside_a_pattern_of_the_settings_as_literal_bytes() -> None:
    encoded = made("(cn={username}*)", username="*a")
    assert encoded[0] == 0xA4
    assert b"\x80\x02*a" in encoded


def test_links_are_followed_where_a_dn_is_compared_and_nowhere_else() -> None:
    one = read("(&(objectClass=group)(member={dn})(!(owner=x{dn})))", allowed=BOTH, needed=(DN,))
    assert follows_links(one)
    chained = one.in_chain().encoded({DN: "cn=x"})
    assert chained == by_ldap3("(&(objectClass=group)(member:1.2.840.113556.1.4.1941:=cn=x)(!(owner=xcn\\3dx)))")
    assert not follows_links(read("(memberUid={username})", allowed=BOTH, needed=BOTH))


def test_several_are_joined_by_or_and_one_stays_as_it_is() -> None:
    one, two = made("(a={dn})", dn="1"), made("(a={dn})", dn="2")
    assert any_of([one]) == one
    assert any_of([one, two]) == by_ldap3("(|(a=1)(a=2))")
    assert any_of([one] * 100) == by_ldap3(f"(|{'(a=1)' * 100})")


FAULTS = {
    "without brackets": ("uid={username}", "not in brackets"),
    "a bracket too few": ("(uid={username}", "without its pair"),
    "a bracket too many": ("(uid={username}))", "goes on after"),
    "two side by side": ("(uid={username})(a=b)", "goes on after"),
    "an and of nothing": ("(&)", "of nothing"),
    "a not of two": ("(!(a={username})(b=c))", "not one"),
    "an item without equals": ("({username})", "not ATTRIBUTE=VALUE"),
    "an attribute that is none": ("(u id={username})", "not an attribute's name"),
    "a backslash": ("(uid={username}\\)", "written \\XX"),
    "an unknown place": ("(uid={user})", "{user} has no value here; only {dn} and {username}"),
    "no place": ("(uid=alice)", "does not name {dn} or {username}"),
    "a star where none may be": ("(uid>={username}*)", "a * stands"),
    "too deep": ("(!" * 30 + "(uid={username})" + ")" * 30, "nested deeper"),
    "empty": ("", "not in brackets"),
}


@pytest.mark.parametrize(("text", "mend"), FAULTS.values(), ids=FAULTS)
def test_a_filter_that_cannot_be_is_told_with_the_mend(text: str, mend: str) -> None:
    with pytest.raises(ValueError, match=r"[a-z]") as told:
        read(text, allowed=BOTH, needed=BOTH)
    assert mend in str(told.value)


@given(st.text(alphabet="(&|!)=*ab{username}\\2:<>~ ", max_size=40))
def test_any_text_is_a_filter_or_told_as_none(text: str) -> None:
    try:
        found: Any = read(text, allowed=BOTH, needed=BOTH)
    except ValueError:
        return
    decoded(found.encoded({USERNAME: "x", DN: "cn=x"}))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("(uid={username})", True),
        ("(UID={username})", True),
        ("(&(objectClass=person)(|(mail={username})(uid={username})))", True),
        ("(mail={username})", False),
        ("(uid={username}*)", False),
        ("(uid=x{username})", False),
        ("(uid>={username})", False),
        ("(uid:caseExactMatch:={username})", False),
        ("(&(mail={username})(!(uid={username})))", False),
    ],
)
def test_whether_a_filter_asks_for_exactly_the_name_is_known(text: str, told: bool) -> None:
    assert compares(read(text, allowed=BOTH, needed=BOTH), "uid", USERNAME) is told
