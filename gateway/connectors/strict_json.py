"""JSON objects from outside, read one way only: what two parsers could read differently is refused.

RFC 8725 2.4 and RFC 8259 4: duplicate names, other encodings, `NaN` and lone surrogates let a token mean one thing to
whoever checks it and another to whoever uses it.
"""

import json
import math
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Never

import msgspec

_WHOLE = Annotated[int, msgspec.Meta(ge=-(10**15), le=10**15)]
_decode_plain: Final = msgspec.json.Decoder(dict[str, str | _WHOLE | bool | list[str] | None]).decode
_MAXIMUM_DEPTH: Final = 32
_MAXIMUM_INTEGER_LENGTH: Final = 20
_MAXIMUM_FRACTION_LENGTH: Final = 40
_ESCAPE: Final = re.compile(rb"\\.", re.DOTALL)
_NOT_STRUCTURE: Final = bytes(set(range(256)) - set(b'[]{}"'))
_QUOTE: Final = ord('"')
_OPENING: Final = b"[{"


class UnreadableJson(ValueError):
    """Not a JSON object that can be read in one way only; the message names the fault and quotes nothing."""


def read_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`. Time is linear in its length.

    Raises UnreadableJson: not strict UTF-8, a byte order mark, another top level than an object, a name twice in one
    object at any depth, `NaN` or an infinity, a lone surrogate, over 32 levels, a number of over 20 digits.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableJson("is not UTF-8") from None
    plain = _plain_object(text, raw)
    return _any_object(text, raw) if plain is None else plain


def _plain_object(text: str, raw: bytes) -> dict[str, Any] | None:
    """The object whose text no two readers could take differently, as issuers write them; None for any other.

    Without escapes, and without blanks behind a quote, each member has one `":` and no text has more than it shows: so
    many of them as there are names in the object means that no name stands twice. Nothing is nested but texts in lists.
    """
    if "\\" in text or '" ' in text or "\n" in text or "\r" in text or "\t" in text:
        return None
    try:
        value = _decode_plain(raw)
    except msgspec.MsgspecError:
        return None
    return value if len(value) == text.count('":') else None


def _any_object(text: str, raw: bytes) -> dict[str, Any]:
    """As `read_object`."""
    if raw.count(b"[") + raw.count(b"{") > _MAXIMUM_DEPTH and _depth(raw) > _MAXIMUM_DEPTH:
        raise UnreadableJson(f"is nested deeper than {_MAXIMUM_DEPTH} levels")
    try:
        value = _decoded(text)
    except json.JSONDecodeError as fault:
        raise UnreadableJson(f"is not JSON: {fault.msg}") from None
    if not isinstance(value, dict):
        raise UnreadableJson("is not a JSON object")
    if "\\u" in text:
        _refuse_lone_surrogates(value)
    return value


def _decoded(text: str) -> Any:
    """As the decoder, which first looks for blanks around the value: an issuer writes none."""
    try:
        value, end = _SCAN(text, 0)
    except StopIteration:
        return _DECODER.decode(text)
    return value if end == len(text) else _DECODER.decode(text)


def _depth(raw: bytes) -> int:
    """The deepest level of nesting, brackets inside strings left out. Linear, and never recursive."""
    depth = deepest = 0
    inside_string = False
    for character in _ESCAPE.sub(b"", raw).translate(None, _NOT_STRUCTURE):
        if character == _QUOTE:
            inside_string = not inside_string
        elif not inside_string:
            depth += 1 if character in _OPENING else -1
            deepest = max(deepest, depth)
    return deepest


def _refuse_lone_surrogates(value: dict[str, Any]) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise UnreadableJson("holds a lone surrogate") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise UnreadableJson("holds one name twice in an object")
    return value


def _integer(digits: str) -> int:
    if len(digits) > _MAXIMUM_INTEGER_LENGTH:
        raise UnreadableJson(f"holds a number of over {_MAXIMUM_INTEGER_LENGTH} digits")
    return int(digits)


def _fraction(digits: str) -> float:
    value = float(digits) if len(digits) <= _MAXIMUM_FRACTION_LENGTH else math.inf
    if not math.isfinite(value):
        raise UnreadableJson("holds a number out of range")
    return value


def _constant(_name: str) -> Never:
    raise UnreadableJson("holds NaN or an infinity, which JSON has not")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)
_SCAN: Final[Callable[[str, int], tuple[Any, int]]] = _DECODER.scan_once  # type: ignore[attr-defined]  # typeshed lacks it
