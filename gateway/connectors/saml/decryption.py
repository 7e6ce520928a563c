"""Opens an encrypted assertion; a wrong key, digest or padding cannot be told from another, in words or in steps."""

import secrets
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import quoteattr

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.connectors.saml.encoding import plain
from gateway.connectors.saml.encryption_shape import EncryptionShape
from gateway.connectors.saml.refusals import undecryptable
from gateway.connectors.saml.tree import Element, parsed
from gateway.domain.errors import InvalidIdentityToken

_NONCE: Final = 12
_TAG: Final = 16
_BLOCK: Final = 16


def decryption_key(pem: str) -> rsa.RSAPrivateKey:
    """Our key, which opens what was encrypted for us. Raises ValueError, with the mend."""
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        raise ValueError("private_key is not a PEM private key without a passphrase") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("private_key is not an RSA key, and only RSA opens encrypted assertions")  # noqa: TRY004  a setting's fault
    return key


def decrypted(shape: EncryptionShape, key: rsa.RSAPrivateKey) -> Element:
    """The root of a document that holds what was encrypted, in the namespaces that it was encrypted in.

    Raises InvalidIdentityToken.
    """
    # A key that does not open is replaced by one that opens nothing, so that both failures take the same way.
    cipher_key = _unsealed_key(shape, key) or secrets.token_bytes(shape.key_size)
    plaintext = (_opened if shape.authenticated else _deciphered)(cipher_key, shape.sealed)
    if plaintext is None:
        undecryptable()
    document = _in_context(plaintext, shape.namespaces)
    return _read(document) if shape.authenticated else _read_or_undecryptable(document)


def _read(document: bytes) -> Element:
    return parsed(plain(document))


def _read_or_undecryptable(document: bytes) -> Element:
    """Of a cipher that tells nothing of its own, one wrong key in sixteen leaves a padding that could be one."""
    try:
        return _read(document)
    except InvalidIdentityToken:
        undecryptable()


def _unsealed_key(shape: EncryptionShape, key: rsa.RSAPrivateKey) -> bytes | None:
    oaep = padding.OAEP(mgf=padding.MGF1(shape.mask()), algorithm=shape.digest(), label=None)
    try:
        cipher_key = key.decrypt(shape.sealed_key, oaep)
    except ValueError:
        return None
    return cipher_key if len(cipher_key) == shape.key_size else None


def _opened(cipher_key: bytes, sealed: bytes) -> bytes | None:
    """XML Encryption 1.1, 5.2.4: nonce of 96 bits, ciphertext, tag of 128 bits."""
    if len(sealed) < _NONCE + _TAG:
        return None
    try:
        return AESGCM(cipher_key).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
    except InvalidTag:
        return None


def _deciphered(cipher_key: bytes, sealed: bytes) -> bytes | None:
    """XML Encryption 5.2: the last byte tells how long the padding is. Only ever of bytes that a signature holds."""
    if len(sealed) < 2 * _BLOCK or len(sealed) % _BLOCK:
        return None
    decryptor = Cipher(algorithms.AES(cipher_key), modes.CBC(sealed[:_BLOCK])).decryptor()
    padded = decryptor.update(sealed[_BLOCK:]) + decryptor.finalize()
    return padded[: -padded[-1]] if 1 <= padded[-1] <= _BLOCK else None


def _in_context(plaintext: bytes, namespaces: Mapping[str | None, str]) -> bytes:
    """Around the plaintext the prefixes that hold where it stood; it closes nothing but itself, or is ill-formed."""
    declared = "".join(
        f" xmlns{f':{prefix}' if prefix else ''}={quoteattr(uri)}" for prefix, uri in namespaces.items()
    ).encode()
    return b"<decrypted%b>%b</decrypted>" % (declared, plaintext)
