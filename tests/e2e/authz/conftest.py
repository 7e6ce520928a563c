"""A gateway, Envoy and nginx, each in front of a real store and of a server that tells what it received."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import boto3
import pytest

from tests.e2e.authz.proxies import ANALYST, CI_KEY, CI_SECRET, Door, Gateway, start
from tests.e2e.aws import remember
from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.process import free_port
from tests.servers import ceph
from tests.servers.echo import Echo

PROXIES = ("envoy", "nginx")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What runs. `stores` and `echoes`: a door each, by proxy."""

    gateway: Gateway
    stores: Mapping[str, Door]
    echoes: Mapping[str, Door]
    echo: Echo


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ceph.Ceph]:
    if os.geteuid() != 0:
        pytest.skip("Ceph is installed and started by root alone")
    if not ceph.is_installed():
        pytest.fail("Ceph is not installed; tests/e2e/needs.sh does it")
    ports = (free_port(), free_port())
    with ceph.Ceph(tmp_path_factory.mktemp("ceph"), port=free_port(), monitor_ports=ports) as running:
        yield running


@pytest.fixture(scope="session")
def world(
    tmp_path_factory: pytest.TempPathFactory, installed: Installation, canaries: Canaries, store: ceph.Ceph
) -> Iterator[World]:
    with ExitStack() as running:
        echo = running.enter_context(Echo())
        stores = {proxy: Door(proxy=proxy, upstream_port=store.port, resigns=True) for proxy in PROXIES}
        echoes = {proxy: Door(proxy=proxy, upstream_port=echo.port, resigns=False) for proxy in PROXIES}
        doors = [*stores.values(), *echoes.values()]
        folder = tmp_path_factory.mktemp("authz")
        gateway = running.enter_context(Gateway(folder / "gateway", installed, canaries, doors))
        for door in doors:
            running.enter_context(start(door, folder / f"{door.proxy}-{door.port}", gateway.internal_port))
        yield World(gateway=gateway, stores=stores, echoes=echoes, echo=echo)
        assert gateway.leaks() == []


@pytest.fixture(params=PROXIES)
def door(request: pytest.FixtureRequest, world: World) -> Door:
    """A proxy in front of the store."""
    return world.stores[request.param]


@pytest.fixture(params=PROXIES)
def echo_door(request: pytest.FixtureRequest, world: World) -> Door:
    """A proxy in front of the server that tells what it received."""
    return world.echoes[request.param]


@pytest.fixture(scope="session")
def credentials(world: World, canaries: Canaries) -> Mapping[str, str]:
    """A session of a role that may use one bucket."""
    sts = boto3.client(
        "sts",
        endpoint_url=world.gateway.url,
        region_name="us-east-1",
        aws_access_key_id=CI_KEY,
        aws_secret_access_key=CI_SECRET,
    )
    answer: Mapping[str, str] = sts.assume_role(RoleArn=ANALYST, RoleSessionName="alice")["Credentials"]
    sts.close()
    remember(canaries, answer["SecretAccessKey"], answer["SessionToken"])
    return answer
