"""Work for names that nobody has: as much, and as long, as a wrong password of somebody costs."""

import collections
import random
import secrets
import threading
import time
from collections.abc import Callable
from typing import Final

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap.session import Session

_REMEMBERED: Final = 64
_RANDOM: Final = random.SystemRandom()


class Decoy:
    """Binds as an entry that does not exist, and lasts as long as refused binds of people have lasted of late.

    The second because a server compares no password where there is no entry: with a slow hash an unknown name would be
    answered sooner (MinIO CVE-2026-33419). Used by many threads.
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

    def remember_refused(self, begun: float) -> None:
        """A bind as a known person that began at `begun`, connecting included, has just been refused."""
        with self._lock:
            self._refused.append(self._clock() - begun)

    def remember_taken(self, begun: float) -> None:
        """One with the right password; what counts until the first refused one."""
        with self._lock:
            self._taken.append(self._clock() - begun)

    def wait(self, begun: float, deadline: Deadline) -> None:
        """Let what began at `begun` last as long as one of the remembered."""
        with self._lock:
            remembered = self._refused or self._taken
            wanted = _RANDOM.choice(remembered) if remembered else 0.0
        missing = begun + wanted - self._clock()
        if missing > 0:
            self._sleep(deadline.left(missing))

    def now(self) -> float:
        return self._clock()
