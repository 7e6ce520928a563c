"""Revocations of this gateway: written to the shared feed, followed from there, and asked about from memory alone.

Each worker reads on from its own place every second, so nothing is lost however long it was away, and reads all of the
feed anew each minute, as the feed asks of its readers. What the store has lost meanwhile stays in force wherever it was
heard, and is given back to the feed.

While the store does not answer, what was read last counts on: nobody can revoke anything then either, the lag is told
by a metric, and a replica that alone cannot reach the store is not ready and has no traffic. A gateway that has read
nothing since its start knows nothing, and takes no session until it does: what was revoked must not live again because
two things were down at once.
"""

import asyncio
import contextlib
import json
import logging
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.domain.clock import Clock
from gateway.domain.errors import RevokedSession, StateUnavailable
from gateway.domain.principal import Principal
from gateway.domain.revocation import KEPT, Revocation, RevocationKind, RevocationList
from gateway.state.store import Feed
from gateway.telemetry.background import Background

FEED: Final = "revocations"
INTERVAL: Final = 1.0
"""Seconds between two looks at the feed."""
MARGIN: Final = timedelta(seconds=2)
"""What other replicas may still have issued before they heard is ended with the rest."""
_ANEW: Final = 60
"""Looks between two readings of the whole feed."""
_FIRST_WAIT: Final = 5.0
_TOLD_AT_ONCE: Final = 32
"""Of what the store has lost, so much at a look: nobody who revokes, and nothing that is new, waits long for it."""

_LOG: Final = logging.getLogger("gateway.revocations")


