"""The strict reading of a JWT in compact form, before anything in it is believed or any cryptography is done.

Libraries read more than one text as one token (padding, duplicate names, other encodings) and act on header members
that choose keys. Here a token has one form only, and of its header nothing goes on but the algorithm and the key's id:
`jwk`, `jku`, `x5u`, `x5c` and `x5t` of honest issuers (AD FS, Entra ID) are dropped, and so can never be used.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Never

import msgspec

from gateway.connectors.strict_json import UnreadableJson, read_object
from gateway.domain.errors import InvalidIdentityToken
from gateway.domain.identity import UnverifiedToken
from gateway.domain.values import quickly_made

MAXIMUM_CHARACTERS: Final = 20_000
SIGNATURE_ALGORITHMS: Final = frozenset(
    ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
)
"""Every algorithm that some provider may be configured to take. `none` and HMAC are not among them, in any case."""

_NOT_A_TOKEN: Final = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"  # noqa: S105  AWS's sentence
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_USUAL_HEADER: Final = 512
_USUAL_MEMBERS: Final = frozenset({"alg", "kid", "typ"})
_REMEMBERED_HEADERS: Final = 512
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
# What a segment may end in, by what is left of its length: four characters are three bytes, one is none.
_LAST_OF: Final = (frozenset(_ALPHABET), frozenset[int](), frozenset(b"AQgw"), frozenset(b"AEIMQUYcgkosw048"))
_NAMES: Final = ("header", "payload", "signature")
# RFC 7519 5.1: JWT is the recommended value; RFC 7515 4.1.9: application/ may be left out, case does not count.
_TYPES: Final = frozenset(("jwt", "application/jwt"))
_REFUSED_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "crit": "the header names extensions that must be understood (crit), and none is",
        "b64": "the header asks for an unencoded payload (b64)",
        "zip": "the header says that the payload is compressed (zip)",
        "cty": "the header says that the payload is another token (cty)",
    }
)
_PRINTABLE_TYPE: Final = re.compile(r"[\w.+/-]{1,64}", re.ASCII)


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedJws:
    """A token in its one form, nothing of it believed. The segments are as they came, base64url text.

    `payload` is what its segment says. `key_id` is the header's `kid`: a name to look up, never a place to fetch from.
    `unverified_issuer` routes to the one connector whose keys may verify it.
    """

    algorithm: str
    key_id: str | None = field(repr=False)
    unverified_issuer: str = field(repr=False)
    header_segment: bytes = field(repr=False)
    payload_segment: bytes = field(repr=False)
    payload: bytes = field(repr=False)
    signature_segment: bytes = field(repr=False)


def read(token: UnverifiedToken) -> UnverifiedJws:
    """Read a compact JWS whose payload is a JSON object (RFC 7515 7.1, RFC 7519 7.2), in time linear in its length.

    Of the payload nothing is looked at but who claims to have issued it; the rest is for `claims_of`, for whoever has a
    key for the token.

    Raises InvalidIdentityToken, before any cryptography: over 20,000 characters; other than three parts of canonical
    base64url; a header that is not one strict JSON object; an algorithm outside SIGNATURE_ALGORITHMS; `crit`, `b64`,
    `zip` or `cty`; a `typ` other than JWT (RFC 8725 3.11: access and logout tokens are not identity tokens); a payload
    that is no JSON object, or whose `iss` is not text.
    """
    if len(token) > MAXIMUM_CHARACTERS:
        _refuse(f"the token is longer than {MAXIMUM_CHARACTERS} characters")
    header_segment, payload_segment, signature_segment = _segments(token)
    algorithm, key_id = _proven_headers.get(header_segment) or _header(header_segment)
    payload = _decoded(payload_segment)
    return UnverifiedJws(
        algorithm=algorithm,
        key_id=key_id,
        unverified_issuer=_issuer_of(payload),
        header_segment=header_segment,
        payload_segment=payload_segment,
        payload=payload,
        signature_segment=signature_segment,
    )


def claims_of(token: UnverifiedJws) -> dict[str, Any]:
    """The payload's members, as one strict JSON object, in time linear in its length. Still nothing of it is believed.

    Raises InvalidIdentityToken: what two readers could take differently.
    """
    return _object(token.payload, "payload")


def _refuse(cause: str) -> Never:
    raise InvalidIdentityToken(_NOT_A_TOKEN, cause=cause) from None


def _segments(token: str) -> list[bytes]:
    try:
        raw = token.encode("ascii")
    except UnicodeEncodeError:
        _refuse("the token holds characters outside ASCII")
    if raw.translate(None, _ALPHABET) != b"..":
        parts = raw.count(b".") + 1
        _refuse(
            f"the token has {parts} parts, not 3 (5 would be an encrypted one)"
            if parts != 3
            else "the token holds characters outside unpadded base64url"
        )
    segments = raw.split(b".")
    for segment in segments:
        # RFC 4648 3.5: unused bits that are not zero would give one token many texts.
        if not segment or segment[-1] not in _LAST_OF[len(segment) & 3]:
            fault = "is not canonical base64url" if segment else "is empty"
            _refuse(f"the token's {_NAMES[segments.index(segment)]} {fault}")
    return segments


def _header(segment: bytes) -> tuple[str, str | None]:
    """The algorithm and the key's id; nothing else of a header goes on."""
    header = _object(_decoded(segment), "header")
    if header.keys() == _USUAL_MEMBERS and header["typ"] == "JWT":
        algorithm, key_id = header["alg"], header["kid"]
        if type(algorithm) is type(key_id) is str and algorithm in SIGNATURE_ALGORITHMS:
            return algorithm, key_id
    return _algorithm(header), _key_id(header)


