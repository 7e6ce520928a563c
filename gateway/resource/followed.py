"""The revocations of the gateway as this process knows them, asked for every few seconds by a thread of its own."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from weakref import ref

from gateway.client.api import GatewayApi, GatewayRefusal
from gateway.client.connection import GatewayUnreachable
from gateway.domain.errors import RevokedSession, StateUnavailable
from gateway.domain.revocation import Revocable, RevocationList

INTERVAL: Final = 5.0
_ANEW: Final = 60
"""Looks between two readings of all that live: what a cursor alone could step over is found by it."""

_LOG: Final = logging.getLogger("gateway.resource")


class FollowedRevocations:
    """Follows one gateway from the first check on."""

    def __init__(self, api: GatewayApi, *, clock: Callable[[], datetime], max_staleness: timedelta) -> None:
        self._api = api
        self._clock = clock
        self._max_staleness = max_staleness
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._cursor: str | None = None
        self._looks = 0
        self._heard_at: datetime | None = None
        self._current = RevocationList()

    @property
    def is_followed(self) -> bool:
        """Whether the first look was made: it asks the gateway, and the ones after it are the thread's."""
        return self._thread is not None

    def check(self, principal: Revocable) -> None:
        """Raises RevokedSession."""
        ended = self._current.of(principal)
        if ended is not None:
            raise RevokedSession(kind=ended.kind.value, value=ended.value)

    def check_staleness(self, now: datetime) -> None:
        """Raise StateUnavailable where the gateway has not been heard for too long: anything may be revoked."""
        if self._heard_at is None or now - self._heard_at > self._max_staleness:
            raise StateUnavailable(cause="the gateway has not told its revocations for too long")

    def start(self) -> None:
        """Look now, and from then on in a thread. Does nothing where that was done."""
        with self._lock:
            if self._thread is not None:
                return
            self.look()
            self._thread = threading.Thread(
                target=_follow, args=(ref(self), self._stopped), name="gateway-revocations", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        self._stopped.set()

    def look(self) -> None:
        """Ask once. A gateway that does not answer is told in the log, and counts as not heard."""
        cursor = None if self._looks % _ANEW == 0 else self._cursor
        try:
            page = self._api.revocations(cursor)
        except (GatewayUnreachable, GatewayRefusal) as error:
            _LOG.warning("the gateway does not tell its revocations: %s", error)
            return
        now = self._clock()
        held = RevocationList() if page.reset else self._current
        if page.reset or page.revocations:
            self._current = held.with_more(page.revocations, now)
        self._cursor, self._heard_at = page.cursor, now
        self._looks += 1


def _follow(followed: "ref[FollowedRevocations]", stopped: threading.Event) -> None:
    """Until it is closed, or nobody holds it any more."""
    while not stopped.wait(INTERVAL):
        held = followed()
        if held is None:
            return
        held.look()
        del held
