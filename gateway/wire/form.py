"""Names and values of a query string or an `application/x-www-form-urlencoded` body, read one way only.

What two readers could take differently is refused (a name twice, broken escapes, bytes that are not UTF-8), so that
nobody checks one value and uses another. Grammar: WHATWG URL Standard 5.1, made strict.
"""

from collections.abc import Container
from collections.abc import Set as AbstractSet
from typing import Final

from gateway.domain.errors import UnreadableQuery

MAXIMUM_FIELDS: Final = 256
MAXIMUM_NAME: Final = 128
_HEX: Final = "0123456789abcdefABCDEF"
_CHARACTER_OF: Final = {
    f"{high}{low}": chr(int(high + low, 16)) for high in _HEX for low in _HEX if int(high + low, 16) < 128
}
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
    for piece in _text(raw).split("&"):
        if not piece:
            continue
        name, _, value = piece.partition("=")
        if name not in known:
            name = _decoded(name)
            if name not in known:
                _check_name(name)
        if name in fields:
            raise UnreadableQuery(f"{called(name, known)} is given twice; give it once")
        # Most values have neither, and are what they seem.
        fields[name] = _decoded(value) if "%" in value or "+" in value else value
    return fields


def usual_fields(raw: bytes, known: AbstractSet[str]) -> dict[str, str] | None:
    """As `read_fields`, of a form whose every name is one of `known` as it stands; None for any other.

    Raises UnreadableQuery.
    """
    between = raw.count(b"&")
    if between >= len(known):
        return None  # before ten thousand names of one letter are taken apart
    try:
        fields = dict([piece.split("=", 1) for piece in raw.decode().split("&")])
    except ValueError:
        # A name without a value, an empty piece, bytes that are not UTF-8.
        return None
    if len(fields) <= between or not fields.keys() <= known:
        return None
    for name, value in fields.items():
        if "%" in value or "+" in value:
            fields[name] = _decoded(value)
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


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise UnreadableQuery("The request's parameters are not UTF-8") from None


def _decoded(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    # What every ARN in a form has, and what base64 has besides: often there is no other.
    plain = text.replace("%3A", ":").replace("%2F", "/")
    if "%" in plain:
        plain = plain.replace("%2B", "+").replace("%3D", "=")
    if "%" not in plain:
        return plain
    head, *rest = text.split("%")
    try:
        return head + "".join([_CHARACTER_OF[piece[:2]] + piece[2:] for piece in rest])
    except KeyError:
        return _text(_unescaped(text.encode()))


def _unescaped(raw: bytes) -> bytes:
    """As `_decoded`, for escapes that are no characters of their own."""
    head, *rest = raw.split(b"%")
    try:
        return head + b"".join([_BYTE_OF[piece[:2]] + piece[2:] for piece in rest])
    except KeyError:
        raise UnreadableQuery("The request has a % that no two hexadecimal digits follow; write % as %25") from None
