"""The small capability protocols that connectors fulfil; whoever uses a connector knows one of these and no class."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from gateway.connectors.compact_jws import UnverifiedJws
from gateway.domain.assertion import NameId, ProvenAssertion, Solicitation, UnverifiedAssertion
from gateway.domain.errors import InvalidIdentityToken
from gateway.domain.identity import Identity, ProviderType
from gateway.domain.logout import Departure, LogoutMessage, LogoutRequest, SentLogout


class Connector(Protocol):
    """One configured provider: its name in settings, its kind, and a life that the server begins and ends."""

    @property
    def name(self) -> str: ...

    @property
    def provider_type(self) -> ProviderType: ...

    @property
    def issuer(self) -> str:
        """Who vouches for its people, as their identities say; empty while that was never learnt.

        `iss` of its tokens, character for character; its entityID; `ldap-provider/NAME`.
        """
        ...

    async def start(self) -> None:
        """Begin background work. Returns at once, and never fails because the provider is down."""
        ...

    async def aclose(self) -> None:
        """End background work. May be called twice, and without `start`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What an operator learns of a provider before people come.

    `answers`: what was reached; `faults` keep people out; `lacks` is what works and will disappoint, with the mends.
    `identity`: whom a name means, as if the password had been right; None where none was asked for, or nobody found.
    """

    answers: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    identity: Identity | None = None


class Examinable(Connector, Protocol):
    """Can be asked whether it works, and who somebody is, without anybody signing in."""

    async def examine(self, username: str | None = None, /) -> Examination:
        """Ask the provider now, within its own deadline. Those whose people bring tokens know nobody by name."""
        ...


@runtime_checkable
class Reporting(Protocol):
    """Can tell how it fares, from what it knows already."""

    def health(self) -> Mapping[str, str | datetime]:
        """Facts for people, by what each is about; asks nobody, waits for nothing, holds no secret."""
        ...


class WebIdentityVerifier(Connector, Protocol):
    """Proves identities by tokens that the provider signed."""

    @property
    def keys_fetched_at(self) -> datetime | None:
        """When the keys in use came from the provider (UTC); None before the first. For metrics."""
        ...

    @property
    def last_error(self) -> str | None:
        """Why the latest attempt to get keys failed; None after one that did not. Holds no secret."""
        ...

    @property
    def key_failures(self) -> int:
        """How many attempts to get keys failed since the connector was made. For metrics."""
        ...

    @property
    def browser_login(self) -> "BrowserLogin | None":
        """The way to sign in on the provider's pages; None where settings have no client for it."""
        ...

    async def verify(self, token: UnverifiedJws) -> Identity:
        """Prove who `token` speaks of. Without I/O where its key is known.

        Raises InvalidIdentityToken, ExpiredIdentityToken, ProviderUnreachable, InvalidTags (the token's session tags).
        """
        ...

    def verify_at_hand(self, token: UnverifiedJws) -> Identity | None:
        """As `verify`, without a wait; None where the key is not at hand. Raises as `verify`."""
        ...

    def unknown_key(self, token: UnverifiedJws) -> InvalidIdentityToken | None:
        """What `verify` would raise where `verify_at_hand` has no key; None where the provider would have to be asked.

        Asks nobody, and changes nothing.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginTransaction:
    """One sign-in on its way through a provider's pages: what is sent there, and what must come back."""

    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCallback:
    """What the provider's answer says, not believed yet. `issuer`: the parameter `iss` of RFC 9207."""

    code: str | None = field(repr=False)
    issuer: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """Who came back from the provider's pages. `refresh_token`: where it gave one by which it may be asked again."""

    identity: Identity
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """A person who may go on. `identity` None: the provider said no more; `refresh_token` None: the old one stays."""

    identity: Identity | None
    refresh_token: str | None = field(default=None, repr=False)


class BrowserLogin(Protocol):
    """Signs people in on the provider's own pages."""

    async def begin(self, transaction: LoginTransaction) -> str:
        """The address to send the browser to. Raises ProviderUnreachable."""
        ...

    async def complete(self, transaction: LoginTransaction, callback: LoginCallback) -> Arrived:
        """Who came back. Raises SignInRefused, InvalidIdentityToken, ExpiredIdentityToken, ProviderUnreachable."""
        ...

    async def refresh(self, refresh_token: str, person: Identity) -> Refreshed:
        """What the provider says now of a person who signed in before.

        Raises SignInRefused where the person may not go on, or the answer is of somebody else; ProviderUnreachable.
        """
        ...


