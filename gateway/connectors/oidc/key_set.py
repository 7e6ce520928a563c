"""A provider's public keys (RFC 7517): which of them may verify which token, and the checking of a signature.

Nothing here comes from a token but its algorithm's name and its key's id.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Union

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from gateway.connectors.compact_jws import UnverifiedJws
from gateway.connectors.oidc import rs256
from gateway.connectors.strict_json import UnreadableJson, read_object

if TYPE_CHECKING:
    from gateway.connectors.oidc.any_algorithm import JoseKey

VerificationKey = Union[RSAPublicKey, "JoseKey"]
"""Of RS256 the former, of every other algorithm the latter."""

_RS256: Final = "RS256"
_BASE64URL: Final = re.compile(r"[\w-]+", re.ASCII).fullmatch
_RSA_BITS: Final = range(2_048, 8_193)
_RSA_SMALLEST_EXPONENT: Final = 65_537
_RSA_EXPONENT_BITS: Final = 64
# Several keys of one id are an issuer's mistake; each costs a verification.
_MAXIMUM_OF_ONE_ID: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """What a signature algorithm needs: joserfc's name of it, the key's type, and for curves the one curve."""

    name: str
    key_type: str
    curve: str | None = None


# RFC 7518 3.1 ties each ES algorithm to its curve. EdDSA is the older name of what RFC 9864 calls Ed25519.
ALGORITHMS: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {name: Algorithm(name=name, key_type="RSA") for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")}
    | {
        "ES256": Algorithm(name="ES256", key_type="EC", curve="P-256"),
        "ES384": Algorithm(name="ES384", key_type="EC", curve="P-384"),
        "ES512": Algorithm(name="ES512", key_type="EC", curve="P-521"),
        "EdDSA": Algorithm(name="Ed25519", key_type="OKP", curve="Ed25519"),
        "Ed25519": Algorithm(name="Ed25519", key_type="OKP", curve="Ed25519"),
    }
)
_PUBLIC_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
)


class UnusableKeySet(ValueError):
    """A document that is no JWK Set, or one without a key that could verify anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PublicJwk:
    """A JWK whose members have the right shape, cut down to its public ones; not yet known to be a point or modulus."""

    key_id: str | None
    algorithm: Algorithm | None
    members: Mapping[str, Any]

    def fits(self, algorithm: Algorithm) -> bool:
        # PyJWT took the key's alg where the header's was listed (CVE-2026-48523): both must be the same.
        return (
            self.members["kty"] == algorithm.key_type
            and self.members.get("crv") == algorithm.curve
            and (self.algorithm is None or self.algorithm == algorithm)
        )


