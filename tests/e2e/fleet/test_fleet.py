"""A fleet under load whose parts are killed, stopped, rotated and reloaded: who is honest notices as little as can be."""

import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.client.connection import GatewayUnreachable
from gateway.client.identity_center import PASSWORD as PASSWORD_GRANT
from gateway.client.identity_center import IdentityCenter
from tests.e2e.canaries import Canaries
from tests.e2e.fleet import soak
from tests.e2e.fleet.faults import FAULTS, one_store
from tests.e2e.fleet.fleet import ANALYST, OPERATOR, PASSWORD, PEOPLE, REPLICAS, Fleet
from tests.e2e.fleet.load import MINTERS, PERSONS, WRK_CONNECTIONS, Load, Wrk
from tests.e2e.installation import Installation
from tests.e2e.process import until
from tests.e2e.state.redis_server import RedisServer

CALM = 1.0
"""Seconds between two faults, in which everything must be well again."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, installed: Installation, canaries: Canaries) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    with Fleet(folder, installed, canaries, RedisServer(folder / "redis")) as running:
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


@pytest.mark.parametrize("name", FAULTS)
def test_under_load(fleet: Fleet, session: dict[str, str], tmp_path: Path, name: str) -> None:
    fault = FAULTS[name]
    with Load(fleet) as load:
        wrk = Wrk(tmp_path, fleet, 6)
        time.sleep(CALM)
        fault.happen(fleet)
        time.sleep(CALM)
        total, failed, told = wrk.result()

    lost = [wrong for wrong in load.wrong if wrong.is_lost]
    assert [wrong for wrong in load.wrong if not wrong.is_lost] == []
    assert len(lost) <= (MINTERS + PERSONS if fault.loses else 0), lost
    assert failed <= (WRK_CONNECTIONS if fault.loses else 0), told
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
    one_store(fleet).freeze()
    time.sleep(1)
    one_store(fleet).thaw()

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
    store = one_store(fleet)
    store.kill()
    try:
        with closing(fleet.sts(fleet.replica(0))) as sts:
            token = fleet.provider.id_token()
            asked: Any = {"RoleArn": ANALYST, "RoleSessionName": "alice", "WebIdentityToken": token}
            assert sts.assume_role_with_web_identity(**asked)["Credentials"]
        assert who_it_is(fleet, 0, session) == "early"
        center = IdentityCenter(fleet.replica(0))
        client = center.register()
        sent = {"grantType": PASSWORD_GRANT, "provider": "corp", "username": PEOPLE[-1], "password": PASSWORD}
        with pytest.raises(GatewayUnreachable, match="try again in a moment"):
            center.tokens(client, sent)
    finally:
        store.start()


@pytest.mark.long
@pytest.mark.timeout(400)
@pytest.mark.skipif(
    not os.environ.get("STS_GATEWAY_LONG"), reason="runs in `make test-long`, and longer by `make soak`"
)
def test_a_soak_finds_nothing(tmp_path: Path, installed: Installation) -> None:
    assert soak.run(tmp_path, installed, seconds=180, seed=7) == []
