import dataclasses
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.jwk import ECKey, RSAKey

from gateway.connectors.compact_jws import SIGNATURE_ALGORITHMS, read
from gateway.connectors.oidc.key_set import ALGORITHMS, KeySet, UnusableKeySet, signature_holds
from gateway.domain.identity import UnverifiedToken
from tests.fakes.identity_provider import ABSENT, encode, kind_for, private_key, public_jwk, sign

RSA = private_key("RSA", "a")
OTHER_RSA = private_key("RSA", "b")
CURVE = private_key("P-256")
ED = private_key("Ed25519")


def key_set(*jwks: Any) -> KeySet:
    return KeySet.read(json.dumps({"keys": jwks}).encode())


def jwk(**members: Any) -> dict[str, Any]:
    return public_jwk(RSA, **({"kid": "k"} | members))


def number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


UNUSABLE = {
    "a shared secret": {"kty": "oct", "k": encode(b"secret" * 8), "kid": "k"},
    "a shared secret by an RSA name": {"kty": "oct", "k": "AAAA", "kid": "k", "alg": "RS256"},
    "for encryption": jwk(use="enc"),
    "of unknown use": jwk(use="sig enc"),
    "use null": jwk(use=None),
    "to sign only": jwk(key_ops=["sign"]),
    "operations as text": jwk(key_ops="verify"),
    "an algorithm of another type": jwk(alg="ES256"),
    "an algorithm for encryption": jwk(alg="RSA-OAEP"),
    "an HMAC algorithm": jwk(alg="HS256"),
    "an algorithm that is no text": jwk(alg=["RS256"]),
    "a kid that is no text": jwk(kid=7),
    "no type": jwk(kty=ABSENT),
    "a type that is no text": jwk(kty=["RSA"]),
    "an unknown type": jwk(kty="AKP"),
    "no modulus": jwk(n=ABSENT),
    "a modulus that is no text": jwk(n=65_537),
    "an unknown curve": public_jwk(CURVE, kid="k", crv="secp256k1"),
    "Ed448": public_jwk(ED, kid="k", crv="Ed448"),
    "X25519": public_jwk(ED, kid="k", crv="X25519"),
    "a curve's algorithm on another curve": public_jwk(CURVE, kid="k", alg="ES384"),
    "no object": "k",
    "null": None,
}


@pytest.mark.parametrize("bad", UNUSABLE.values(), ids=UNUSABLE)
def test_a_key_that_may_not_verify_signatures_is_left_out(bad: Any) -> None:
    with pytest.raises(UnusableKeySet, match="no key for signatures among its 1"):
        key_set(bad)
    assert len(key_set(bad, jwk()).fitting("k", "RS256")) == 1


WEAK = {
    "RSA of 1024 bits": public_jwk(private_key("RSA1024"), kid="k"),
    "RSA of 2040 bits": jwk(n=number((1 << 2_039) + 1)),
    "RSA of 16,384 bits": jwk(n=number((1 << 16_383) + 1)),
    "exponent 1": jwk(e="AQ"),
    "exponent 3": jwk(e="Aw"),
    "exponent 65,536": jwk(e=number(65_536)),
    "exponent 65,538": jwk(e=number(65_538)),
    "an exponent of 72 bits": jwk(e=number((1 << 71) + 1)),
    "no exponent": jwk(e=""),
    "a padded modulus": jwk(n=jwk()["n"] + "=="),
    "a modulus in another alphabet": jwk(n="+/" + jwk()["n"][2:]),
    "a modulus of one character": jwk(n="A"),
}


@pytest.mark.parametrize("bad", WEAK.values(), ids=WEAK)
def test_a_weak_or_broken_rsa_key_is_never_used(bad: Any) -> None:
    assert key_set(bad).fitting("k", "RS256") == ()
    assert len(key_set(bad, jwk()).fitting("k", "RS256")) == 1


@pytest.mark.parametrize(
    "bad",
    [public_jwk(CURVE, kid="k", x=encode(b"\x01" * 32)), public_jwk(CURVE, kid="k", y="")],
    ids=["off the curve", "no y"],
)
def test_a_point_that_is_not_on_its_curve_is_never_used(bad: Any) -> None:
    assert key_set(bad).fitting("k", "ES256") == ()


def test_an_edwards_key_of_another_length_is_never_used() -> None:
    assert key_set(public_jwk(ED, kid="k", x="AAAA")).fitting("k", "EdDSA") == ()


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (b"<html>", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "no list `keys`"),
        (b'{"keys": {"k": {}}}', "no list `keys`"),
        (b'{"keys": []}', "no key for signatures among its 0"),
        (b'{"keys": [], "keys": []}', "one name twice"),
    ],
)
def test_what_is_no_key_set_is_refused(document: bytes, fault: str) -> None:
    with pytest.raises(UnusableKeySet, match=fault):
        KeySet.read(document)


@pytest.mark.parametrize(
    ("member", "algorithm", "fits"),
    [
        (ABSENT, "RS256", True),
        (ABSENT, "PS512", True),
        ("RS256", "RS256", True),
        ("RS256", "PS256", False),
        ("PS256", "RS256", False),
        ("RS256", "RS512", False),
    ],
)
def test_a_key_bound_to_one_algorithm_takes_no_other(member: Any, algorithm: str, fits: bool) -> None:
    assert bool(key_set(jwk(alg=member)).fitting("k", algorithm)) is fits


