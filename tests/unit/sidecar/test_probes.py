"""`/healthz` and `/readyz`: honest, in plain lines, with nothing of value."""

from pathlib import Path

import pytest

from gateway.sidecar.application import only_probes
from gateway.sidecar.message import Fault
from gateway.sidecar.probes import Probes
from tests.fakes.prometheus import Scrape
from tests.unit.sidecar.made import KEYS, Time, request, role

WORKLOADS = (Path(__file__).parents[3] / "docs" / "workloads.md").read_text()


def test_it_lives_before_it_is_ready() -> None:
    probes = Probes([role(Time())], 900)

    assert probes.answer(request("/healthz")).status == 200
    answer = probes.answer(request("/readyz"))
    assert (answer.status, answer.body) == (503, b"default: not ready: NotReady\n")


def test_one_role_without_credentials_is_enough_to_be_unready() -> None:
    time = Time()
    roles = [role(time), role(time, "etl")]
    roles[0].held.take(KEYS)
    roles[1].held.refused("AccessDenied", "a message that is for the log alone")

    answer = Probes(roles, 900).answer(request("/readyz"))

    assert answer.status == 503
    assert answer.body == b"default: ready, until 2023-11-14T23:13:20Z\netl: not ready: AccessDenied\n"


def test_an_outage_is_told_while_the_last_good_ones_are_served() -> None:
    time = Time()
    served = role(time)
    served.held.take(KEYS)
    time.now += 3000
    served.held.unreachable("GatewayUnreachable", "away")

    answer = Probes([served], 900).answer(request("/readyz"))

    assert answer.status == 200
    assert answer.body.endswith(b", and renewing fails since 2023-11-14T23:03:20Z\n")
    assert b"secret" not in answer.body


def test_metrics_tell_when_credentials_end_and_since_when_renewing_fails() -> None:
    time = Time()
    roles = [role(time), role(time, "etl")]
    roles[0].held.take(KEYS)
    roles[1].held.refused("AccessDenied", "no")

    scrape = Scrape(Probes(roles, 900).answer(request("/metrics")).body.decode())

    ends, failing = scrape.families
    assert [scrape.value(ends, role=name) for name in ("default", "etl")] == [1_700_003_600, 0]
    assert [scrape.value(failing, role=name) for name in ("default", "etl")] == [0, 1_700_000_000]
    assert all(name in WORKLOADS for name in scrape.families)


@pytest.mark.parametrize(("path", "method", "status"), [("/v1/credentials", "GET", 404), ("/readyz", "POST", 405)])
def test_its_own_port_has_nothing_else(path: str, method: str, status: int) -> None:
    with pytest.raises(Fault) as told:
        only_probes(Probes([role(Time())], 900))(request(path, method))
    assert told.value.status == status
