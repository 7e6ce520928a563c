"""Patterns match what they say, in linear time."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policy.context import RequestContext
from gateway.policy.patterns import Pattern, arn, glob
from gateway.policy.variables import Source
from tests.unit.policy.made import SCALE

NOBODY = RequestContext.of({})


def read(text: str) -> Pattern:
    return glob(Source(text=text, path="", has_variables=False).pattern())


def read_arn(text: str) -> Pattern:
    found = arn(Source(text=text, path="", has_variables=False).pattern())
    assert found is not None
    return found


MATCHES = [
    ("", "", True),
    ("", "a", False),
    ("a", "a", True),
    ("a", "A", False),
    ("a", "ab", False),
    ("*", "", True),
    ("**", "anything", True),
    ("?", "", False),
    ("?", "a", True),
    ("?", "ab", False),
    ("a*", "a", True),
    ("a*", "ab/c", True),
    ("a*", "ba", False),
    ("*a", "ba", True),
    ("*a", "ab", False),
    ("a*a", "a", False),
    ("a*a", "aa", True),
    ("ab*ba", "aba", False),
    ("a*b*c", "a-b-c", True),
    ("a*b*c", "a-c-b", False),
    ("a*b*c", "a-b-c-", False),
    ("a?c", "abc", True),
    ("a?c", "ac", False),
    ("a?", "a", False),
    ("*?", "", False),
    ("*?", "x", True),
    ("?*", "", False),
    ("*a?c*", "xxabaac", True),
    ("*a?c*", "xxabacc", True),
    ("*a?c*", "xxaacb", True),
    ("*a?c*", "xxabab", False),
    ("*a?*b?c", "aabbc", True),
    ("*??*", "a", False),
    ("*??*", "ab", True),
    ("a\n*", "a\nb\n", True),
    ("[a]", "a", False),
    (".", "a", False),
    ("é*", "éa", True),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), MATCHES)
def test_a_pattern_matches_whole_texts(pattern: str, text: str, expected: bool) -> None:
    assert read(pattern).matches(text, NOBODY) is expected


def naive(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern), re.DOTALL)


@settings(max_examples=1_000 * SCALE, deadline=None)
@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_patterns_match_what_a_regular_expression_matches(pattern: str, text: str) -> None:
    assert read(pattern).matches(text, NOBODY) is (naive(pattern).fullmatch(text) is not None)


@settings(max_examples=500 * SCALE, deadline=None)
@given(st.text("ab*?", max_size=6), st.text("ab", max_size=8))
def test_what_a_pattern_matches_begins_and_ends_as_it_says(pattern: str, text: str) -> None:
    compiled = read(pattern)

    if compiled.matches(text, NOBODY):
        assert text.startswith(compiled.prefix)
        assert text.endswith(compiled.suffix)
        assert not compiled.exact or text == compiled.prefix


ARNS = [
    ("arn:aws:s3:::lake/*", "arn:aws:s3:::lake/a:b/c", True),
    ("arn:aws:s3:::lake/*", "arn:aws:s3:::lake", False),
    ("arn:aws:iam::*:role/x", "arn:aws:iam::111122223333:role/x", True),
    ("arn:aws:iam::*:role/x", "arn:aws:iam::111122223333:user/y:role/x", False),
    ("arn:aws:iam::1*:role/x", "arn:aws:iam::2:role/x", False),
    ("arn:aws:*:*:*:*", "arn:aws:s3:::lake", True),
    ("arn:aws:*:*:*:*", "arn:aws:s3", False),
    ("arn:aws:s?:::lake", "arn:aws:s3:::lake", True),
    ("arn:aws:s3:::*", "*", False),
    ("*", "arn:aws:s3:::lake", True),
    ("*", "lake", False),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), ARNS)
def test_a_wildcard_of_an_arn_ends_with_its_part(pattern: str, text: str, expected: bool) -> None:
    assert read_arn(pattern).matches(text, NOBODY) is expected


@pytest.mark.parametrize("text", ["", "lake", "arn:aws:s3", "arn:aws:s3::lake", "a*"])
def test_too_few_parts_are_no_arn(text: str) -> None:
    assert arn(Source(text=text, path="", has_variables=False).pattern()) is None


SLOW = {
    "a star after each letter": ("a*" * 1_000, "a" * 10_000 + "b"),
    "a star after each letter, the last one missing": ("a*" * 999 + "b", "a" * 10_000),
    "a gap after each star": ("*?a" * 660, "ba" * 5_000 + "b"),
    "long runs with gaps": ("*" + "a?" * 900 + "b*", "a" * 10_000),
    "many stars": ("*" * 2_000 + "b", "a" * 10_000),
}


@pytest.mark.parametrize(("pattern", "text"), SLOW.values(), ids=SLOW)
def test_no_pattern_of_2000_characters_is_slow(pattern: str, text: str) -> None:
    compiled = read(pattern)
    started = time.process_time()
    compiled.matches(text, NOBODY)

    # Trying again at each star would take longer than anybody waits; a step a character takes some milliseconds.
    assert time.process_time() - started < 1
