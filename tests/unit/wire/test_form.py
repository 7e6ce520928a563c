import contextlib
import re
import time
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import UnreadableQuery
from gateway.wire.form import MAXIMUM_FIELDS, MAXIMUM_NAME, read_fields, usual_fields

KNOWN = frozenset({"Action", "PolicyArns"})

READ = {
    "nothing": (b"", {}),
    "one field": (b"Action=A", {"Action": "A"}),
    "an empty value": (b"Action=", {"Action": ""}),
    "no equal sign": (b"Action", {"Action": ""}),
    "equal signs in the value": (b"a=b=c==", {"a": "b=c=="}),
    "a blank as plus": (b"a+b=c+d", {"a b": "c d"}),
    "an escaped plus": (b"a=c%2Bd", {"a": "c+d"}),
    "an escape of an escape": (b"a=%2541", {"a": "%41"}),
    "escapes of either case": (b"a=%2f%2F", {"a": "//"}),
    "escaped UTF-8": (b"a=%C3%A9%F0%9F%98%80", {"a": "\xe9\U0001f600"}),
    "UTF-8 as it is": ("a=\xe9".encode(), {"a": "\xe9"}),
    "an escaped ampersand and equal sign": (b"a%3D=b%26c", {"a=": "b&c"}),
    "a semicolon, which separates nothing": (b"a=b;c=d", {"a": "b;c=d"}),
    "empty pieces": (b"&a=b&&c=d&", {"a": "b", "c": "d"}),
    "an escaped NUL": (b"a=%00", {"a": "\x00"}),
}


@pytest.mark.parametrize(("raw", "fields"), READ.values(), ids=READ)
def test_fields_are_read_as_the_form_encoding_writes_them(raw: bytes, fields: dict[str, str]) -> None:
    assert read_fields(raw, KNOWN) == fields


def test_the_order_of_the_fields_is_kept() -> None:
    assert list(read_fields(b"b=1&a=2&c=3", KNOWN)) == ["b", "a", "c"]


REFUSED = {
    "a name twice": (b"Action=A&Action=A", "The parameter Action is given twice"),
    "a name twice, once escaped": (b"Action=A&%41ction=B", "The parameter Action is given twice"),
    "a list's row twice": (b"PolicyArns.member.1.arn=A&PolicyArns.member.1.arn=B", "The parameter PolicyArns is given"),
    "an unknown name twice": (b"hunter2=A&hunter2=A", "^One parameter is given twice"),
    "an empty name": (b"=A", "no name"),
    "nothing but an equal sign": (b"a=1&=", "no name"),
    "a long name": (b"a" * (MAXIMUM_NAME + 1) + b"=1", "more than 128 characters"),
    "a per cent sign at the end": (b"a=%", "two hexadecimal digits"),
    "half an escape": (b"a=%4", "two hexadecimal digits"),
    "half an escape before the next field": (b"a=%4&b=1", "two hexadecimal digits"),
    "an escape of other letters": (b"a=%zz", "two hexadecimal digits"),
    "an escape with a sign": (b"a=%+1", "two hexadecimal digits"),
    "a per cent sign in the name": (b"%=1", "two hexadecimal digits"),
    "Unicode digits": ("a=%\u0661\u0661".encode(), "two hexadecimal digits"),
    "Latin-1": (b"a=%E9", "not UTF-8"),
    "Latin-1 as it is": (b"a=\xe9", "not UTF-8"),
    "an overlong encoding": (b"a=%C0%AF", "not UTF-8"),
    "an encoded surrogate": (b"a=%ED%A0%80", "not UTF-8"),
    "a name that is not UTF-8": (b"%FF=1", "not UTF-8"),
    "a character split over two fields": (b"a=%C3&b=%A9", "not UTF-8"),
}


@pytest.mark.parametrize(("raw", "fault"), REFUSED.values(), ids=REFUSED)
def test_what_could_be_read_in_two_ways_is_refused(raw: bytes, fault: str) -> None:
    with pytest.raises(UnreadableQuery, match=fault) as refused:
        read_fields(raw, KNOWN)
    assert "hunter2" not in str(refused.value)


def test_as_many_fields_as_allowed_are_read_and_one_more_is_refused() -> None:
    most = "&".join(f"a{number}=1" for number in range(MAXIMUM_FIELDS)).encode()
    assert len(read_fields(most, KNOWN)) == MAXIMUM_FIELDS
    with pytest.raises(UnreadableQuery, match="more than 256 parameters"):
        read_fields(most + b"&b=1", KNOWN)


def test_a_name_of_the_greatest_length_is_read() -> None:
    assert read_fields(b"a" * MAXIMUM_NAME, KNOWN) == {"a" * MAXIMUM_NAME: ""}


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=50), max_size=8), st.booleans())
def test_what_urlencode_writes_is_read_back(fields: dict[str, str], plus: bool) -> None:
    fields = {name: value for name, value in fields.items() if _is_unicode(name + value)}
    raw = urlencode(fields) if plus else urlencode(fields, quote_via=quote)
    assert read_fields(raw.encode(), KNOWN) == fields


@given(st.binary(max_size=60) | st.lists(st.sampled_from([b"a", b"=", b"&", b"%", b"4", b"+", b"\xc3"])).map(b"".join))
def test_any_bytes_are_read_or_refused_as_unreadable(raw: bytes) -> None:
    try:
        fields = read_fields(raw, KNOWN)
    except UnreadableQuery:
        return
    assert read_fields(urlencode(fields).encode(), KNOWN) == fields


@pytest.mark.parametrize(
    "raw",
    [b"&" * 262_144, b"a=" + b"%41" * 87_000, b"a=" + b"+" * 262_000, b"%" * 262_144, b"a" * 262_144],
    ids=["pieces", "escapes", "blanks", "per cent signs", "a name"],
)
def test_the_largest_body_is_read_or_refused_within_fifty_milliseconds(raw: bytes) -> None:
    def once() -> float:
        begun = time.thread_time()
        with contextlib.suppress(UnreadableQuery):
            read_fields(raw, KNOWN)
        return time.thread_time() - begun

    assert min(once() for _ in range(3)) < 0.05


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


PIECES = [b"Action", b"PolicyArns", b"=", b"&", b"%3A", b"%2F", b"%", b"%2", b"A", b"+", b"\xc3", b"\xa9", b"x"]


@given(st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_a_usual_form_is_read_as_any_other(raw: bytes) -> None:
    try:
        usual = usual_fields(raw, KNOWN)
    except UnreadableQuery as fault:
        with pytest.raises(UnreadableQuery, match=re.escape(str(fault))):
            read_fields(raw, KNOWN)
        return
    if usual is not None:
        assert usual == read_fields(raw, KNOWN)
        assert usual.keys() <= KNOWN


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Action",
        b"Action=1&Action=2",
        b"&Action=1",
        b"Action=1&",
        b"action=1",
        b"Acti%6Fn=1",
        b"a=%",
        b"Action=\xff",
    ],
)
def test_a_form_that_is_not_usual_is_for_whoever_reads_any(raw: bytes) -> None:
    assert usual_fields(raw, KNOWN) is None


def test_a_form_of_many_pieces_is_not_taken_apart_to_see_that_it_is_not_usual() -> None:
    raw = b"a=&" * 80_000

    begun = time.thread_time()
    assert usual_fields(raw, KNOWN) is None
    assert time.thread_time() - begun < 0.005
