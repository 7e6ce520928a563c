"""What single values of the configuration may be: durations, names, addresses, and how each reads."""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema

from gateway.domain.tags import is_tag_text
from gateway.settings.faults import shown

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION: Final = re.compile(r"([0-9]{1,9})([smhd]?)", re.ASCII)
_THROTTLE: Final = re.compile(r"([0-9]{1,6})/([0-9]{1,9}[smhd]?)", re.ASCII)
_HOST_AND_PORT: Final = re.compile(
    r"(?P<host>[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?", re.ASCII
)
TAG_COUNT_LIMIT: Final = 50
TAG_KEY_LIMIT: Final = 128
TAG_VALUE_LIMIT: Final = 256

AccountAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
ProviderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
ServiceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
QualifiedName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}/[A-Za-z0-9_+=,.@-]{1,64}$")]
RolePath = Annotated[str, StringConstraints(pattern=r"^/(?:[!-.0-~]+/)*$", max_length=512)]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


def duration(value: object) -> int:
    """Seconds of `900`, `90s`, `15m`, `4h` or `90d`."""
    match = _DURATION.fullmatch(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else None
    if match is None:
        raise ValueError("not a duration; write seconds, or a number with s, m, h or d: 900, 15m, 4h, 90d")
    return int(match[1]) * _UNITS[match[2]]


def spelled(seconds: int) -> str:
    """The shortest way to write so many seconds: `15m`, `4h`."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0 and (unit != "d" or seconds > _UNITS["d"]):
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"


def between(minimum: int, maximum: int) -> AfterValidator:
    """Seconds from `minimum` to `maximum`."""

    def check(value: int) -> int:
        if not minimum <= value <= maximum:
            raise ValueError(f"out of range; write a duration from {spelled(minimum)} to {spelled(maximum)}")
        return value

    return AfterValidator(check)


Duration = Annotated[
    int,
    BeforeValidator(duration),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]{1,9}[smhd]?$"}]}
    ),
]


def account_id(value: object) -> str:
    """A 12-digit account number. A number without quotes is refused: YAML readers drop its leading zeros."""
    if isinstance(value, int) and not isinstance(value, bool):
        message = f'an account id is a text; write it in quotes, with its leading zeros: "{value:012d}"'
        raise ValueError(message)  # noqa: TRY004  pydantic reads ValueError as a finding
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{12}", value, re.ASCII):
        raise ValueError('not an account id; write 12 digits in quotes: "111122223333"')
    return value


AccountId = Annotated[str, BeforeValidator(account_id), WithJsonSchema({"type": "string", "pattern": "^[0-9]{12}$"})]


def flag(value: object) -> bool:
    """`true` or `false`, from `${...}` too; the other words that YAML readers disagree about are refused."""
    spellings: dict[object, bool] = {True: True, False: False, "true": True, "false": False}
    if not isinstance(value, bool | str) or value not in spellings:
        raise ValueError("not true or false; write one of these two words")
    return spellings[value]


Flag = Annotated[bool, BeforeValidator(flag), WithJsonSchema({"type": "boolean"})]


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _filled(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("an empty list; name a value, or leave the key away")
    return value


OneOrMore = Annotated[
    tuple[Text, ...],
    BeforeValidator(_listed),
    AfterValidator(_filled),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
"""A text, or a list of texts that is not empty."""


def is_loopback(host: str) -> bool:
    """Whether a URL's host means this machine without asking DNS."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def host_and_port(value: str) -> tuple[str, int | None]:
    """Host (a name in lower case, an address, `[v6]`) and port of `HOST` or `HOST:PORT`. Raises ValueError."""
    match = _HOST_AND_PORT.fullmatch(value)
    if match is None or not 0 < int(match["port"] or 1) < 65536 or len(match["host"]) > 253:
        raise ValueError("not HOST or HOST:PORT in lower case")
    host = match["host"]
    if host.startswith("["):
        ipaddress.IPv6Address(host[1:-1])
    return host, int(match["port"]) if match["port"] else None


def public_url(value: str) -> str:
    """Scheme, host and port as clients write them: what tokens, cookies and metadata will say."""
    try:
        parts = urlsplit(value)
    except ValueError:
        raise ValueError("not an address of the gateway; write https://HOST or https://HOST:PORT") from None
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        raise ValueError("not an address of the gateway; write https://HOST or https://HOST:PORT")
    try:
        host, port = host_and_port(parts.netloc)
    except ValueError:
        raise ValueError("no usable host; write https://HOST or https://HOST:PORT, the host in lower case") from None
    if value != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(f"only scheme, host and port; write {parts.scheme}://{parts.netloc}")
    if port == {"http": 80, "https": 443}[parts.scheme]:
        raise ValueError(f"leave out the scheme's own port; write {parts.scheme}://{host}")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("http sends credentials in the clear; write https:// (http only for localhost, 127.0.0.1)")
    return value


PublicUrl = Annotated[str, StringConstraints(max_length=512), AfterValidator(public_url)]


def _by(check: Callable[[str], object]) -> AfterValidator:
    def judged(value: str) -> str:
        check(value)
        return value

    return AfterValidator(judged)


def _network(value: str) -> None:
    try:
        ipaddress.ip_network(value)
    except ValueError:
        pass
    else:
        return
    try:
        meant = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError(f"{shown(value)} is not a network; write it as 10.0.0.0/8 or 2001:db8::/32") from None
    raise ValueError(f"{shown(value)} has bits outside its mask; write {meant}")


Network = Annotated[str, _by(_network)]
HostAndPort = Annotated[str, _by(host_and_port)]


def _port_with_host(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError(f"a port alone; write HOST:PORT: 127.0.0.1:{value}")  # noqa: TRY004  pydantic reads ValueError
    return value


ListenText = Annotated[HostAndPort, BeforeValidator(_port_with_host)]
"""Where to listen, which is often written as a port alone."""


def throttle(value: object) -> str:
    """`ATTEMPTS/DURATION`."""
    match = _THROTTLE.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) < 1 or not 1 <= duration(match[2]) <= 86400:
        raise ValueError("not a throttle; write attempts and a duration of at most 24h: 5/15m")
    return str(value)


def throttle_parts(value: str) -> tuple[int, int]:
    attempts, _, window = value.partition("/")
    return int(attempts), duration(window)


ThrottleText = Annotated[
    str, BeforeValidator(throttle), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6}/[0-9]{1,9}[smhd]?$"})
]


