"""The gateway's own key pair at SAML providers: what it signs with, and the certificate by which it is known there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from gateway.connectors.saml.certificates import weakness_of

_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_MAXIMUM_FILE: Final = 65_536

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """`certificate`: DER. `pem`: the private key as settings gave it, for whoever opens what is encrypted to it."""

    private: PrivateKey = field(repr=False)
    certificate: bytes = field(repr=False)
    pem: str = field(repr=False)

    @property
    def method(self) -> str:
        """The SignatureMethod of `sign`."""
        return f"{_MORE}rsa-sha256" if isinstance(self.private, rsa.RSAPrivateKey) else f"{_MORE}ecdsa-sha256"

    @property
    def decrypting(self) -> rsa.RSAPrivateKey | None:
        """The key that opens what providers encrypt for it: only RSA transports keys."""
        return self.private if isinstance(self.private, rsa.RSAPrivateKey) else None

    def sign(self, text: bytes) -> bytes:
        kind = next(kind for kind in _SIGN if isinstance(self.private, kind))
        return _SIGN[kind](self.private, text)


def read_key(pem: str, certificate: Path) -> OwnKey:
    """Raises ValueError with the mend: unreadable, weak, or two that do not belong together."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("private_key is no PEM key without a passphrase; write ${file:PATH} of one") from None
    found = read_certificate(certificate, "certificate")
    der = der_of(found)
    weakness = weakness_of(der)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) or weakness is not None:
        told = weakness or "its key is neither RSA nor of an elliptic curve"
        raise ValueError(f"certificate {certificate} cannot be used: {told}; make an RSA key of 3072 bits")
    if key.public_key() != found.public_key():
        raise ValueError(f"certificate {certificate} is not of private_key; name the two that were made together")
    return OwnKey(private=key, certificate=der, pem=pem)


def read_certificate(path: Path, name: str) -> x509.Certificate:
    """`name`: of the setting. Raises ValueError with the mend."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAXIMUM_FILE)
        return x509.load_pem_x509_certificate(content)
    except OSError as fault:
        raise ValueError(f"{name} {path} cannot be read ({fault.strerror}); name a readable file") from None
    except (ValueError, x509.InvalidVersion):
        raise ValueError(f"{name} {path} is no certificate in PEM; name a file with -----BEGIN CERTIFICATE") from None


def der_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _sign_rsa(key: rsa.RSAPrivateKey, text: bytes) -> bytes:
    return key.sign(text, padding.PKCS1v15(), hashes.SHA256())


def _sign_ec(key: ec.EllipticCurvePrivateKey, text: bytes) -> bytes:
    # XML Signature 1.1, 6.4.3: r and s, each as long as the curve's order, one behind the other.
    size = (key.curve.key_size + 7) // 8
    r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


_SIGN: Final[Mapping[type, Callable[..., bytes]]] = {
    rsa.RSAPrivateKey: _sign_rsa,
    ec.EllipticCurvePrivateKey: _sign_ec,
}
