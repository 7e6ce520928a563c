"""The gateway's own signing keys: their private halves sign its ID tokens, their public halves are published.

Sources: RFC 7515 (compact JWS), RFC 7517 (JWK), RFC 7518 sections 3.3, 3.4 and 6 (RS256, ES384, their JWKs).
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from gateway.domain.signing_algorithm import SigningAlgorithm

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

ISSUER_KEY_ID_BYTES: Final = 8
LONGEST_TOKEN: Final = timedelta(hours=1)
"""What GetWebIdentityToken gives at most."""

KEPT_AFTER_LAST_SIGNATURE: Final = LONGEST_TOKEN + timedelta(minutes=15)
"""So long a public key is shown after its successor signs: the last token's life, and what clocks and replicas lag."""

_RSA_BITS: Final = range(2_048, 8_193)
_NEW_RSA_BITS: Final = 2_048
_EXPONENT: Final = 65_537
_P384_BYTES: Final = 48
_ECDSA: Final = ec.ECDSA(hashes.SHA384())
_PROOF: Final = b"do both halves belong together?"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKey:
    """One key pair. It is published from the moment it is in the keyring and signs from `signs_from` (UTC) on."""

    key_id: bytes
    private_key: PrivateKey = field(repr=False, compare=False)
    created_at: datetime
    signs_from: datetime

    @property
    def algorithm(self) -> SigningAlgorithm:
        return SigningAlgorithm.RS256 if isinstance(self.private_key, rsa.RSAPrivateKey) else SigningAlgorithm.ES384

    def jwk(self) -> dict[str, str]:
        """The public half as a JWK."""
        named = {"kid": self.key_id.hex(), "use": "sig", "alg": self.algorithm.value}
        return {**named, **_public_members(self.private_key)}

    def token(self, claims: Mapping[str, Any]) -> str:
        """A signed JWT of these claims. It takes a fifth of a millisecond."""
        header = {"alg": self.algorithm.value, "kid": self.key_id.hex(), "typ": "JWT"}
        signed = f"{_segment(header)}.{_segment(claims)}"
        return f"{signed}.{_base64url(_signature(self.private_key, signed.encode('ascii')))}"


def new_issuer_keys(*, now: datetime, signs_from: datetime) -> tuple[IssuerKey, ...]:
    """One fresh key pair for each algorithm."""
    private_keys = (
        rsa.generate_private_key(public_exponent=_EXPONENT, key_size=_NEW_RSA_BITS),
        ec.generate_private_key(ec.SECP384R1()),
    )
    return tuple(
        IssuerKey(
            key_id=secrets.token_bytes(ISSUER_KEY_ID_BYTES),
            private_key=private_key,
            created_at=now.replace(microsecond=0),
            signs_from=signs_from.replace(microsecond=0),
        )
        for private_key in private_keys
    )


def with_living_tokens(oldest_first: Sequence[IssuerKey], now: datetime) -> tuple[IssuerKey, ...]:
    """The keys without those whose last token has ended: a successor of the same algorithm signs since long ago."""
    return tuple(
        key
        for at, key in enumerate(oldest_first)
        if not any(
            successor.algorithm is key.algorithm and successor.signs_from + KEPT_AFTER_LAST_SIGNATURE < now
            for successor in oldest_first[at + 1 :]
        )
    )


def private_text(key: PrivateKey) -> str:
    """The private key for the keyring's file: PKCS #8 in base64."""
    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode("ascii")


def read_private_key(text: str) -> PrivateKey:
    """The private key of such a text. Raises ValueError, which shows nothing of it."""
    try:
        der = base64.b64decode(text, validate=True)
        # OpenSSL's own examination of an RSA key takes 30 ms, which a running server has not: `_belong_together` does.
        key = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
        if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) and _is_strong(key):
            _belong_together(key)
            return key
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm, InvalidSignature):
        pass  # their texts may quote the key
    raise ValueError("an issuer key's private_key is PKCS #8 in base64: RSA of 2048 to 8192 bits, or EC on P-384")


def _is_strong(key: PrivateKey) -> bool:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return isinstance(key.curve, ec.SECP384R1)
    return key.key_size in _RSA_BITS and key.public_key().public_numbers().e == _EXPONENT


def _belong_together(key: PrivateKey) -> None:
    """Raises InvalidSignature, ValueError: the private half is not that of the public one."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        key.public_key().verify(key.sign(_PROOF, _ECDSA), _PROOF, _ECDSA)
        return
    signature = key.sign(_PROOF, padding.PKCS1v15(), hashes.SHA256())
    key.public_key().verify(signature, _PROOF, padding.PKCS1v15(), hashes.SHA256())


def _signature(key: PrivateKey, content: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, padding.PKCS1v15(), hashes.SHA256())
    # RFC 7518 3.4: both numbers at their full length, one behind the other, and not ASN.1.
    r, s = decode_dss_signature(key.sign(content, _ECDSA))
    return r.to_bytes(_P384_BYTES, "big") + s.to_bytes(_P384_BYTES, "big")


def _public_members(key: PrivateKey) -> dict[str, str]:
    if isinstance(key, rsa.RSAPrivateKey):
        modulus = key.public_key().public_numbers().n
        return {"kty": "RSA", "n": _number(modulus, -(-key.key_size // 8)), "e": _number(_EXPONENT, 3)}
    point = key.public_key().public_numbers()
    return {
        "kty": "EC",
        "crv": "P-384",
        # RFC 7518 6.2.1.2: coordinates keep their leading zeros.
        "x": _number(point.x, _P384_BYTES),
        "y": _number(point.y, _P384_BYTES),
    }


def _segment(members: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode())


def _number(value: int, length: int) -> str:
    return _base64url(value.to_bytes(length, "big"))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