class AssertionVerifier(Connector, Protocol):
    """Proves identities by assertions that the provider signed."""

    @property
    def last_error(self) -> str | None:
        """Why the latest attempt to get the provider's metadata failed; None after one that did not. No secret."""
        ...

    async def verify(self, assertion: UnverifiedAssertion, solicitation: Solicitation) -> ProvenAssertion:
        """Prove what `assertion` says. Uses nothing up: whoever acts on it remembers its id before acting.

        Raises InvalidIdentityToken, ExpiredIdentityToken, RejectedClaim (the provider itself reports a failure),
        InvalidTags, ProviderUnreachable (no metadata yet, or no worker in time).
        """
        ...


class SamlProvider(AssertionVerifier, Protocol):
    """An identity provider that people come from by SAML: sign-ins that begin here or there, and single logout."""

    @property
    def metadata_fetched_at(self) -> datetime | None:
        """When the metadata in use came from the provider, or was read (UTC); None before the first. For metrics."""
        ...

    @property
    def metadata_valid_until(self) -> datetime | None:
        """When the metadata in use ends (UTC); None where it does not say. For metrics."""
        ...

    @property
    def metadata_failures(self) -> int:
        """How many attempts to get metadata failed since the connector was made. For metrics."""
        ...

    @property
    def allows_idp_initiated(self) -> bool:
        """Whether people may come from the provider's own page without having begun here."""
        ...

    def service_metadata(self) -> bytes:
        """The gateway's own metadata for this provider."""
        ...

    async def begin(self, relay_state: str) -> tuple[str, str]:
        """The ID of a new request, and the address to send the browser to with it. Raises ProviderUnreachable."""
        ...

    async def logout_message(self, sent: SentLogout) -> LogoutMessage:
        """What the provider says of signing out. Raises InvalidIdentityToken, ProviderUnreachable."""
        ...

    async def begin_logout(self, name_id: NameId, session_index: str | None) -> tuple[str, Departure] | None:
        """The ID of a new request, and where the browser takes it; None where there is no way."""
        ...

    async def logout_answer(self, request: LogoutRequest) -> Departure | None:
        """Where the browser tells the provider that the person is signed out here; None where there is no way."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Whom a typed name means, as far as a throttle needs to know; whether it means anybody cannot be told from it.

    Failures count under both keys, which are one where nobody was found. Kinds of connectors add what they need.
    """

    typed_key: str
    """The name as typed, folded."""
    principal_key: str
    """The name of the entry that was found, folded, whatever was typed; else `typed_key`."""


class AccountLookUp(Protocol):
    """Tells of a person, who proved a password before, who they are now, without the password."""

    async def look_up(self, person: Identity) -> Identity:
        """The same person with today's groups and attributes.

        Raises RejectedLogin: gone, or an account that may not sign in. ProviderUnreachable.
        """
        ...


class PasswordAuthenticator(Connector, Protocol):
    """Proves identities by a name and a password.

    Whoever throttles calls `locate`, asks its counters about both keys, and only then `prove`: a throttled attempt then
    reaches the directory's own counters never, and costs the same whether name and password are right or not.
    """

    @property
    def last_error(self) -> str | None:
        """Why the directory could not be asked; None after a time that it could. Holds no secret."""
        ...

    @property
    def account_look_up(self) -> AccountLookUp | None:
        """The way to ask again without a password; None where no account of the gateway's own may ask."""
        ...

    async def locate(self, username: str, password: str) -> Any:
        """A Located for `prove`, which holds the password too. The deadline of the whole login begins here.

        Raises RejectedLogin: an empty or otherwise unusable password, before any connection is made, or a name that
        nobody can have. ProviderUnreachable.
        """
        ...

    async def prove(self, located: Any) -> Identity:
        """The identity, after the directory took the password; once for each `located`.

        For nobody as much is asked of the directory as for somebody with a wrong password, and it lasts as long.

        Raises RejectedLogin: wrong name, wrong password or an account that may not sign in. ProviderUnreachable.
        """
        ...

    async def authenticate(self, username: str, password: str) -> Identity:
        """`locate`, then `prove`."""
        ...
