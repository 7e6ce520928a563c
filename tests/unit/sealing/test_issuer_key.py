"""Keys for ID tokens: what they sign, what they show, and which private key is taken for one."""

import base64
import functools
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc import jws
from joserfc.jwk import KeySet

from gateway.domain.signing_algorithm import SigningAlgorithm
from gateway.sealing.issuer_key import IssuerKey, new_issuer_keys, private_text, read_private_key, with_living_tokens
from gateway.sealing.keyring import Keyring
from tests.unit.sealing.made import HOUR, NOW

QUARTER = timedelta(minutes=15)
SECOND = timedelta(seconds=1)
UNFIT = "an issuer key's private_key is PKCS #8 in base64: RSA of 2048 to 8192 bits, or EC on P-384"


@functools.cache
def pair(label: str = "") -> tuple[IssuerKey, ...]:
    return new_issuer_keys(now=NOW.replace(microsecond=7), signs_from=(NOW + HOUR).replace(microsecond=7))


@pytest.mark.parametrize("key", pair(), ids=lambda key: key.algorithm)
def test_the_published_half_verifies_what_the_private_one_signed(key: IssuerKey) -> None:
    claims = {"sub": "arn:aws:iam::111122223333:role/\u20ac", "aud": ["a", "b"]}

    signed = jws.deserialize_compact(
        key.token(claims), KeySet.import_key_set({"keys": [key.jwk()]}), algorithms=[key.algorithm]
    )

    assert signed.headers() == {"alg": key.algorithm, "kid": key.key_id.hex(), "typ": "JWT"}
    assert json.loads(signed.payload) == claims


@pytest.mark.parametrize("key", pair(), ids=lambda key: key.algorithm)
def test_nothing_private_is_published_or_printed(key: IssuerKey) -> None:
    public = {"kty", "kid", "use", "alg", *({"n", "e"} if key.algorithm == "RS256" else {"crv", "x", "y"})}

    assert key.jwk().keys() == public
    assert (key.jwk()["use"], key.jwk()["kid"]) == ("sig", key.key_id.hex())
    assert "private_key" not in repr(key)


def test_numbers_of_a_curve_keep_their_leading_zeros() -> None:
    """About one signature in 128 has a number that begins with a zero byte."""
    _, key = pair()

    lengths = {len(base64.urlsafe_b64decode(key.token({"at": at}).split(".")[2] + "==")) for at in range(600)}

    assert lengths == {96}


def test_a_new_pair_has_both_algorithms_random_ids_and_whole_seconds() -> None:
    rsa_key, ec_key = pair()

    assert [rsa_key.algorithm, ec_key.algorithm] == [SigningAlgorithm.RS256, SigningAlgorithm.ES384]
    assert rsa_key.private_key.key_size == 2_048
    assert len({rsa_key.key_id, ec_key.key_id, *(key.key_id for key in pair("again"))}) == 4
    assert {(key.created_at, key.signs_from) for key in pair()} == {(NOW, NOW + HOUR)}


@pytest.mark.parametrize("key", pair(), ids=lambda key: key.algorithm)
def test_a_private_key_reads_back_as_it_was_written(key: IssuerKey) -> None:
    again = read_private_key(private_text(key.private_key))

    assert again.private_numbers() == key.private_key.private_numbers()


def text_of(key: Any, encryption: Any = None) -> str:
    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, encryption or NoEncryption())).decode()


def with_another_public_half() -> str:
    """An RSA key whose modulus is another key's."""
    numbers = [key.private_key.private_numbers() for key in (pair()[0], pair("again")[0])]
    foreign = numbers[1].public_numbers.n.to_bytes(256, "big")
    own = numbers[0].public_numbers.n.to_bytes(256, "big")
    return base64.b64encode(base64.b64decode(text_of(pair()[0].private_key)).replace(own, foreign)).decode()