@pytest.mark.parametrize("member", [ABSENT, "EdDSA", "Ed25519"])
@pytest.mark.parametrize("algorithm", ["EdDSA", "Ed25519"])
def test_both_names_of_the_edwards_algorithm_mean_one(member: Any, algorithm: str) -> None:
    assert len(key_set(public_jwk(ED, kid="k", alg=member)).fitting("k", algorithm)) == 1


@pytest.mark.parametrize("kid", ["K", "k ", "", "../../k", "k' OR '1'='1", "k\x00"])
def test_a_key_id_is_compared_exactly(kid: str) -> None:
    assert key_set(jwk()).fitting(kid, "RS256") == ()


def test_one_id_for_two_kinds_means_the_kind_that_fits() -> None:
    both = key_set(jwk(), public_jwk(CURVE, kid="k"), UNUSABLE["a shared secret"])
    assert [type(key) for key in both.fitting("k", "RS384")] == [RSAKey]
    assert [type(key) for key in both.fitting("k", "ES256")] == [ECKey]
    assert [isinstance(key, RSAPublicKey) for key in both.fitting("k", "RS256")] == [True]
    assert both.fitting("k", "ES384") == both.fitting("k", "EdDSA") == ()


def test_two_keys_of_one_id_and_kind_are_both_tried() -> None:
    both = key_set(public_jwk(OTHER_RSA, kid="k"), jwk())
    token = read(UnverifiedToken(sign({"alg": "RS256", "kid": "k"}, {"iss": "i"}, RSA, "RS256")))
    assert signature_holds(token, both.fitting("k", "RS256"))


def test_an_id_shared_by_many_keys_is_nobodys() -> None:
    assert key_set(*[jwk()] * 5).fitting("k", "RS256") == ()


def test_a_token_without_key_id_has_a_key_where_exactly_one_fits() -> None:
    assert len(key_set(jwk(), public_jwk(CURVE, kid="c")).fitting(None, "RS256")) == 1
    assert len(key_set(jwk(kid=ABSENT)).fitting(None, "RS256")) == 1
    assert key_set(jwk(), public_jwk(OTHER_RSA, kid="o")).fitting(None, "RS256") == ()
    assert key_set(public_jwk(CURVE, kid="c")).fitting(None, "RS256") == ()


def test_private_members_of_a_published_key_are_dropped() -> None:
    keys = key_set(jwk(d="AAAA", p="AAAA", x5c=["evil"], x5u="https://evil.example"))
    (public,), (key,) = keys.fitting("k", "RS256"), keys.fitting("k", "RS384")
    assert isinstance(public, RSAPublicKey)
    assert isinstance(key, RSAKey)
    assert not key.is_private
    assert set(key.dict_value) == {"kty", "n", "e"}


def test_ten_thousand_keys_do_not_hide_the_good_one() -> None:
    filler = [{"kty": "OKP", "crv": "Ed25519", "kid": f"f{i}", "x": "A" * 42} for i in range(9_999)]
    document = json.dumps({"keys": [*filler, jwk()]}, separators=(",", ":")).encode()
    assert len(document) < 1_000_000
    begun = time.thread_time()
    keys = KeySet.read(document)
    assert len(keys.fitting("k", "RS256")) == 1
    assert keys.fitting(None, "EdDSA") == ()
    assert time.thread_time() - begun < 1


def test_tokens_do_not_make_a_key_set_grow() -> None:
    keys = key_set(jwk())
    for i in range(100):
        keys.fitting(f"unknown-{i}", "RS256")
    assert len(keys._compiled) == 0


@pytest.mark.parametrize("algorithm", sorted(SIGNATURE_ALGORITHMS))
def test_a_signature_of_each_algorithm_holds_and_another_keys_does_not(algorithm: str) -> None:
    key, other = private_key(kind_for(algorithm), "a"), private_key(kind_for(algorithm), "b")
    keys = key_set(public_jwk(key, kid="k", alg=algorithm)).fitting("k", algorithm)

    def signed(by: Any) -> Any:
        return read(UnverifiedToken(sign({"alg": algorithm, "kid": "k"}, {"iss": "i"}, by, algorithm)))

    assert signature_holds(signed(key), keys)
    assert not signature_holds(signed(other), keys)


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 96, 255, 257, 2_000])
@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_signature_of_any_length_is_merely_wrong(algorithm: str, length: int) -> None:
    keys = key_set(public_jwk(private_key(kind_for(algorithm)), kid="k")).fitting("k", algorithm)
    token = read(UnverifiedToken(sign({"alg": algorithm}, {"iss": "i"}, private_key(kind_for(algorithm)), algorithm)))
    for byte in (b"\x00", b"\xff"):
        forged = dataclasses.replace(token, signature_segment=encode(byte * length).encode())
        assert not signature_holds(forged, keys)


def test_every_algorithm_that_may_be_configured_has_a_meaning() -> None:
    assert set(ALGORITHMS) == SIGNATURE_ALGORITHMS
