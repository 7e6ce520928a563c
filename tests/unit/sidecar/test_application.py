"""Which part answers, what is checked before, and how often strangers are told of."""

import pytest

from gateway.sidecar.application import Application
from gateway.sidecar.container import ContainerCredentials
from gateway.sidecar.imds import InstanceMetadata
from gateway.sidecar.listening import Hosts, listening_on
from gateway.sidecar.message import Fault, Request
from gateway.sidecar.probes import Probes
from tests.unit.sidecar.made import KEYS, Time, authorization, request, role


class World:
    def __init__(self, *, imds: bool = True) -> None:
        self.time, self.told = Time(), list[str]()
        served = role(self.time)
        served.held.take(KEYS)
        self.application = Application(
            hosts=Hosts(listening_on(["127.0.0.1"], imds=True)),
            credentials=ContainerCredentials([served], authorization(self.time)),
            metadata=InstanceMetadata([served], self.time) if imds else None,
            probes=Probes([served], 900),
            steady=self.time,
            tell=self.told.append,
        )

    def status(self, asked: Request) -> int:
        try:
            return self.application.answer(asked).status
        except Fault as fault:
            return fault.status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/credentials", 200),
        ("/v1/credentials/x", 404),
        ("/v1/credentialsx", 404),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/latest/meta-data/", 401),
        ("/", 404),
        ("/v1/credentials/../../latest", 404),
    ],
)
def test_each_path_has_its_part(path: str, status: int) -> None:
    assert World().status(request(path)) == status


def test_without_imds_there_is_none() -> None:
    assert World(imds=False).status(request("/latest/api/token", "PUT")) == 404


@pytest.mark.parametrize("path", ["/v1/credentials", "/healthz", "/readyz", "/latest/meta-data/", "/"])
def test_every_path_looks_at_the_caller_first(path: str) -> None:
    assert World().status(request(path, host="attacker.example")) == 403
    assert World().status(request(path, x_forwarded_for="1.2.3.4")) == 403


def test_wrong_tokens_are_told_of_once_a_minute_with_their_number() -> None:
    world = World()
    for _ in range(5):
        assert world.status(request("/v1/credentials", authorization="wrong")) == 401
    world.time.now += 60
    world.status(request("/v1/credentials", authorization="wrong"))

    assert [line.rpartition(" ")[2] for line in world.told] == ["1", "5"]
    assert "wrong" not in "".join(world.told).replace("a wrong authorization token", "")


def test_a_request_without_any_token_is_nobodys_doing() -> None:
    """JavaScript's chain asks so once, after its own provider failed."""
    world = World()

    assert world.status(Request(method="GET", path="/v1/credentials", headers={"host": "localhost"})) == 401
    assert world.told == []
