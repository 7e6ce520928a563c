import contextlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.connectors import strict_json
from gateway.connectors.strict_json import UnreadableJson, read_object

REFUSED = {
    "a name twice": (b'{"a": 1, "a": 1}', "one name twice"),
    "a name twice, further down": (b'{"a": [{"b": 1, "b": 2}]}', "one name twice"),
    "a name twice, once escaped": (b'{"a": 1, "\\u0061": 2}', "one name twice"),
    "a byte order mark": (b'\xef\xbb\xbf{"a": 1}', "not JSON"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
    "UTF-16 without mark": ('{"a": 1}'.encode("utf-16-le"), "not JSON"),
    "UTF-32": ('{"a": 1}'.encode("utf-32-be"), "not JSON"),
    "Latin-1": ('{"a": "\xe9"}'.encode("latin-1"), "not UTF-8"),
    "an overlong encoding": (b'{"a": "\xc0\xaf"}', "not UTF-8"),
    "an encoded surrogate": (b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
    "NaN": (b'{"a": NaN}', "NaN"),
    "Infinity": (b'{"a": Infinity}', "NaN"),
    "-Infinity": (b'{"a": -Infinity}', "NaN"),
    "a float beyond range": (b'{"a": 1e999}', "out of range"),
    "a long float": (b'{"a": 0.' + b"1" * 100 + b"}", "out of range"),
    "a long integer": (b'{"a": 1' + b"0" * 30 + b"}", "over 20 digits"),
    "an integer of 10,000 digits": (b'{"a": ' + b"9" * 10_000 + b"}", "over 20 digits"),
    "a lone high surrogate": (b'{"a": "\\ud800"}', "lone surrogate"),
    "a lone low surrogate in a name": (b'{"\\udc00": 1}', "lone surrogate"),
    "surrogates the wrong way round": (b'{"a": ["\\udc00\\ud800"]}', "lone surrogate"),
    "a list": (b'[{"a": 1}]', "not a JSON object"),
    "a text": (b'"a"', "not a JSON object"),
    "null": (b"null", "not a JSON object"),
    "nothing": (b"", "not JSON"),
    "something behind": (b'{"a": 1} {"a": 2}', "not JSON"),
    "NUL behind": (b'{"a": 1}\x00', "not JSON"),
    "a comment": (b'{"a": 1 /* b */}', "not JSON"),
    "a trailing comma": (b'{"a": 1,}', "not JSON"),
    "single quotes": (b"{'a': 1}", "not JSON"),
    "a raw control character": (b'{"a": "\n"}', "not JSON"),
    "a non-breaking space": ('{"a":\xa01}'.encode(), "not JSON"),
    "33 levels": (b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}", "nested deeper"),
    "7,000 levels": (b'{"a": ' + b"[" * 7_000, "nested deeper"),
    "7,000 levels of objects": (b'{"a": ' * 2_000, "nested deeper"),
    "levels behind a text with quotes": (b'{"a": "\\"\\\\", "b": ' + b"[" * 40 + b"]" * 40 + b"}", "nested deeper"),
}


@pytest.mark.parametrize(("raw", "fault"), REFUSED.values(), ids=REFUSED)
def test_what_two_parsers_could_read_differently_is_refused(raw: bytes, fault: str) -> None:
    with pytest.raises(UnreadableJson, match=fault):
        read_object(raw)


ACCEPTED: dict[str, tuple[bytes, object]] = {
    "surrogate pairs": (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
    "32 levels": (b'{"a": ' + b"[" * 31 + b"]" * 31 + b"}", None),
    "many brackets side by side": (b'{"a": [' + b"[]," * 999 + b"[]]}", {"a": [[]] * 1_000}),
    "brackets and quotes inside texts": (json.dumps({"a": '[{"\\' * 100}).encode(), {"a": '[{"\\' * 100}),
    "white space around": (b' \t\r\n{"a": 1}\n', {"a": 1}),
    "numbers": (b'{"a": -1.5e3, "b": -9007199254740993}', {"a": -1500.0, "b": -9_007_199_254_740_993}),
}


@pytest.mark.parametrize(("raw", "value"), ACCEPTED.values(), ids=ACCEPTED)
def test_honest_json_is_read(raw: bytes, value: object) -> None:
    found = read_object(raw)
    assert value is None or found == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=5), st.booleans())
def test_every_object_reads_as_the_standard_library_reads_it(value: dict[str, object], ascii_only: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only).encode()
    assert read_object(raw) == json.loads(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": ' + b"[" * 15_000,
        b'{"a": ' * 2_500,
        b'{"' + b'\\"' * 7_000,
        b'{"a": "' + b"\\u0041" * 2_400 + b'"}',
        b'{"a": [' + b"{}," * 4_900 + b"{}]}",
        b'{"a": ' + b"9" * 15_000 + b"}",
        b'{"a": [' + b"[" * 31 + b"]" * 31 + b',"' * 3_000,
    ],
    ids=["lists", "objects", "quotes", "escapes", "many objects", "digits", "texts"],
)
def test_the_largest_payload_is_read_or_refused_within_five_milliseconds(raw: bytes) -> None:
    def once() -> float:
        begun = time.thread_time()
        with contextlib.suppress(UnreadableJson):
            read_object(raw)
        return time.thread_time() - begun

    assert min(once() for _ in range(5)) < 0.005


_TEXTS = st.sampled_from(
    ["", "a", "b", ":", '":', '" ', '"', "\\", "\\u0061", "é", "\u202e", "\x7f", "\x01", ",", "{", "[", "}"]
) | st.text(max_size=4)
_NUMBERS = st.sampled_from(
    ["0", "-0", "1.0", "1e2", "12345678901234567890", "123456789012345678901", "01", "+1", "NaN"]
)
_LAX = st.recursive(
    st.one_of(_TEXTS.map(json.dumps), _TEXTS.map('"{}"'.format), _NUMBERS, st.sampled_from(["true", "false", "null"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]"),
        st.lists(st.tuples(_TEXTS, st.sampled_from(['":', '" :', '": ', '"\t:']), inner), max_size=4).map(
            lambda members: "{" + ",".join(f'"{name}{colon}{value}' for name, colon, value in members) + "}"
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=1_500, deadline=None)
@given(text=_LAX)
def test_what_is_read_the_short_way_is_read_alike_the_long_way(text: str) -> None:
    raw = text.encode()
    try:
        expected: object = strict_json._any_object(text, raw)
    except UnreadableJson:
        expected = None

    short = strict_json._plain_object(text, raw)

    assert short is None or (short == expected and json.dumps(short) == json.dumps(expected))


@pytest.mark.parametrize(
    ("text", "is_short"),
    [
        pytest.param('{"iss":"https://a","exp":1,"groups":["a","b"],"ok":true,"none":null}', True, id="usual"),
        pytest.param('{"iss": "https://a", "exp": 1}', True, id="blanks behind colons and commas"),
        pytest.param('{"a":1,"a":2}', False, id="a name twice"),
        pytest.param('{"a" :1,"a":2}', False, id="a name twice, once with a blank"),
        pytest.param('{"a"\t:1,"a":2}', False, id="a name twice, once with a tab"),
        pytest.param('{"a":{"b":1}}', False, id="an object within"),
        pytest.param('{"a":1.0}', False, id="a fraction"),
        pytest.param('{"a":1e2}', False, id="an exponent"),
        pytest.param('{"a":1000000000000001}', False, id="a large number"),
        pytest.param('{"\\\\u0061":1,"b":2}', False, id="an escape"),
    ],
)
def test_only_what_is_plain_is_read_the_short_way(text: str, is_short: bool) -> None:
    assert (strict_json._plain_object(text, text.encode()) is not None) is is_short
