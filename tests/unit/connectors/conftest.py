"""A provider on loopback, and connectors that are closed when a test ends."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from gateway.connectors.oidc.connector import OidcConnector
from gateway.connectors.oidc.settings import OidcSettings
from gateway.domain.clock import SteadyClock
from tests.fakes.identity_provider import IdentityProvider
from tests.unit.connectors.presenting import Connect


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with IdentityProvider().running() as provider:
        yield provider


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Make connectors: settings as keywords, arguments of OidcConnector in `having`."""
    made: list[OidcConnector] = []

    def make(
        provider: IdentityProvider, name: str = "workforce", having: dict[str, Any] | None = None, **settings: Any
    ) -> OidcConnector:
        given = {"type": "oidc", "issuer": provider.issuer, "audiences": [provider.audience]} | settings
        arguments = {"clock": SteadyClock()} | (having or {})
        connector = OidcConnector(name=name, settings=OidcSettings(**given), **arguments)
        made.append(connector)
        return connector

    yield make
    for connector in made:
        await connector.aclose()
