"""The identity provider's certificates as keys that verify: the key alone counts, neither dates nor who issued it.

Sources: SAML V2.0 Metadata Interoperability Profile 2.6.1 (a certificate in metadata only carries a key).
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

_LOG: Final = logging.getLogger(__name__)
_SMALLEST_RSA: Final = 2_048
_SMALLEST_EXPONENT: Final = 65_537
_CURVES: Final = frozenset(("secp256r1", "secp384r1", "secp521r1"))
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationKey:
    """A key with the fingerprint of the certificate that carried it, in hex."""

    public: PublicKey = field(repr=False)
    der: bytes = field(repr=False)
    sha256: str

    def holds(self, method: str, signature: bytes, signed: bytes) -> bool:
        """Whether `signature`, made by `method` (one of METHODS), is this key's over `signed`."""
        kind, hashing = METHODS[method]
        try:
            return isinstance(self.public, kind) and _VERIFY[kind](self.public, signature, signed, hashing())
        except InvalidSignature:
            return False


def usable_certificates(certificates: Iterable[bytes]) -> tuple[VerificationKey, ...]:
    """The keys of those certificates (DER) that may verify; others are left out and told in the log.

    Raises ValueError, with the mend, where none is left.
    """
    keys = []
    for der in certificates:
        weakness = weakness_of(der)
        if weakness is None:
            keys.append(VerificationKey(public=_public(der), der=der, sha256=hashlib.sha256(der).hexdigest()))
        else:
            _LOG.warning("a certificate of a SAML identity provider is not used: %s", weakness)
    if not keys:
        raise ValueError(
            "the identity provider has no certificate that may sign; give it one of RSA with 2048 bits or more, "
            "or of P-256, P-384 or P-521"
        )
    return tuple(keys)


def weakness_of(der: bytes) -> str | None:
    """Why the key of this certificate is not believed; None where it is."""
    try:
        key = x509.load_der_x509_certificate(der).public_key()
    except UnsupportedAlgorithm:
        return "its key is of a kind or a curve that is not known here"
    except (ValueError, x509.InvalidVersion):
        return "it is not an X.509 certificate"
    if isinstance(key, rsa.RSAPublicKey):
        exponent = key.public_numbers().e
        if key.key_size < _SMALLEST_RSA:
            return f"its RSA key has {key.key_size} bits, fewer than {_SMALLEST_RSA}"
        return None if exponent >= _SMALLEST_EXPONENT and exponent & 1 else "its RSA exponent is smaller than 65537"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return None if key.curve.name in _CURVES else f"its curve {key.curve.name} is none of P-256, P-384 and P-521"
    return "its key is neither RSA nor of an elliptic curve"


def _public(der: bytes) -> PublicKey:
    key = x509.load_der_x509_certificate(der).public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise TypeError("a key of another kind was taken for usable")
    return key


def _rsa_holds(key: rsa.RSAPublicKey, signature: bytes, signed: bytes, hashing: hashes.HashAlgorithm) -> bool:
    key.verify(signature, signed, padding.PKCS1v15(), hashing)
    return True


def _ec_holds(key: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes, hashing: hashes.HashAlgorithm) -> bool:
    # XML Signature 1.1, 6.4.3: r and s, each as long as the curve's order, one behind the other.
    size = (key.curve.key_size + 7) // 8
    if len(signature) != 2 * size:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
    key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashing))
    return True


_VERIFY: Final[Mapping[type, Callable[..., bool]]] = {
    rsa.RSAPublicKey: _rsa_holds,
    ec.EllipticCurvePublicKey: _ec_holds,
}
METHODS: Final[Mapping[str, tuple[type, Callable[[], hashes.HashAlgorithm]]]] = {
    f"{_MORE}rsa-sha256": (rsa.RSAPublicKey, hashes.SHA256),
    f"{_MORE}rsa-sha384": (rsa.RSAPublicKey, hashes.SHA384),
    f"{_MORE}rsa-sha512": (rsa.RSAPublicKey, hashes.SHA512),
    f"{_MORE}ecdsa-sha256": (ec.EllipticCurvePublicKey, hashes.SHA256),
    f"{_MORE}ecdsa-sha384": (ec.EllipticCurvePublicKey, hashes.SHA384),
    f"{_MORE}ecdsa-sha512": (ec.EllipticCurvePublicKey, hashes.SHA512),
}
"""Every SignatureMethod that is taken: an allow-list, since libraries refuse SHA-1 and go on taking MD5."""
