"""How often a password may be tried: per person, and per address; and how long a refusal lasts."""

import random
from collections import defaultdict, deque
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from gateway.state.throttle import Throttle

_REMEMBERED: Final = 64
_RANDOM: Final = random.SystemRandom()


class RefusalTimes:
    """How long directories took of late to refuse somebody, each by its provider's name."""

    __slots__ = ("_seconds",)

    def __init__(self) -> None:
        self._seconds: defaultdict[str, deque[float]] = defaultdict(partial(deque, maxlen=_REMEMBERED))

    def remember(self, provider: str, seconds: float) -> None:
        self._seconds[provider].append(seconds)

    def drawn(self, provider: str) -> float:
        """One of them; zero while there is none."""
        seconds = self._seconds.get(provider)
        return _RANDOM.choice(seconds) if seconds else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginThrottles:
    """`window`: seconds of the person's count, which a refusal tells in minutes."""

    per_user: Throttle
    per_address: Throttle
    window: int
    refusals: RefusalTimes = field(default_factory=RefusalTimes)

    @property
    def minutes(self) -> int:
        return -(-self.window // 60)
