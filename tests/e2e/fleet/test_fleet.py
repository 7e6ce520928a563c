"""A fleet under load whose parts are killed, stopped, rotated and reloaded: who is honest notices as little as can be."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.client.identity_center import PASSWORD as PASSWORD_GRANT
from gateway.client.identity_center import IdentityCenter, Refused
from tests.e2e.canaries import Canaries
from tests.e2e.fleet.fleet import ANALYST, OPERATOR, PASSWORD, PEOPLE, REPLICAS, Fleet
from tests.e2e.fleet.load import MINTERS, PERSONS, WRK_CONNECTIONS, Load, Wrk
from tests.e2e.installation import Installation
from tests.e2e.process import until

CALM = 1.0
"""Seconds between two faults, in which everything must be well again."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, installed: Installation, canaries: Canaries) -> Iterator[Fleet]:
    with Fleet(tmp_path_factory.mktemp("fleet"), installed, canaries) as running:
        yield running
        assert running.leaks() == []


@pytest.fixture(scope="module")
def session(fleet: Fleet) -> dict[str, str]:
    """Credentials from before all that happens."""
    with closing(fleet.sts()) as sts:
        token = fleet.provider.id_token()
        minted: dict[str, str] = sts.assume_role_with_web_identity(
            RoleArn=ANALYST, RoleSessionName="early", WebIdentityToken=token
        )["Credentials"]
        return minted


def kill_one(fleet: Fleet) -> None:
    fleet.kill(1)
    time.sleep(0.5)
    fleet.revive(1)


def stop_one(fleet: Fleet) -> None:
    fleet.gateways[0].send(signal.SIGSTOP)
    time.sleep(3)
    fleet.gateways[0].send(signal.SIGCONT)


def end_one_in_order(fleet: Fleet) -> None:
    fleet.gateways[2].send(signal.SIGTERM)
    fleet.revive(2)


def kill_the_store(fleet: Fleet) -> None:
    fleet.redis.kill()
    time.sleep(0.3)
    fleet.redis.start()


def stop_the_store(fleet: Fleet) -> None:
    fleet.redis.freeze()
    time.sleep(1)
    fleet.redis.thaw()


def rotate_keys(fleet: Fleet) -> None:
    fleet.keys("rotate", "--seals-after", "3s")
    time.sleep(4)


def break_and_mend(fleet: Fleet) -> None:
    fleet.configure(roles={"lake/Analyst": {"policies": ["nothing that is there"]}})
    for gateway in fleet.gateways:
        gateway.until(lambda gateway=gateway: "the last good one stays" in gateway.err, "it is told")  # type: ignore[misc]
    fleet.configure()
    for gateway in fleet.gateways:
        gateway.until(lambda gateway=gateway: "read anew and is in force" in gateway.err, "it is mended")  # type: ignore[misc]


FAULTS: dict[str, tuple[Callable[[Fleet], None], bool]] = {
    "a replica is killed": (kill_one, True),
    "a replica stands still for three seconds": (stop_one, False),
    "a replica ends in order": (end_one_in_order, False),
    "the store is killed and started": (kill_the_store, False),
    "the store stands still for a second": (stop_the_store, False),
    "keys are rotated": (rotate_keys, False),
    "the configuration is broken and mended": (break_and_mend, False),
}
"""What happens, and whether requests on the connections of a killed process may be lost."""


@pytest.mark.parametrize("name", FAULTS)
def test_under_load(fleet: Fleet, session: dict[str, str], tmp_path: Path, name: str) -> None:
    happen, loses = FAULTS[name]
    with Load(fleet) as load:
        wrk = Wrk(tmp_path, fleet, 6)
        time.sleep(CALM)
        happen(fleet)
        time.sleep(CALM)
        total, failed, told = wrk.result()

    lost = [wrong for wrong in load.wrong if wrong.is_lost]
    assert [wrong for wrong in load.wrong if not wrong.is_lost] == []
    assert len(lost) <= (MINTERS + PERSONS if loses else 0), lost
    assert failed <= (WRK_CONNECTIONS if loses else 0), told
    assert total > 100, told
    assert set(load.counts) == {"mint", "use", "allow", "deny", "refuse", "sign in", "refresh", "vend"}
    assert {who_it_is(fleet, number, session) for number in range(REPLICAS)} == {"early"}


def who_it_is(fleet: Fleet, number: int, credentials: dict[str, str]) -> str:
    """The session's name, told by one replica."""
    with closing(fleet.sts(fleet.replica(number), credentials)) as sts:
        arn: str = sts.get_caller_identity()["Arn"]
        return arn.rpartition("/")[2]


def test_what_is_revoked_at_one_replica_is_dead_at_all_within_ten_seconds(
    fleet: Fleet, installed: Installation
) -> None:
    with closing(fleet.sts()) as sts:
        token = fleet.provider.id_token()
        asked: Any = {"RoleArn": ANALYST, "RoleSessionName": "late", "WebIdentityToken": token}
        credentials = sts.assume_role_with_web_identity(**asked)["Credentials"]
    environment = {
        "AWS_ACCESS_KEY_ID": OPERATOR,
        "AWS_SECRET_ACCESS_KEY": fleet.secret,
    }
    fleet.redis.freeze()
    time.sleep(1)
    fleet.redis.thaw()

    began = time.monotonic()
    words = ("revoke", "--url", fleet.replica(0), "--access-key", credentials["AccessKeyId"])
    ended = installed.run(*words, environment=environment)
    assert ended.returncode == 0, ended.stderr

    def is_dead(number: int) -> bool:
        with closing(fleet.sts(fleet.replica(number), credentials)) as sts:
            try:
                sts.get_caller_identity()
            except sts.exceptions.ClientError as refused:
                code: str = refused.response["Error"]["Code"]
                return code == "InvalidClientTokenId"
        return False

    for number in range(REPLICAS):
        until(lambda number=number: is_dead(number), f"replica {number} knows")  # type: ignore[misc]
    assert time.monotonic() - began < 10


def test_a_store_that_is_gone_leaves_what_needs_none(fleet: Fleet, session: dict[str, str]) -> None:
    """Minting from a token and verification go on; what may happen once only is refused, to be tried again."""
    fleet.redis.kill()
    try:
        with closing(fleet.sts(fleet.replica(0))) as sts:
            token = fleet.provider.id_token()
            asked: Any = {"RoleArn": ANALYST, "RoleSessionName": "alice", "WebIdentityToken": token}
            assert sts.assume_role_with_web_identity(**asked)["Credentials"]
        assert who_it_is(fleet, 0, session) == "early"
        center = IdentityCenter(fleet.replica(0))
        client = center.register()
        sent = {"grantType": PASSWORD_GRANT, "provider": "corp", "username": PEOPLE[-1], "password": PASSWORD}
        with pytest.raises(Refused) as refused:
            center.tokens(client, sent)
    finally:
        fleet.redis.start()
    assert refused.value.code == "ServiceUnavailableException"
