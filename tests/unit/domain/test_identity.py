"""Claims at a path, and as texts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.identity import claim_at, claim_texts

CLAIMS: dict[str, Any] = {
    "sub": "alice",
    "level": 3,
    "ratio": 0.5,
    "staff": True,
    "guest": False,
    "nothing": None,
    "empty": "",
    "groups": ["a", "b"],
    "mixed": ["a", 1, True, None, {"x": "y"}, ["z"], 2.5],
    "none": [],
    "realm_access": {"roles": ["admin"], "depth": {"deeper": "here"}, "gone": None},
    "https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}},
    "dotted.name": "whole",
    "dotted": {"name": "stepped", "other": "stepped"},
    "shadow.x": None,
    "shadow": {"x": "never seen"},
    "": "nameless",
}

AT: dict[str, tuple[str, Any]] = {
    "a claim by its name": ("sub", "alice"),
    "a step": ("realm_access.roles", ["admin"]),
    "two steps": ("realm_access.depth.deeper", "here"),
    "an object": ("realm_access.depth", {"deeper": "here"}),
    "a name that is a URL": ("https://aws.amazon.com/tags", {"principal_tags": {"team": ["blue"]}}),
    "a whole name before steps": ("dotted.name", "whole"),
    "steps where no whole name is": ("dotted.other", "stepped"),
    "a whole name that is null hides the steps": ("shadow.x", None),
    "absent": ("gone", None),
    "absent below": ("realm_access.nope", None),
    "null": ("nothing", None),
    "below null": ("nothing.x", None),
    "below a text": ("sub.x", None),
    "below a list": ("groups.0", None),
    "another case": ("Sub", None),
    "the empty name": ("", "nameless"),
    "an empty step": ("realm_access..roles", None),
    "a dot at the end": ("realm_access.", None),
}

TEXTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "a text": ("sub", ("alice",)),
    "an empty text": ("empty", ("",)),
    "a number": ("level", ("3",)),
    "a fraction": ("ratio", ("0.5",)),
    "true as JSON writes it": ("staff", ("true",)),
    "false as JSON writes it": ("guest", ("false",)),
    "a list": ("groups", ("a", "b")),
    "scalars alone of a mixed list": ("mixed", ("a", "1", "true", "2.5")),
    "an empty list": ("none", ()),
    "null": ("nothing", ()),
    "absent": ("gone", ()),
    "an object": ("realm_access", ()),
    "a list at a path": ("realm_access.roles", ("admin",)),
}


@pytest.mark.parametrize(("path", "value"), AT.values(), ids=AT)
def test_a_claim_is_found_at_its_path(path: str, value: Any) -> None:
    assert claim_at(CLAIMS, path) == value


@pytest.mark.parametrize(("path", "texts"), TEXTS.values(), ids=TEXTS)
def test_a_claim_reads_as_texts(path: str, texts: tuple[str, ...]) -> None:
    assert claim_texts(CLAIMS, path) == texts


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("a.", max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text("a.", max_size=3), values, max_size=4), st.text("a.", max_size=6))
def test_any_claims_and_path_give_texts(claims: dict[str, Any], path: str) -> None:
    assert all(isinstance(text, str) for text in claim_texts(claims, path))
