"""The demo world's clock."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.demo.clock import DemoClock

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Standing:
    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time


def test_it_runs_as_time_does() -> None:
    time = Standing()
    clock = DemoClock(time)

    time.time += timedelta(seconds=5)

    assert clock.now() == NOON + timedelta(seconds=5)


def test_moves_add_up() -> None:
    clock = DemoClock(Standing())

    clock.move(timedelta(minutes=15))
    clock.move(timedelta(seconds=1))

    assert clock.now() == NOON + timedelta(minutes=15, seconds=1)


def test_it_never_goes_back() -> None:
    clock = DemoClock(Standing())

    with pytest.raises(ValueError, match="forward only"):
        clock.move(timedelta(seconds=-1))

    assert clock.now() == NOON
