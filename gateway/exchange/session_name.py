"""The RoleSessionName of somebody who gave none: the user name, written so that no two people ever share one."""

import hashlib
import string
from typing import Final

SHORTEST: Final = 2
LONGEST: Final = 64
"""Bounds of AWS's RoleSessionName."""

_FILLING: Final = "--"
_DIGEST_LENGTH: Final = 16
# AWS's [\w+=,.@-] without the `=`, which marks an escape.
_PLAIN: Final = frozenset((string.ascii_letters + string.digits + "_+,.@-").encode())


def session_name_of(username: str) -> str:
    """A session name of 2 to 64 characters: bytes outside the grammar as `=XX` of UTF-8, too long a name by its hash.

    A short name is filled with `--`; a long one keeps its beginning and ends in `=` and 16 hexadecimal digits.
    """
    escaped = "".join(chr(byte) if byte in _PLAIN else f"={byte:02X}" for byte in username.encode())
    if len(escaped) < SHORTEST:
        return escaped + _FILLING
    if len(escaped) == SHORTEST + 1 and escaped.endswith(_FILLING):
        # Somebody who is really called `a--` is not `a`.
        return f"{escaped[:-1]}=2D"
    if len(escaped) <= LONGEST:
        return escaped
    # `=` and a lower-case `x` can begin no escape, so a shortened name equals nobody's whole one.
    digest = hashlib.sha256(username.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{escaped[: LONGEST - _DIGEST_LENGTH - 2]}=x{digest}"
