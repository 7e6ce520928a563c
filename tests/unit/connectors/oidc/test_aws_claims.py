from typing import Any

import pytest

from gateway.connectors.oidc.aws_claims import session_tags, source_identity
from gateway.domain.errors import InvalidIdentityToken, InvalidTags

TAGS = "https://aws.amazon.com/tags"
SOURCE = "https://aws.amazon.com/source_identity"


def tags(principal_tags: Any, *transitive: Any) -> Any:
    return session_tags({TAGS: {"principal_tags": principal_tags, "transitive_tag_keys": list(transitive)}})


def test_tags_and_inherited_keys_are_read_as_aws_documents_them() -> None:
    assert tags({"Project": ["Automation"], "CostCenter": ["987654"]}, "Project") == (
        {"Project": "Automation", "CostCenter": "987654"},
        frozenset({"Project"}),
    )


@pytest.mark.parametrize("claims", [{}, {TAGS: None}, {TAGS: {}}, {TAGS: {"principal_tags": {}}}])
def test_a_token_may_ask_for_no_tags(claims: Any) -> None:
    assert session_tags(claims) == ({}, frozenset())


def test_an_inherited_key_is_found_whatever_its_case_and_spelt_as_the_tag() -> None:
    assert tags({"Project": ["a"]}, "pROJECT", "project")[1] == {"Project"}


@pytest.mark.parametrize(
    ("key", "value"),
    [("k" * 128, "v" * 256), ("k", ""), ("Prüfung 1", "日本 ٣_.:/=+-@"), ("a\u00a0b\u2003c", "\u2028")],
    ids=["at the limits", "an empty value", "letters of any script", "separators"],
)
def test_what_aws_takes_for_a_tag_is_taken(key: str, value: str) -> None:
    assert tags({key: [value]})[0] == {key: value}


def test_fifty_tags_are_taken() -> None:
    assert len(tags({f"k{i}": ["v"] for i in range(50)})[0]) == 50


OUT_OF_LIMITS: dict[str, tuple[Any, str]] = {
    "51 tags": ({f"k{i}": ["v"] for i in range(51)}, "at most 50"),
    "an empty key": ({"": ["v"]}, "key in the token is not 1 to 128"),
    "a key of 129": ({"k" * 129: ["v"]}, "key in the token is not 1 to 128"),
    "a key with a hash": ({"a#b": ["v"]}, "key in the token is not 1 to 128"),
    "a key with a new line": ({"a\n": ["v"]}, "key in the token is not 1 to 128"),
    "a key with a NUL": ({"a\x00": ["v"]}, "key in the token is not 1 to 128"),
    "a value of 257": ({"k": ["v" * 257]}, "value in the token is not at most 256"),
    "a value with a star": ({"k": ["*"]}, "value in the token is not at most 256"),
    "a value that runs backwards": ({"k": ["\u202ea"]}, "value in the token is not at most 256"),
    "a reserved key": ({"aws:PrincipalTag": ["v"]}, "reserved"),
    "a reserved key in capitals": ({"AWS:x": ["v"]}, "reserved"),
    "keys that differ by case": ({"Team": ["a"], "TEAM": ["a"]}, "Duplicate tag keys found."),
}


@pytest.mark.parametrize(("given", "fault"), OUT_OF_LIMITS.values(), ids=OUT_OF_LIMITS)
def test_tags_outside_awss_limits_are_refused(given: Any, fault: str) -> None:
    with pytest.raises(InvalidTags, match=fault):
        tags(given)


def test_an_inherited_key_needs_its_tag() -> None:
    with pytest.raises(InvalidTags) as refused:
        tags({"Project": ["a"]}, "Team")
    assert str(refused.value) == "The specified transitive tag key must be included in the requested tags."


@pytest.mark.parametrize(
    ("claim", "fault"),
    [
        ([{"principal_tags": {}}], "is not an object"),
        ("Project=a", "is not an object"),
        (False, "is not an object"),
        ({"principal_tags": [["Project", "a"]]}, "principal_tags is not an object"),
        ({"principal_tags": None}, "principal_tags is not an object"),
        ({"principal_tags": {"a": "text"}}, "a tag's value is not a list of one text"),
        ({"principal_tags": {"a": []}}, "a tag's value is not a list of one text"),
        ({"principal_tags": {"a": ["b", "c"]}}, "a tag's value is not a list of one text"),
        ({"principal_tags": {"a": [7]}}, "a tag's value is not a list of one text"),
        ({"principal_tags": {"a": [None]}}, "a tag's value is not a list of one text"),
        ({"principal_tags": {"a": ["b"]}, "transitive_tag_keys": "a"}, "transitive_tag_keys is not a list of texts"),
        ({"principal_tags": {"a": ["b"]}, "transitive_tag_keys": [["a"]]}, "transitive_tag_keys is not a list"),
    ],
)
def test_a_claim_of_another_shape_is_refused(claim: Any, fault: str) -> None:
    with pytest.raises(InvalidIdentityToken) as refused:
        session_tags({TAGS: claim})
    assert fault in refused.value.cause


@pytest.mark.parametrize("value", ["al", "a" * 64, "alice@example.com", "A_b+c=d,e.f-g", "awsx"])
def test_a_source_identity_of_awss_grammar_is_taken(value: str) -> None:
    assert source_identity({SOURCE: value}) == value


def test_a_token_may_set_no_source_identity() -> None:
    assert source_identity({}) is None


@pytest.mark.parametrize(
    "value", ["", "a", "a" * 65, "a b", "alice\n", "älice", "aws:alice", "a:b", "a/b", 7, ["alice"], {"a": "b"}, True]
)
def test_another_source_identity_is_refused(value: Any) -> None:
    with pytest.raises(InvalidIdentityToken) as refused:
        source_identity({SOURCE: value})
    assert refused.value.cause == r"the source identity is not 2 to 64 of [\w+=,.@-]"
