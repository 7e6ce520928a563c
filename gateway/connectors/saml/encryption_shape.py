"""The forms of an encrypted assertion that are taken: AES with its key under RSA-OAEP, both in the document itself."""

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives import hashes

from gateway.connectors.saml.names import DS, XENC, XENC11
from gateway.connectors.saml.refusals import encrypted_otherwise, misshapen
from gateway.connectors.saml.tree import Element, local_name, text_of

_DATA: Final = f"{{{XENC}}}EncryptedData"
_KEY: Final = f"{{{XENC}}}EncryptedKey"
_METHOD: Final = f"{{{XENC}}}EncryptionMethod"
_CIPHER_DATA: Final = f"{{{XENC}}}CipherData"
_CIPHER_VALUE: Final = f"{{{XENC}}}CipherValue"
_KEY_INFO: Final = f"{{{DS}}}KeyInfo"
_RETRIEVAL: Final = f"{{{DS}}}RetrievalMethod"
_DIGEST: Final = f"{{{DS}}}DigestMethod"
_MGF: Final = f"{{{XENC11}}}MGF"
_OF_KEY: Final = frozenset((_KEY_INFO, f"{{{XENC}}}ReferenceList", f"{{{XENC}}}CarriedKeyName"))
_NAMES_OF_KEYS: Final = frozenset((f"{{{DS}}}X509Data", f"{{{DS}}}KeyName", f"{{{DS}}}KeyValue"))
_BLANKS: Final = str.maketrans("", "", "\r\n\t ")

GCM: Final[Mapping[str, int]] = {f"{XENC11}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)}
CBC: Final[Mapping[str, int]] = {f"{XENC}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)}
_CIPHERS: Final[Mapping[str, int]] = {**GCM, **CBC}
Hashing = Callable[[], hashes.HashAlgorithm]
# RFC 8017: OAEP does not need its hash to resist collisions; XML Encryption's default is SHA-1, and AD FS sends it.
_OAEP_DIGESTS: Final[Mapping[str, Hashing]] = {
    f"{DS}sha1": hashes.SHA1,
    f"{XENC}sha256": hashes.SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384,
    f"{XENC}sha512": hashes.SHA512,
}
_MASKS: Final[Mapping[str, Hashing]] = {
    f"{XENC11}mgf1sha1": hashes.SHA1,
    f"{XENC11}mgf1sha256": hashes.SHA256,
    f"{XENC11}mgf1sha384": hashes.SHA384,
    f"{XENC11}mgf1sha512": hashes.SHA512,
}
_OAEP_MGF1P: Final = f"{XENC}rsa-oaep-mgf1p"
_OAEP: Final = f"{XENC11}rsa-oaep"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionShape:
    """An encrypted assertion of a form that is taken; nothing is decrypted. `key_size` in bytes."""

    key_size: int
    authenticated: bool
    digest: Hashing
    mask: Hashing
    sealed_key: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    namespaces: Mapping[str | None, str] = field(repr=False)


def encryption_shape(encrypted_assertion: Element) -> EncryptionShape:
    """The parts of an EncryptedAssertion. Raises InvalidIdentityToken."""
    data, *peers = list(encrypted_assertion) or [encrypted_assertion]
    if data.tag != _DATA or any(peer.tag != _KEY for peer in peers):
        misshapen("an EncryptedAssertion holds something else than encrypted data and its key")
    if [child.tag for child in data] != [_METHOD, _KEY_INFO, _CIPHER_DATA]:
        misshapen("EncryptedData does not have exactly the children that it must have")
    method, key_info, cipher_data = data
    cipher = _algorithm(method, _CIPHERS)
    if len(method):
        misshapen("a cipher is given parameters")
    key = _sealed_key(key_info, peers)
    digest, mask = _transport(key[0])
    return EncryptionShape(
        key_size=_CIPHERS[cipher],
        authenticated=cipher in GCM,
        digest=digest,
        mask=mask,
        sealed_key=_cipher_value(next(child for child in key if child.tag == _CIPHER_DATA)),
        sealed=_cipher_value(cipher_data),
        namespaces=dict(encrypted_assertion.nsmap),
    )


def _sealed_key(key_info: Element, peers: list[Element]) -> Element:
    """The one EncryptedKey: in the data's KeyInfo, or beside the data with a reference to it (Shibboleth's way)."""
    if len(key_info) != 1:
        misshapen("encrypted data does not have exactly one key")
    holder = key_info[0]
    retrievals = list(holder.getroottree().iter("{*}RetrievalMethod"))
    if retrievals != ([holder] if peers else []):
        misshapen("the document holds a reference to a key out of its place")
    if peers:
        expected = {"Type": f"{XENC}EncryptedKey", "URI": f"#{peers[0].get('Id')}"}
        if holder.tag != _RETRIEVAL or dict(holder.attrib) != expected:
            misshapen("encrypted data refers to another key than the one beside it")
        holder = peers[0]
    if holder.tag != _KEY:
        misshapen("encrypted data does not have its key in the document")
    tags = [child.tag for child in holder]
    if tags[:1] != [_METHOD] or tags.count(_CIPHER_DATA) != 1 or set(tags[1:]) - {_CIPHER_DATA} - _OF_KEY:
        misshapen("EncryptedKey does not have exactly the children that it must have")
    if any(name.tag not in _NAMES_OF_KEYS for info in holder.iterchildren(_KEY_INFO) for name in info):
        misshapen("an EncryptedKey's KeyInfo holds something else than X509Data, KeyName and KeyValue")
    return holder


def _transport(method: Element) -> tuple[Hashing, Hashing]:
    """The two hashes of an RSA-OAEP. RSA 1.5 is not taken: its padding is an oracle (Bleichenbacher, 1998)."""
    algorithm = _algorithm(method, {_OAEP_MGF1P: 0, _OAEP: 0})
    chosen = {child.tag: child for child in method}
    taken = {_DIGEST} if algorithm == _OAEP_MGF1P else {_DIGEST, _MGF}
    if len(chosen) != len(method) or set(chosen) - taken:
        misshapen("RSA-OAEP is given parameters that are not taken")
    digest = _OAEP_DIGESTS[_algorithm(chosen[_DIGEST], _OAEP_DIGESTS)] if _DIGEST in chosen else hashes.SHA1
    mask = _MASKS[_algorithm(chosen[_MGF], _MASKS)] if _MGF in chosen else hashes.SHA1
    return digest, mask


def _algorithm(method: Element, known: Mapping[str, object]) -> str:
    algorithm = method.get("Algorithm")
    if algorithm not in known:
        encrypted_otherwise(f"{local_name(method)} of an encrypted assertion names an algorithm that is not taken")
    return str(algorithm)


def _cipher_value(cipher_data: Element) -> bytes:
    if [child.tag for child in cipher_data] != [_CIPHER_VALUE]:
        misshapen("CipherData does not hold its value itself")
    try:
        return binascii.a2b_base64(text_of(cipher_data[0]).translate(_BLANKS), strict_mode=True)
    except ValueError:
        misshapen("CipherValue is not base64")
