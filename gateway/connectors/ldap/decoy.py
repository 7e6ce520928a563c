"""Work for names that nobody has: as much, and as long, as a wrong password of somebody costs."""

import collections
import random
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap.session import Session

_REMEMBERED: Final = 64
_RANDOM: Final = random.SystemRandom()


class Decoy:
    """Binds as an entry that does not exist, and lasts as long as refused binds of people have lasted of late.

    The second because a server compares no password where there is no entry, nor for an account that is locked or has
    none: with a slow hash these would be answered sooner (MinIO CVE-2026-33419). Used by many threads.
    """

    def __init__(
        self, base: str, *, clock: Callable[[], float] = time.perf_counter, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._base = base
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._refused: collections.deque[float] = collections.deque(maxlen=_REMEMBERED)
        self._taken: collections.deque[float] = collections.deque(maxlen=_REMEMBERED)

    def bind(self, session: Session, password: str, deadline: Deadline) -> None:
        """Bind as nobody with the typed password. Raises as `Session.bind`."""
        # Never as the service account or a fixed entry: its failures would be counted, and lock it.
        session.bind(f"cn={secrets.token_hex(8)},{self._base}", password, deadline)

    def refused(self, begun: float, deadline: Deadline) -> None:
        """A bind as a known person that began at `begun`, connecting included, has just been refused.

        One that came too soon for a password to have been compared lasts as long as others.
        """
        took = self._clock() - begun
        with self._lock:
            self._refused.append(took)
        if took < self._compared()[0]:
            self.wait(begun, deadline)

    def remember_taken(self, begun: float) -> None:
        """One with the right password; what counts until the first refused one."""
        with self._lock:
            self._taken.append(self._clock() - begun)

    def wait(self, begun: float, deadline: Deadline) -> None:
        """Let what began at `begun` last as long as one of the remembered in which a password was compared."""
        missing = begun + _RANDOM.choice(self._compared()) - self._clock()
        if missing > 0:
            self._sleep(deadline.left(missing))

    def _compared(self) -> Sequence[float]:
        """Of the remembered, the shortest in front, those that are not much shorter than most."""
        with self._lock:
            remembered = sorted(self._refused or self._taken or [0.0])
        least = remembered[len(remembered) * 3 // 4] / 2
        return [seconds for seconds in remembered if seconds >= least]

    def now(self) -> float:
        return self._clock()
