"""Search filters with places for a person's values: read once as text, then filled as bytes.

A value never stands in the text of a filter, so that there is nothing that could be forgotten to be escaped: whatever
a name holds, it is one assertion value (OpenBao CVE-2026-55770, Zitadel CVE-2026-44671 were escapes gone wrong).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from gateway.connectors.ldap import ber

USERNAME: Final = "username"
DN: Final = "dn"
IN_CHAIN: Final = "1.2.840.113556.1.4.1941"
"""LDAP_MATCHING_RULE_IN_CHAIN: a link followed over any number of groups ([MS-ADTS] 3.1.1.3.4.4.3)."""

Values = Mapping[str, str]

_ATTRIBUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*(?:;[A-Za-z0-9-]+)*|[0-9]+(?:\.[0-9]+)+", re.ASCII)
_RULE: Final = re.compile(r"(?P<attribute>[^:]*)(?P<dn>:dn)?(?::(?P<rule>[A-Za-z0-9.-]+))?:")
_PIECE: Final = re.compile(r"\{(?P<place>[^{}]*)\}|\\(?P<hex>[0-9A-Fa-f]{2})|(?P<star>\*)|(?P<plain>[^\\(){}*\0]+)")
_MAXIMUM_DEPTH: Final = 20
_JOINED: Final = {"&": 0xA0, "|": 0xA1, "!": 0xA2}
_EQUAL: Final = 0xA3
_SUBSTRINGS: Final = 0xA4
_PRESENT: Final = 0x87
_EXTENSIBLE: Final = 0xA9
_COMPARED: Final = {">": 0xA5, "<": 0xA6, "~": 0xA8}


class Filter(Protocol):
    """A filter as RFC 4511 4.5.1.7 encodes it, once its places have values."""

    def encoded(self, values: Values) -> bytes: ...

    def places(self) -> frozenset[str]: ...

    def in_chain(self) -> "Filter":
        """The filter that follows links at `{dn}` over groups of groups."""
        ...


@dataclass(frozen=True, slots=True)
class Value:
    """Literal bytes and names of places by turns."""

    pieces: tuple[bytes | str, ...]

    def filled(self, values: Values) -> bytes:
        return b"".join(
            piece if isinstance(piece, bytes) else values[piece].encode("utf-8", "surrogatepass")
            for piece in self.pieces
        )

    def places(self) -> frozenset[str]:
        return frozenset(piece for piece in self.pieces if isinstance(piece, str))


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """and, or, not."""

    tag: int
    parts: tuple[Filter, ...]

    def encoded(self, values: Values) -> bytes:
        return ber.constructed(self.tag, (part.encoded(values) for part in self.parts))

    def places(self) -> frozenset[str]:
        return frozenset().union(*(part.places() for part in self.parts))

    def in_chain(self) -> Filter:
        return replace(self, parts=tuple(part.in_chain() for part in self.parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """equalityMatch, greaterOrEqual, lessOrEqual, approxMatch."""

    tag: int
    attribute: str
    value: Value

    def encoded(self, values: Values) -> bytes:
        parts = ber.text(self.attribute), ber.element(ber.OCTET_STRING, self.value.filled(values))
        return ber.constructed(self.tag, parts)

    def places(self) -> frozenset[str]:
        return self.value.places()

    def in_chain(self) -> Filter:
        if self.tag != _EQUAL or self.value.pieces != (DN,):
            return self
        return Extensible(attribute=self.attribute, rule=IN_CHAIN, of_dn=False, value=self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensible:
    """extensibleMatch."""

    attribute: str
    rule: str
    of_dn: bool
    value: Value

    def encoded(self, values: Values) -> bytes:
        rule = ber.text(self.rule, 0x81) if self.rule else b""
        attribute = ber.text(self.attribute, 0x82) if self.attribute else b""
        value = ber.element(0x83, self.value.filled(values))
        of_dn = ber.boolean(value=True, tag=0x84) if self.of_dn else b""
        return ber.constructed(_EXTENSIBLE, (rule, attribute, value, of_dn))

    def places(self) -> frozenset[str]:
        return self.value.places()

    def in_chain(self) -> Filter:
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    attribute: str

    def encoded(self, values: Values) -> bytes:  # noqa: ARG002
        return ber.text(self.attribute, _PRESENT)

    def places(self) -> frozenset[str]:
        return frozenset()

    def in_chain(self) -> Filter:
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Substrings:
    """initial, any, final; where one is empty it is left out."""

    attribute: str
    parts: tuple[Value, ...]

    def encoded(self, values: Values) -> bytes:
        last = len(self.parts) - 1
        filled = [part.filled(values) for part in self.parts]
        tags = (0x80 if at == 0 else 0x82 if at == last else 0x81 for at in range(last + 1))
        parts = (ber.element(tag, content) for tag, content in zip(tags, filled, strict=True) if content)
        return ber.constructed(_SUBSTRINGS, (ber.text(self.attribute), ber.constructed(ber.SEQUENCE, parts)))

    def places(self) -> frozenset[str]:
        return frozenset().union(*(part.places() for part in self.parts))

    def in_chain(self) -> Filter:
        return self


EVERYTHING: Final[Filter] = Present(attribute="objectClass")


def equal(attribute: str, value: bytes) -> Filter:
    """`attribute` has exactly these bytes."""
    return Compared(tag=_EQUAL, attribute=attribute, value=Value((value,)))


def compares(query: Filter, attribute: str, place: str) -> bool:
    """Whether some item of `query`, within no `not`, is `(ATTRIBUTE={PLACE})`."""
    if isinstance(query, Joined):
        return query.tag != _JOINED["!"] and any(compares(part, attribute, place) for part in query.parts)
    if not isinstance(query, Compared) or query.attribute.lower() != attribute.lower():
        return False
    return query.tag == _EQUAL and query.value.pieces == (place,)


def any_of(encoded: Sequence[bytes]) -> bytes:
    """The or of filters that are encoded already; there is at least one."""
    return encoded[0] if len(encoded) == 1 else ber.constructed(_JOINED["|"], encoded)


def all_of(encoded: Sequence[bytes]) -> bytes:
    """The and of filters that are encoded already."""
    return ber.constructed(_JOINED["&"], encoded)


def read(text: str, *, allowed: Iterable[str], needed: Iterable[str]) -> Filter:
    """A filter in RFC 4515's grammar, whose values may hold `{places}`.

    `needed`: places of which at least one must stand. Raises ValueError with the mend.
    """
    found, end = _filter(text, 0, 0)
    if end != len(text):
        raise ValueError("the filter goes on after its last bracket; join conditions as (&(...)(...))")
    places = found.places()
    unknown = sorted(places - set(allowed))
    if unknown:
        told = " and ".join(f"{{{name}}}" for name in sorted(allowed))
        raise ValueError(f"{{{unknown[0]}}} has no value here; only {told} may stand")
    if places.isdisjoint(needed):
        told = " or ".join(f"{{{name}}}" for name in sorted(needed))
        raise ValueError(f"the filter does not name {told}, and would find the same for everybody; add it")
    return found


def follows_links(one: Filter) -> bool:
    """Whether some item is `(ATTRIBUTE={dn})`, which `in_chain` turns."""
    return one.in_chain() != one


def _filter(text: str, at: int, depth: int) -> tuple[Filter, int]:
    """The filter that begins at `at`, and where it ends."""
    if depth > _MAXIMUM_DEPTH:
        raise ValueError(f"the filter is nested deeper than {_MAXIMUM_DEPTH}; simplify it")
    if text[at : at + 1] != "(":
        raise ValueError("the filter is not in brackets; write (uid={username})")
    sign = text[at + 1 : at + 2]
    found, at = _joined(text, sign, at + 2, depth) if sign in _JOINED else _item(text, at + 1)
    if text[at : at + 1] != ")":
        raise ValueError("the filter has a bracket without its pair, or a special character that is not written \\XX")
    return found, at + 1


def _joined(text: str, sign: str, at: int, depth: int) -> tuple[Filter, int]:
    parts = []
    while text[at : at + 1] == "(":
        part, at = _filter(text, at, depth + 1)
        parts.append(part)
    if not parts or (sign == "!" and len(parts) != 1):
        raise ValueError("the filter has a & or | of nothing, or a ! of not one; complete it")
    return Joined(tag=_JOINED[sign], parts=tuple(parts)), at


def _item(text: str, at: int) -> tuple[Filter, int]:
    name, equals, _ = text[at:].partition("=")
    if not equals:
        raise ValueError("the filter has an item that is not ATTRIBUTE=VALUE; complete it")
    values, end = _values(text, at + len(name) + 1)
    if name.endswith(":"):
        return _extensible(name, values), end
    if name[-1:] in _COMPARED:
        return Compared(tag=_COMPARED[name[-1]], attribute=_name(name[:-1]), value=_one(values)), end
    if len(values) == 1:
        return Compared(tag=_EQUAL, attribute=_name(name), value=values[0]), end
    if all(not value.pieces for value in values):
        return Present(attribute=_name(name)), end
    return Substrings(attribute=_name(name), parts=tuple(values)), end


def _extensible(name: str, values: Sequence[Value]) -> Filter:
    match = _RULE.fullmatch(name)
    if match is None or not (match["attribute"] or match["rule"]):
        raise ValueError(f"{name}= is no extensible match; write ATTRIBUTE:RULE:=VALUE")
    attribute = _name(match["attribute"]) if match["attribute"] else ""
    return Extensible(attribute=attribute, rule=match["rule"] or "", of_dn=bool(match["dn"]), value=_one(values))


def _one(values: Sequence[Value]) -> Value:
    if len(values) != 1:
        raise ValueError("a * stands where only = takes it; write \\2a for the character itself")
    return values[0]


def _name(text: str) -> str:
    if _ATTRIBUTE.fullmatch(text) is None:
        raise ValueError(f"{text[:80]!r} is not an attribute's name; write the filter as (ATTRIBUTE=VALUE)")
    return text


def _values(text: str, at: int) -> tuple[Sequence[Value], int]:
    """The values between the stars that begin at `at`, and where they end."""
    values: list[list[bytes | str]] = [[]]
    for piece in _pieces(text, at):
        at = piece.end()
        if piece["star"]:
            values.append([])
        elif piece["place"] is not None:
            values[-1].append(piece["place"])
        else:
            values[-1].append(bytes.fromhex(piece["hex"]) if piece["hex"] else piece["plain"].encode())
    return [Value(tuple(pieces)) for pieces in values], at


def _pieces(text: str, at: int) -> Iterator[re.Match[str]]:
    while (piece := _PIECE.match(text, at)) is not None:
        yield piece
        at = piece.end()
