"""The configuration as the gateway uses it: plain values, every reference resolved, every path absolute."""

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from gateway.connectors.ldap.settings import LdapSettings
from gateway.connectors.oidc.settings import OidcSettings
from gateway.connectors.saml.settings import SamlSettings
from gateway.domain.arn import ldap_issuer, saml_authority
from gateway.domain.identity import ProviderType
from gateway.domain.role import Mapping, Role
from gateway.domain.service import Service
from gateway.domain.user import User
from gateway.settings.faults import Fault


class AuditFailure(StrEnum):
    """What happens to a request whose audit line cannot be written."""

    REFUSE = "refuse"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """PEM files of the gateway's own certificate chain and its key."""

    certificate: Path
    private_key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """`path` None is standard output."""

    path: Path | None = None
    on_failure: AuditFailure = AuditFailure.REFUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenAddress:
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSessionSettings:
    """Seconds without a request, and seconds in all, after which a person signs in again."""

    idle: int = 3600
    absolute: int = 43200


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """`attempts` failures within `window` seconds; the next attempt is refused."""

    attempts: int
    window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleSettings:
    per_user: Throttle = Throttle(attempts=5, window=900)
    per_address: Throttle = Throttle(attempts=100, window=900)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """The section `gateway`. `public_url` has no final slash; `state` may hold a password and is never shown."""

    public_url: str
    keyring: Path
    region: str = "us-east-1"
    state: str = field(default="memory:", repr=False)
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    tls: TlsSettings | None = None
    internal_listen: ListenAddress | None = None
    audit: AuditSettings = AuditSettings()
    browser_session: BrowserSessionSettings = BrowserSessionSettings()
    throttle: ThrottleSettings = ThrottleSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """All of one configuration, without fault.

    `accounts`: alias to 12-digit id. `policies`: name to IAM document. `mappings`: one per mapping of the file, but one
    per role where the file says `group_pattern`: `groups` then holds the one name that the pattern gives for the role.
    `sources`: every file that was read, `${file:}` and the providers' files included, so that a change can be noticed.
    """

    gateway: GatewaySettings
    accounts: MappingType[str, str]
    providers: MappingType[str, OidcSettings | SamlSettings | LdapSettings]
    roles: tuple[Role, ...]
    policies: MappingType[str, MappingType[str, Any]]
    mappings: tuple[Mapping, ...]
    users: tuple[User, ...]
    services: tuple[Service, ...]
    warnings: tuple[Fault, ...] = ()
    sources: tuple[Path, ...] = ()

    @property
    def issuers(self) -> MappingType[str, str]:
        """Provider name to issuer, or to what stands for one."""
        return {name: _authority(name, settings) for name, settings in self.providers.items()}

    @property
    def provider_types(self) -> MappingType[str, ProviderType]:
        return {name: ProviderType(settings.type) for name, settings in self.providers.items()}


def _authority(name: str, settings: OidcSettings | SamlSettings | LdapSettings) -> str:
    if isinstance(settings, OidcSettings):
        return settings.issuer
    return ldap_issuer(name) if isinstance(settings, LdapSettings) else saml_authority(name)
