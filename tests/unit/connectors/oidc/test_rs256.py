"""RS256 by our own path and by joserfc: both say the same of every token, honest, attacking or changed at random."""

import base64
import json
import os
import random
import string
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, utils
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from gateway.connectors.compact_jws import UnverifiedJws, claims_of, read
from gateway.connectors.oidc import any_algorithm
from gateway.connectors.oidc.key_set import ALGORITHMS, KeySet, VerificationKey, signature_holds
from gateway.domain.errors import InvalidIdentityToken
from gateway.domain.identity import UnverifiedToken
from tests.fakes.identity_provider import IdentityProvider, encode, private_key, public_jwk, sign

MUTATIONS = 100_000 if os.environ.get("STS_GATEWAY_LONG") else 10_000
ALPHABET = string.ascii_letters + string.digits + "-_"
EVIL = private_key("RSA", "evil")
SHORT = private_key("RSA3072", "another length")
NOW = 1_772_366_400
CLAIMS = {"iss": "https://login.example.com", "aud": "sts.amazonaws.com", "sub": "alice", "iat": NOW, "exp": NOW + 60}
HEADER = {"alg": "RS256", "kid": "rs-1", "typ": "JWT"}


def provider() -> IdentityProvider:
    made = IdentityProvider(label="rs256")
    made.issuer = "https://login.example.com"
    return made


PROVIDER = provider()
KEYS = KeySet.read(json.dumps({"keys": PROVIDER.public_keys()}).encode())
KEY = PROVIDER.keys["rs-1"][1]
MODULUS = KEY.private_numbers().public_numbers.n


def token(header: Any = HEADER, claims: Any = CLAIMS, key: Any = KEY, algorithm: str = "RS256") -> str:
    return sign(header, claims, key, algorithm)


def with_signature(change: Callable[[bytes], bytes], text: str | None = None) -> str:
    head, _, signature = (text or token()).rpartition(".")
    return f"{head}.{encode(change(base64.urlsafe_b64decode(signature + '==')))}"


def signed_otherwise(pad: Any, digest: hashes.HashAlgorithm, signed: bytes | None = None) -> str:
    head = token().rpartition(".")[0]
    return f"{head}.{encode(KEY.sign(signed or head.encode(), pad, digest))}"


def with_raw_block(block: bytes) -> str:
    """A signature whose RSA opening is this very block: what a lenient reader of PKCS #1 padding would take."""
    number = pow(int.from_bytes(block, "big"), KEY.private_numbers().d, MODULUS)
    return f"{token().rpartition('.')[0]}.{encode(number.to_bytes(256, 'big'))}"


def digest_block(filling: int, behind: bytes = b"", *, parameters: bytes = b"\x05\x00") -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(token().rpartition(".")[0].encode())
    algorithm = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01" + parameters
    info = b"\x30" + bytes((len(algorithm),)) + algorithm + b"\x04\x20" + digest.finalize()
    info = b"\x30" + bytes((len(info),)) + info
    return (b"\x00\x01" + b"\xff" * filling + b"\x00" + info + behind).ljust(256, b"\x00")


def compact(header: Any, claims: Any = CLAIMS, signature: str = "AAAA") -> str:
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    return ".".join([*map(encode, parts), signature])


