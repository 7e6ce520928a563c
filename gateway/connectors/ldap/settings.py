"""What a provider of `type: ldap` can be told in settings; every fault is a sentence with its mend."""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic.json_schema import WithJsonSchema

from gateway.connectors.ldap import filters
from gateway.connectors.ldap.filters import DN, USERNAME
from gateway.connectors.ldap.templates import DnTemplate
from gateway.domain.directory_names import NotADistinguishedName, parsed

_SCHEMES: Final = {"ldap": 389, "ldaps": 636, "ldap+srv": 0}
_ATTRIBUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}|[0-9]+(?:\.[0-9]+)+", re.ASCII)
_DURATION: Final = re.compile(r"([0-9]{1,4})(s|m|)", re.ASCII)
_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUrl:
    """One server as settings name it, or, with `lookup`, a domain whose SRV records name several."""

    text: str
    host: str
    port: int
    tls: bool = False
    lookup: bool = False

    @classmethod
    def read(cls, text: str) -> "ServerUrl":
        """Raises ValueError with the mend."""
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ValueError(f"{text[:200]} is not a URL; write ldaps://HOST or ldaps://HOST:PORT") from None
        if parts.scheme not in _SCHEMES or not host or not text.isascii():
            raise ValueError(
                f"{text[:200]} is no directory's URL; write ldaps://HOST, ldap://HOST or ldap+srv://DOMAIN"
            )
        if "@" in parts.netloc or parts.path not in {"", "/"} or parts.query or parts.fragment or "?" in text:
            raise ValueError(
                f"{parts.scheme}://{host} has more than host and port; name bases and the bind by their keys"
            )
        if not _is_address(host) and _HOST.fullmatch(host) is None:
            raise ValueError(f"{host} is no host's name; write ldaps://HOST")
        lookup = parts.scheme == "ldap+srv"
        if lookup and (port is not None or _is_address(host)):
            raise ValueError("ldap+srv:// takes a domain alone, whose SRV records say hosts and ports; drop the rest")
        return cls(
            text=text, host=host, port=port or _SCHEMES[parts.scheme], tls=parts.scheme == "ldaps", lookup=lookup
        )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether `host` can only be this machine: 127.0.0.0/8, ::1 or `localhost`."""
    return ipaddress.ip_address(host).is_loopback if _is_address(host) else host == "localhost"


def _server(value: str) -> str:
    ServerUrl.read(value)
    return value


def _servers(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError("the list is empty; name at least one server: [ldaps://dc1.corp.example]")
    if len({value.lower().rstrip("/") for value in values}) != len(values):
        raise ValueError("one server stands twice; drop one")
    return values


def _list(value: object) -> object:
    if isinstance(value, str):
        raise ValueError(f"this is a list; write [{value}]")  # noqa: TRY004  pydantic turns ValueError into a finding
    return value


def _attribute(value: str) -> str:
    if _ATTRIBUTE.fullmatch(value) is None:
        raise ValueError("not an attribute's name; write it as the directory's schema does: uid, sAMAccountName, mail")
    return value


def _distinguished_name(value: str) -> str:
    try:
        if not parsed(value):
            raise ValueError("the DN is empty; write it as the directory does: ou=people,dc=corp,dc=example")
    except NotADistinguishedName as fault:
        raise ValueError(f"not a DN: {fault}; write it as the directory does: ou=people,dc=corp,dc=example") from None
    return value


def _seconds(value: object) -> int:
    match = _DURATION.fullmatch(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else None
    seconds = int(match[1]) * (60 if match[2] == "m" else 1) if match else 0
    if not 1 <= seconds <= 120:
        raise ValueError("not a time to wait; write 1s to 120s")
    return seconds


def _users_filter(value: str) -> str:
    filters.read(value, allowed=(USERNAME,), needed=(USERNAME,))
    return value


def _groups_filter(value: str) -> str:
    filters.read(value, allowed=(USERNAME, DN), needed=(USERNAME, DN))
    return value


def _user_dn(value: str) -> str:
    DnTemplate.read(value)
    return value


def _depth(value: object) -> object:
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdigit() or not 1 <= int(text[:4]) <= 100:
        raise ValueError("not a depth; write a number from 1 to 100")
    return int(text)


def _flag(value: object) -> bool:
    spellings: dict[object, bool] = {True: True, False: False, "true": True, "false": False}
    if not isinstance(value, bool | str) or value not in spellings:
        raise ValueError("not true or false; write one of these two words")
    return spellings[value]


_Text = Annotated[str, Field(min_length=1, max_length=4_096)]
_Dn = Annotated[_Text, AfterValidator(_distinguished_name)]
_Attribute = Annotated[_Text, AfterValidator(_attribute)]
_Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
_Seconds = Annotated[
    int,
    BeforeValidator(_seconds),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^[0-9]{1,4}[sm]?$"}]}),
]
_Depth = Annotated[int, BeforeValidator(_depth), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 100})]
_CONFIG: Final = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TimeoutSettings(BaseModel):
    """Seconds: to connect with TLS, for one answer, and for a whole login over all servers."""

    model_config = _CONFIG

    connect: _Seconds = 3
    response: _Seconds = 5
    login: _Seconds = 10


class UserSettings(BaseModel):
    """How a person's entry is found, and what of it the gateway reads."""

    model_config = _CONFIG

    base: _Dn | None = None
    """Needed with `bind_dn`; with `user_dn_template` the template says where people stand."""
    filter: Annotated[_Text, AfterValidator(_users_filter)] = "(uid={username})"
    username: _Attribute = "uid"
    """The attribute whose value is the person's one name, whatever was typed."""
    email: _Attribute = "mail"

    @property
    def query(self) -> filters.Filter:
        return filters.read(self.filter, allowed=(USERNAME,), needed=(USERNAME,))


