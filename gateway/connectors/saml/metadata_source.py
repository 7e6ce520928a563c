"""A provider's metadata under all weather: from a file, or fetched again and again, the last good copy kept on."""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from gateway.connectors.fetch import Fetcher, FetchFailed, Resolve
from gateway.connectors.saml.metadata import MAXIMUM_BYTES, IdpMetadata, UnusableMetadata
from gateway.domain.clock import Clock
from gateway.domain.errors import ProviderUnreachable

DEADLINE_SECONDS: Final = 5.0
_MOST_DOUBLINGS: Final = 16
_LOG: Final = logging.getLogger(__name__)

Read = Callable[[bytes], IdpMetadata]
"""A document to what it says, its signature checked where one is wanted. Raises UnusableMetadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataPace:
    """How often the provider is asked, in seconds.

    A copy lives as long as its cacheDuration says (`default_life` where it does not), within the shortest and the
    longest, and is fetched anew after `refreshed_after` of that. After failures the pause doubles up to the longest.
    """

    shortest_life: float = 300
    default_life: float = 3_600
    longest_life: float = 86_400
    refreshed_after: float = 0.8
    first_pause: float = 1
    longest_pause: float = 60


class MetadataSource(Protocol):
    """Where metadata comes from."""

    @property
    def fetched_at(self) -> datetime | None: ...

    @property
    def last_error(self) -> str | None: ...

    @property
    def failures(self) -> int:
        """How many attempts to fetch failed, ever."""
        ...

    @property
    def current(self) -> IdpMetadata | None:
        """The last good copy, expired or not. Never waits."""
        ...

    async def sought(self) -> IdpMetadata:
        """A copy that is valid now, asking the provider where there is none. Raises ProviderUnreachable."""
        ...

    async def fetched_now(self) -> IdpMetadata | None:
        """A copy asked for at this moment; None where that failed: `last_error` tells why."""
        ...

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...


class FileMetadata:
    """Metadata of a file: another file, or a changed one, is another source, made by a reload."""

    def __init__(self, *, provider: str, path: Path, read: Read, clock: Clock) -> None:
        """Raises ValueError, with the mend, where the file cannot be used."""
        self._provider = provider
        self._path = path
        self._clock = clock
        self.current: IdpMetadata | None = metadata_of(path, read)
        self.fetched_at: datetime | None = clock.now()
        self.failures = 0

    @property
    def last_error(self) -> str | None:
        if self.current is None or not self.current.has_expired(self._clock.now()):
            return None
        return f"the metadata in {self._path} is valid no longer; save the provider's present one there"

    async def sought(self) -> IdpMetadata:
        return _valid(self.current, self._provider, self.last_error, self._clock.now())

    async def fetched_now(self) -> IdpMetadata | None:
        return self.current if self.last_error is None else None

    async def start(self) -> None:
        """Nothing runs in the background."""

    async def aclose(self) -> None:
        """Nothing runs in the background."""


def metadata_of(path: Path, read: Read) -> IdpMetadata:
    """What a file says. Raises ValueError with the mend."""
    try:
        with path.open("rb") as file:
            document = file.read(MAXIMUM_BYTES + 1)
    except OSError as fault:
        raise ValueError(f"metadata {path} cannot be read ({fault.strerror}); name a readable file") from None
    try:
        return read(document)
    except UnusableMetadata as fault:
        raise ValueError(f"metadata {path} {fault}") from None


class FetchedMetadata:
    """Metadata of an https address. `start` keeps it fresh; without it, it is fetched when first needed."""

    def __init__(
        self,
        *,
        provider: str,
        url: str,
        read: Read,
        clock: Clock,
        resolve: Resolve,
        pace: MetadataPace,
        monotonic: Callable[[], float] = time.monotonic,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        """`deadline`: seconds for one fetch."""
        self._provider = provider
        self._url = url
        self._read = read
        self._clock = clock
        self._pace = pace
        self._monotonic = monotonic
        self._deadline = deadline
        self._fetcher = Fetcher(
            issuer=url,
            ca_file=None,
            bearer_token_file=None,
            resolve=resolve,
            accept="application/samlmetadata+xml, application/xml;q=0.9, */*;q=0.1",
        )
        self._flight: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._rescheduled = asyncio.Event()
        self._failures_in_turn = 0
        self._due = monotonic()
        self.current: IdpMetadata | None = None
        self.fetched_at: datetime | None = None
        self.last_error: str | None = None
        self.failures = 0

    async def sought(self) -> IdpMetadata:
        now = self._clock.now()
        lacking = self.current is None or self.current.has_expired(now)
        if lacking and (self._monotonic() >= self._due or (self._flight is not None and not self._flight.done())):
            await self._refreshed()
        return _valid(self.current, self._provider, self.last_error, now)

    async def fetched_now(self) -> IdpMetadata | None:
        await self._refreshed()
        return self.current if self.last_error is None else None

    async def start(self) -> None:
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep_fresh(), name=f"metadata of {self._provider}")

    async def aclose(self) -> None:
        tasks = [task for task in (self._keeper, self._flight) if task is not None]
        self._keeper = self._flight = None
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _refreshed(self) -> None:
        """Wait for the one fetch under way, begun here where there is none. A waiter that leaves does not end it."""
        if self._flight is None or self._flight.done():
            name = f"fetch of the metadata of {self._provider}"
            self._flight = asyncio.create_task(self._fetch_once(), name=name)
        flight = self._flight
        await asyncio.wait((flight,))
        if not flight.cancelled():
            flight.result()

    async def _fetch_once(self) -> None:
        try:
            found = await self._fetched()
        except FetchFailed as failure:
            self.last_error = str(failure)
            pause = self._pace.first_pause * 2 ** min(self._failures_in_turn, _MOST_DOUBLINGS)
            self._failures_in_turn += 1
            self.failures += 1
            self._due = self._monotonic() + min(pause, self._pace.longest_pause)
        else:
            self._take(found)
        self._rescheduled.set()

    async def _fetched(self) -> IdpMetadata:
        """Raises FetchFailed."""
        try:
            async with asyncio.timeout(self._deadline):
                document = await self._fetcher.get(self._url)
        except TimeoutError:
            raise FetchFailed(f"{self._url}: no metadata within {self._deadline:g} seconds") from None
        try:
            # A document of 1 MB takes tens of milliseconds to read, which the event loop has not.
            found = await asyncio.to_thread(self._read, document.body)
        except UnusableMetadata as fault:
            raise FetchFailed(f"{self._url}: the metadata {fault}") from None
        if found.has_expired(self._clock.now()):
            raise FetchFailed(f"{self._url}: the metadata is valid no longer; the provider must publish it anew")
        # Another provider at the same address is not whom the operator meant.
        if self.current is not None and found.entity_id != self.current.entity_id:
            raise FetchFailed(f"{self._url}: the metadata is of another provider than before; restart to take it")
        return found

    def _take(self, found: IdpMetadata) -> None:
        if self.current is not None and found.certificates != self.current.certificates:
            _LOG.warning("provider %s: signs with %s from now on", self._provider, _fingerprints(found))
        self.current = found
        self.fetched_at = self._clock.now()
        self.last_error = None
        self._failures_in_turn = 0
        life = self._pace.default_life if found.cache_duration is None else found.cache_duration
        if found.valid_until is not None:
            life = min(life, (found.valid_until - self.fetched_at).total_seconds())
        life = min(max(life, self._pace.shortest_life), self._pace.longest_life)
        self._due = self._monotonic() + life * self._pace.refreshed_after

    async def _keep_fresh(self) -> None:
        while True:
            self._rescheduled.clear()
            if self._monotonic() >= self._due:
                await self._refreshed()
            else:
                # Not wait_for, which in Python 3.11 can lose a cancellation that comes with the event.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._due - self._monotonic()):
                        await self._rescheduled.wait()


def _valid(found: IdpMetadata | None, provider: str, last_error: str | None, now: datetime) -> IdpMetadata:
    """Raises ProviderUnreachable: none, or one that is valid no longer."""
    if found is None:
        raise ProviderUnreachable(provider=provider, cause=last_error or "its metadata was never fetched")
    if found.has_expired(now):
        raise ProviderUnreachable(provider=provider, cause=last_error or "its metadata is valid no longer")
    return found


def _fingerprints(metadata: IdpMetadata) -> str:
    """SHA-256 of each certificate, as operators compare them."""
    return ", ".join(hashlib.sha256(one).hexdigest() for one in metadata.certificates)
