"""What a directory answers: result codes, entries, and how their values read."""

import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Code(IntEnum):
    """Result codes (RFC 4511 appendix A) that mean something to the gateway."""

    SUCCESS = 0
    OPERATIONS_ERROR = 1
    PROTOCOL_ERROR = 2
    TIME_LIMIT_EXCEEDED = 3
    SIZE_LIMIT_EXCEEDED = 4
    STRONGER_AUTH_REQUIRED = 8
    REFERRAL = 10
    ADMIN_LIMIT_EXCEEDED = 11
    CONFIDENTIALITY_REQUIRED = 13
    NO_SUCH_OBJECT = 32
    INVALID_CREDENTIALS = 49
    INSUFFICIENT_ACCESS = 50
    BUSY = 51
    UNAVAILABLE = 52
    UNWILLING_TO_PERFORM = 53
    OTHER = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry: attribute names in lower case."""

    dn: str
    attributes: Mapping[str, tuple[bytes, ...]]

    def raw(self, name: str) -> tuple[bytes, ...]:
        return self.attributes.get(name.lower(), ())

    def texts(self, name: str) -> tuple[str, ...]:
        """The attribute's values that are text."""
        return tuple(text for value in self.raw(name) if (text := text_of(value)) is not None)

    def text(self, name: str) -> str | None:
        """The attribute's one value; None where it has none or several."""
        values = self.texts(name)
        return values[0] if len(values) == 1 and len(self.raw(name)) == 1 else None

    def number(self, name: str) -> int | None:
        text = self.text(name)
        try:
            return int(text) if text is not None and len(text) <= 20 else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The end of one operation, and the entries that came before it. `controls`: by number, as decoded as they came."""

    code: int
    message: str = ""
    controls: Mapping[str, Any] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()

    @property
    def succeeded(self) -> bool:
        return self.code == Code.SUCCESS

    @property
    def told(self) -> str:
        """Code and diagnostic message, printable and bounded, for logs."""
        name = Code(self.code).name if self.code in set(Code) else "result"
        shown = "".join(one if one.isprintable() else " " for one in self.message[:200]).strip()
        return f"{name} ({self.code}){f': {shown}' if shown else ''}"


def text_of(value: bytes) -> str | None:
    """A value as text; None where it is not UTF-8, or holds NUL."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def guid_text(value: bytes) -> str | None:
    """Active Directory's objectGUID as it is written: its first three parts are little-endian."""
    return str(uuid.UUID(bytes_le=value)) if len(value) == 16 else None


def guid_bytes(text: str) -> bytes | None:
    """What `guid_text` wrote, as the directory has it; None where `text` is no GUID."""
    try:
        return uuid.UUID(text).bytes_le
    except ValueError:
        return None


def sid_in_domain(sid: bytes, relative: int) -> bytes | None:
    """The SID of the same domain with another relative id ([MS-DTYP] 2.4.2.2); None where `sid` is none."""
    if len(sid) < 12 or len(sid) != 8 + 4 * sid[1] or not 0 <= relative < 2**32:
        return None
    return sid[:-4] + struct.pack("<I", relative)
