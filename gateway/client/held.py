"""Credentials that are held and renewed in time: when to ask, what may be given out, and how outages are outlived."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gateway.client.sts import SessionKeys

RENEWED_FROM: Final = 0.40
RENEWED_TO: Final = 0.50
"""Shares of a session's life between which it is renewed; drawn anew each time, so that pods do not ask at once."""

_HOUR: Final = 3600.0
_FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 15.0
"""Seconds between attempts that fail: half to whole of what is doubled each time."""


class Outcome(Enum):
    """How the last attempt ended."""

    PENDING = auto()
    GIVEN = auto()
    REFUSED = auto()
    UNREACHABLE = auto()


class NothingToGive(Exception):
    """There are no credentials that may be given out now. `code`: the gateway's where it refused."""

    def __init__(self, outcome: Outcome, code: str, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.code = code


class AlreadyEnded(Exception):
    """What was fetched just now is over by the clock of this machine; it is not held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """`wall`: seconds since the epoch, which may be set; `steady`: seconds that only grow, and stand in a sleep."""

    wall: Callable[[], float]
    steady: Callable[[], float]

    def now(self) -> "Moment":
        return Moment(wall=self.wall(), steady=self.steady())


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One reading of both clocks."""

    wall: float
    steady: float

    def since(self, earlier: "Moment") -> float:
        """Seconds by the clock that says more: neither a clock set back nor a machine asleep hides an end."""
        return max(self.wall - earlier.wall, self.steady - earlier.steady)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Credentials, and when they came."""

    keys: SessionKeys
    at: Moment

    @property
    def life(self) -> float:
        """Seconds."""
        return self.keys.expires - self.at.wall

    def left(self, now: Moment) -> float:
        """Seconds."""
        return self.life - now.since(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What is known at one moment: replaced as a whole, so that threads read it without a lock."""

    asked: Moment
    pause: float
    outcome: Outcome
    code: str
    message: str
    given: Given | None = None
    failing_since: float | None = None
    failures: int = 0


class HeldCredentials:
    """One role's credentials. One thread reports what it fetched; any may read.

    `draw`: a random number between its two arguments.
    """

    __slots__ = ("_clocks", "_draw", "_state")

    def __init__(self, *, clocks: Clocks, draw: Callable[[float, float], float]) -> None:
        self._clocks = clocks
        self._draw = draw
        self._state = _State(
            asked=clocks.now(),
            pause=0.0,
            outcome=Outcome.PENDING,
            code="NotReady",
            message="credentials have not been fetched yet",
        )

    def take(self, keys: SessionKeys) -> None:
        """Hold what was fetched just now. Raises AlreadyEnded."""
        now = self._clocks.now()
        given = Given(keys=keys, at=now)
        if given.life <= 0:
            fault = AlreadyEnded("what the gateway gave has ended by the clock of this machine: set it")
            self.refused("ClockSkew", str(fault))
            raise fault
        self._state = _State(
            given=given,
            asked=now,
            pause=given.life * self._draw(RENEWED_FROM, RENEWED_TO),
            outcome=Outcome.GIVEN,
            code="NotReady",
            message="credentials are close to their end and are being renewed",
        )

    def refused(self, code: str, message: str) -> None:
        """The gateway answered, and said no."""
        self._fail(Outcome.REFUSED, code, message)

    def unreachable(self, code: str, message: str) -> None:
        """The gateway did not answer, decided nothing, or could not be asked."""
        self._fail(Outcome.UNREACHABLE, code, message)

    def wait(self) -> float:
        """Seconds until the next attempt is due; 0: now."""
        state = self._state
        return max(0.0, state.pause - self._clocks.now().since(state.asked))

    def give(self, *, least: float) -> Given:
        """Credentials with at least so many seconds left, of a session of an hour; shorter ones by proportion.

        While the gateway does not answer: the last good ones, to their end. Raises NothingToGive.
        """
        state = self._state
        given = state.given
        left = 0.0 if given is None else given.left(self._clocks.now())
        if given is None or left <= 0 or (left < _floor(least, given) and state.outcome is not Outcome.UNREACHABLE):
            raise NothingToGive(state.outcome, state.code, state.message)
        return given

    @property
    def failing_since(self) -> float | None:
        """Since when (seconds since the epoch) attempts fail; None: the last one did not."""
        return self._state.failing_since

    @property
    def ends(self) -> float | None:
        """The end (seconds since the epoch) of what is held."""
        given = self._state.given
        return None if given is None else given.keys.expires

    def _fail(self, outcome: Outcome, code: str, message: str) -> None:
        before, now = self._state, self._clocks.now()
        pause = min(LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(before.failures, 16))
        self._state = _State(
            given=before.given,
            asked=now,
            pause=self._draw(pause / 2, pause),
            outcome=outcome,
            code=code,
            message=message,
            failing_since=before.failing_since or now.wall,
            failures=before.failures + 1,
        )


def _floor(least: float, given: Given) -> float:
    return least * min(1.0, given.life / _HOUR)