def _path(value: Any) -> Any:
    if isinstance(value, str) and "-----BEGIN" in value:
        raise ValueError("holds the content; write the path of the file, without ${file:}")
    return value


FilePath = Annotated[Path, BeforeValidator(_path), WithJsonSchema({"type": "string", "format": "path"})]


def _tags(value: dict[str, str]) -> dict[str, str]:
    """AWS's limits of tags (IAM User Guide, "Tagging IAM resources"): 50, 128 and 256 characters, no `aws:`."""
    if len(value) > TAG_COUNT_LIMIT:
        raise ValueError(f"more than {TAG_COUNT_LIMIT} tags")
    if len({key.casefold() for key in value}) < len(value):
        raise ValueError("two tag keys that differ only in case; keep one")
    for key, text in value.items():
        tag_key(key)
        tag_value(key, text)
    return value


def tag_value(key: str, text: str) -> None:
    if len(text) > TAG_VALUE_LIMIT or not is_tag_text(text):
        raise ValueError(f"the value of {shown(key)} is no tag's: at most 256 letters, digits, spaces, _.:/=+-@")


def tag_key(key: str) -> None:
    if not 1 <= len(key) <= TAG_KEY_LIMIT or not is_tag_text(key) or key.casefold().startswith("aws:"):
        raise ValueError(f"{shown(key)} is no tag key: 1 to 128 letters, digits, spaces, _.:/=+-@, never aws:...")


Tags = Annotated[dict[str, str], AfterValidator(_tags)]
