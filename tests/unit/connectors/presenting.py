"""A token on its way to an Identity, as the exchange takes it."""

from collections.abc import Callable

from gateway.connectors.oidc.connector import OidcConnector
from gateway.connectors.registry import Registry
from gateway.domain.identity import Identity, UnverifiedToken

Connect = Callable[..., OidcConnector]


async def verify(connector: OidcConnector, token: UnverifiedToken) -> Identity:
    """Registry, then connector. Raises what they raise."""
    verifier, unverified = Registry([connector]).web_identity(token)
    return await verifier.verify(unverified)
