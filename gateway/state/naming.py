"""How a fact is named in a store: by its kind in clear and its key as a digest.

A key may be a refresh token, a device code or a person's name, of any length: whoever reads the store, its backups or
its slow log learns none of them.
"""

import hashlib
import re
from typing import Final

from gateway.state.store import VALUE_LIMIT

_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)


def kind_of(kind: str) -> str:
    """The kind of a fact, or the name of a feed, as a store may write it."""
    if not _KIND.fullmatch(kind):
        raise ValueError(f"{kind!r} names no kind of fact")
    return kind


def digest_of(key: str) -> bytes:
    # A typed name may hold lone surrogates; it is one key all the same.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def checked(value: bytes) -> bytes:
    """The value, which no caller may let grow with what somebody sent."""
    if len(value) > VALUE_LIMIT:
        raise ValueError(f"a value of {len(value)} bytes; a store keeps {VALUE_LIMIT}")
    return value
