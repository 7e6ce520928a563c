"""Which connector answers: by its name in settings, or by the issuer that a token claims."""

from collections.abc import Sequence
from typing import Final, TypeGuard

from gateway.connectors.compact_jws import UnverifiedJws, read
from gateway.connectors.connector import Connector, WebIdentityVerifier
from gateway.domain.errors import UnknownIssuer
from gateway.domain.identity import ProviderType, UnverifiedToken

_MAXIMUM_PRINTED_ISSUER: Final = 200


class Registry:
    """All configured connectors. Raises ValueError where two share a name or an issuer."""

    __slots__ = ("_by_issuer", "_by_name")

    def __init__(self, connectors: Sequence[Connector]) -> None:
        self._by_name = {connector.name: connector for connector in connectors}
        verifiers = [connector for connector in connectors if _verifies_web_identities(connector)]
        self._by_issuer = {verifier.issuer: verifier for verifier in verifiers}
        if len(self._by_name) != len(connectors):
            raise ValueError("two providers have one name")
        # Mix-up: with two providers of one issuer, one's keys would vouch for the other's people.
        if len(self._by_issuer) != len(verifiers):
            raise ValueError("two providers have one issuer")

    def by_name(self, name: str) -> Connector | None:
        """The connector of this provider, None where settings have none of that name."""
        return self._by_name.get(name)

    def web_identity(self, token: UnverifiedToken) -> tuple[WebIdentityVerifier, UnverifiedJws]:
        """The one connector that may verify `token`, and the token as read: `await verifier.verify(read)` is next.

        Raises InvalidIdentityToken: not a token in its one form. UnknownIssuer: no provider has its `iss`.
        """
        unverified = read(token)
        verifier = self._by_issuer.get(unverified.unverified_issuer)
        if verifier is None:
            raise UnknownIssuer(issuer=_printable(unverified.unverified_issuer))
        return verifier, unverified

    async def start(self) -> None:
        """Begin every connector's background work; returns at once, whatever the providers do."""
        for connector in self._by_name.values():
            await connector.start()

    async def aclose(self) -> None:
        """End every connector's background work."""
        for connector in self._by_name.values():
            await connector.aclose()


def _verifies_web_identities(connector: Connector) -> TypeGuard[WebIdentityVerifier]:
    return connector.provider_type is ProviderType.OIDC


def _printable(unverified_issuer: str) -> str:
    """At most 200 characters, those that could forge a log line or turn the reading direction escaped."""
    shown = "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}"
        for character in unverified_issuer[:_MAXIMUM_PRINTED_ISSUER]
    )
    return shown if len(unverified_issuer) <= _MAXIMUM_PRINTED_ISSUER else f"{shown}..."
