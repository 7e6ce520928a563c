"""How the names of a directory compare: distinguished names as RFC 4514 says, all others by Unicode case folding."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

Rdn = frozenset[tuple[str, str]]
"""One relative distinguished name: attribute type and value, both comparable; several for a multi-valued one."""

_TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*|(?:OID\.|oid\.)?[0-9]+(?:\.[0-9]+)+", re.ASCII)
_PAIR: Final = re.compile(r"\\(?:([0-9A-Fa-f]{2})|([ \"#+,;<=>\\]))", re.ASCII)
_HEX: Final = re.compile(r"#((?:[0-9A-Fa-f]{2})+)", re.ASCII)
_BLANKS: Final = re.compile(r"\s+")
_SPECIAL: Final = re.compile(r"[\"+,;<=>\\#]")
_MAXIMUM_LENGTH: Final = 8_192
_STRING_TAGS: Final = frozenset({0x04, 0x0C, 0x13, 0x14, 0x16})
# RFC 4519: one attribute type under its names and its number.
_ALIASES: Final = {
    "commonname": "cn",
    "2.5.4.3": "cn",
    "surname": "sn",
    "2.5.4.4": "sn",
    "countryname": "c",
    "2.5.4.6": "c",
    "localityname": "l",
    "2.5.4.7": "l",
    "stateorprovincename": "st",
    "2.5.4.8": "st",
    "streetaddress": "street",
    "2.5.4.9": "street",
    "organizationname": "o",
    "2.5.4.10": "o",
    "organizationalunitname": "ou",
    "2.5.4.11": "ou",
    "userid": "uid",
    "0.9.2342.19200300.100.1.1": "uid",
    "domaincomponent": "dc",
    "0.9.2342.19200300.100.1.25": "dc",
}


class NotADistinguishedName(ValueError):
    """The text is not one in RFC 4514's grammar."""


@lru_cache(maxsize=8_192)
def parsed(text: str) -> tuple[Rdn, ...]:
    """The relative names of a distinguished name, its own first; the empty text has none.

    Raises NotADistinguishedName.
    """
    if len(text) > _MAXIMUM_LENGTH:
        raise NotADistinguishedName(f"longer than {_MAXIMUM_LENGTH} characters")
    if not text.strip():
        return ()
    return tuple(
        frozenset(_attribute(part) for part in _split(relative, "+"))
        for piece in _split(text, ",")
        for relative in _split(piece, ";")
    )


def is_distinguished_name(text: str) -> bool:
    try:
        return bool(parsed(text))
    except NotADistinguishedName:
        return False


def is_below(text: str, base: str) -> bool:
    """Whether `text` names `base` or something under it. Raises NotADistinguishedName."""
    whole, above = parsed(text), parsed(base)
    return len(whole) >= len(above) and whole[len(whole) - len(above) :] == above


@lru_cache(maxsize=8_192)
def comparable(text: str) -> str:
    """One text for all spellings of a name: of a distinguished name its canonical form, else the folded text.

    Case, outer and repeated blanks, escapes and the order inside a relative name make no difference. No other name is
    comparable to a distinguished one.
    """
    try:
        relatives = parsed(text)
    except NotADistinguishedName:
        name = folded(text)
        # With a full width `=` it is none, and folds to one, as which whoever may name groups could pass theirs off.
        return f"\0{name}" if is_distinguished_name(name) else name
    return ",".join("+".join(sorted(f"{kind}={_escaped(value)}" for kind, value in one)) for one in relatives)


def folded(text: str) -> str:
    """`text` as caseIgnoreMatch compares it (RFC 4518): compatibility forms, case and blanks make no difference."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())).strip()


def values_of(relative: Rdn, attribute: str) -> tuple[str, ...]:
    """The comparable values that a relative name gives `attribute`."""
    wanted = _kind(attribute)
    return tuple(value for kind, value in relative if kind == wanted)


def _attribute(part: str) -> tuple[str, str]:
    kind, equals, value = part.partition("=")
    if not equals or _TYPE.fullmatch(kind.strip()) is None:
        raise NotADistinguishedName(f"{part[:80]!r} is not TYPE=VALUE")
    return _kind(kind), _value(value)


def _kind(text: str) -> str:
    lower = text.strip().lower().removeprefix("oid.")
    return _ALIASES.get(lower, lower)


def _value(written: str) -> str:
    text = written.lstrip(" ")
    # A blank at the end is part of the value only behind a backslash.
    while text.endswith(" ") and not _is_escaped(text, len(text) - 1):
        text = text[:-1]
    encoded = _HEX.fullmatch(text)
    if encoded is not None:
        return _from_ber(bytes.fromhex(encoded[1]), text)
    if len(text) > 1 and text[0] == text[-1] == '"' and not _is_escaped(text, len(text) - 1):
        # RFC 2253 section 4: the quoted form of LDAPv2.
        text = text[1:-1]
    return folded(_unescaped(text))


def _from_ber(encoded: bytes, written: str) -> str:
    """`#hex` is a BER value: a short string is the text that it holds, anything else stays as written."""
    if len(encoded) > 1 and encoded[0] in _STRING_TAGS and encoded[1] == len(encoded) - 2 < 0x80:
        try:
            return folded(encoded[2:].decode())
        except UnicodeDecodeError:
            pass
    return written.lower()


def _unescaped(text: str) -> str:
    raw = bytearray()
    at = 0
    while at < len(text):
        if text[at] != "\\":
            raw += text[at].encode("utf-8", "surrogatepass")
            at += 1
            continue
        pair = _PAIR.match(text, at)
        if pair is None:
            raise NotADistinguishedName(f"a backslash in {text[:80]!r} escapes nothing")
        raw += bytes.fromhex(pair[1]) if pair[1] else pair[2].encode()
        at = pair.end()
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise NotADistinguishedName(f"{text[:80]!r} is not UTF-8") from None


def _escaped(value: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", value)


def _is_escaped(text: str, at: int) -> bool:
    before = len(text[:at]) - len(text[:at].rstrip("\\"))
    return before % 2 == 1


def _split(text: str, separator: str) -> Iterator[str]:
    """The pieces between separators that stand neither behind a backslash nor in quotes."""
    begin = at = 0
    quoted = False
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 1
        elif character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            yield text[begin:at]
            begin = at + 1
        at += 1
    if quoted:
        raise NotADistinguishedName(f"{text[:80]!r} has a quote without its pair")
    yield text[begin:]
