"""Resource servers in front of which the gateway decides."""

from dataclasses import dataclass, field
from enum import StrEnum


class ServiceType(StrEnum):
    S3 = "s3"
    EXECUTE_API = "execute-api"
    JSON = "json"


class Proxy(StrEnum):
    """Who asks about a service's requests, each in a dialect of its own."""

    ENVOY = "envoy"
    NGINX = "nginx"
    TRAEFIK = "traefik"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """The gateway's own key at a store that knows nothing of the gateway.

    `host`: what the store receives as Host, where that is not what the client sent.
    """

    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One entry of `services`: which hosts it has, how its requests read, whose callers it serves.

    `signing_name` is the service of its credential scope; `region` None takes any; `principals` empty takes all.
    `share_signing_key`: a server of another entry with its region and signing name may hold keys that sign for it.
    `api_arn` of an execute-api entry: `arn:aws:execute-api:REGION:ACCOUNT:ID/STAGE`.
    `proxy_token`: what its proxy must show; None where coming by the internal listener is proof enough.
    `upstream`: its requests are signed anew for it; None: they arrive as the client signed them.
    """

    name: str
    type: ServiceType
    hosts: tuple[str, ...]
    signing_name: str
    account: str | None = None
    region: str | None = None
    principals: frozenset[str] = frozenset()
    api_arn: str = ""
    share_signing_key: bool = False
    proxy: Proxy = Proxy.ENVOY
    proxy_token: str | None = field(default=None, repr=False)
    upstream: Upstream | None = None
