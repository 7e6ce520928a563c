"""What the address of a Redis says: `redis://`, `rediss://` and `redis+sentinel://HOST,HOST/NAME`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from gateway.state.store import UnusableStore

_SENTINEL: Final = "redis+sentinel"
_PORTS: Final = {"redis": 6379, "rediss": 6379, _SENTINEL: 26379}
_OPTIONS: Final = {
    "redis": frozenset[str](),
    "rediss": frozenset({"ca_file"}),
    _SENTINEL: frozenset({"tls", "ca_file", "sentinel_username", "sentinel_password"}),
}
_MEND: Final = {
    "redis": "redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]",
    "rediss": "rediss://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?ca_file=PATH]",
    _SENTINEL: "redis+sentinel://[[USER]:PASSWORD@]HOST[:PORT],HOST[:PORT]/NAME[/DATABASE]"
    "[?tls=true&ca_file=PATH&sentinel_username=USER&sentinel_password=PASSWORD]",
}

_ENCODED: Final = "in a name or password percent-encode / ? # @ : and %, as %2F for /"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisAddress:
    """`hosts`: of the server, or of the sentinels that know the master called `service`.

    `ca_file`: PEM of the authorities that are believed, None: the system's.
    """

    hosts: tuple[tuple[str, int], ...]
    database: int
    username: str | None
    password: str | None = field(repr=False)
    tls: bool
    ca_file: Path | None
    service: str | None
    sentinel_username: str | None
    sentinel_password: str | None = field(repr=False)


def read_address(url: str) -> RedisAddress:
    """Raises UnusableStore, whose message holds nothing of the address: there may be a password anywhere in it."""
    scheme = url.partition("://")[0]
    try:
        return _read(url, scheme)
    except ValueError:
        raise UnusableStore(f"not an address of a Redis; write {_MEND[scheme]}; {_ENCODED}") from None


def _read(url: str, scheme: str) -> RedisAddress:
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, password = _credentials(credentials)
    options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    path = [unquote(part) for part in parts.path.split("/")[1:] if part]
    sentinel = scheme == _SENTINEL
    if (
        parts.fragment
        or (sentinel and not path)
        or not options.keys() <= _OPTIONS[scheme]
        or len(path) > 1 + sentinel
        or ("," in hosts and not sentinel)
        or options.get("tls", "true") not in {"true", "false"}
    ):
        raise ValueError
    service = path.pop(0) if sentinel else None
    return RedisAddress(
        hosts=tuple(_host(host, _PORTS[scheme]) for host in hosts.split(",")),
        database=_database(path),
        username=username,
        password=password,
        tls=scheme == "rediss" or options.get("tls") == "true",
        ca_file=Path(options["ca_file"]) if options.get("ca_file") else None,
        service=service,
        sentinel_username=options.get("sentinel_username"),
        sentinel_password=options.get("sentinel_password"),
    )


def _credentials(text: str) -> tuple[str | None, str | None]:
    username, _, password = text.partition(":")
    return unquote(username) or None, unquote(password) or None


def _host(text: str, default: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.username is not None:
        raise ValueError
    return parts.hostname, parts.port or default


def _database(path: list[str]) -> int:
    text = path[0] if path else "0"
    if not (text.isascii() and text.isdigit()):
        raise ValueError
    return int(text)
