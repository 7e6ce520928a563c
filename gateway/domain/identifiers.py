"""Unique ids in AWS's form: a four-letter prefix and base32 characters that carry the account number."""

import base64
import hashlib
import os
from functools import lru_cache
from typing import Final

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS: Final = tuple(one + other for one in _ALPHABET for other in _ALPHABET)
_VARIANTS: Final = {f"{digit:x}": "89ab"[digit & 3] for digit in range(16)}
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
    return prefix + _base32((1 << _ACCOUNT_BITS | int(account)) << _KEY_RANDOM_BITS | tail)


def session_id(random: bytes) -> str:
    """16 characters of base32. `random`: 10 bytes from the operating system."""
    return _base32(int.from_bytes(random, "big"))


def _base32(bits: int) -> str:
    """80 bits in base32, three times as fast as `base64.b32encode`."""
    pairs, high, low = _PAIRS, bits >> 40, bits & 0xFFFFFFFFFF
    return (
        f"{pairs[high >> 30]}{pairs[high >> 20 & 1023]}{pairs[high >> 10 & 1023]}{pairs[high & 1023]}"
        f"{pairs[low >> 30]}{pairs[low >> 20 & 1023]}{pairs[low >> 10 & 1023]}{pairs[low & 1023]}"
    )


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
    """A random UUID (RFC 9562, version 4) as text, each given once. They name events; nothing secret hangs on them."""
    try:
        return _drawn.pop()
    except IndexError:
        _draw()
        return _drawn.pop()


_DRAWN_AT_ONCE: Final = 256
_UUID_DIGITS: Final = 32
_drawn: Final[list[str]] = []
# A child process would give out its parent's.
os.register_at_fork(after_in_child=_drawn.clear)


def _draw() -> None:
    """Many at a time: asking the operating system costs more than the rest."""
    digits = os.urandom(_UUID_DIGITS // 2 * _DRAWN_AT_ONCE).hex()
    _drawn.extend(
        f"{digits[at : at + 8]}-{digits[at + 8 : at + 12]}-4{digits[at + 13 : at + 16]}"
        f"-{_VARIANTS[digits[at + 16]]}{digits[at + 17 : at + 20]}-{digits[at + 20 : at + 32]}"
        for at in range(0, len(digits), _UUID_DIGITS)
    )


@lru_cache(maxsize=_REMEMBERED)
def _entity_id(prefix: str, account: str, name: str) -> str:
    digest = hashlib.sha256(f"sts-gateway {account} {name}".encode()).digest()
    tail = int.from_bytes(digest[:8], "big") >> (64 - _ENTITY_BITS)
    bits = (1 << _ACCOUNT_BITS | int(account)) << _ENTITY_BITS | tail
    characters = [_ALPHABET[bits >> shift & 31] for shift in range(80, -1, -5)]
    return prefix + "".join(characters)


@lru_cache(maxsize=_REMEMBERED)
def name_qualifier(issuer: str, account: str, provider: str) -> str:
    """What stands for a SAML provider of an account (AWS STS API Reference, AssumeRoleWithSAML, "NameQualifier")."""
    # SHA-1 as AWS documents it: a name, of which nothing secret hangs.
    digest = hashlib.sha1(f"{issuer}{account}/{provider}".encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")
