"""Where a provider's keys come from, and which tokens may have the provider asked for one that is not known."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from gateway.connectors.oidc.discovery import FetchedKeys
from gateway.connectors.oidc.key_set import KeySet, VerificationKey
from gateway.connectors.refreshing import RefreshingSource, RefreshPace
from gateway.domain.clock import Clock
from gateway.domain.errors import InvalidIdentityToken, ProviderUnreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace(RefreshPace):
    """How often a provider is asked, in seconds: an unknown key's id at most once in `unknown_key_interval`."""

    unknown_key_interval: float = 60


class KeySource(Protocol):
    """Where the keys of a provider come from."""

    @property
    def fetched_at(self) -> datetime | None: ...

    @property
    def last_error(self) -> str | None: ...

    @property
    def failures(self) -> int:
        """How many attempts to fetch failed, ever."""
        ...

    def known(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        """The keys at hand that fit; none where the key is not known. Never waits."""
        ...

    def missing(self, key_id: str | None, algorithm: str) -> InvalidIdentityToken | None:
        """What `sought` would raise at once for a key that is not known; None where it would, or might, do more."""
        ...

    async def sought(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        """The keys that fit, asking the provider where that may help.

        Raises InvalidIdentityToken: the provider has no such key. ProviderUnreachable: it could not be asked.
        """
        ...

    async def fetched_now(self) -> KeySet | None:
        """The keys, asked for at this moment; None where that failed: `last_error` tells why."""
        ...

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...


class FixedKeys:
    """Keys from a file: another file is another source, made by a reload."""

    def __init__(self, key_set: KeySet, read_at: datetime) -> None:
        self._key_set = key_set
        self.fetched_at: datetime | None = read_at
        self.last_error: str | None = None
        self.failures = 0

    def known(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        return self._key_set.fitting(key_id, algorithm)

    def missing(self, key_id: str | None, algorithm: str) -> InvalidIdentityToken:
        cause = f"jwks_file has no key that fits kid {_shown(key_id)} and {algorithm}"
        return InvalidIdentityToken(_NO_SUCH_KEY, cause=cause)

    async def sought(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        raise self.missing(key_id, algorithm)

    async def fetched_now(self) -> KeySet | None:
        return self._key_set

    async def start(self) -> None:
        """Nothing runs in the background."""

    async def aclose(self) -> None:
        """Nothing runs in the background."""


class FetchedKeySource(RefreshingSource[FetchedKeys]):
    """Keys from the provider's discovery."""

    def __init__(
        self,
        *,
        provider: str,
        fetch: Callable[[], Awaitable[FetchedKeys]],
        clock: Clock,
        pace: Pace,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fetch` raises FetchFailed and keeps a deadline of its own."""
        super().__init__(provider=provider, what="keys", clock=clock, pace=pace, monotonic=monotonic)
        self._fetch = fetch
        self._unknown_key_interval = pace.unknown_key_interval
        self._key_set: KeySet | None = None
        self._unknown_key_due = monotonic()

    def known(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        return () if self._key_set is None else self._key_set.fitting(key_id, algorithm)

    def missing(self, key_id: str | None, algorithm: str) -> InvalidIdentityToken | None:
        # Only looks whether it would be this token's turn to have the provider asked: taking the turn is for `sought`.
        if self._key_set is None or self.last_error is not None or self._monotonic() >= self._unknown_key_due:
            return None
        is_quiet = self._flight is None or self._flight.done()
        return _not_served(key_id, algorithm) if is_quiet else None

    async def sought(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        if self._may_ask():
            await self._refreshed()
        keys = self.known(key_id, algorithm)
        if keys:
            return keys
        # With the provider down a new key cannot be told from a forged one: the caller may try again.
        if self._is_in_doubt:
            raise ProviderUnreachable(provider=self._provider, cause=self.last_error or "its keys were never fetched")
        raise _not_served(key_id, algorithm)

    async def fetched_now(self) -> KeySet | None:
        await self._refreshed()
        return self._key_set if self.last_error is None else None

    @property
    def _is_in_doubt(self) -> bool:
        """Whether the provider may have keys that are not known here."""
        return self._key_set is None or self.last_error is not None

    def _may_ask(self) -> bool:
        """Whether a token whose key is unknown may wait for the provider; takes its turn where it may."""
        if self._is_fetching:
            return True
        now = self._monotonic()
        if self._key_set is None:
            return now >= self._due
        if now < self._unknown_key_due:
            return False
        self._unknown_key_due = now + self._unknown_key_interval
        return True

    async def _fetched(self) -> FetchedKeys:
        return await self._fetch()

    def _keep(self, found: FetchedKeys) -> float | None:
        self._key_set = found.key_set
        return found.max_age


_NO_SUCH_KEY: Final = (
    "Couldn't retrieve verification key from your identity provider,  "
    "please reference AssumeRoleWithWebIdentity documentation for requirements"
)


def _not_served(key_id: str | None, algorithm: str) -> InvalidIdentityToken:
    cause = f"the provider has no key that fits kid {_shown(key_id)} and {algorithm}"
    return InvalidIdentityToken(_NO_SUCH_KEY, cause=cause)


def _shown(key_id: str | None) -> str:
    return "(none)" if key_id is None else ascii(key_id[:64])
