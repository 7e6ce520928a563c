"""The throttle of failed logins: how often somebody may try a password that was wrong."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Final
from weakref import WeakValueDictionary

from gateway.domain.clock import Clock
from gateway.domain.errors import StateUnavailable
from gateway.state.memory import MemoryStore
from gateway.state.store import Counters

_PATIENCE: Final = 1.0
"""Seconds that a login waits for the store; then this process counts for itself."""
_PAUSE: Final = timedelta(seconds=5)
"""How long a store that did not answer is left alone."""
_FEW: Final = 16
"""As many as a directory is asked at once."""
_OWN: Final = "own"
_UNDELIVERED: Final = "undelivered"


class Throttle:
    """`attempts` failures of a key within `window` seconds of the first, after which the next attempt is refused.

    async with throttle.turn(person):      # people only; addresses are shared by many
        if await throttle.refused(person): ...
        # the directory is asked
        await throttle.failed(person)      # or succeeded(person)

    While the store does not answer, the failures that this process saw count: of N workers each then allows `attempts`.
    """

    def __init__(self, store: Counters, clock: Clock, *, kind: str, attempts: int, window: int) -> None:
        """kind: of the counter, one for each Throttle of a store."""
        self._store = store
        self._clock = clock
        self._kind = kind
        self._attempts = attempts
        self._window = window
        self._local = MemoryStore(clock)
        self._away_until = self._overflown_until = clock.now()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._few: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def turn(self, key: str) -> AbstractAsyncContextManager[None]:
        """One attempt of a key at a time in this process.

        Without it a hundred guesses at once would all be let through before the first had failed. Of N workers together
        at most `attempts + N - 1` guesses reach the directory.
        """
        return self._turn(key)

    def few_at_once(self, key: str) -> AbstractAsyncContextManager[None]:
        """Few attempts of a key at a time in this process, for keys that many share.

        All that came at once would else be let through before the first had failed; of N workers together at most
        `attempts` and these few of each reach the directory. Ask `refused` inside.
        """
        few = self._few.get(key)
        if few is None:
            few = self._few[key] = asyncio.Semaphore(_FEW)
        return few

    @asynccontextmanager
    async def turn_or_patience(self, key: str, seconds: float) -> AsyncIterator[None]:
        """As `turn`; whoever has waited so long goes on without: nobody may keep others from theirs."""
        turn = self._turn(key)
        try:
            async with asyncio.timeout(seconds):
                await turn.acquire()
        except TimeoutError:
            yield
            return
        try:
            yield
        finally:
            turn.release()

    def _turn(self, key: str) -> asyncio.Lock:
        lock = self._turns.get(key)
        if lock is None:
            lock = self._turns[key] = asyncio.Lock()
        return lock

    async def refused(self, key: str) -> bool:
        """Whether the next attempt is refused. Ask before the directory is."""
        shared = await self._asked(lambda: self._store.counted(self._kind, key))
        if shared is not None:
            return shared + await self._local.counted(_UNDELIVERED, key) >= self._attempts
        if self._clock.now() < self._overflown_until:
            return True
        return await self._local.counted(_OWN, key) >= self._attempts

    async def failed(self, key: str) -> None:
        """Count an attempt that the directory refused."""
        counted = await self._counted_here(_OWN, key)
        shared = await self._asked(lambda: self._store.count(self._kind, key, self._window))
        if shared is not None:
            return
        if not (await self._counted_here(_UNDELIVERED, key) and counted):
            # Somebody tries so many names that they cannot be counted: as long as only this process counts, all wait.
            self._overflown_until = self._clock.now() + timedelta(seconds=self._window)

    async def succeeded(self, key: str) -> None:
        """Forget the failures of a person who knew the password; for addresses it is not called."""
        await self._local.clear(_OWN, key)
        await self._local.clear(_UNDELIVERED, key)
        await self._asked(lambda: self._cleared(key))

    async def _counted_here(self, which: str, key: str) -> bool:
        try:
            await self._local.count(which, key, self._window)
        except StateUnavailable:
            return False
        return True

    async def _cleared(self, key: str) -> int:
        await self._store.clear(self._kind, key)
        return 0

    async def _asked(self, call: Callable[[], Awaitable[int]]) -> int | None:
        """What the shared store answers; None where it does not."""
        if self._clock.now() < self._away_until:
            return None
        try:
            async with asyncio.timeout(_PATIENCE):
                return await call()
        except (StateUnavailable, TimeoutError):
            self._away_until = self._clock.now() + _PAUSE
            return None
