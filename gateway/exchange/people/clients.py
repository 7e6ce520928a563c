"""Registered OAuth clients: nothing is stored, the client's id is its registration (RFC 7591, section 5).

Whoever asks is registered, so an id needs no seal: it is read as a request to register is, and knows its secret by a
fingerprint. The keyring has no part in it, whose keys go sooner than programs register anew: the AWS CLI keeps a
registration to its end, and once it is refused signs nobody in until its cache is deleted by hand.
"""

import base64
import ipaddress
import json
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from gateway.domain.errors import InvalidClient, InvalidRedirect
from gateway.exchange.people.context import fingerprint

LIFE: Final = 90 * 86_400
MAXIMUM_NAME: Final = 100
UNNAMED: Final = "an unnamed program"
_DRAWN: Final = frozenset("LNPS")
"""Letters, numbers, punctuation, symbols; marks alone, blanks and variation selectors draw nothing of their own."""
_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")
"""Fillers of Hangul, an empty Braille pattern, a note without a head: letters and symbols that draw nothing either."""
_MAXIMUM_REDIRECTS: Final = 10
_MAXIMUM_URI: Final = 300
_LOOPBACK_URI: Final = re.compile(r"http://(?:127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{1,5})?(?:/[\w.~/-]*)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A program that registered itself: its name is what it calls itself, and nobody has checked it."""

    client_id: str = field(repr=False)
    name: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    issued_at: int
    expires_at: int


def register(name: str, redirect_uris: Sequence[str], now: datetime) -> Registration:
    """Raises InvalidRedirect."""
    if len(redirect_uris) > _MAXIMUM_REDIRECTS or not all(map(is_loopback_uri, redirect_uris)):
        raise InvalidRedirect
    issued_at = int(now.timestamp())
    secret = secrets.token_urlsafe(32)
    content = {"n": name, "r": list(redirect_uris), "s": fingerprint(secret), "e": issued_at + LIFE}
    client_id = base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
    return Registration(client_id=client_id, client_secret=secret, issued_at=issued_at, expires_at=issued_at + LIFE)


def known_client(client_id: str, now: datetime) -> Client:
    """The client of an id, which is no secret. Raises InvalidClient."""
    return _read(client_id, now)[0]


def proven_client(client_id: str, client_secret: str, now: datetime) -> Client:
    """The client that knows its secret. Raises InvalidClient."""
    client, known = _read(client_id, now)
    if not secrets.compare_digest(known, fingerprint(client_secret)):
        raise InvalidClient(cause="the client secret is wrong")
    return client


def may_return_to(client: Client, uri: str) -> bool:
    """Whether the client registered `uri`, the port of a loopback address aside (RFC 8252, section 7.3)."""
    return is_loopback_uri(uri) and any(_portless(uri) == _portless(registered) for registered in client.redirect_uris)


def is_loopback_uri(uri: str) -> bool:
    """A program on the person's own machine. Look-alikes (`127.0.0.1.evil`, `127.0.0.1@evil`) have no such form."""
    if len(uri) > _MAXIMUM_URI or not _LOOPBACK_URI.fullmatch(uri):
        return False
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        return (parts.port is None or parts.port > 0) and (
            host == "localhost" or ipaddress.ip_address(host).is_loopback
        )
    except ValueError:
        return False


def _portless(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.hostname or "", parts.path


def _read(client_id: str, now: datetime) -> tuple[Client, str]:
    """The registration that an id is, and the fingerprint of its secret: anybody may have written it."""
    try:
        content = json.loads(base64.b64decode(client_id + "=" * (-len(client_id) & 3), altchars=b"-_", validate=True))
        name, redirects, known, ends = (content[member] for member in "nrse")
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InvalidClient(cause="the client id is none") from None
    texts = isinstance(redirects, list) and all(isinstance(one, str) for one in (name, known, *redirects))
    if not texts or not known.isascii() or not isinstance(ends, int):
        raise InvalidClient(cause="the client id is none")
    if not 0 < len(name) <= MAXIMUM_NAME or not name.isprintable() or not all(map(is_loopback_uri, redirects)):
        raise InvalidClient(cause="the client id is none that was ever given")
    if now.timestamp() >= ends:
        raise InvalidClient(cause="the registration has expired")
    shown = name if _can_be_seen(name) else UNNAMED
    return Client(client_id=client_id, name=shown, redirect_uris=tuple(redirects)), known


def _can_be_seen(name: str) -> bool:
    """Whether a page shows anything of a printable name: who asks to act as a person must not be a blank."""
    return any(unicodedata.category(one)[0] in _DRAWN and one not in _BLANK for one in name)
