"""Whether the store answers, told in time for a probe that waits a second."""

import asyncio
import contextlib
from typing import Final

from gateway.domain.errors import StateUnavailable
from gateway.state.store import Store

_PROMPT: Final = 0.5
"""Seconds. Kubernetes' probes wait one by default, a store's calls up to five: to wait for those would be no answer."""


class StateProbe:
    """Asks the store, one question at a time however many probes come."""

    __slots__ = ("_asked", "_patience", "_store")

    def __init__(self, store: Store, *, patience: float = _PROMPT) -> None:
        """`patience`: seconds."""
        self._store = store
        self._patience = patience
        self._asked: asyncio.Task[bool] | None = None

    async def answers(self) -> bool:
        """Whether the store answers within the patience; a question that is still open goes on for the next probe."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self._ask(), name="the store's probe")
        asked = self._asked
        await asyncio.wait((asked,), timeout=self._patience)
        return asked.done() and asked.result()

    async def aclose(self) -> None:
        asked, self._asked = self._asked, None
        if asked is not None and not asked.done():
            asked.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asked

    async def _ask(self) -> bool:
        try:
            await self._store.ping()
        except StateUnavailable:
            return False
        return True
