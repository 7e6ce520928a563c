"""Where a request came from: its peer, or what a trusted proxy says of the client behind it."""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from gateway.domain.origin import RequestOrigin
from gateway.web.asgi import Scope

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

USER_AGENT_LIMIT: Final = 512
_UTF8_BYTES: Final = 4
_HOP_LIMIT: Final = 32
_REMEMBERED: Final = 4096
_LONGEST_ADDRESS: Final = 128
_SHORT: Final = 256
_KEY: Final = "gateway.origin"
_USER_AGENT: Final = b"user-agent"
_FORWARDED_FOR: Final = b"x-forwarded-for"
_FORWARDED_PROTO: Final = b"x-forwarded-proto"
_READ: Final = frozenset({_USER_AGENT, _FORWARDED_FOR, _FORWARDED_PROTO})
_NOBODY: Final = (None, None, False)
_SECURE: Final = {b"https": True, b"http": False}
_WITH_PORT: Final = re.compile(r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<v4>[0-9.]+))(?::[0-9]{1,5})?", re.ASCII)


def origin_of(scope: Scope) -> RequestOrigin:
    """The origin that the edge found for this request."""
    origin: RequestOrigin = scope["state"][_KEY]
    return origin


def keep_origin(scope: Scope, origin: RequestOrigin) -> None:
    scope.setdefault("state", {})[_KEY] = origin


class OriginReader:
    """Reads origins. `X-Forwarded-For` and `-Proto` count only where the peer is in one of `trusted_proxies`."""

    __slots__ = ("_one_client", "_peer", "_trusted")

    def __init__(self, trusted_proxies: Iterable[Network]) -> None:
        self._trusted = tuple(trusted_proxies)
        self._peer = lru_cache(maxsize=_REMEMBERED)(self._seen_peer)
        self._one_client = lru_cache(maxsize=_REMEMBERED)(lambda forwarded: self._client(None, (forwarded,)))

    def read(self, scope: Scope, request_id: str) -> RequestOrigin:
        client = scope.get("client")
        return self.of(client[0] if client else None, scope.get("scheme") == "https", scope["headers"], request_id)

    def of(
        self,
        host: str | None,
        secure: bool | None,  # noqa: FBT001  a fact, no flag
        headers: Iterable[tuple[bytes, bytes]],
        request_id: str,
    ) -> RequestOrigin:
        """`host`: the peer's address; `secure`: whether it came to us by TLS."""
        peer, source_ip, behind_proxy = self._peer(host) if host is not None else _NOBODY
        if not behind_proxy:
            sent = [value for name, value in headers if name == _USER_AGENT]
            agents = sent[0] if len(sent) == 1 else b", ".join(sent)
        else:
            found = [header for header in headers if header[0] in _READ]
            agents = b", ".join([value for name, value in found if name == _USER_AGENT])
            source_ip = self._client(peer, [value for name, value in found if name == _FORWARDED_FOR])
            secure = _all_secure([value for name, value in found if name == _FORWARDED_PROTO])
        return RequestOrigin(
            request_id=request_id,
            source_ip=source_ip,
            user_agent=_clean(agents[: USER_AGENT_LIMIT * _UTF8_BYTES]) if agents else None,
            secure_transport=secure,
        )

    def forwarded(self, headers: Iterable[tuple[bytes, bytes]], origin: RequestOrigin) -> RequestOrigin:
        """`origin` with the client that a proxy forwards which has proven itself; what it does not say is not known."""
        found = [header for header in headers if header[0] in _READ]
        return RequestOrigin(
            request_id=origin.request_id,
            user_agent=origin.user_agent,
            source_ip=self._client(None, [value for name, value in found if name == _FORWARDED_FOR]),
            secure_transport=_all_secure([value for name, value in found if name == _FORWARDED_PROTO]),
        )

    def client_of(self, forwarded: bytes | None) -> str | None:
        """The address that `forwarded` gives for this one X-Forwarded-For."""
        if forwarded is None:
            return None
        # Longer ones, which any client may send, are not remembered.
        return self._one_client(forwarded) if len(forwarded) <= _SHORT else self._client(None, (forwarded,))

    def _seen_peer(self, host: str) -> tuple[Address | None, str | None, bool]:
        peer = address(host)
        return peer, _text(peer), peer is not None and self._trusts(peer)

    def _trusts(self, peer: Address) -> bool:
        return any(peer in network for network in self._trusted)

    def _client(self, peer: Address | None, forwarded: Sequence[bytes]) -> str | None:
        # Each proxy appends its own peer on the right: from there leftwards every word is as good as the hop that
        # wrote it. What stands left of the first untrusted address is the client's own invention.
        hops = b",".join(forwarded).split(b",") if forwarded else []
        current = peer
        for hop in reversed(hops[-_HOP_LIMIT:]):
            current = address(hop.decode("latin-1").strip())
            if current is None or not self._trusts(current):
                return _text(current)
        return _text(current) if len(hops) <= _HOP_LIMIT else None


def address(text: str) -> Address | None:
    """The address written as `text`, `v4:port` or `[v6]:port`; a v4 address mapped into v6 is v4, a zone is dropped."""
    # What is longer is none, and is not remembered: a proxy may hand on whatever its client says.
    return _address(text) if len(text) <= _LONGEST_ADDRESS else None


@lru_cache(maxsize=_REMEMBERED)
def _address(text: str) -> Address | None:
    match = _WITH_PORT.fullmatch(text)
    bare = (match["v6"] or match["v4"] or "") if match else text
    try:
        found = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _text(found: Address | None) -> str | None:
    return None if found is None else str(found)


def _all_secure(schemes: Sequence[bytes]) -> bool | None:
    """True where every hop says https, False where one says http, None where nothing or something else is said."""
    words = [_SECURE.get(word.strip().lower()) for word in b",".join(schemes).split(b",")]
    if False in words:
        return False
    return None if None in words else True


# Cut before it is remembered: a thousand headers of 64 KiB, which any client may send, would be kept for ever.
@lru_cache(maxsize=_REMEMBERED // 4)
def _clean(agent: bytes) -> str:
    # Never a control or bidi character: it goes to logs and policies. What is no UTF-8 shows as a replacement mark.
    text = agent.decode("utf-8", "replace")[:USER_AGENT_LIMIT]
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)
