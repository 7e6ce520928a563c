"""What a proxy asks: the check as it came, and the request that it is about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from gateway.domain.errors import ProxyRefused
from gateway.domain.service import Service, ServiceType
from gateway.sigv4.headers import CONTENT_SHA256
from gateway.sigv4.request import HttpRequest

PREFIX: Final = b"/authz"
PROXY_TOKEN: Final = b"x-gateway-proxy-token"
CONTENT_LENGTH: Final = b"x-gateway-content-length"

_OURS: Final = b"x-gateway-"
_BARE_PATHS: Final = frozenset({PREFIX, PREFIX + b"/"})
_EMPTY_SHA256: Final = sha256(b"").hexdigest()
_NOTHING: Final = frozenset({None, b"", b"0"})
_IN_PIECES: Final = b"STREAMING-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A request to `/authz`. `raw_path` and `raw_query` undecoded; header names in lower case."""

    method: str
    raw_path: bytes
    raw_query: bytes = field(repr=False)
    headers: Sequence[tuple[bytes, bytes]] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    def single(self, name: bytes) -> bytes | None:
        """A header's value, None where it is absent. Raises ProxyRefused where it is there twice."""
        values = [value for given, value in self.headers if given == name]
        if len(values) > 1:
            # Of two, one is the client's: which of them the proxy wrote cannot be told.
            raise ProxyRefused(cause=f"the header {name.decode()} is there more than once")
        return values[0] if values else None

    def needed(self, name: bytes) -> bytes:
        """A header's value. Raises ProxyRefused where it is absent, empty or there twice: nothing is guessed."""
        value = self.single(name)
        if not value:
            raise ProxyRefused(cause=f"the proxy sends no {name.decode()}")
        return value

    @property
    def ours(self) -> tuple[bytes, ...]:
        """The names of headers that are the gateway's to say, and that came from the client."""
        names = {name for name, _ in self.headers if name.replace(b"_", b"-").startswith(_OURS)}
        return tuple(sorted(names - {PROXY_TOKEN, CONTENT_LENGTH}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a check names. `raw_path` and `raw_query` undecoded."""

    method: str
    host: bytes
    raw_path: bytes
    raw_query: bytes = field(repr=False)


def target_in_headers(check: Check, *, method: bytes, uri: bytes, host: bytes) -> Target:
    """The target that three headers name. Raises ProxyRefused for a missing one, and for a path of the check's own."""
    if check.raw_path not in _BARE_PATHS or check.raw_query:
        raise ProxyRefused(cause=f"the proxy asks at another path than {PREFIX.decode()}: it speaks another dialect")
    raw_path, _, raw_query = check.needed(uri).partition(b"?")
    return Target(
        method=check.needed(method).decode("latin-1"),
        host=check.needed(host),
        raw_path=raw_path,
        raw_query=raw_query,
    )


def judged(check: Check, target: Target) -> HttpRequest:
    """The request that the client signed: the target, and the check's headers but for what the proxy says with them."""
    length = check.single(CONTENT_LENGTH)
    kept = [
        header
        for header in check.headers
        if header[0] not in (b"host", b"content-length") and not header[0].startswith(_OURS)
    ]
    if length:
        kept.append((b"content-length", length))
    return HttpRequest(
        method=target.method,
        raw_path=target.raw_path,
        raw_query=target.raw_query,
        headers=((b"host", target.host), *kept),
    )


def refuse_ours(check: Check) -> None:
    """Raise ProxyRefused where the client speaks for the gateway, and the proxy could not take it away again."""
    if check.ours:
        raise ProxyRefused(cause=f"the client sends {check.ours[0].decode('latin-1')!a}")


def whole(http: HttpRequest, body: bytes) -> bytes | None:
    """The body as the service will read it; None where it is not seen, or comes in pieces that stand for another."""
    given = next((value for name, value in http.headers if name == CONTENT_SHA256), b"")
    return None if not body or given.startswith(_IN_PIECES) else body


def hash_of(http: HttpRequest, service: Service, body: bytes | None) -> str | None:
    """Lower-case SHA-256 of the body; None where it is not seen.

    Clients of other services than S3 name no hash. Where proxies say that there is no body, theirs is of nothing.
    """
    if body is not None:
        return sha256(body).hexdigest()
    fields = dict(http.headers)
    bare = service.type is not ServiceType.S3 and CONTENT_SHA256 not in fields
    return _EMPTY_SHA256 if bare and fields.get(b"content-length") in _NOTHING else None