HONEST = {
    "an honest token": token(),
    "without typ": token({"alg": "RS256", "kid": "rs-1"}),
    "with key material that nobody uses": token(HEADER | {"x5t": "AAAA", "x5c": ["MIIB"], "jwk": public_jwk(EVIL)}),
    "header members in another order": token({"kid": "rs-1", "typ": "JWT", "alg": "RS256"}),
    "blanks in the JSON": token(b' {"alg" : "RS256", "kid":"rs-1"} '),
    "claims beyond ASCII": token(claims=CLAIMS | {"name": "J\u00fcrgen \U0001f600"}),
    "signed by hand as PKCS #1 says": with_raw_block(digest_block(202)),
}
REFUSED = {
    "none": compact({"alg": "none"}),
    "None": compact({"alg": "None", "kid": "rs-1"}),
    "HS256": compact({"alg": "HS256", "kid": "rs-1"}),
    "an algorithm in small letters": token(HEADER | {"alg": "rs256"}),
    "PS256 said to be RS256": signed_otherwise(padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
    "RS384 said to be RS256": signed_otherwise(padding.PKCS1v15(), hashes.SHA384()),
    "RS512 said to be RS256": signed_otherwise(padding.PKCS1v15(), hashes.SHA512()),
    "SHA-1": signed_otherwise(padding.PKCS1v15(), hashes.SHA1()),
    "a digest taken for the text": signed_otherwise(
        padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()), signed=b"d" * 32
    ),
    "another key": token(key=EVIL),
    "another key in jwk": token(HEADER | {"jwk": public_jwk(EVIL)}, key=EVIL),
    "another key in jku": token(HEADER | {"jku": "https://evil.example.com/jwks"}, key=EVIL),
    "another key's length": token(key=SHORT),
    "kid of nobody": token(HEADER | {"kid": "rs-2"}),
    "kid as a path": token(HEADER | {"kid": "../../dev/null"}),
    "kid as SQL": token(HEADER | {"kid": "' OR 1=1 --"}),
    "crit": token(HEADER | {"crit": ["exp"]}),
    "five parts": f"{token()}.AAAA.AAAA",
    "a nested token": token(claims=token().encode()),
    "cty": token(HEADER | {"cty": "JWT"}),
    "a name twice in the header": token(b'{"alg":"RS256","kid":"rs-1","alg":"RS256"}'),
    "a name twice in the payload": token(claims=b'{"iss":"a","iss":"a"}'),
    "UTF-16": token(claims=json.dumps(CLAIMS).encode("utf-16")),
    "a byte order mark": token(claims=b"\xef\xbb\xbf" + json.dumps(CLAIMS).encode()),
    "NaN": token(claims=b'{"iss":"a","exp":NaN}'),
    "a lone surrogate": token(claims=b'{"iss":"a","sub":"\\ud800"}'),
    "padding": token() + "==",
    "other bits behind the last": token()[:-1] + ("B" if token()[-1] == "A" else chr(ord(token()[-1]) + 1)),
    "bytes behind": token() + "AAAA",
    "a new line behind": token() + "\n",
    "over 20,000 characters": token(claims=CLAIMS | {"name": "x" * 20_000}),
    "an access token": token(HEADER | {"typ": "at+jwt"}),
    "a logout token": token(HEADER | {"typ": "logout+jwt"}),
    "an empty signature": token().rpartition(".")[0] + ".",
    "a signature of zeros": with_signature(lambda made: bytes(len(made))),
    "a signature of one": with_signature(lambda made: b"\x01".rjust(len(made), b"\x00")),
    "the modulus as signature": with_signature(lambda _: MODULUS.to_bytes(256, "big")),
    "the signature plus the modulus": with_signature(
        lambda made: (int.from_bytes(made, "big") + MODULUS).to_bytes(257, "big")
    ),
    "a zero in front of the signature": with_signature(lambda made: b"\x00" + made),
    "a byte less": with_signature(lambda made: made[:-1]),
    "a byte less in front": with_signature(lambda made: made[1:]),
    "twice the signature": with_signature(lambda made: made + made),
    "short filling and garbage behind (Bleichenbacher 2006)": with_raw_block(digest_block(8, b"g" * 190)),
    "no parameters beside the digest's name": with_raw_block(digest_block(204, parameters=b"")),
    "parameters that hold something": with_raw_block(digest_block(198, parameters=b"\x04\x04evil")),
    "a digest with garbage inside its frame": with_raw_block(digest_block(201, b"\x00")),
}


def candidates(text: str) -> tuple[UnverifiedJws, tuple[VerificationKey, ...]] | None:
    try:
        unverified = read(UnverifiedToken(text))
        claims_of(unverified)
    except InvalidIdentityToken:
        return None
    return unverified, KEYS.fitting(unverified.key_id, unverified.algorithm)


def verdict(text: str) -> bool:
    """Whether the token holds; both ways have to agree, and joserfc reading the whole text itself must not refuse."""
    found = candidates(text)
    if found is None:
        return False
    token, keys = found
    joserfcs = [
        RSAKey.import_key(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        if isinstance(key, RSAPublicKey)
        else key
        for key in keys
    ]
    own, other = signature_holds(token, keys), any_algorithm.holds(token, ALGORITHMS[token.algorithm].name, joserfcs)
    assert own == other, text
    if own:
        assert joserfc_alone(text) == base64.urlsafe_b64decode(text.split(".")[1] + "==")
    return own


def joserfc_alone(text: str) -> bytes | None:
    try:
        registry = jws.JWSRegistry(algorithms=["RS256"])
        registry.max_header_length = 20_000
        registry.strict_check_header = False
        return jws.deserialize_compact(text, RSAKey.import_key(public_jwk(KEY)), registry=registry).payload
    except (JoseError, ValueError):
        return None


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_what_an_issuer_signed_holds_both_ways(text: str) -> None:
    assert verdict(text)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_it_did_not_sign_so_holds_neither_way(text: str) -> None:
    assert not verdict(text)


def changed(text: str, dice: random.Random) -> str:
    """Another token that still reads as one more often than not: a letter, a bit, a member, or a foreign segment."""
    at = dice.randrange(len(text))
    match dice.randrange(6):
        case 0:
            return text[:at] + dice.choice(ALPHABET) + text[at + 1 :]
        case 1:
            return with_signature(lambda made: flipped(made, dice), text)
        case 2:
            header, _, rest = text.partition(".")
            return (
                f"{header}.{encode(json.dumps(CLAIMS | {'sub': str(dice.random())}).encode())}.{rest.partition('.')[2]}"
            )
        case 3:
            _, _, rest = text.partition(".")
            return f"{encode(json.dumps(HEADER | {'x': dice.random()}).encode())}.{rest}"
        case 4:
            return with_signature(lambda made: made[dice.randrange(4) : len(made) - dice.randrange(4)], text)
        case _:
            return text[:at] + text[at + dice.randrange(4) :]


def flipped(made: bytes, dice: random.Random) -> bytes:
    number = int.from_bytes(made, "big") ^ 1 << dice.randrange(8 * len(made))
    return number.to_bytes(len(made), "big")


def test_tokens_changed_at_random_hold_only_where_nothing_changed() -> None:
    dice, honest = random.Random(20_260_301), [token(claims=CLAIMS | {"jti": str(number)}) for number in range(20)]
    held = looked_at = 0
    for _ in range(MUTATIONS):
        text = dice.choice(honest)
        other = changed(text, dice)
        looked_at += candidates(other) is not None
        if verdict(other):
            held += 1
            assert other == text
    assert looked_at > MUTATIONS // 3
    assert held < MUTATIONS // 10
