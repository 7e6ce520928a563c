"""The query of a signed request: its canonical forms, and the authentication parameters in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.domain.errors import MalformedSignedRequest
from gateway.sigv4.canonical import CONTROLS, UNRESERVED, written_component

ALGORITHM: Final = b"X-Amz-Algorithm"
CREDENTIAL: Final = b"X-Amz-Credential"
DATE: Final = b"X-Amz-Date"
EXPIRES: Final = b"X-Amz-Expires"
SIGNED_HEADERS: Final = b"X-Amz-SignedHeaders"
SIGNATURE: Final = b"X-Amz-Signature"
SECURITY_TOKEN: Final = b"X-Amz-Security-Token"
CONTENT_SHA256: Final = b"X-Amz-Content-Sha256"

_PREFIX: Final = b"x-amz-"
_FIRST_BYTES: Final = b"xX%"
_WRITTEN_ALPHABET: Final = UNRESERVED + b"%&="
_WELL_SPELT: Final = frozenset(
    (ALGORITHM, CREDENTIAL, DATE, EXPIRES, SIGNED_HEADERS, SIGNATURE, SECURITY_TOKEN, CONTENT_SHA256)
)
_SPELLING: Final[Mapping[bytes, bytes]] = {name.lower(): name for name in _WELL_SPELT}
_Part = tuple[bytes, bytes, bytes]
"""Name, `=` or nothing, value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """forms: canonical queries that a conforming signer may have signed, likeliest first, without the signature.

    amz: every parameter whose name begins with `X-Amz-`, by its name as sent, value still escaped.
    """

    forms: tuple[bytes, ...] = field(repr=False)
    amz: Mapping[bytes, bytes] = field(repr=False)

    def text(self, name: bytes) -> str | None:
        """A parameter's decoded value; None where there is none."""
        value = self.amz.get(name)
        return None if value is None else _decoded(value)

    def texts(self, names: Sequence[bytes]) -> list[str | None]:
        """As `text`, of each of the names."""
        values = [self.amz.get(name) for name in names]
        return [
            value if value is None else _decoded(value) if b"%" in value else value.decode("latin-1")
            for value in values
        ]


def _decoded(value: bytes) -> str:
    if b"%" in value:
        # The two escapes that a scope and a list of headers hold, without the general decoder's cost.
        value = value.replace(b"%2F", b"/").replace(b"%3B", b";")
        if b"%" in value:
            value = unquote_to_bytes(value)
    return value.decode("latin-1")


_EMPTY: Final = Query(forms=(b"",), amz={})


def read_query(raw: bytes) -> Query:
    """Split a raw query into canonical forms and `X-Amz-` parameters.

    Raises MalformedSignedRequest for control characters, when an `X-Amz-` parameter comes twice, in any case or
    escape, and when an authentication parameter is not written as AWS writes it (CVE-2022-2385: one of two was
    checked, the other used).
    """
    if not raw:
        return _EMPTY
    sent = [part.partition(b"=") for part in raw.split(b"&")]
    # As many `=` as names that have one: none stands in a value.
    if not raw.translate(None, _WRITTEN_ALPHABET) and raw.count(b"=") == sum([len(equals) for _, equals, _ in sent]):
        return Query(forms=(_joined(sent),), amz=_amz_parameters(sent))
    if len(raw.translate(None, CONTROLS)) != len(raw):
        raise MalformedSignedRequest("The request target holds control characters")
    written = [(written_component(key), equals, written_component(value)) for key, equals, value in sent]
    return Query(forms=(_joined(written), _joined(sent)), amz=_amz_parameters(written))


def whole_form(raw: bytes) -> bytes:
    """The canonical query under a signature in a header: what was a presigned URL's signature is a parameter there."""
    written = [part.partition(b"=") for part in raw.split(b"&")] if raw else []
    return _sorted([(written_component(key), equals, written_component(value)) for key, equals, value in written])


def _joined(parts: list[_Part]) -> bytes:
    return _sorted([part for part in parts if part[0] != SIGNATURE])


def _sorted(parts: list[_Part]) -> bytes:
    # By name, then by value: sorting whole `name=value` texts would put `a-=` before `a=`.
    return b"&".join([key + b"=" + value for key, _, value in sorted(parts)])


def _amz_parameters(parts: list[_Part]) -> dict[bytes, bytes]:
    # The first byte alone clears nearly every other name.
    suspects = [(key, value) for key, _, value in parts if key[:1] in _FIRST_BYTES]
    found = dict(suspects)
    if len(found) == len(suspects) and _WELL_SPELT.issuperset(found):
        return found
    return _checked(suspects)


def _checked(suspects: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    seen: set[bytes] = set()
    for key, value in suspects:
        name = unquote_to_bytes(key).lower()
        if not name.startswith(_PREFIX):
            continue
        if name in seen:
            raise MalformedSignedRequest("An X-Amz- query parameter is given more than once", kind="query")
        if _SPELLING.get(name, key) != key:
            raise MalformedSignedRequest(
                f"The query parameter {_SPELLING[name].decode()} must be written exactly so", kind="query"
            )
        seen.add(name)
        found[key] = value
    return found