class KeySet:
    """The usable keys of one JWK Set, indexed by id. Each becomes a key object at its first use, then stays."""

    __slots__ = ("_by_id", "_compiled")

    def __init__(self, keys: Sequence[_PublicJwk]) -> None:
        self._by_id: dict[str | None, list[_PublicJwk]] = {}
        for key in keys:
            self._by_id.setdefault(key.key_id, []).append(key)
        # The key's id None stands for a token without one, so all keys are its candidates.
        self._by_id[None] = list(keys)
        self._compiled: dict[tuple[str | None, str], tuple[VerificationKey, ...]] = {}

    @classmethod
    def read(cls, document: bytes) -> "KeySet":
        """Read a JWK Set; keys that cannot verify signatures are left out, the others go on working.

        Left out: other types than RSA, EC on P-256, P-384, P-521, and Ed25519 (`oct` above all: an issuer's public
        document holds no shared secret), `use` other than sig, `key_ops` without verify, an `alg` of another type.
        Raises UnusableKeySet.
        """
        try:
            entries = read_object(document).get("keys")
        except UnreadableJson as fault:
            raise UnusableKeySet(f"the key set {fault}") from None
        if not isinstance(entries, list):
            raise UnusableKeySet("the key set has no list `keys`")
        keys = [key for key in map(_public_jwk, entries) if key is not None]
        if not keys:
            raise UnusableKeySet(f"the key set has no key for signatures among its {len(entries)}")
        return cls(keys)

    def has_key_for(self, algorithm: str) -> bool:
        """Whether a token with this `alg` of ALGORITHMS could have a key here."""
        return any(key.fits(ALGORITHMS[algorithm]) for key in self._by_id[None])

    def fitting(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        """The keys that may verify a token with this `kid` and this `alg` of ALGORITHMS; none: the key is unknown.

        Several keys of one id count where type and algorithm fit, so an id used for two kinds means the one that
        fits. A token without `kid` has a key only where exactly one fits (OpenID Connect Core 10.1).
        """
        compiled = self._compiled.get((key_id, algorithm))
        if compiled is not None:
            return compiled
        named = self._by_id.get(key_id)
        if named is None:
            return ()
        candidates = [key for key in named if key.fits(ALGORITHMS[algorithm])]
        if len(candidates) > _MAXIMUM_OF_ONE_ID:
            return ()
        keys = tuple(key for key in (_compile(one, algorithm) for one in candidates) if key is not None)
        if key_id is None and len(keys) != 1:
            return ()
        # Only ids that the provider published are kept: tokens cannot make this grow.
        if keys:
            self._compiled[key_id, algorithm] = keys
        return keys


def signature_holds(token: UnverifiedJws, keys: Sequence[VerificationKey]) -> bool:
    """Whether one of `keys`, which fit the token's algorithm, made its signature."""
    if token.algorithm == _RS256:
        for key in keys:
            if isinstance(key, RSAPublicKey) and rs256.holds(
                key, token.header_segment, token.payload_segment, token.signature_segment
            ):
                return True
        return False
    from gateway.connectors.oidc import any_algorithm  # noqa: PLC0415  as below

    others = [key for key in keys if not isinstance(key, RSAPublicKey)]
    return any_algorithm.holds(token, ALGORITHMS[token.algorithm].name, others)


def _public_jwk(entry: object) -> _PublicJwk | None:
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return None
    kty, key_id, operations = entry.get("kty"), entry.get("kid"), entry.get("key_ops", ["verify"])
    if not isinstance(kty, str) or kty not in _PUBLIC_MEMBERS or not isinstance(key_id, str | None):
        return None
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    members = {name: entry.get(name) for name in ("kty", *_PUBLIC_MEMBERS[kty])}
    if not all(isinstance(member, str) for member in members.values()):
        return None
    return _checked(_PublicJwk(key_id=key_id, algorithm=None, members=members), entry)


def _checked(key: _PublicJwk, entry: Mapping[str, Any]) -> _PublicJwk | None:
    """`key` with the algorithm that it is bound to; None where no algorithm, or another than its own, would take it."""
    if not any(key.fits(algorithm) for algorithm in ALGORITHMS.values()):
        return None
    if "alg" not in entry:
        return key
    algorithm = ALGORITHMS.get(entry["alg"]) if isinstance(entry["alg"], str) else None
    if algorithm is None or not key.fits(algorithm):
        return None
    return _PublicJwk(key_id=key.key_id, algorithm=algorithm, members=key.members)


def _compile(key: _PublicJwk, algorithm: str) -> VerificationKey | None:
    """The key object; None where it is no key, or too weak a one."""
    try:
        numbers = _rsa(key.members) if key.members["kty"] == "RSA" else None
        if algorithm == _RS256:
            return None if numbers is None else numbers.public_key()
    except ValueError:
        return None
    if numbers is None and key.members["kty"] == "RSA":
        return None
    # Most issuers sign with RS256 alone: a worker of theirs need not have joserfc in memory.
    from gateway.connectors.oidc import any_algorithm  # noqa: PLC0415

    return any_algorithm.key_of(key.members)


def _rsa(members: Mapping[str, str]) -> RSAPublicNumbers | None:
    """Raises ValueError."""
    modulus, exponent = _unsigned(members["n"]), _unsigned(members["e"])
    # Small exponents make forged PKCS #1 v1.5 signatures cheap; large moduli make verification slow.
    if modulus.bit_length() not in _RSA_BITS or exponent.bit_length() > _RSA_EXPONENT_BITS:
        return None
    if exponent < _RSA_SMALLEST_EXPONENT or exponent % 2 == 0:
        return None
    return RSAPublicNumbers(exponent, modulus)


def _unsigned(text: str) -> int:
    """RFC 7518 2: base64url without padding. Raises ValueError."""
    if _BASE64URL(text) is None:
        raise ValueError("not base64url")
    return int.from_bytes(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True), "big")
