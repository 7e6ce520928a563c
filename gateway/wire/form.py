"""Names and values of a query string or an `application/x-www-form-urlencoded` body, read one way only.

What two readers could take differently is refused (a name twice, broken escapes, bytes that are not UTF-8), so that
nobody checks one value and uses another. Grammar: WHATWG URL Standard 5.1, made strict.
"""

from collections.abc import Container
from typing import Final

from gateway.domain.errors import UnreadableQuery

MAXIMUM_FIELDS: Final = 256
MAXIMUM_NAME: Final = 128
_HEX: Final = "0123456789abcdefABCDEF"
_BYTE_OF: Final = {f"{high}{low}".encode(): bytes((int(high + low, 16),)) for high in _HEX for low in _HEX}


def read_fields(raw: bytes, known: Container[str]) -> dict[str, str]:
    """The fields of `raw` in the order sent; `+` is a blank, a name without `=` has the empty value. Time is linear.

    known: names that a message may quote; any other name, like every value, may be a secret in the wrong place.
    Raises UnreadableQuery: a name twice, empty, or over 128 characters, over 256 fields, a `%` without two hexadecimal
    digits, bytes that are not UTF-8.
    """
    if not raw:
        return {}
    if raw.count(b"&") >= MAXIMUM_FIELDS:
        raise UnreadableQuery(f"The request has more than {MAXIMUM_FIELDS} parameters")
    fields: dict[str, str] = {}
    for piece in raw.split(b"&"):
        if piece:
            name, _, value = piece.partition(b"=")
            read = name.decode() if name.isalnum() else _decoded(name)
            if read in fields:
                raise UnreadableQuery(f"{called(read, known)} is given twice; give it once")
            if read not in known:
                _check_name(read)
            fields[read] = _decoded(value)
    return fields


def called(name: str, known: Container[str]) -> str:
    """How a message calls a parameter: by the known name that it is, or that its list has; else by no name."""
    head = name.partition(".")[0]
    return f"The parameter {head}" if head in known else "One parameter"


def _check_name(name: str) -> None:
    if not name:
        raise UnreadableQuery("One parameter has no name")
    if len(name) > MAXIMUM_NAME:
        raise UnreadableQuery(f"One parameter has a name of more than {MAXIMUM_NAME} characters")


def _decoded(raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        raw = _unescaped(raw)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise UnreadableQuery("The request's parameters are not UTF-8") from None


def _unescaped(raw: bytes) -> bytes:
    head, *rest = raw.split(b"%")
    try:
        return head + b"".join([_BYTE_OF[piece[:2]] + piece[2:] for piece in rest])
    except KeyError:
        raise UnreadableQuery("The request has a % that no two hexadecimal digits follow; write % as %25") from None
