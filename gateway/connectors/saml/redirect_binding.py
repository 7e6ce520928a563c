"""SAML messages in a URL's query: deflated, and signed over the query's own characters (SAML 2.0 Bindings, 3.4.4).

A signature covers the values as they were percent-encoded by whoever signed, so what is verified is the raw query, and
the message is read from the very characters that were verified (CVE-2025-27773: another parameter was read).
"""

import base64
import binascii
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from gateway.connectors.saml.certificates import METHODS, VerificationKey
from gateway.connectors.saml.encoding import inflated
from gateway.connectors.saml.own_key import OwnKey
from gateway.connectors.saml.refusals import misshapen, unsigned

REQUEST: Final = "SAMLRequest"
RESPONSE: Final = "SAMLResponse"
_RELAY_STATE: Final = "RelayState"
_ALGORITHM: Final = "SigAlg"
_SIGNATURE: Final = "Signature"
_NAMES: Final = {name.lower(): name for name in (REQUEST, RESPONSE, _RELAY_STATE, _ALGORITHM, _SIGNATURE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectedMessage:
    """A message whose signature holds. `kind`: REQUEST or RESPONSE; `document`: nothing of it parsed."""

    kind: str
    document: bytes = field(repr=False)
    relay_state: str | None = field(repr=False)


def address_with(location: str, kind: str, document: bytes, relay_state: str | None, key: OwnKey | None) -> str:
    """`location` with the message in its query, signed where there is a key."""
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = deflater.compress(document) + deflater.flush()
    query = f"{kind}={_quoted(packed)}"
    if relay_state is not None:
        query += f"&{_RELAY_STATE}={quote(relay_state, safe='')}"
    if key is not None:
        query += f"&{_ALGORITHM}={quote(key.method, safe='')}"
        query += f"&{_SIGNATURE}={_quoted(key.sign(query.encode('ascii')))}"
    return f"{location}{'&' if '?' in location else '?'}{query}"


def verified(raw_query: bytes, keys: Sequence[VerificationKey]) -> RedirectedMessage:
    """The message of a query that one of the keys signed. Raises InvalidIdentityToken."""
    sent = _parameters(raw_query)
    kinds = [kind for kind in (REQUEST, RESPONSE) if kind in sent]
    if len(kinds) != 1:
        misshapen("the query holds a request and an answer, or neither")
    if _ALGORITHM not in sent or _SIGNATURE not in sent:
        unsigned("the message is not signed")
    (kind,) = kinds
    names = [kind, *([_RELAY_STATE] if _RELAY_STATE in sent else []), _ALGORITHM]
    signed = "&".join(f"{name}={sent[name]}" for name in names).encode("ascii")
    method = _decoded(sent[_ALGORITHM])
    if method not in METHODS:
        unsigned("SigAlg names an algorithm that is not taken")
    value = _value(sent[_SIGNATURE])
    if not any(key.holds(method, value, signed) for key in keys):
        unsigned("the query's signature is of no key of the identity provider")
    relay_state = _decoded(sent[_RELAY_STATE]) if _RELAY_STATE in sent else None
    return RedirectedMessage(kind=kind, document=inflated(_decoded(sent[kind])), relay_state=relay_state)


def _parameters(raw_query: bytes) -> dict[str, str]:
    """The binding's parameters by name, values as they came; others are nobody's. Raises InvalidIdentityToken."""
    if not raw_query.isascii():
        misshapen("the query is not ASCII")
    sent: dict[str, str] = {}
    for piece in raw_query.decode("ascii").split("&"):
        written, _, value = piece.partition("=")
        name = _NAMES.get(_decoded(written).lower())
        if name is None:
            continue
        if written != name or name in sent:
            misshapen(f"the query has {name} twice, or written otherwise")
        sent[name] = value
    return sent


def _decoded(value: str) -> str:
    """What a value says. Raises InvalidIdentityToken."""
    try:
        return unquote_to_bytes(value.replace("+", " ")).decode("ascii")
    except (UnicodeDecodeError, ValueError):
        misshapen("a parameter of the query is not ASCII")


def _value(written: str) -> bytes:
    try:
        return base64.b64decode("".join(_decoded(written).split()), validate=True)
    except (binascii.Error, ValueError):
        misshapen("the query's signature is not base64")


def _quoted(binary: bytes) -> str:
    return quote(base64.b64encode(binary), safe="")
