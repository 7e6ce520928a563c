"""BER as LDAP restricts it (RFC 4511 5.1), encoding only: definite lengths, primitive strings."""

from collections.abc import Iterable
from typing import Final

INTEGER: Final = 0x02
OCTET_STRING: Final = 0x04
ENUMERATED: Final = 0x0A
BOOLEAN: Final = 0x01
SEQUENCE: Final = 0x30


def element(tag: int, content: bytes) -> bytes:
    """Tag, length and content."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size) + content


def constructed(tag: int, parts: Iterable[bytes]) -> bytes:
    return element(tag, b"".join(parts))


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A number that is not negative."""
    return element(tag, value.to_bytes(value.bit_length() // 8 + 1))


def text(value: str, tag: int = OCTET_STRING) -> bytes:
    return element(tag, value.encode("utf-8", "surrogatepass"))


def boolean(*, value: bool, tag: int = BOOLEAN) -> bytes:
    return bytes((tag, 1, 0xFF if value else 0))
