"""What a session token holds, and what it costs."""

import random
import string
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidArn, PackedPolicyTooLarge, UnknownAccessKey
from gateway.domain.grant import SessionPolicy
from gateway.sessions.session_token import (
    MAXIMUM_DOCUMENT,
    PackedPolicy,
    TokenContent,
    opened_session,
    pack,
    packed_policy,
    unpack,
)
from tests.unit.sessions.made import READ_ONLY, content

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(0, 2**40)
contents = st.builds(
    TokenContent,
    access_key_id=texts,
    secret_access_key=texts,
    session_id=texts,
    issued_at=numbers,
    expires_at=numbers,
    role_arn=texts,
    session_name=texts,
    provider=texts,
    subject=texts,
    user_name=texts,
    source_identity=st.none() | texts,
    tags=st.dictionaries(texts, texts, max_size=4),
    transitive_tag_keys=st.lists(texts, max_size=4).map(tuple),
    condition_keys=st.dictionaries(texts, st.lists(texts, max_size=3).map(tuple), max_size=3),
    session_policies=st.lists(
        st.builds(PackedPolicy, arn=st.none() | texts, document=st.binary(max_size=30), deflated=st.booleans()),
        max_size=3,
    ).map(tuple),
    chain_depth=st.integers(0, 5),
)
FIELDS = [getattr(content(), field.name) for field in msgspec.structs.fields(TokenContent)]


def noise(size: int) -> str:
    """Text that deflates badly."""
    return "".join(random.Random(size).choices(string.ascii_letters + string.digits, k=size))


@given(contents)
def test_a_token_content_comes_back_as_it_was_packed(made: TokenContent) -> None:
    assert unpack(pack(made)) == made


@given(contents)
def test_a_content_never_shows_its_secret(made: TokenContent) -> None:
    made = msgspec.structs.replace(made, access_key_id="ASIAX", secret_access_key="canary")

    assert repr(made) == "TokenContent(access_key_id='ASIAX', ...)"
    assert str(made) == repr(made)


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xc1", id="no MessagePack"),
        pytest.param(pack(content())[:-1], id="cut off"),
        pytest.param(pack(content()) + b"\0", id="something behind it"),
        pytest.param(msgspec.msgpack.encode({"access_key_id": "x"}), id="an object"),
        pytest.param(msgspec.msgpack.encode(FIELDS[:15]), id="a field missing"),
        pytest.param(msgspec.msgpack.encode(["x", 7, *FIELDS[2:]]), id="a number for the secret"),
        pytest.param(msgspec.msgpack.encode([*FIELDS[:3], "canary", *FIELDS[4:]]), id="a text for a time"),
    ],
)
def test_what_is_no_token_content_is_refused_without_showing_it(packed: bytes) -> None:
    with pytest.raises(UnknownAccessKey) as caught:
        unpack(packed)

    assert caught.value.cause.startswith("the session token's content cannot be read: ")
    assert "canary" not in caught.value.cause
    assert "s" * 40 not in caught.value.cause


def test_fields_of_a_later_version_are_skipped() -> None:
    assert unpack(msgspec.msgpack.encode([*FIELDS, "a field of version 2"])) == content()


@pytest.mark.parametrize(
    ("document", "deflated"),
    [
        pytest.param(READ_ONLY, False, id="a short policy"),
        pytest.param("a" * 199, False, id="a byte below the bound"),
        pytest.param("a" * 200, True, id="from the bound on"),
        pytest.param("é" * 100, True, id="the bound is one of bytes"),
        pytest.param("a" * MAXIMUM_DOCUMENT, True, id="the longest"),
        pytest.param(noise(MAXIMUM_DOCUMENT - 1) + "x", True, id="the longest that deflates badly"),
    ],
)
def test_a_session_policy_is_deflated_where_that_pays_and_comes_back(document: str, deflated: bool) -> None:
    policy = SessionPolicy(document=document, arn="arn:aws:iam::111122223333:policy/p")

    packed = packed_policy(policy)

    assert packed.deflated is deflated
    assert len(packed.document) < len(document.encode()) or not deflated
    assert opened_session(content(session_policies=(packed,))).session.session_policies == (policy,)


def test_a_policy_that_does_not_deflate_stays_as_it_is() -> None:
    document = "".join(random.Random(1).choices([chr(number) for number in range(128)], k=200))

    assert len(zlib.compress(document.encode(), 9)) > 200
    assert packed_policy(SessionPolicy(document=document)).deflated is False


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=600))
def test_any_session_policy_comes_back(document: str) -> None:
    policy = SessionPolicy(document=document)

    assert opened_session(content(session_policies=(packed_policy(policy),))).session.session_policies == (policy,)


def test_a_document_beyond_what_is_inflated_again_is_refused_when_it_is_packed() -> None:
    with pytest.raises(PackedPolicyTooLarge) as caught:
        packed_policy(SessionPolicy(document="a" * (MAXIMUM_DOCUMENT + 1)))

    assert caught.value.percent == 101


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(zlib.compress(bytes(MAXIMUM_DOCUMENT + 1)), id="a byte too many"),
        pytest.param(zlib.compress(bytes(10**8)), id="a bomb"),
        pytest.param(zlib.compress(b"cut off")[:-1], id="cut off"),
    ],
)
def test_a_deflated_document_is_inflated_up_to_its_bound_only(document: bytes) -> None:
    bomb = PackedPolicy(arn=None, document=document, deflated=True)

    with pytest.raises(UnknownAccessKey, match="security token included in the request is invalid") as caught:
        opened_session(content(session_policies=(bomb,)))

    assert caught.value.cause == "a session policy in the token inflates beyond its bound"


def test_a_content_with_a_role_that_cannot_be_gives_no_session() -> None:
    with pytest.raises(InvalidArn):
        opened_session(content(role_arn="arn:aws:iam::111122223333:user/alice"))
