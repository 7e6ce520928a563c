"""Three gateways over one state: what is revoked is dead everywhere."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.gateways import ANALYST, IN_FORCE, World, gateways, timed
from tests.e2e.installation import Installation


@pytest.fixture
def world(tmp_path: Path, installed: Installation) -> Iterator[World]:
    with gateways(tmp_path, installed, f"sqlite:///{tmp_path}/state.db") as world:
        yield world


def test_a_revocation_is_in_force_on_every_gateway(world: World) -> None:
    first, second, third = (world.gateway(number) for number in range(3))
    alice, bob = world.session(), world.session()
    assert [world.code(number, alice) for number in range(3)] == ["", "", ""]
    third.send(signal.SIGSTOP)

    world.revoke("--access-key", alice["AccessKeyId"])

    assert world.code(0, alice) == "InvalidClientTokenId"
    assert timed(lambda: world.code(1, alice) == "InvalidClientTokenId", "the second hears of it") < IN_FORCE
    time.sleep(3)
    third.send(signal.SIGCONT)
    assert timed(lambda: world.code(2, alice) == "InvalidClientTokenId", "the third hears of it") < IN_FORCE
    assert [world.code(number, bob) for number in range(3)] == ["", "", ""]

    # Nothing is lost over a restart, and what is opened after a role's revocation lives.
    second.stop()
    world.revoke("--role", "lake/Analyst", number=2)
    world.gateway(1)
    assert world.code(1, alice) == world.code(1, bob) == "InvalidClientTokenId"
    assert world.code(1, world.sts(1).assume_role(RoleArn=ANALYST, RoleSessionName="carol")["Credentials"]) == ""
    assert (first.alive, third.alive) == (True, True)
