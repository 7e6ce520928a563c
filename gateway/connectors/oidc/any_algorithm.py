"""Signatures of every algorithm by joserfc, which is imported only where an issuer signs with another than RS256."""

from collections.abc import Mapping, Sequence
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.connectors.compact_jws import SIGNATURE_ALGORITHMS, UnverifiedJws

JoseKey = RSAKey | ECKey | OKPKey

_KINDS: Final[Mapping[str, type[JoseKey]]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_REGISTRY: Final = jws.JWSRegistry(algorithms=sorted(SIGNATURE_ALGORITHMS - {"EdDSA"}))


def key_of(members: Mapping[str, str]) -> JoseKey | None:
    """The key of a JWK's public members; None where it is none."""
    try:
        return _KINDS[members["kty"]].import_key(dict(members))
    except (ValueError, TypeError, JoseError):
        return None


def holds(token: UnverifiedJws, algorithm: str, keys: Sequence[JoseKey]) -> bool:
    """Whether one of `keys`, which fit the algorithm, made the token's signature. `algorithm`: joserfc's name of it."""
    # joserfc sees of the header the algorithm alone: no member of it could lead to another key.
    signed = jws.CompactSignature({"alg": algorithm}, b"")
    signed.segments = {
        "header": token.header_segment,
        "payload": token.payload_segment,
        "signature": token.signature_segment,
    }
    return any(jws.validate_compact(signed, key, registry=_REGISTRY) for key in keys)
