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
from gateway.domain.values import quickly_made
from gateway.sealing.envelope import SealBroken, Sealer
from gateway.sealing.keyring import SealingKey
from gateway.state.naming import digest_of
from gateway.state.store import VALUE_LIMIT, Store

PURPOSE: Final = "person"
_MAXIMUM_CONTENT: Final = 1_000_000
_REMEMBERED: Final = 500


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A record as it stands, which nobody changes; `raw` is what a replacement must find there still."""

    content: Mapping[str, Any] = field(repr=False, compare=False)
    raw: bytes = field(repr=False)


class SealedRecords:
    """Records of JSON objects. `sealer`: of purpose `person`.

    What was opened is remembered under its sealed bytes, which the store is asked for each time: a person's session is
    read at each page. It counts as long as the key that sealed it would open it again.
    """

    __slots__ = ("_clock", "_remembered", "_sealer", "_store")

    def __init__(self, store: Store, sealer: Sealer, clock: Clock) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock
        self._remembered: dict[tuple[str, str, bytes], tuple[Mapping[str, Any], SealingKey]] = {}

    @property
    def now(self) -> datetime:
        return self._clock.now()

    async def put(self, kind: str, key: str, content: Mapping[str, Any], until: datetime) -> None:
        """Raises StateUnavailable, KeyringUnavailable; SignInRefused where the content is larger than a record."""
        await self._store.put(kind, key, self._sealed(kind, key, content), until)

    async def get(self, kind: str, key: str) -> Kept | None:
        """Raises StateUnavailable."""
        raw = await self._store.get(kind, key)
        content = None if raw is None else self._known(kind, key, raw)
        return None if raw is None or content is None else Kept(content=content, raw=raw)

    async def take(self, kind: str, key: str) -> Mapping[str, Any] | None:
        """What is kept, for the one caller who is first. Raises StateUnavailable."""
        raw = await self._store.take(kind, key)
        opened = None if raw is None else self._opened(kind, key, raw)
        return None if opened is None else opened[0]

    async def replace(self, kind: str, key: str, kept: Kept, content: Mapping[str, Any]) -> bool:
        """Whether the record was still the one that was read, and is `content` now. Raises StateUnavailable."""
        return await self._store.replace(kind, key, kept.raw, self._sealed(kind, key, content))

    async def swap(self, kind: str, key: str, kept: Kept | None, content: Mapping[str, Any], until: datetime) -> bool:
        """As `replace`, with a new end; None: where nothing is yet that opens. Raises StateUnavailable."""
        sealed = self._sealed(kind, key, content)
        if await self._store.swap(kind, key, None if kept is None else kept.raw, sealed, until):
            return True
        raw = await self._store.get(kind, key) if kept is None else None
        # What no key opens any more (somebody put a new keyring in the place of one that leaked) is in nobody's way.
        if raw is None or self._known(kind, key, raw) is not None:
            return False
        return await self._store.swap(kind, key, raw, sealed, until)

    async def keep_up(self, kind: str, key: str, kept: Kept, until: datetime) -> None:
        """Seal a record anew that outlives the keyring's keys, where another one seals by now.

        Raises StateUnavailable, KeyringUnavailable.
        """
        remembered = self._remembered.get((kind, key, kept.raw))
        if remembered is not None and not self._sealer.seals_with(remembered[1], self._clock.now().timestamp()):
            await self.swap(kind, key, kept, kept.content, until)

    async def delete(self, kind: str, key: str) -> None:
        """Raises StateUnavailable."""
        await self._store.delete(kind, key)

    def _sealed(self, kind: str, key: str, content: Mapping[str, Any]) -> bytes:
        written = json.dumps([_place(kind, key), content]).encode()
        if len(written) > _MAXIMUM_CONTENT:
            raise _too_large(len(written), _MAXIMUM_CONTENT)
        sealed = self._sealer.seal(zlib.compress(written), now=self._clock.now().timestamp()).encode("ascii")
        if len(sealed) > VALUE_LIMIT:
            raise _too_large(len(sealed), VALUE_LIMIT)
        return sealed

    def _known(self, kind: str, key: str, raw: bytes) -> Mapping[str, Any] | None:
        known = self._remembered.get((kind, key, raw))
        if known is not None and self._sealer.is_in_force(known[1]):
            return known[0]
        opened = self._opened(kind, key, raw)
        if opened is None:
            return None
        while len(self._remembered) >= _REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[kind, key, raw] = opened
        return opened[0]

    def _opened(self, kind: str, key: str, raw: bytes) -> tuple[Mapping[str, Any], SealingKey] | None:
        try:
            packed, sealed_by = self._sealer.open_with_key(raw.decode("ascii", "replace"))
        except SealBroken:
            return None
        place, content = json.loads(zlib.decompressobj().decompress(packed, _MAXIMUM_CONTENT))
        return (content, sealed_by) if place == _place(kind, key) else None


def _too_large(size: int, limit: int) -> SignInRefused:
    return SignInRefused(
        cause=f"what the provider says of the person takes {size} bytes; {limit} are kept: "
        "let it send fewer groups or claims"
    )


def _place(kind: str, key: str) -> str:
    return f"{kind}/{digest_of(key).hex()}"
