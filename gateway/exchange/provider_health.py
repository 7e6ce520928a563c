"""How the configured providers fare, as an administrator is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.connectors.connector import Connector, Reporting
from gateway.connectors.registry import Registry
from gateway.domain.identity import ProviderType

Fact = str | datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderHealth:
    """`authority`: the issuer, or what stands for one. `error` None: the last thing that was asked of it worked.

    `signs_in`: how people of it sign in here, None where they do not. `facts`: for people, by what each is about.
    """

    name: str
    type: ProviderType
    authority: str
    signs_in: str | None
    error: str | None
    facts: Mapping[str, Fact]


def provider_health(registry: Registry) -> Sequence[ProviderHealth]:
    """Every provider, by name. Asks none of them anything."""
    return [_health(registry, connector) for connector in sorted(registry.connectors, key=lambda one: one.name)]


def _health(registry: Registry, connector: Connector) -> ProviderHealth:
    name = connector.name
    ways = {
        "on its own pages": (*registry.browser_logins, *(one.name for one in registry.saml_providers)),
        "by a form for name and password": registry.password_logins,
    }
    return ProviderHealth(
        name=name,
        type=connector.provider_type,
        authority=getattr(connector, "issuer", ""),
        signs_in=next((way for way, names in ways.items() if name in names), None),
        error=getattr(connector, "last_error", None),
        facts=connector.health() if isinstance(connector, Reporting) else _NO_FACTS,
    )


_NO_FACTS: Final[Mapping[str, Fact]] = {}
