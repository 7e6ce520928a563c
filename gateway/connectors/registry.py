"""Which connector answers: by its name in settings, or by the issuer that a token claims."""

from collections.abc import Sequence
from typing import Final, TypeGuard

from gateway.connectors.compact_jws import UnverifiedJws, read
from gateway.connectors.connector import (
    AccountLookUp,
    BrowserLogin,
    Connector,
    PasswordAuthenticator,
    SamlProvider,
    WebIdentityVerifier,
)
from gateway.domain.arn import oidc_provider_arn
from gateway.domain.errors import InvalidParameter, UnknownIssuer
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

    @property
    def connectors(self) -> Sequence[Connector]:
        return tuple(self._by_name.values())

    def by_name(self, name: str) -> Connector | None:
        """The connector of this provider, None where settings have none of that name."""
        return self._by_name.get(name)

    def provider_arn(self, name: str, account: str) -> str | None:
        """The ARN by which `account` knows this provider, None where settings have none of that name."""
        connector = self._by_name.get(name)
        if connector is None:
            return None
        if _verifies_web_identities(connector):
            return oidc_provider_arn(account, connector.issuer)
        return f"arn:aws:iam::{account}:{connector.provider_type}-provider/{name}"

    def password(self, name: str | None) -> PasswordAuthenticator:
        """The connector that takes passwords for the provider `name`; None: the only one that does.

        Raises InvalidParameter: no such provider, or several and no name.
        """
        takers = {one.name: one for one in self._by_name.values() if _takes_passwords(one)}
        if name is None and len(takers) > 1:
            raise InvalidParameter(
                "Several providers take passwords; name one of them as ProviderId", parameter="ProviderId"
            )
        taker = next(iter(takers.values()), None) if name is None else takers.get(name)
        if taker is None:
            told = "No provider takes passwords" if name is None else "No provider of this name takes passwords"
            raise InvalidParameter(f"{told}; ask whoever operates the gateway", parameter="ProviderId")
        return taker

    def saml(self, name: str) -> SamlProvider | None:
        """The SAML provider `name`; None where there is none."""
        connector = self._by_name.get(name)
        return connector if connector is not None and _speaks_saml(connector) else None

    @property
    def saml_providers(self) -> Sequence[SamlProvider]:
        """Every SAML provider."""
        return tuple(connector for connector in self._by_name.values() if _speaks_saml(connector))

    def browser_login(self, name: str) -> BrowserLogin | None:
        """The way to sign in on the pages of the provider `name`; None where there is none."""
        connector = self._by_name.get(name)
        return connector.browser_login if connector is not None and _verifies_web_identities(connector) else None

    def account_look_up(self, name: str) -> AccountLookUp | None:
        """The way to ask the provider `name` about its people without a password; None where there is none."""
        connector = self._by_name.get(name)
        return connector.account_look_up if connector is not None and _takes_passwords(connector) else None

    @property
    def browser_logins(self) -> Sequence[str]:
        """The names of the providers at which people sign in on the provider's pages."""
        return tuple(name for name in self._by_name if self.browser_login(name) is not None)

    @property
    def password_logins(self) -> Sequence[str]:
        """The names of the providers at which people sign in by a password."""
        return tuple(name for name, connector in self._by_name.items() if _takes_passwords(connector))

    @property
    def web_identity_verifiers(self) -> Sequence[WebIdentityVerifier]:
        """Every connector that verifies web identities."""
        return tuple(self._by_issuer.values())

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


def _speaks_saml(connector: Connector) -> TypeGuard[SamlProvider]:
    return connector.provider_type is ProviderType.SAML


def _takes_passwords(connector: Connector) -> TypeGuard[PasswordAuthenticator]:
    return connector.provider_type is ProviderType.LDAP


def _printable(unverified_issuer: str) -> str:
    """At most 200 characters, those that could forge a log line or turn the reading direction escaped."""
    shown = "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}"
        for character in unverified_issuer[:_MAXIMUM_PRINTED_ISSUER]
    )
    return shown if len(unverified_issuer) <= _MAXIMUM_PRINTED_ISSUER else f"{shown}..."
