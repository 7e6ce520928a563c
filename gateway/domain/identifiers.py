"""Unique ids in AWS's form: a four-letter prefix and base32 characters that carry the account number."""

import base64
import hashlib
import os
from functools import lru_cache
from typing import Final

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ACCOUNT_BITS: Final = 40
_KEY_RANDOM_BITS: Final = 39
_ENTITY_BITS: Final = 44
TEMPORARY_KEY_PREFIX: Final = "ASIA"
_REMEMBERED: Final = 4_096
LONG_LIVED_KEY_PREFIX: Final = "AKIA"
RANDOM_BYTES_OF_A_KEY_ID: Final = 5


def access_key_id(prefix: str, account: str, random: bytes) -> str:
    """An access key id of 20 characters: after the prefix one set bit, 40 bits of account, 39 random bits.

    `account`: 12 digits; `random`: 5 bytes from the operating system. AWS's own ids carry the account alike, so tools
    that read it (GetAccessKeyInfo, log enrichment) work without asking.
    """
    tail = int.from_bytes(random, "big") >> 1
    bits = (1 << _ACCOUNT_BITS | int(account)) << _KEY_RANDOM_BITS | tail
    return prefix + base64.b32encode(bits.to_bytes(10, "big")).decode("ascii")


def account_of(identifier: str) -> str | None:
    """The account number that an access key id carries; None for ids of the old kind, which hold none."""
    body = identifier[4:]
    if len(body) != 16 or any(character not in _ALPHABET for character in body):
        return None
    bits = int.from_bytes(base64.b32decode(body), "big")
    if not bits >> (_ACCOUNT_BITS + _KEY_RANDOM_BITS):
        return None
    account = bits >> _KEY_RANDOM_BITS & ((1 << _ACCOUNT_BITS) - 1)
    return f"{account:012d}" if account < 10**12 else None


def role_id(account: str, name: str) -> str:
    """`AROA` and 17 characters; the same for one role name of one account on every replica and after each restart."""
    return _entity_id("AROA", account, f"role/{name}")


def user_id(account: str, name: str) -> str:
    """`AIDA` and 17 characters, stable as `role_id`."""
    return _entity_id("AIDA", account, f"user/{name}")


def random_uuid() -> str:
    """A random UUID (RFC 9562, version 4) as text; twice as fast as `uuid.uuid4`."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


@lru_cache(maxsize=_REMEMBERED)
def _entity_id(prefix: str, account: str, name: str) -> str:
    digest = hashlib.sha256(f"sts-gateway {account} {name}".encode()).digest()
    tail = int.from_bytes(digest[:8], "big") >> (64 - _ENTITY_BITS)
    bits = (1 << _ACCOUNT_BITS | int(account)) << _ENTITY_BITS | tail
    characters = [_ALPHABET[bits >> shift & 31] for shift in range(80, -1, -5)]
    return prefix + "".join(characters)
