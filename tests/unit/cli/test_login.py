"""`sts-gateway login`: how it waits for a person at the browser."""

from typing import Any

import pytest

from gateway.cli import login
from gateway.client.connection import GatewayUnreachable
from gateway.client.identity_center import Refused, Registered

CLIENT = Registered(client_id="id", client_secret="secret")
STARTED = {"deviceCode": "d", "interval": 5, "expiresIn": 600}
ISSUED = {"accessToken": "a", "refreshToken": "r", "expiresIn": 3_600}
PENDING = Refused("AuthorizationPendingException", "not yet")
FASTER = Refused("SlowDownException", "too fast")
DECLINED = Refused("AccessDeniedException", "declined")
AWAY = GatewayUnreachable("https://sts.example.com does not answer: Connection refused")


class World:
    """A gateway with its answers to CreateToken in order, the last for ever; and a clock that moves by sleeping."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.slept: list[float] = []

    def tokens(self, _client: Registered, _grant: Any) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def monotonic(self) -> float:
        return sum(self.slept)


def polled(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(login, "time", world)
    return login._polled(world, CLIENT, STARTED)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "slept"),
    [
        ((ISSUED,), [5]),
        ((PENDING, PENDING, ISSUED), [5, 5, 5]),
        ((PENDING, FASTER, PENDING, ISSUED), [5, 5, 10, 10]),
        ((PENDING, AWAY, AWAY, PENDING, ISSUED), [5, 5, 10, 15, 15]),
    ],
    ids=["at once", "later", "told to be slower", "while the gateway was away"],
)
def test_it_asks_until_there_are_tokens(answers: Any, slept: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(*answers)
    assert polled(world, monkeypatch) == ISSUED
    assert world.slept == slept


def test_a_refusal_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="declined"):
        polled(World(PENDING, DECLINED), monkeypatch)


def test_a_gateway_that_stays_away_is_given_up_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(AWAY)
    with pytest.raises(GatewayUnreachable):
        polled(world, monkeypatch)
    assert 500 < world.monotonic() <= 600