class GroupSettings(BaseModel):
    """How a person's groups are found."""

    model_config = _CONFIG

    base: _Dn
    """Only groups under it are known by their names; others by their DN."""
    filter: Annotated[_Text, AfterValidator(_groups_filter)] = "(member={dn})"
    name: _Attribute = "cn"
    nested: Literal["none", "walk", "in_chain"] = "walk"
    depth: _Depth = 20
    """Levels of groups in groups that a walk follows."""

    @model_validator(mode="after")
    def _can_nest(self) -> Self:
        if self.nested == "in_chain" and not filters.follows_links(self.query):
            raise ValueError("nested: in_chain needs (ATTRIBUTE={dn}) in the filter: (member={dn})")
        return self

    @property
    def query(self) -> filters.Filter:
        return filters.read(self.filter, allowed=(USERNAME, DN), needed=(USERNAME, DN))


class LdapSettings(BaseModel):
    """One provider of `type: ldap`. `ca_file` is used as given: the loader makes it absolute."""

    model_config = _CONFIG

    type: Literal["ldap"]
    servers: Annotated[
        tuple[Annotated[_Text, AfterValidator(_server)], ...], BeforeValidator(_list), AfterValidator(_servers)
    ]
    """Tried in order."""
    start_tls: _Flag = False
    ca_file: Path | None = None
    """PEM file of the only CAs that count; None: the system's."""
    allow_plaintext: _Flag = False
    bind_dn: _Text | None = None
    """Of the service account; for Active Directory its UPN will do."""
    bind_password: SecretStr | None = None
    user_dn_template: Annotated[_Text, AfterValidator(_user_dn)] | None = None
    timeouts: TimeoutSettings = TimeoutSettings()
    users: UserSettings = UserSettings()
    groups: GroupSettings | None = None

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        if (self.bind_dn is None) == (self.user_dn_template is None):
            raise ValueError("name either bind_dn, a service account that looks people up, or user_dn_template")
        if self.bind_dn is not None and not (self.bind_password and self.bind_password.get_secret_value().strip()):
            # RFC 4513 5.1.2: a bind without password succeeds as nobody.
            raise ValueError("bind_password is missing or empty; write ${file:PATH} of the service account's password")
        if self.bind_dn is None and self.bind_password is not None:
            raise ValueError("bind_password stands without bind_dn; drop it: people bind by user_dn_template")
        if self.bind_dn is not None and self.users.base is None:
            raise ValueError("users.base is missing; name the subtree in which people are looked up")
        return self

    @model_validator(mode="after")
    def _is_private(self) -> Self:
        """A password goes over TLS, or stays on this machine, or somebody has said otherwise."""
        for server in self.server_urls:
            if server.tls and self.start_tls:
                raise ValueError(f"start_tls does not go with {server.text}; drop start_tls, or write ldap://")
            exposed = not (server.tls or server.lookup or self.start_tls or is_loopback(server.host))
            if exposed and not self.allow_plaintext:
                raise ValueError(
                    f"{server.text} would carry passwords in the clear; write ldaps://, or set start_tls: true"
                )
        return self

    @property
    def server_urls(self) -> tuple[ServerUrl, ...]:
        return tuple(ServerUrl.read(text) for text in self.servers)

    @property
    def looked_up_in_the_clear(self) -> bool:
        """Whether servers that DNS names are spoken to without StartTLS."""
        return self.allow_plaintext and not self.start_tls
