"""A clock that never goes back."""

import time
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.clock import SteadyClock

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class Times:
    """The system's two clocks, moved by hand."""

    def __init__(self) -> None:
        self.wall = START.timestamp()
        self.monotonic = 5000.0
        self.clock = SteadyClock(wall=lambda: self.wall, monotonic=lambda: self.monotonic)

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds

    def steps(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self.wall += seconds


def test_it_begins_with_wall_time_in_utc_and_moves_with_it() -> None:
    times = Times()
    assert times.clock.now() == START
    assert times.clock.now().tzinfo is UTC

    times.passes(90)

    assert times.clock.now() == START + timedelta(seconds=90)
    assert times.clock.timestamp() == START.timestamp() + 90
    assert times.clock.drift() == timedelta(0)


def test_a_wall_clock_stepped_back_is_not_followed_and_told() -> None:
    times = Times()
    times.passes(100)
    times.clock.now()

    times.steps(-3600)
    times.passes(10)

    assert times.clock.now() == START + timedelta(seconds=110)
    assert times.clock.drift() == timedelta(hours=1)


def test_a_step_back_before_the_first_question_is_not_followed_either() -> None:
    times = Times()

    times.steps(-3600)

    assert times.clock.now() == START


def test_a_wall_clock_stepped_forward_is_followed_so_that_expiry_is_never_late() -> None:
    times = Times()

    times.steps(3600)

    assert times.clock.now() == START + timedelta(hours=1)
    assert times.clock.drift() == timedelta(0)


def test_a_wall_clock_put_right_again_is_waited_for() -> None:
    times = Times()
    times.steps(-600)
    times.clock.now()

    times.steps(600)

    assert times.clock.now() == START
    assert times.clock.drift() == timedelta(0)


def test_a_suspended_machine_wakes_at_wall_time() -> None:
    """Linux does not count a suspension in CLOCK_MONOTONIC."""
    times = Times()

    times.wall += 7200

    assert times.clock.now() == START + timedelta(hours=2)


def test_time_that_passes_between_two_looks_at_the_system_is_no_drift() -> None:
    ticks = count()
    clock = SteadyClock(wall=lambda: START.timestamp() + next(ticks), monotonic=lambda: 0.0)

    assert clock.drift() == timedelta(0)


@given(st.lists(st.tuples(st.floats(0, 10**5), st.floats(-(10**6), 10**6)), max_size=30))
def test_it_never_goes_back_whatever_the_wall_clock_does(course: list[tuple[float, float]]) -> None:
    times = Times()
    answers = [times.clock.timestamp()]
    walls = [times.wall]

    for seconds, step in course:
        times.passes(seconds)
        times.steps(step)
        answers.append(times.clock.timestamp())
        walls.append(times.wall)
        assert times.clock.drift() >= timedelta(0)

    assert answers == sorted(answers)
    assert all(answer >= wall - 1e-3 for answer, wall in zip(answers, walls, strict=True))


def test_the_systems_own_clocks_are_asked_where_none_are_given() -> None:
    before = time.time()

    assert before - 1 <= SteadyClock().timestamp() <= before + 60
