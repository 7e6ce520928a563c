"""Envelopes: what was sealed comes back whole, and nothing else does."""

import base64
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import KeyringUnavailable
from gateway.sealing.envelope import SALT_BYTES, SealBroken, Sealer, content_capacity, sealed_length
from gateway.sealing.keyring import KEY_ID_BYTES, Keyring
from tests.unit.sealing.made import HOUR, MOMENT, NOW, REALM, key, keyring, sealer

HEAD = 1 + KEY_ID_BYTES + SALT_BYTES
CONTENT = b"what is sealed"
SEALED = sealer().seal(CONTENT, now=MOMENT)
NOT_IN_RING = "sealed with a key that is not in the keyring"
NOISE = "changed, or sealed for another purpose or gateway"


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def refusal(text: str, opener: Sealer | None = None) -> str:
    with pytest.raises(SealBroken) as caught:
        (opener or sealer()).open(text)
    return caught.value.cause


@given(st.binary(max_size=5000))
def test_what_was_sealed_comes_back(content: bytes) -> None:
    text = sealer().seal(content, now=MOMENT)

    assert sealer().open(text) == content
    assert len(text) == sealed_length(len(content))


def test_an_envelope_begins_with_version_key_id_and_salt() -> None:
    salt = bytes(range(SALT_BYTES))

    sealed = decoded(sealer().seal(CONTENT, now=MOMENT, random=salt))

    assert sealed[:HEAD] == b"\x01" + key("new").key_id + salt
    assert len(sealed) == HEAD + len(CONTENT) + 16
    assert CONTENT not in sealed


def test_the_format_of_version_1_is_fixed() -> None:
    """Written down once: an envelope of the first version opens for ever."""
    text = "ARFQeg4vXmnVAAECAwQFBgcICQoLDA0ODxAREhMUFRYXcYVC7fgC16Z7r-OuA2GIFjM-jMkiagzdnqRAYm_5"

    assert sealer().open(text) == CONTENT
    assert sealer().seal(CONTENT, now=MOMENT, random=bytes(range(SALT_BYTES))) == text


@pytest.mark.parametrize("size", [0, SALT_BYTES - 1, SALT_BYTES + 1])
def test_too_little_or_too_much_randomness_is_a_bug(size: int) -> None:
    with pytest.raises(ValueError, match="24 random bytes"):
        sealer().seal(CONTENT, now=MOMENT, random=bytes(size))


def test_any_flipped_bit_is_refused() -> None:
    sealed = decoded(SEALED)
    causes: Counter[str] = Counter()

    for position in range(len(sealed)):
        for bit in range(8):
            flipped = bytearray(sealed)
            flipped[position] ^= 1 << bit
            causes[refusal(encoded(bytes(flipped))).partition(" version")[0]] += 1

    assert causes == {"of format": 8, NOT_IN_RING: 8 * KEY_ID_BYTES, NOISE: 8 * (len(sealed) - 1 - KEY_ID_BYTES)}


def test_every_prefix_is_refused() -> None:
    for length in range(len(SEALED)):
        assert refusal(SEALED[:length])


@pytest.mark.parametrize("length", range(HEAD + 16))
def test_less_than_head_and_tag_is_told_before_any_key_is_looked_up(length: int) -> None:
    assert refusal(encoded(decoded(SEALED)[:length])) == "shorter than any envelope"


@pytest.mark.parametrize("more", [b"\0", b"x" * 16])
def test_bytes_added_are_refused(more: bytes) -> None:
    assert refusal(encoded(decoded(SEALED) + more)) == NOISE


@given(st.text(max_size=200))
def test_any_other_text_is_refused(text: str) -> None:
    assert refusal(text)


@given(st.binary(min_size=HEAD + 16, max_size=200))
def test_noise_under_a_known_key_is_refused(noise: bytes) -> None:
    assert refusal(encoded(b"\x01" + key("new").key_id + noise)) == NOISE


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SEALED + "=", id="padding"),
        pytest.param(SEALED + "==", id="more padding"),
        pytest.param(SEALED + "\n", id="a line end"),
        pytest.param(" " + SEALED, id="a blank in front"),
        pytest.param(SEALED[:20] + "\n" + SEALED[20:], id="a folded line"),
        pytest.param(SEALED + "A", id="one more character"),
        pytest.param(SEALED + "é", id="a letter beyond ASCII"),
        pytest.param(SEALED[:-1] + "\ud800", id="a lone surrogate"),
        pytest.param(SEALED[:-1] + "\0", id="a NUL"),
        pytest.param(SEALED[:-1] + "０", id="a full-width digit"),
    ],
)  # fmt: skip
def test_base64_in_another_dress_is_refused(text: str) -> None:
    assert "base64url" in refusal(text)


