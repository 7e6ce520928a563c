import pytest

from gateway.connectors.saml.aws_attributes import (
    PRINCIPAL_TAG,
    ROLE,
    ROLE_SESSION_NAME,
    SESSION_DURATION,
    SOURCE_IDENTITY,
    TRANSITIVE_TAG_KEYS,
    role_pairs,
    role_session_name,
    session_duration,
    session_tags,
    source_identity,
)
from gateway.domain.assertion import RolePair
from gateway.domain.errors import InvalidIdentityToken, InvalidTags

ROLE_ARN = "arn:aws:iam::111122223333:role/team/Analyst"
PROVIDER_ARN = "arn:aws:iam::111122223333:saml-provider/corp"
PAIR = RolePair(role_arn=ROLE_ARN, provider_arn=PROVIDER_ARN)


@pytest.mark.parametrize(
    "value",
    [
        f"{ROLE_ARN},{PROVIDER_ARN}",
        f"{PROVIDER_ARN},{ROLE_ARN}",
        f" {ROLE_ARN} , {PROVIDER_ARN}\n",
    ],
)
def test_a_pair_is_read_in_either_order(value):
    assert role_pairs({ROLE: (value,)}) == (PAIR,)


@pytest.mark.parametrize(
    "value",
    [
        ROLE_ARN,
        f"{ROLE_ARN},{ROLE_ARN}",
        f"{PROVIDER_ARN},{PROVIDER_ARN}",
        f"{ROLE_ARN},{PROVIDER_ARN},{PROVIDER_ARN}",
        f"{ROLE_ARN};{PROVIDER_ARN}",
        f"arn:aws:iam::1:role/x,{PROVIDER_ARN}",
        f"x{ROLE_ARN},{PROVIDER_ARN}",
        "",
    ],
)
def test_what_is_no_pair_names_no_role_and_still_narrows(value):
    assert role_pairs({ROLE: (value,)}) == ()


def test_pairs_stand_once_and_in_order():
    other = ROLE_ARN.replace("Analyst", "Other")
    values = (f"{ROLE_ARN},{PROVIDER_ARN}", f"{other},{PROVIDER_ARN}", f"{PROVIDER_ARN},{ROLE_ARN}")
    assert role_pairs({ROLE: values}) == (PAIR, RolePair(role_arn=other, provider_arn=PROVIDER_ARN))


def test_without_the_attribute_nothing_is_narrowed():
    assert role_pairs({}) is None


@pytest.mark.parametrize(
    ("read", "name"),
    [(role_session_name, ROLE_SESSION_NAME), (source_identity, SOURCE_IDENTITY)],
    ids=["name", "source"],
)
def test_names_are_of_the_grammar_of_aws(read, name):
    assert read({}) is None
    for good in ("al", "alice@corp.example", "a+b=c,d.e-f_1", "x" * 64):
        assert read({name: (good,)}) == good
    for bad in ("a", "x" * 65, "a b", "\u00e4\u00e4", "aws:alice", "alice\n"):
        with pytest.raises(InvalidIdentityToken, match="must match"):
            read({name: (bad,)})
    for several in ((), ("alice", "bob")):
        with pytest.raises(InvalidIdentityToken, match="must have one value"):
            read({name: several})


@pytest.mark.parametrize("text", ["900", "3600", "43200"])
def test_a_duration_is_a_number_of_seconds(text):
    assert session_duration({SESSION_DURATION: (text,)}) == int(text)


@pytest.mark.parametrize("text", ["899", "43201", "0900", "3600.0", "-3600", "1h", "", "\u0663600", "36000000000"])
def test_other_durations_are_refused(text):
    with pytest.raises(InvalidIdentityToken, match="SessionDuration"):
        session_duration({SESSION_DURATION: (text,)})


def test_no_duration_is_none():
    assert session_duration({}) is None


def test_tags_and_those_that_are_inherited():
    attributes = {f"{PRINCIPAL_TAG}Team": ("lake",), f"{PRINCIPAL_TAG}Cost": ("7",), TRANSITIVE_TAG_KEYS: ("team",)}
    assert session_tags(attributes) == ({"Team": "lake", "Cost": "7"}, {"Team"})
    assert session_tags({}) == ({}, frozenset())


def test_an_empty_tag_value_may_be():
    assert session_tags({f"{PRINCIPAL_TAG}Team": ("",)}) == ({"Team": ""}, frozenset())


@pytest.mark.parametrize(
    "attributes",
    [
        {f"{PRINCIPAL_TAG}k{number}": ("v",) for number in range(51)},
        {PRINCIPAL_TAG: ("v",)},
        {f"{PRINCIPAL_TAG}{'k' * 129}": ("v",)},
        {f"{PRINCIPAL_TAG}k;": ("v",)},
        {f"{PRINCIPAL_TAG}aws:k": ("v",)},
        {f"{PRINCIPAL_TAG}AWS:k": ("v",)},
        {f"{PRINCIPAL_TAG}k": ("v" * 257,)},
        {f"{PRINCIPAL_TAG}k": ("v;",)},
        {f"{PRINCIPAL_TAG}k": ("a",), f"{PRINCIPAL_TAG}K": ("b",)},
        {TRANSITIVE_TAG_KEYS: ("k",)},
        {f"{PRINCIPAL_TAG}k": ("v",), TRANSITIVE_TAG_KEYS: ("k", "l")},
    ],
    ids=["51", "no key", "long key", "key", "reserved", "Reserved", "long value", "value", "case", "lone", "lone two"],
)
def test_tags_outside_the_bounds_of_aws_are_refused(attributes):
    with pytest.raises(InvalidTags):
        session_tags(attributes)


@pytest.mark.parametrize("values", [(), ("a", "b")])
def test_a_tag_has_one_value(values):
    with pytest.raises(InvalidIdentityToken, match="PrincipalTag"):
        session_tags({f"{PRINCIPAL_TAG}k": values})