def remember_header(token: UnverifiedJws) -> None:
    """Read the header of tokens like this one, whose signature held, no more: an issuer writes one for each key."""
    segment = token.header_segment
    if segment in _proven_headers or len(segment) > _USUAL_HEADER:
        return
    while len(_proven_headers) >= _REMEMBERED_HEADERS:
        del _proven_headers[next(iter(_proven_headers))]
    _proven_headers[segment] = token.algorithm, token.key_id


_proven_headers: Final[dict[bytes, tuple[str, str | None]]] = {}


def _decoded(segment: bytes) -> bytes:
    # More padding than is needed is none: the segment's form was checked.
    return binascii.a2b_base64(segment.translate(_TO_STANDARD) + b"==")


def _object(raw: bytes, name: str) -> dict[str, Any]:
    try:
        return read_object(raw)
    except UnreadableJson as fault:
        _refuse(f"the token's {name} {fault}")


def _algorithm(header: Mapping[str, Any]) -> str:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str):
        _refuse("the header names no algorithm")
    if algorithm not in SIGNATURE_ALGORITHMS:
        # none (CVE-2024-48916) and HMAC with a public key as secret (CVE-2022-29217) end here.
        raise InvalidIdentityToken(
            "The ID Token's signature algorithm is not accepted", cause=f"algorithm {_quoted(algorithm)} is never taken"
        )
    for name, cause in _REFUSED_HEADERS.items():
        if name in header:
            _refuse(cause)
    if "typ" in header:
        kind = header["typ"]
        if not isinstance(kind, str) or kind.lower() not in _TYPES:
            _refuse(f"the token is of type {_quoted(kind)}, not an identity token")
    return algorithm


def _key_id(header: Mapping[str, Any]) -> str | None:
    key_id = header.get("kid")
    if key_id is not None and not isinstance(key_id, str):
        _refuse("the header's kid is not text")
    return key_id


class _Issued(msgspec.Struct):
    iss: str


_read_issued: Final = msgspec.json.Decoder(_Issued).decode


def _issuer_of(payload: bytes) -> str:
    """Who is asked whether the payload is theirs. Where two stand in it, `claims_of` takes neither."""
    try:
        issuer = _read_issued(payload).iss
    except (ValueError, RecursionError):
        issuer = ""
    return issuer or _issuer(_object(payload, "payload"))


def _issuer(claims: Mapping[str, Any]) -> str:
    if "iss" not in claims:
        raise InvalidIdentityToken("Missing a required claim: iss")
    issuer = claims["iss"]
    # PyJWT compared a list by `in` (CVE-2024-53861); a list of issuers is nobody's name.
    if not isinstance(issuer, str) or not issuer:
        _refuse("iss is not text")
    return issuer


def _quoted(value: object) -> str:
    return repr(value) if isinstance(value, str) and _PRINTABLE_TYPE.fullmatch(value) else "of unreadable name"