class Revocations:
    """The list in force in this process. `check` is for the hot path and touches no store."""

    def __init__(self, feed: Feed, clock: Clock) -> None:
        self._feed = feed
        self._clock = clock
        self._cursor: str | None = None
        self._looks = 0
        self._background = Background("the following of revocations", self._follow)
        self._is_blind = False
        self._silence: str | None = None  # why the feed cannot be read
        self._lock = asyncio.Lock()  # what is revoked here while the feed is being read must not be forgotten again
        self._read_at: datetime | None = None
        self.current = RevocationList()
        self._lost = RevocationList()  # of these, what the feed holds no more

    async def start(self) -> None:
        """Read the feed, for a few seconds at most, then follow it on the running loop."""
        self._is_blind = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_WAIT):
                await self.look()
        self._background.start()

    async def aclose(self) -> None:
        """Stop following. May be called without `start`."""
        await self._background.aclose()

    def __len__(self) -> int:
        """How many are in force."""
        return len(self.current)

    @property
    def is_blind(self) -> bool:
        """Whether the feed has not been read since the start."""
        return self._is_blind

    def lag(self) -> timedelta | None:
        """How long ago the feed was read; None while it never was."""
        return None if self._read_at is None else self._clock.now() - self._read_at

    def check(self, principal: Principal) -> None:
        """Return where the principal's session has not been ended; long-lived keys have none that could be.

        Raises RevokedSession; StateUnavailable while nothing is known.
        """
        if principal.issued_at is None:
            return
        if self._is_blind:
            raise StateUnavailable(cause="the revocations have not been read since the start")
        ended = self.current.of(principal)
        if ended is not None:
            raise RevokedSession(kind=ended.kind.value, value=ended.value)

    def birth(self, now: datetime, *, role: str | None, provider: str | None, subject: str | None) -> datetime:
        """When a session that is opened now counts as issued; see `RevocationList.birth`."""
        current = self.current
        return current.birth(now, role=role, provider=provider, subject=subject) if len(current) else now

    async def revoke(self, kind: RevocationKind, value: str) -> Revocation:
        """End it here now, and everywhere within seconds. Doing it twice is doing it once. Raises StateUnavailable."""
        async with self._lock:
            return await self._revoke(kind, value)

    async def since(self, cursor: str | None) -> tuple[str, bool, tuple[Revocation, ...]]:
        """The feed after `cursor`: the next cursor, whether it begins anew, and the revocations.

        Raises StateUnavailable.
        """
        events = await self._feed.events(FEED, cursor)
        return events.cursor, events.reset, tuple(read(events.events))

    async def look(self) -> bool:
        """Read what came since the last look; whether the store answered."""
        async with self._lock:
            return await self._look()

    async def _revoke(self, kind: RevocationKind, value: str) -> Revocation:
        # What another replica was told a moment ago dates the sessions that it has opened since.
        await self._read(self._cursor)
        now = self._clock.now()
        made = Revocation(
            kind=kind,
            value=value,
            issued_before=max((now + MARGIN).replace(microsecond=0), self.current.latest_birth(now, kind, value)),
            until=(now + KEPT).replace(microsecond=0),
        )
        await self._feed.append(FEED, written(made), made.until)
        self.current = self.current.with_more([made], now)
        return made

    async def _look(self) -> bool:
        if not await self._read(self._cursor if self._looks % _ANEW else None):
            return False
        self._looks += 1
        await self._tell_again()
        return True

    async def _read(self, since: str | None) -> bool:
        try:
            cursor, reset, revocations = await self.since(since)
        except StateUnavailable as error:
            self._tell_silence(error.cause)
            return False
        self._tell_silence(None)
        now = self._clock.now()
        if reset or revocations:
            # Added, though a reset told all that the feed holds: nobody takes a revocation back, and a store that
            # failed over, or was restored, has lost the last ones.
            self.current = self.current.with_more(revocations, now)
        self._cursor, self._read_at, self._is_blind = cursor, now, False
        if reset or len(self._lost):
            self._compare(RevocationList(revocations), whole=self.current if reset else self._lost)
        return True

    def _tell_silence(self, cause: str | None) -> None:
        """Once for each cause, and its end: the feed is looked at every second."""
        if cause == self._silence:
            return
        self._silence = cause
        if cause is None:
            _LOG.info("the revocations are read again")
        else:
            _LOG.warning("the revocations cannot be read: %s", cause)

    def _compare(self, heard: RevocationList, *, whole: RevocationList) -> None:
        """What of the whole the feed lacks; others give back to it too, and what they did is heard as all is."""
        had = len(self._lost)
        self._lost = RevocationList(whole.beyond(heard))
        if len(self._lost) > had:
            _LOG.warning("the store has lost revocations; it is told %d of them again", len(self._lost))

    async def _tell_again(self) -> None:
        """Give the feed back some of what it has lost: whoever begins to read must hear of it too.

        Every worker of every replica does: each takes others, or the feed would be full of the same.
        """
        now = self._clock.now()
        lost = [one for one in self._lost if one.until > now]
        with contextlib.suppress(StateUnavailable):  # they are missing at the next look still
            for one in secrets.SystemRandom().sample(lost, min(len(lost), _TOLD_AT_ONCE)):
                await self._feed.append(FEED, written(one), one.until)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            await self.look()


def written(revocation: Revocation) -> bytes:
    """The event of the feed. Its keys are never given another meaning: replicas of two versions share a feed."""
    return json.dumps(
        {
            "kind": revocation.kind.value,
            "value": revocation.value,
            "issued_before": int(revocation.issued_before.timestamp()),
            "until": int(revocation.until.timestamp()),
        },
        separators=(",", ":"),
    ).encode()


def read(events: Iterable[bytes]) -> Iterable[Revocation]:
    """The revocations of the feed's events. One that only a newer version knows is passed over, and told."""
    for event in events:
        try:
            told: dict[str, Any] = json.loads(event)
            made = Revocation(
                kind=RevocationKind(told["kind"]),
                value=str(told["value"]),
                issued_before=datetime.fromtimestamp(told["issued_before"], UTC),
                until=datetime.fromtimestamp(told["until"], UTC),
            )
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            # Whatever it is: an exception here would end the following, and nothing would be revoked any more.
            _LOG.error("a revocation that this version cannot read is not in force here")
            continue
        yield made
