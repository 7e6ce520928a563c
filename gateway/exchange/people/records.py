"""Facts about people in the store of shared facts: sealed, and each bound to the place where it stands.

Whoever reads the store learns nothing, and whoever writes to it can neither make a sign-in nor move one to another key.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from gateway.domain.clock import Clock
from gateway.domain.errors import SignInRefused
from gateway.sealing.envelope import SealBroken, Sealer
from gateway.state.naming import digest_of
from gateway.state.store import VALUE_LIMIT, Store

PURPOSE: Final = "person"
_MAXIMUM_CONTENT: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A record as it stands; `raw` is what a replacement must find there still."""

    content: Mapping[str, Any] = field(repr=False)
    raw: bytes = field(repr=False)


class SealedRecords:
    """Records of JSON objects. `sealer`: of purpose `person`."""

    __slots__ = ("_clock", "_sealer", "_store")

    def __init__(self, store: Store, sealer: Sealer, clock: Clock) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock

    @property
    def now(self) -> datetime:
        return self._clock.now()

    async def put(self, kind: str, key: str, content: Mapping[str, Any], until: datetime) -> None:
        """Raises StateUnavailable, KeyringUnavailable; SignInRefused where the content is larger than a record."""
        await self._store.put(kind, key, self._sealed(kind, key, content), until)

    async def get(self, kind: str, key: str) -> Kept | None:
        """Raises StateUnavailable."""
        raw = await self._store.get(kind, key)
        content = None if raw is None else self._opened(kind, key, raw)
        return None if raw is None or content is None else Kept(content=content, raw=raw)

    async def take(self, kind: str, key: str) -> Mapping[str, Any] | None:
        """What is kept, for the one caller who is first. Raises StateUnavailable."""
        raw = await self._store.take(kind, key)
        return None if raw is None else self._opened(kind, key, raw)

    async def replace(self, kind: str, key: str, kept: Kept, content: Mapping[str, Any]) -> bool:
        """Whether the record was still the one that was read, and is `content` now. Raises StateUnavailable."""
        return await self._store.replace(kind, key, kept.raw, self._sealed(kind, key, content))

    async def swap(self, kind: str, key: str, kept: Kept | None, content: Mapping[str, Any], until: datetime) -> bool:
        """As `replace`, with a new end; None: where nothing is yet. Raises StateUnavailable."""
        old = None if kept is None else kept.raw
        return await self._store.swap(kind, key, old, self._sealed(kind, key, content), until)

    async def delete(self, kind: str, key: str) -> None:
        """Raises StateUnavailable."""
        await self._store.delete(kind, key)

    def _sealed(self, kind: str, key: str, content: Mapping[str, Any]) -> bytes:
        packed = zlib.compress(json.dumps([_place(kind, key), content]).encode())
        sealed = self._sealer.seal(packed, now=self._clock.now().timestamp()).encode("ascii")
        if len(sealed) > VALUE_LIMIT:
            raise SignInRefused(
                cause=f"what the provider says of the person takes {len(sealed)} bytes; "
                f"{VALUE_LIMIT} are kept: let it send fewer groups or claims"
            )
        return sealed

    def _opened(self, kind: str, key: str, raw: bytes) -> Mapping[str, Any] | None:
        try:
            packed = self._sealer.open(raw.decode("ascii", "replace"))
        except SealBroken:
            return None
        place, content = json.loads(zlib.decompressobj().decompress(packed, _MAXIMUM_CONTENT))
        return content if place == _place(kind, key) else None


def _place(kind: str, key: str) -> str:
    return f"{kind}/{digest_of(key).hex()}"
