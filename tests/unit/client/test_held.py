"""When credentials are renewed, what may be given out, and what an outage, a sleep or a clock set back changes."""

import pytest

from gateway.client.held import LONGEST_PAUSE, AlreadyEnded, Clocks, HeldCredentials, NothingToGive, Outcome
from gateway.client.sts import SessionKeys

HOUR = 3600.0
MINUTE = 60.0


class World:
    """Both clocks, a draw that a test chooses, and what is held."""

    def __init__(self) -> None:
        self.wall, self.steady, self.drawn = 1_000_000.0, 50.0, 0.5
        clocks = Clocks(wall=lambda: self.wall, steady=lambda: self.steady)
        self.held = HeldCredentials(clocks=clocks, draw=lambda low, high: low + (high - low) * self.drawn)

    def pass_time(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def take(self, life: float = HOUR) -> SessionKeys:
        keys = SessionKeys(
            access_key_id="ASIAEXAMPLEEXAMPLE11",
            secret_access_key="s",
            session_token="t",
            expires=self.wall + life,
        )
        self.held.take(keys)
        return keys

    def gives(self, least: float) -> bool:
        try:
            self.held.give(least=least)
        except NothingToGive:
            return False
        return True


@pytest.fixture
def world() -> World:
    return World()


def test_the_first_attempt_is_due_at_once_and_nothing_is_given_before(world: World) -> None:
    assert world.held.wait() == 0
    with pytest.raises(NothingToGive, match="not been fetched yet") as told:
        world.held.give(least=0)
    assert (told.value.outcome, told.value.code) == (Outcome.PENDING, "NotReady")


@pytest.mark.parametrize(("drawn", "due"), [(0.0, 0.40 * HOUR), (0.5, 0.45 * HOUR), (1.0, 0.50 * HOUR)])
def test_it_is_renewed_between_40_and_50_percent_of_its_life(world: World, drawn: float, due: float) -> None:
    world.drawn = drawn
    world.take()

    assert world.held.wait() == pytest.approx(due)
    world.pass_time(due)
    assert world.held.wait() == 0


@pytest.mark.parametrize(
    ("life", "least", "left"),
    [
        pytest.param(HOUR, 15 * MINUTE, 15 * MINUTE, id="an hour"),
        pytest.param(12 * HOUR, 25 * MINUTE, 25 * MINUTE, id="twelve"),
        pytest.param(15 * MINUTE, 15 * MINUTE, 3.75 * MINUTE, id="a short one by proportion"),
        pytest.param(15 * MINUTE, 25 * MINUTE, 6.25 * MINUTE, id="a short one, IMDS"),
    ],
)
def test_nothing_close_to_its_end_is_given_while_the_gateway_answers(
    world: World, life: float, least: float, left: float
) -> None:
    world.take(life)

    world.pass_time(life - left)
    assert world.gives(least)
    world.pass_time(1)
    assert not world.gives(least)


@pytest.mark.parametrize("life", [HOUR, 15 * MINUTE])
@pytest.mark.parametrize("least", [15 * MINUTE, 25 * MINUTE])
def test_what_is_renewed_at_the_latest_time_is_given_until_then(world: World, life: float, least: float) -> None:
    world.drawn = 1.0
    world.take(life)
    world.pass_time(world.held.wait())

    assert world.gives(least)


def test_the_last_good_ones_are_given_to_their_end_while_the_gateway_does_not_answer(world: World) -> None:
    keys = world.take()
    world.pass_time(HOUR - 1)
    world.held.unreachable("GatewayUnreachable", "no answer")

    assert world.held.give(least=15 * MINUTE).keys == keys
    world.pass_time(1)
    with pytest.raises(NothingToGive, match="no answer") as told:
        world.held.give(least=15 * MINUTE)
    assert told.value.outcome is Outcome.UNREACHABLE


def test_a_refusal_is_an_answer(world: World) -> None:
    world.take()
    world.pass_time(HOUR - 14 * MINUTE)
    world.held.refused("AccessDenied", "no such role")

    with pytest.raises(NothingToGive, match="no such role") as told:
        world.held.give(least=15 * MINUTE)
    assert (told.value.outcome, told.value.code) == (Outcome.REFUSED, "AccessDenied")
    assert world.gives(13 * MINUTE)


def test_an_end_that_came_while_the_machine_slept_is_noticed(world: World) -> None:
    """The steady clock stands in a sleep; the wall clock has moved on."""
    world.take()
    world.wall += 2 * HOUR

    assert world.held.wait() == 0
    with pytest.raises(NothingToGive, match="are being renewed"):
        world.held.give(least=15 * MINUTE)


def test_a_clock_that_is_set_back_neither_revives_nor_delays(world: World) -> None:
    world.take()
    world.pass_time(HOUR / 2)
    world.wall -= 30 * HOUR

    assert world.held.wait() == 0
    world.steady += HOUR / 2
    assert not world.gives(0)


def test_attempts_that_fail_come_slower_up_to_a_quarter_of_a_minute(world: World) -> None:
    world.drawn = 1.0
    pauses = []
    for _ in range(12):
        world.held.unreachable("GatewayUnreachable", "no answer")
        pauses.append(world.held.wait())
        world.pass_time(pauses[-1])

    assert pauses == [0.5, 1, 2, 4, 8, *[LONGEST_PAUSE] * 7]


def test_pauses_are_drawn_from_half_to_whole_so_that_pods_do_not_return_at_once(world: World) -> None:
    world.drawn = 0.0
    world.held.unreachable("GatewayUnreachable", "no answer")

    assert world.held.wait() == 0.25


def test_since_when_it_fails_is_kept_until_it_succeeds(world: World) -> None:
    world.held.unreachable("GatewayUnreachable", "no answer")
    began = world.wall
    world.pass_time(9)
    world.held.refused("AccessDenied", "no")

    assert world.held.failing_since == began
    world.take()
    assert world.held.failing_since is None
    world.held.unreachable("GatewayUnreachable", "no answer")
    assert world.held.wait() <= 0.5


def test_credentials_that_have_ended_on_arrival_are_not_asked_for_again_at_once(world: World) -> None:
    """A clock that runs ahead must not become a flood of requests."""
    with pytest.raises(AlreadyEnded):
        world.take(life=-1)

    assert world.held.wait() > 0
    with pytest.raises(NothingToGive, match="set it"):
        world.held.give(least=0)
