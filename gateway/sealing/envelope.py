"""The envelope: authenticated encryption of a few hundred bytes under one key of the keyring.

Layout, base64url without padding:

    version (1) | key id (8) | salt (24) | ciphertext | GCM tag (16)

Every envelope is sealed with AES-256-GCM under a key of its own, derived from the keyring's key, the purpose, the realm
and 24 random bytes (HMAC-SHA-256 as a PRF, NIST SP 800-108 with one block). No two envelopes share a key, so the bound
of 2^32 random nonces under one GCM key (NIST SP 800-38D 8.3) does not exist here, and the nonce is a constant. Version,
key id, salt, purpose and realm are all authenticated: an envelope of one purpose or one gateway is noise to another.
"""

import binascii
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.sealing.keyring import KEY_ID_BYTES, KeySource, SealingKey

VERSION: Final = 1
SALT_BYTES: Final = 24
_TAG_BYTES: Final = 16
_HEAD_BYTES: Final = 1 + KEY_ID_BYTES + SALT_BYTES
_NONCE: Final = bytes(12)
_MAXIMUM_TEXT: Final = 16_384
_VERSION_BYTE: Final = bytes((VERSION,))
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_TO_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


class SealBroken(Exception):
    """The text is not an envelope of this purpose, realm and keyring, or one bit of it changed. `cause` says which."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Sealer:
    """Seals and opens envelopes of one purpose and realm.

    purpose: what the bytes are (`session`, ...), so that one kind never passes for another.
    realm: which gateway they belong to (its public URL), so that a shared keyring does not join two gateways.
    """

    __slots__ = ("_context", "_keys")

    def __init__(self, keys: KeySource, *, purpose: str, realm: str) -> None:
        self._keys = keys
        # Lengths in front keep ("ab", "c") and ("a", "bc") apart.
        parts = (b"sts-gateway envelope", purpose.encode(), realm.encode())
        self._context = b"".join(len(part).to_bytes(2, "big") + part for part in parts)

    def seal(self, content: bytes, *, now: float, random: bytes | None = None) -> str:
        """Seal `content` with the newest key in force at `now` (seconds since the epoch).

        random: 24 bytes of the operating system's randomness where the caller drew them already.
        Raises KeyringUnavailable when no key is in force.
        """
        key = self._keys.sealing_key(now)
        salt = random if random is not None else os.urandom(SALT_BYTES)
        if len(salt) != SALT_BYTES:
            raise ValueError(f"an envelope needs {SALT_BYTES} random bytes")
        head = _VERSION_BYTE + key.key_id + salt
        cipher, authenticated = self._cipher(key, head)
        return _encoded(head + cipher.encrypt(_NONCE, content, authenticated))

    def open(self, text: str) -> bytes:
        """Return what was sealed. Raises SealBroken for anything else than an untouched envelope."""
        return self.open_with_key(text)[0]

    def is_in_force(self, key: SealingKey) -> bool:
        """Whether what this key sealed would still be opened."""
        return self._keys.key(key.key_id) is key

    def seals_with(self, key: SealingKey, now: float) -> bool:
        """Whether this key would seal at `now`. Raises KeyringUnavailable when none would."""
        return self._keys.sealing_key(now).key_id == key.key_id

    def open_with_key(self, text: str) -> tuple[bytes, SealingKey]:
        """As `open`; and the key that it was sealed with."""
        sealed = _decode(text)
        key = self._keys.key(sealed[1 : 1 + KEY_ID_BYTES])
        if key is None:
            raise SealBroken("sealed with a key that is not in the keyring")
        cipher, authenticated = self._cipher(key, sealed[:_HEAD_BYTES])
        try:
            return cipher.decrypt(_NONCE, sealed[_HEAD_BYTES:], authenticated), key
        except InvalidTag:
            raise SealBroken("changed, or sealed for another purpose or gateway") from None

    def _cipher(self, key: SealingKey, head: bytes) -> tuple[AESGCM, bytes]:
        authenticated = head + self._context
        return AESGCM(key.derived(authenticated)), authenticated


def sealed_length(content_length: int) -> int:
    """Characters of the envelope around `content_length` bytes."""
    return -(-(_HEAD_BYTES + content_length + _TAG_BYTES) * 4 // 3)


def content_capacity(characters: int) -> int:
    """The most bytes that fit into an envelope of so many characters."""
    return characters * 3 // 4 - _HEAD_BYTES - _TAG_BYTES


def _encoded(sealed: bytes) -> str:
    return binascii.b2a_base64(sealed, newline=False).translate(_TO_URL_SAFE, b"=").decode("ascii")


def _decode(text: str) -> bytes:
    if len(text) > _MAXIMUM_TEXT:
        raise SealBroken("longer than any envelope")
    try:
        written = text.encode("ascii").translate(_TO_STANDARD) + b"=" * (-len(text) & 3)
        sealed = binascii.a2b_base64(written, strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise SealBroken("not base64url") from None
    # One envelope has one text: base64 would take several last characters, padding, and what is outside its alphabet.
    if _encoded(sealed) != text:
        raise SealBroken("not canonical base64url")
    if len(sealed) < _HEAD_BYTES + _TAG_BYTES:
        raise SealBroken("shorter than any envelope")
    if sealed[0] != VERSION:
        raise SealBroken(f"of format version {sealed[0]}, which this gateway does not know")
    return sealed
