"""Registered OAuth clients: nothing is stored, the client's id is its sealed registration (RFC 7591, section 5)."""

import ipaddress
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from gateway.domain.errors import InvalidClient, InvalidRedirect
from gateway.sealing.envelope import SealBroken, Sealer

PURPOSE: Final = "sso_client"
LIFE: Final = 90 * 86_400
MAXIMUM_NAME: Final = 100
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


def register(sealer: Sealer, name: str, redirect_uris: Sequence[str], now: datetime) -> Registration:
    """Raises InvalidRedirect, KeyringUnavailable."""
    if len(redirect_uris) > _MAXIMUM_REDIRECTS or not all(map(is_loopback_uri, redirect_uris)):
        raise InvalidRedirect
    issued_at = int(now.timestamp())
    secret = secrets.token_urlsafe(32)
    content = {"n": name, "r": list(redirect_uris), "s": secret, "e": issued_at + LIFE}
    client_id = sealer.seal(json.dumps(content).encode(), now=now.timestamp())
    return Registration(client_id=client_id, client_secret=secret, issued_at=issued_at, expires_at=issued_at + LIFE)


def known_client(sealer: Sealer, client_id: str, now: datetime) -> Client:
    """The client of an id, which is no secret. Raises InvalidClient."""
    return _opened(sealer, client_id, now)[0]


def proven_client(sealer: Sealer, client_id: str, client_secret: str, now: datetime) -> Client:
    """The client that knows its secret. Raises InvalidClient."""
    client, secret = _opened(sealer, client_id, now)
    if not secrets.compare_digest(secret.encode(), client_secret.encode("utf-8", "replace")):
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


def _opened(sealer: Sealer, client_id: str, now: datetime) -> tuple[Client, str]:
    try:
        content = json.loads(sealer.open(client_id))
    except SealBroken as broken:
        raise InvalidClient(cause=f"the client id is {broken.cause}") from None
    if now.timestamp() >= content["e"]:
        raise InvalidClient(cause="the registration has expired")
    return Client(client_id=client_id, name=content["n"], redirect_uris=tuple(content["r"])), content["s"]
