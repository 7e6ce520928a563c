"""Where a provider's metadata comes from: a file, or an https address, of which the last good copy is kept on."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from gateway.connectors.fetch import Fetcher, FetchFailed, Resolve
from gateway.connectors.refreshing import RefreshingSource, RefreshPace
from gateway.connectors.saml.metadata import MAXIMUM_BYTES, IdpMetadata, UnusableMetadata
from gateway.domain.clock import Clock
from gateway.domain.errors import ProviderUnreachable

DEADLINE_SECONDS: Final = 5.0
_LOG: Final = logging.getLogger(__name__)

Read = Callable[[bytes], IdpMetadata]
"""A document to what it says, its signature checked where one is wanted. Raises UnusableMetadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataPace(RefreshPace):
    """How often the provider is asked, in seconds. A copy says how long it lives by its cacheDuration."""

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


class FetchedMetadata(RefreshingSource[IdpMetadata]):
    """Metadata of an https address."""

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
        super().__init__(provider=provider, what="metadata", clock=clock, pace=pace, monotonic=monotonic)
        self._url = url
        self._read = read
        self._deadline = deadline
        self._fetcher = Fetcher(
            issuer=url,
            ca_file=None,
            bearer_token_file=None,
            resolve=resolve,
            accept="application/samlmetadata+xml, application/xml;q=0.9, */*;q=0.1",
        )
        self.current: IdpMetadata | None = None

    async def sought(self) -> IdpMetadata:
        now = self._clock.now()
        lacking = self.current is None or self.current.has_expired(now)
        if lacking and (self._monotonic() >= self._due or self._is_fetching):
            await self._refreshed()
        return _valid(self.current, self._provider, self.last_error, now)

    async def fetched_now(self) -> IdpMetadata | None:
        await self._refreshed()
        return self.current if self.last_error is None else None

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

    def _keep(self, found: IdpMetadata) -> float | None:
        if self.current is not None and found.certificates != self.current.certificates:
            _LOG.warning("provider %s: signs with %s from now on", self._provider, _fingerprints(found))
        self.current = found
        if found.valid_until is None:
            return found.cache_duration
        left = (found.valid_until - self._clock.now()).total_seconds()
        return min(self._refresh_pace.default_life if found.cache_duration is None else found.cache_duration, left)


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