NO_KEYS: dict[str, Any] = {
    "empty": lambda: "",
    "not base64": lambda: text_of(pair()[0].private_key)[:-1] + "!",
    "base64 of something else": lambda: base64.b64encode(b"secret").decode(),
    "cut off": lambda: text_of(pair()[0].private_key)[:400],
    "a weak RSA key": lambda: text_of(rsa.generate_private_key(65_537, 1_024)),
    "an RSA key with a small exponent": lambda: text_of(rsa.generate_private_key(3, 2_048)),
    "another curve": lambda: text_of(ec.generate_private_key(ec.SECP256R1())),
    "another kind of key": lambda: text_of(ed25519.Ed25519PrivateKey.generate()),
    "under a password": lambda: text_of(pair()[1].private_key, BestAvailableEncryption(b"x")),
    "halves that do not belong together": with_another_public_half,
}


@pytest.mark.parametrize("made", NO_KEYS.values(), ids=NO_KEYS)
def test_what_is_no_fit_key_is_refused_and_not_shown(made: Any) -> None:
    with pytest.raises(ValueError, match="PKCS #8") as caught:
        read_private_key(made())

    assert str(caught.value) == UNFIT
    assert caught.value.__cause__ is None


def signing(label: str, hours: float) -> tuple[IssuerKey, ...]:
    """A pair that signs from NOW and so many hours on."""
    return tuple(
        IssuerKey(
            key_id=bytes((at, *label.encode().ljust(7)))[:8],
            private_key=key.private_key,
            created_at=NOW,
            signs_from=NOW + hours * HOUR,
        )
        for at, key in enumerate(pair())
    )


OLD, NEW, NEXT = signing("old", -9), signing("new", 0), signing("next", 9)


@pytest.mark.parametrize("at", [0, 1], ids=["RS256", "ES384"])
@pytest.mark.parametrize(
    ("moment", "pair_in_force"),
    [
        pytest.param(NOW - 9 * HOUR, OLD, id="the first second"),
        pytest.param(NOW - SECOND, OLD, id="before the change"),
        pytest.param(NOW, NEW, id="at the change"),
        pytest.param(NOW + 9 * HOUR, NEXT, id="at the next change"),
    ],
)
def test_the_newest_key_of_the_algorithm_whose_time_has_come_signs(moment: Any, pair_in_force: Any, at: int) -> None:
    keyring = Keyring([], [*NEXT, *OLD, *NEW])

    assert keyring.issuer_key(pair_in_force[at].algorithm, moment) == pair_in_force[at]


def test_no_key_signs_before_its_time_or_for_another_algorithm() -> None:
    assert Keyring([], NEXT).issuer_key(SigningAlgorithm.RS256, NOW) is None
    assert Keyring([], OLD[:1]).issuer_key(SigningAlgorithm.ES384, NOW) is None
    assert Keyring([]).issuer_key(SigningAlgorithm.RS256, NOW) is None


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        pytest.param(NOW, [*OLD, *NEW, *NEXT], id="new ones at once, the old while they may have signed"),
        pytest.param(NOW + HOUR + QUARTER, [*OLD, *NEW, *NEXT], id="the last second of the last token, and the margin"),
        pytest.param(NOW + HOUR + QUARTER + SECOND, [*NEW, *NEXT], id="a second later"),
        pytest.param(NOW + 999 * HOUR, [*NEXT], id="never without the one that signs"),
    ],
)
def test_a_key_is_shown_until_its_last_token_has_ended(moment: Any, shown: list[IssuerKey]) -> None:
    assert Keyring([], [*OLD, *NEW, *NEXT]).published_keys(moment) == tuple(
        sorted(shown, key=lambda key: key.signs_from)
    )


def test_a_successor_of_another_algorithm_retires_nothing() -> None:
    keys = (OLD[0], NEW[1])

    assert with_living_tokens(keys, NOW + 99 * HOUR) == keys


def test_an_id_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="two keys of a keyring have one id"):
        Keyring([], [OLD[0], OLD[0]])
