"""Minting: what a grant becomes."""

import base64
import random
import string
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.errors import KeyringUnavailable, PackedPolicyTooLarge
from gateway.domain.grant import Grant, SessionPolicy
from gateway.domain.identifiers import account_of
from gateway.sealing.envelope import SealBroken
from gateway.sessions.session_token import MAXIMUM_DOCUMENT
from tests.unit.sessions.made import (
    ACCOUNT,
    NOW,
    READ_ONLY,
    SECOND,
    authenticator,
    decoded,
    encoded,
    grant,
    mint,
    rich_grant,
    role,
    sealer,
)


def incompressible(size: int) -> str:
    return "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=size))


def narrowed(size: int) -> Grant:
    return grant(session_policies=(SessionPolicy(document=incompressible(size)),))


def tagged(size: int) -> Grant:
    return grant(tags={"k": "v" * size})


def used_by_sign_in(size: int) -> Grant:
    return grant(condition_keys={"login.example.com:sub": ("s" * size,)})


def bits(content: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in content)


@pytest.mark.parametrize("account", ["000000000000", "000000000001", ACCOUNT, "609629065308", "999999999999"])
def test_an_access_key_id_has_awss_form_and_carries_the_roles_account(account: str) -> None:
    _, credentials = mint(grant(role=role(account=account)))

    assert credentials.access_key_id[:4] == "ASIA"
    assert len(credentials.access_key_id) == 20
    assert account_of(credentials.access_key_id) == account


def test_a_secret_is_240_bits_in_40_characters() -> None:
    secrets = [mint(grant())[1].secret_access_key for _ in range(200)]

    assert {len(secret) for secret in secrets} == {40}
    assert {len(base64.b64decode(secret, validate=True)) for secret in secrets} == {30}
    # Each byte takes many values: none is left constant.
    assert min(len(set(column)) for column in zip(*map(base64.b64decode, secrets), strict=True)) > 60


def test_no_two_sessions_share_anything_random() -> None:
    minted = [mint(grant()) for _ in range(300)]

    for values in (
        {credentials.access_key_id for _, credentials in minted},
        {credentials.secret_access_key for _, credentials in minted},
        {session.principal.session_id for session, _ in minted},
        {decoded(credentials.session_token)[9:33] for _, credentials in minted},
    ):
        assert len(values) == 300


def test_nothing_that_a_token_or_key_id_shows_leads_to_the_secret() -> None:
    """All random parts come from one draw: no part of it may serve twice. 39 bits are what a key id has of it."""
    for _ in range(20):
        session, credentials = mint(grant())
        assert session.principal.session_id is not None
        secret = bits(base64.b64decode(credentials.secret_access_key))
        shown = (
            bits(decoded(credentials.session_token)[:33]),
            bits(base64.b32decode(credentials.access_key_id[4:])),
            bits(base64.b32decode(session.principal.session_id)),
        )

        assert not [at for at in range(len(secret) - 38) for part in shown if secret[at : at + 39] in part]
        assert credentials.secret_access_key not in credentials.session_token


@pytest.mark.parametrize("duration", [900, 3600, 43_200])
def test_a_session_ends_its_duration_after_now(duration: int) -> None:
    session, credentials = mint(grant(duration=duration))

    assert session.issued_at == NOW
    assert session.expires_at == credentials.expiration == NOW + timedelta(seconds=duration)


def test_times_are_whole_seconds_so_that_the_token_and_the_answer_tell_one_end() -> None:
    session, credentials = mint(grant(), now=NOW + 0.9 * SECOND)

    assert credentials.expiration == session.expires_at == NOW + 3600 * SECOND


@pytest.mark.parametrize("made", [grant(), rich_grant()], ids=["bare", "rich"])
def test_the_token_opens_to_the_session_that_was_minted(made: Grant) -> None:
    session, credentials = mint(made)

    claimant = authenticator().claimant(credentials.access_key_id, credentials.session_token, NOW)

    assert claimant.session == session
    assert claimant.secret_access_key == credentials.secret_access_key
    assert session.principal.tags == made.tags
    assert session.session_policies == made.session_policies
    assert session.transitive_tag_keys == made.transitive_tag_keys
    assert session.principal.condition_keys == made.condition_keys
    assert session.principal.source_identity == made.source_identity
    assert session.role_arn == str(made.role.arn)
    assert session.principal.unique_id == f"{made.role.role_id}:{made.session_name}"
    assert (session.principal.provider, session.principal.subject) == ("workforce", "00u1a2b3")
    assert (session.principal.user_name, session.chain_depth) == ("alice", 0)


