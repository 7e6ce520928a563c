"""One OpenID Connect provider as a connector: the order of its checks, each of which stands elsewhere."""

import time
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.connectors.compact_jws import UnverifiedJws, claims_of, remember_header
from gateway.connectors.connector import BrowserLogin, Examination
from gateway.connectors.fetch import Fetcher, Resolve, resolve
from gateway.connectors.oidc.claims import Expectation, matched_audience, verified
from gateway.connectors.oidc.discovery import DEADLINE_SECONDS, Discovery
from gateway.connectors.oidc.identity import identity_of
from gateway.connectors.oidc.key_file import key_set_in
from gateway.connectors.oidc.key_set import ALGORITHMS, VerificationKey, signature_holds
from gateway.connectors.oidc.provider_keys import FetchedKeySource, FixedKeys, KeySource, Pace
from gateway.connectors.oidc.settings import OidcSettings
from gateway.domain.clock import Clock
from gateway.domain.errors import InvalidIdentityToken
from gateway.domain.identity import Identity, ProviderType

if TYPE_CHECKING:
    from gateway.connectors.oidc.browser_login import OidcBrowserLogin


class OidcConnector:
    """Verifies the tokens of one issuer; a WebIdentityVerifier."""

    provider_type: Final = ProviderType.OIDC

    def __init__(
        self,
        *,
        name: str,
        settings: OidcSettings,
        clock: Clock,
        pace: Pace = Pace(),  # noqa: B008  frozen
        monotonic: Callable[[], float] = time.monotonic,
        resolve: Resolve = resolve,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        """`deadline`: seconds for all that one fetch of keys asks of the provider.

        Raises ValueError, with the mend, where `ca_file` or `jwks_file` cannot be used.
        """
        self.name: Final = name
        self.issuer: Final = settings.issuer
        self._clock = clock
        self._paths = settings.claims
        self._named_algorithms = settings.algorithms
        self._audiences = frozenset(settings.audiences)
        self._authorized_parties = settings.accepted_parties
        self._expected = Expectation(
            issuer=settings.issuer, audiences=self._audiences, authorized_parties=self._authorized_parties, now=0
        )
        # EdDSA and Ed25519 are one algorithm under two names (RFC 9864): naming either takes both.
        taken = {ALGORITHMS[algorithm] for algorithm in settings.algorithms}
        self._algorithms = frozenset(algorithm for algorithm, meaning in ALGORITHMS.items() if meaning in taken)
        self._login = _browser_login(self, settings, resolve, deadline, clock=clock, monotonic=monotonic)
        self._keys: KeySource = (
            FixedKeys(key_set_in(settings.jwks_file), clock.now())
            if settings.jwks_file is not None
            else FetchedKeySource(
                provider=name,
                fetch=_discovery(settings, resolve, deadline).fetch,
                clock=clock,
                pace=pace,
                monotonic=monotonic,
            )
        )

    @property
    def browser_login(self) -> BrowserLogin | None:
        return self._login

    @property
    def keys_fetched_at(self) -> datetime | None:
        return self._keys.fetched_at

    @property
    def last_error(self) -> str | None:
        return self._keys.last_error

    @property
    def key_failures(self) -> int:
        return self._keys.failures

    def health(self) -> Mapping[str, str | datetime]:
        """The age of the keys, which is what a provider's outage shows in first."""
        fetched, failures = self.keys_fetched_at, self.key_failures
        return {
            "Keys fetched": fetched or "not yet",
            **({"Failed attempts to get keys": str(failures)} if failures else {}),
        }

    async def start(self) -> None:
        """Begin to keep the provider's keys fresh; returns at once, whether or not the provider answers."""
        await self._keys.start()

    async def aclose(self) -> None:
        await self._keys.aclose()
        if self._login is not None:
            await self._login.aclose()

    async def examine(self, _username: str | None = None, /) -> Examination:
        """Discovery and keys, asked for now."""
        keys = await self._keys.fetched_now()
        if keys is None:
            return Examination(faults=(f"{self.last_error}; correct issuer or ca_file, or let the gateway reach it",))
        served = [name for name in self._named_algorithms if keys.has_key_for(name)]
        answers = (f"{self.issuer} has keys for {', '.join(served) or 'nothing that is accepted'}",)
        if served:
            return Examination(answers=answers)
        named = ", ".join(self._named_algorithms)
        return Examination(
            answers=answers, faults=(f"no key of the issuer is for {named}; name the algorithms that it signs with",)
        )

    def verify(self, token: UnverifiedJws) -> Coroutine[Any, Any, Identity]:
        """Prove who `token` speaks of: algorithm, key, the payload's form, signature, claims, in this order.

        Nothing that the payload says is judged before the signature, so a forged token learns nothing. Without I/O
        where the key is known; an unknown key's id has the provider asked at most once a minute.

        Raises InvalidIdentityToken, ExpiredIdentityToken, ProviderUnreachable, InvalidTags.
        """
        return self.verify_for(token, self._audiences, self._authorized_parties)

    async def verify_for(
        self, token: UnverifiedJws, audiences: frozenset[str], authorized_parties: frozenset[str]
    ) -> Identity:
        """As `verify`, of a token that is for one of `audiences`."""
        keys = self._known_keys(token)
        if not keys:
            unknown = self.unknown_key(token)
            if unknown is not None:
                raise unknown
            claims_of(token)  # the provider is asked for no token that could not be one of its own
            keys = await self._keys.sought(token.key_id, token.algorithm)
        return self._proven(token, keys, audiences, authorized_parties)

    def verify_at_hand(self, token: UnverifiedJws) -> Identity | None:
        """As `verify`, at once; None where the key is not known, and so may have to be fetched."""
        keys = self._known_keys(token)
        return self._proven(token, keys, self._audiences, self._authorized_parties) if keys else None

    def unknown_key(self, token: UnverifiedJws) -> InvalidIdentityToken | None:
        """What `verify` would raise at once where `verify_at_hand` has no key; None where it would do more."""
        return self._keys.missing(token.key_id, token.algorithm)

    def _known_keys(self, token: UnverifiedJws) -> tuple[VerificationKey, ...]:
        if token.algorithm not in self._algorithms:
            raise InvalidIdentityToken(
                "The ID Token's signature algorithm is not accepted",
                cause=f"algorithm {token.algorithm} is not among the provider's algorithms",
            )
        return self._keys.known(token.key_id, token.algorithm)

    def _proven(
        self,
        token: UnverifiedJws,
        keys: tuple[VerificationKey, ...],
        audiences: frozenset[str],
        authorized_parties: frozenset[str],
    ) -> Identity:
        claims = claims_of(token)
        if not signature_holds(token, keys):
            raise InvalidIdentityToken("The ID Token's signature is invalid", cause="the signature does not hold")
        remember_header(token)
        now = int(self._clock.now().timestamp())
        expected = self._expected
        known = expected.audiences is audiences and expected.authorized_parties is authorized_parties
        if expected.now != now or not known:
            # What is expected changes with the second, not with the token.
            expected = self._expected = Expectation(
                issuer=self.issuer, audiences=audiences, authorized_parties=authorized_parties, now=now
            )
        proven = verified(claims, expected)
        audience = matched_audience(proven, audiences)
        return identity_of(proven, provider=self.name, audience=audience, paths=self._paths)


def _discovery(settings: OidcSettings, resolve: Resolve, deadline: float) -> Discovery:
    """Raises ValueError, with the mend, where `ca_file` cannot be used."""
    own_ca = settings.ca_file
    fetcher = Fetcher(
        issuer=settings.issuer, ca_file=own_ca, bearer_token_file=settings.bearer_token_file, resolve=resolve
    )
    return Discovery(issuer=settings.issuer, own_ca=own_ca is not None, fetcher=fetcher, deadline=deadline)


def _browser_login(
    connector: OidcConnector,
    settings: OidcSettings,
    resolve: Resolve,
    deadline: float,
    *,
    clock: Clock,
    monotonic: Callable[[], float],
) -> "OidcBrowserLogin | None":
    if settings.client_id is None:
        return None
    # Authlib and what it needs are for those alone whose people sign in on the provider's pages.
    from gateway.connectors.oidc.browser_login import OidcBrowserLogin  # noqa: PLC0415

    return OidcBrowserLogin(
        provider=connector.name,
        settings=settings,
        verify_for=connector.verify_for,
        fetcher=Fetcher(
            issuer=settings.issuer,
            ca_file=settings.ca_file,
            bearer_token_file=settings.bearer_token_file,
            resolve=resolve,
        ),
        clock=clock,
        monotonic=monotonic,
        deadline=deadline,
    )
