"""A provider's keys under all weather: one fetch however many wait, kept fresh, kept on while the provider is down."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from gateway.connectors.fetch import FetchFailed
from gateway.connectors.oidc.discovery import FetchedKeys
from gateway.connectors.oidc.key_set import KeySet, VerificationKey
from gateway.domain.clock import Clock
from gateway.domain.errors import InvalidIdentityToken, ProviderUnreachable

_MOST_DOUBLINGS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a provider is asked, in seconds.

    A key set lives as long as its answer says (`default_life` where it does not), within the shortest and the longest,
    and is fetched anew after `refreshed_after` of that. An unknown key's id has it fetched at most once in
    `unknown_key_interval`. After failures the pause doubles from the first to the longest.
    """

    shortest_life: float = 300
    default_life: float = 3_600
    longest_life: float = 86_400
    refreshed_after: float = 0.8
    unknown_key_interval: float = 60
    first_pause: float = 1
    longest_pause: float = 30


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


class FetchedKeySource:
    """Keys from the provider's discovery. `start` keeps them fresh; without it they are fetched when first needed."""

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
        self._provider = provider
        self._fetch = fetch
        self._clock = clock
        self._pace = pace
        self._monotonic = monotonic
        self._key_set: KeySet | None = None
        self._flight: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._rescheduled = asyncio.Event()
        self._failures_in_turn = 0
        self._due = monotonic()
        self._unknown_key_due = monotonic()
        self.fetched_at: datetime | None = None
        self.last_error: str | None = None
        self.failures = 0

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

    async def start(self) -> None:
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep_fresh(), name=f"keys of {self._provider}")

    async def aclose(self) -> None:
        tasks = [task for task in (self._keeper, self._flight) if task is not None]
        self._keeper = self._flight = None
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    @property
    def _is_in_doubt(self) -> bool:
        """Whether the provider may have keys that are not known here."""
        return self._key_set is None or self.last_error is not None

    def _may_ask(self) -> bool:
        """Whether a token whose key is unknown may wait for the provider; takes its turn where it may."""
        if self._flight is not None and not self._flight.done():
            return True
        now = self._monotonic()
        if self._key_set is None:
            return now >= self._due
        if now < self._unknown_key_due:
            return False
        self._unknown_key_due = now + self._pace.unknown_key_interval
        return True

    async def _refreshed(self) -> None:
        """Wait for the one fetch under way, begun here where there is none. A waiter that leaves does not end it."""
        if self._flight is None or self._flight.done():
            self._flight = asyncio.create_task(self._fetch_once(), name=f"fetch of the keys of {self._provider}")
        flight = self._flight
        await asyncio.wait((flight,))
        if not flight.cancelled():
            flight.result()

    async def _fetch_once(self) -> None:
        try:
            fetched = await self._fetch()
        except FetchFailed as failure:
            self._rescheduled.set()
            self.last_error = str(failure)
            pause = self._pace.first_pause * 2 ** min(self._failures_in_turn, _MOST_DOUBLINGS)
            self._failures_in_turn += 1
            self.failures += 1
            self._due = self._monotonic() + min(pause, self._pace.longest_pause)
            return
        self._rescheduled.set()
        self._key_set = fetched.key_set
        self.fetched_at = self._clock.now()
        self.last_error = None
        self._failures_in_turn = 0
        life = self._pace.default_life if fetched.max_age is None else fetched.max_age
        life = min(max(life, self._pace.shortest_life), self._pace.longest_life)
        self._due = self._monotonic() + life * self._pace.refreshed_after

    async def _keep_fresh(self) -> None:
        while True:
            self._rescheduled.clear()
            if self._monotonic() >= self._due:
                await self._refreshed()
            else:
                # A fetch for an unknown key moves the due time: to soon after, where it failed.
                # Not wait_for, which in Python 3.11 can lose a cancellation that comes with the event.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._due - self._monotonic()):
                        await self._rescheduled.wait()


_NO_SUCH_KEY: Final = (
    "Couldn't retrieve verification key from your identity provider,  "
    "please reference AssumeRoleWithWebIdentity documentation for requirements"
)


def _not_served(key_id: str | None, algorithm: str) -> InvalidIdentityToken:
    cause = f"the provider has no key that fits kid {_shown(key_id)} and {algorithm}"
    return InvalidIdentityToken(_NO_SUCH_KEY, cause=cause)


def _shown(key_id: str | None) -> str:
    return "(none)" if key_id is None else ascii(key_id[:64])