def test_unused_bits_of_the_last_character_must_be_zero() -> None:
    content = next(bytes(size) for size in range(3) if (HEAD + size + 16) % 3)
    text = sealer().seal(content, now=MOMENT)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    sibling = text[:-1] + alphabet[alphabet.index(text[-1]) + 1]

    assert decoded(sibling) == decoded(text)
    assert refusal(sibling) == "not canonical base64url"


def test_the_other_base64_alphabet_is_refused() -> None:
    text = next(
        text for text in (sealer().seal(CONTENT, now=MOMENT) for _ in range(1000)) if "-" in text or "_" in text
    )

    assert refusal(text.replace("-", "+").replace("_", "/")) == "not canonical base64url"


def test_a_text_longer_than_any_envelope_is_refused_unread() -> None:
    assert refusal("A" * 16_385) == "longer than any envelope"


@pytest.mark.parametrize("version", [0, 2, 129, 255])
def test_another_format_version_is_refused_by_name(version: int) -> None:
    assert f"format version {version}," in refusal(encoded(bytes([version]) + decoded(SEALED)[1:]))


def test_an_envelope_of_another_keyring_is_refused() -> None:
    assert refusal(SEALED, sealer(keyring("foreign"))) == NOT_IN_RING


def test_an_envelope_of_a_key_that_left_the_keyring_is_refused() -> None:
    assert refusal(sealer(keyring("old")).seal(CONTENT, now=MOMENT), sealer(keyring("new"))) == NOT_IN_RING


def test_another_secret_under_the_same_key_id_is_refused() -> None:
    forged = Keyring([key("new", secret=b"f" * 32)])

    assert refusal(SEALED, sealer(forged)) == NOISE


def test_an_envelope_under_the_id_of_another_key_is_refused() -> None:
    sealed = decoded(SEALED)

    assert refusal(encoded(sealed[:1] + key("old").key_id + sealed[1 + KEY_ID_BYTES :])) == NOISE


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"purpose": "sso-access"}, id="another purpose"),
        pytest.param({"purpose": "session2"}, id="a longer purpose"),
        pytest.param({"purpose": ""}, id="no purpose"),
        pytest.param({"realm": "https://other.example.com"}, id="another realm"),
        pytest.param({"realm": REALM + "/"}, id="a longer realm"),
        pytest.param({"purpose": "sessionh", "realm": REALM[1:]}, id="a letter moved from realm to purpose"),
        pytest.param({"purpose": "session" + REALM, "realm": ""}, id="the realm moved into the purpose"),
        pytest.param({"purpose": REALM, "realm": "session"}, id="purpose and realm exchanged"),
    ],
)
def test_an_envelope_of_another_purpose_or_realm_is_noise(other: dict[str, Any]) -> None:
    foreign = sealer(**other)

    assert refusal(SEALED, foreign) == NOISE
    assert refusal(foreign.seal(CONTENT, now=MOMENT)) == NOISE
    assert foreign.open(foreign.seal(CONTENT, now=MOMENT)) == CONTENT


def test_the_newest_key_in_force_seals_and_every_key_opens() -> None:
    keys = Keyring([key("old", seals_from=NOW - HOUR), key("now"), key("next", seals_from=NOW + HOUR)])
    ids = {at: decoded(sealer(keys).seal(CONTENT, now=MOMENT + at))[1 : 1 + KEY_ID_BYTES] for at in (-1, 0, 3600)}

    assert ids == {-1: key("old").key_id, 0: key("now").key_id, 3600: key("next").key_id}
    for name in ("old", "now", "next"):
        assert sealer(keys).open(sealer(keyring(name)).seal(CONTENT, now=MOMENT)) == CONTENT


def test_without_a_key_in_force_nothing_is_sealed() -> None:
    with pytest.raises(KeyringUnavailable):
        sealer().seal(CONTENT, now=MOMENT - 10 * 3600)


def test_equal_contents_give_envelopes_that_share_no_key_stream() -> None:
    bodies = [decoded(sealer().seal(bytes(64), now=MOMENT))[HEAD:] for _ in range(500)]

    # Of zeros the ciphertext is the key stream itself: under one key and nonce it would repeat.
    assert len({body[:16] for body in bodies}) == len(bodies)


def test_the_salt_alone_changes_the_key() -> None:
    one, other = (decoded(sealer().seal(bytes(64), now=MOMENT, random=bytes([n]) * 24)) for n in (1, 2))

    assert one[HEAD : HEAD + 64] != other[HEAD : HEAD + 64]


@pytest.mark.parametrize("characters", [*range(66, 80), 4093, 4094, 4095, 4096, 4097])
def test_capacity_is_the_most_that_fits(characters: int) -> None:
    capacity = content_capacity(characters)

    assert sealed_length(capacity) <= characters < sealed_length(capacity + 1)
    assert len(sealer().seal(bytes(capacity), now=MOMENT)) == sealed_length(capacity)
