"""The dialects of the proxies, one row each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.domain.service import Proxy
from gateway.doors.authz import envoy, nginx, traefik
from gateway.doors.authz.check import Check, Target
from gateway.exchange.authorization import Authorization
from gateway.web.responses import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one proxy asks and is answered.

    host: the header that names the host which the client called.
    method: the header that names the client's method; None: the check's method is the client's.
    target: the one source of the request that is judged; raises ProxyRefused.
    body: the client's whole body; empty where the proxy does not hand it over.
    allowed, refused: the answer; a refusal as its own client would read it, in the proxy's wrapping.
    """

    host: bytes
    method: bytes | None
    target: Callable[[Check], Target]
    body: Callable[[Check], bytes]
    allowed: Callable[[Check, Authorization], Answer]
    refused: Callable[[Answer], Answer]


DIALECTS: Final[Mapping[Proxy, Dialect]] = MappingProxyType(
    {
        Proxy.ENVOY: Dialect(
            host=b"host",
            method=None,
            target=envoy.target,
            body=envoy.body,
            allowed=envoy.allowed,
            refused=envoy.refused,
        ),
        Proxy.NGINX: Dialect(
            host=b"host",
            method=nginx.METHOD,
            target=nginx.target,
            body=nginx.body,
            allowed=nginx.allowed,
            refused=nginx.refused,
        ),
        Proxy.TRAEFIK: Dialect(
            host=traefik.HOST,
            method=traefik.METHOD,
            target=traefik.target,
            body=traefik.body,
            allowed=traefik.allowed,
            refused=traefik.refused,
        ),
    }
)