def test_a_roles_path_is_in_its_arn_and_not_in_the_sessions() -> None:
    session, _ = mint(grant(role=role(path="/team/blue/")))

    assert session.principal.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"
    assert session.principal.identity_arn == f"arn:aws:iam::{ACCOUNT}:role/team/blue/Analyst"


def test_credentials_and_sessions_show_no_secret() -> None:
    session, credentials = mint(grant())

    shown = repr(session) + repr(credentials)
    assert credentials.secret_access_key not in shown
    assert credentials.session_token not in shown
    assert credentials.access_key_id in shown


def test_a_token_is_sealed_as_a_session_of_this_gateway() -> None:
    _, credentials = mint(grant())

    for foreign in (sealer(purpose="sso-access"), sealer(realm="https://other.example.com")):
        with pytest.raises(SealBroken):
            foreign.open(credentials.session_token)


def test_nothing_is_minted_before_a_key_may_seal() -> None:
    with pytest.raises(KeyringUnavailable):
        mint(grant(), now=NOW - SECOND)


def largest(made_of: Callable[[int], Grant]) -> int:
    low, high = 0, 5000
    while low < high:
        middle = (low + high + 1) // 2
        try:
            mint(made_of(middle))
        except PackedPolicyTooLarge:
            high = middle - 1
        else:
            low = middle
    return low


@pytest.mark.parametrize("made_of", [narrowed, tagged, used_by_sign_in])
def test_a_token_has_4096_characters_at_most(made_of: Callable[[int], Grant]) -> None:
    size = largest(made_of)
    _, credentials = mint(made_of(size))

    assert 4092 <= len(credentials.session_token) <= 4096
    assert encoded(decoded(credentials.session_token)) == credentials.session_token
    with pytest.raises(PackedPolicyTooLarge) as caught:
        mint(made_of(size + 2))
    assert caught.value.percent == 101


@pytest.mark.parametrize("made_of", [narrowed, tagged])
def test_the_packed_percent_is_the_share_of_what_the_session_itself_leaves(made_of: Callable[[int], Grant]) -> None:
    size = largest(made_of)

    percents = [mint(made_of(part))[1].packed_percent for part in (1, size // 4, size // 2, size)]

    assert percents[0] == 1
    assert percents[1] == pytest.approx(25, abs=2)
    assert percents[2] == pytest.approx(50, abs=2)
    assert percents[3] == 100


def test_a_session_without_policies_and_tags_has_no_packed_percent() -> None:
    assert mint(used_by_sign_in(2000))[1].packed_percent is None


def test_what_is_far_too_large_is_told_with_its_share() -> None:
    with pytest.raises(PackedPolicyTooLarge, match=r"consume 2\d\d% of allotted space") as caught:
        mint(tagged(6000))

    assert 200 <= caught.value.percent < 300


def test_a_sign_in_that_leaves_no_room_refuses_even_the_smallest_tag() -> None:
    with pytest.raises(PackedPolicyTooLarge) as caught:
        mint(grant(tags={"k": "v"}, condition_keys={"login.example.com:sub": ("s" * 4000,)}))

    assert caught.value.percent > 100


def test_a_sign_in_that_leaves_no_single_byte_refuses_a_tag_too() -> None:
    full = used_by_sign_in(largest(used_by_sign_in))

    with pytest.raises(PackedPolicyTooLarge) as caught:
        mint(replace(full, tags={"k": "v"}))

    assert caught.value.percent > 100


def test_a_huge_policy_that_deflates_well_is_refused_as_too_large() -> None:
    with pytest.raises(PackedPolicyTooLarge) as caught:
        mint(grant(session_policies=(SessionPolicy(document="a" * (2 * MAXIMUM_DOCUMENT)),)))

    assert caught.value.percent == 200


def test_the_length_of_a_token_tells_nothing_of_what_the_secret_has_in_common_with_a_policy() -> None:
    """Deflated together, a policy that guesses a part of the secret would be shorter (CRIME)."""
    policies = (SessionPolicy(document=READ_ONLY * 4),)
    lengths = {len(mint(grant(session_policies=policies))[1].session_token) for _ in range(100)}

    assert len(lengths) == 1
