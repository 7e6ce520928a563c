"""The small capability protocols that connectors fulfil; whoever uses a connector knows one of these and no class."""

from datetime import datetime
from typing import Protocol

from gateway.connectors.compact_jws import UnverifiedJws
from gateway.domain.identity import Identity, ProviderType


class Connector(Protocol):
    """One configured provider: its name in settings, its kind, and a life that the server begins and ends."""

    @property
    def name(self) -> str: ...

    @property
    def provider_type(self) -> ProviderType: ...

    async def start(self) -> None:
        """Begin background work. Returns at once, and never fails because the provider is down."""
        ...

    async def aclose(self) -> None:
        """End background work. May be called twice, and without `start`."""
        ...


class WebIdentityVerifier(Connector, Protocol):
    """Proves identities by tokens that the provider signed."""

    @property
    def issuer(self) -> str:
        """What `iss` of the provider's tokens says, character for character."""
        ...

    @property
    def keys_fetched_at(self) -> datetime | None:
        """When the keys in use came from the provider (UTC); None before the first. For metrics."""
        ...

    @property
    def last_error(self) -> str | None:
        """Why the latest attempt to get keys failed; None after one that did not. Holds no secret."""
        ...

    async def verify(self, token: UnverifiedJws) -> Identity:
        """Prove who `token` speaks of. Without I/O where its key is known.

        Raises InvalidIdentityToken, ExpiredIdentityToken, ProviderUnreachable, InvalidTags (the token's session tags).
        """
        ...
