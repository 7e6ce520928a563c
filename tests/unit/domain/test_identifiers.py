"""Unique ids: AWS's form, and the account that they carry."""

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.identifiers import (
    LONG_LIVED_KEY_PREFIX,
    RANDOM_BYTES_OF_A_KEY_ID,
    TEMPORARY_KEY_PREFIX,
    access_key_id,
    account_of,
    name_qualifier,
    role_id,
    user_id,
)

BASE32 = set(string.ascii_uppercase + "234567")
accounts = st.integers(0, 10**12 - 1).map("{:012d}".format)
randomness = st.binary(min_size=RANDOM_BYTES_OF_A_KEY_ID, max_size=RANDOM_BYTES_OF_A_KEY_ID)


@pytest.mark.parametrize(
    ("identifier", "account"),
    [
        pytest.param("ASIAY34FZKBOKMUTVV7A", "609629065308", id="a published id of AWS"),
        pytest.param("AKIAY34FZKBOKMUTVV7A", "609629065308", id="the prefix does not matter"),
        pytest.param("ASIAQAAAAAAAAAAAAAAA", "000000000000", id="the smallest"),
        pytest.param("ASIAQAAAAAAAQAAAAAAA", "000000000001", id="padded to twelve digits"),
        pytest.param("AKIAIOSFODNN7EXAMPLE", None, id="of the old kind, which holds none"),
        pytest.param("ASIAP777777777777777", None, id="the last one of the old kind"),
        pytest.param("ASIA7777777777777777", None, id="a number of thirteen digits"),
        pytest.param("ASIAY34FZKBOKMUTVV7", None, id="a character short"),
        pytest.param("ASIAY34FZKBOKMUTVV7AA", None, id="a character long"),
        pytest.param("ASIAy34fzkbokmutvv7a", None, id="lower case"),
        pytest.param("ASIAY34FZKBOKMUTVV71", None, id="a digit outside base32"),
        pytest.param("ASIAY34FZKBOKMUTVV7=", None, id="padding"),
        pytest.param("ASIAY34FZKBOKMUTVV7É", None, id="a letter beyond ASCII"),
        pytest.param("ASIA", None, id="a prefix alone"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_an_account_is_read_from_an_access_key_id(identifier: str, account: str | None) -> None:
    assert account_of(identifier) == account


@given(st.sampled_from([TEMPORARY_KEY_PREFIX, LONG_LIVED_KEY_PREFIX]), accounts, randomness)
def test_an_access_key_id_carries_its_account(prefix: str, account: str, random: bytes) -> None:
    identifier = access_key_id(prefix, account, random)

    assert len(identifier) == 20
    assert identifier.startswith(prefix)
    assert set(identifier[4:]) <= BASE32
    assert account_of(identifier) == account
    # What public tools do to read it.
    assert (int.from_bytes(base64.b32decode(identifier[4:])[:6], "big") & 0x7FFFFFFFFF80) >> 7 == int(account)


@given(accounts, randomness)
def test_39_bits_of_an_access_key_id_are_random(account: str, random: bytes) -> None:
    identifier = access_key_id("ASIA", account, random)

    assert int.from_bytes(base64.b32decode(identifier[4:]), "big") % 2**39 == int.from_bytes(random, "big") >> 1


@given(st.text(max_size=25))
def test_any_text_has_an_account_of_twelve_digits_or_none(text: str) -> None:
    account = account_of(text)

    assert account is None or (len(account) == 12 and account.isdigit())


def test_role_and_user_ids_never_change() -> None:
    """Written down once: sessions, logs and policies of earlier releases hold them."""
    assert role_id("111122223333", "Analyst") == "AROARTX3GSDSYFXCH6ZGK"
    assert user_id("111122223333", "ci") == "AIDARTX3GSDSXCWVDCCHO"


@given(accounts, st.text(string.ascii_letters + string.digits + "+=,.@-_", min_size=1, max_size=64))
def test_role_and_user_ids_have_21_characters_and_differ(account: str, name: str) -> None:
    role, user = role_id(account, name), user_id(account, name)

    assert (len(role), role[:4], len(user), user[:4]) == (21, "AROA", 21, "AIDA")
    assert set(role[4:] + user[4:]) <= BASE32
    assert role[4:] != user[4:]
    # Ids of roles and users carry the account where access key ids do.
    assert account_of(role[:20]) == account_of(user[:20]) == account


@given(st.tuples(accounts, st.text(min_size=1)), st.tuples(accounts, st.text(min_size=1)))
def test_two_roles_have_two_ids(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (role_id(*one) == role_id(*other)) == (one == other)


def test_the_name_qualifier_is_the_documented_hash() -> None:
    """The inputs are those of the API Reference, which shows no result; this one was computed by its pseudocode."""
    assert name_qualifier("https://example.com/saml", "123456789012", "MySAMLIdP") == "1uAJanUnBc2XeUkHURMht+xam2c="
