"""A sidecar while its gateway is away: before the first answer, for a minute, and what it costs meanwhile."""

import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import botocore.session

from tests.e2e.installation import Installation
from tests.e2e.openid_provider import OpenIdProvider
from tests.e2e.process import until
from tests.e2e.server import Gateway, StartGateway
from tests.e2e.sidecar.clients import by_botocore, caller
from tests.e2e.sidecar.conftest import StartSidecar
from tests.e2e.sidecar.running import IMDS, PATH, Sidecar

OUTAGE = 60
MEMORY = 40 * 1024
"""KiB."""
# The command as it is, but that the part of a session after which it renews comes within seconds.
EAGER = """
import sys
from gateway.cli.main import main
from gateway.client import held
held.RENEWED_FROM, held.RENEWED_TO = 0.002, 0.003
sys.exit(main())
"""


def test_no_read_fails_while_the_gateway_is_away_for_a_minute(
    start_sidecar: StartSidecar,
    gateway_of_its_own: Gateway,
    start_gateway: StartGateway,
    provider: OpenIdProvider,
    installed: Installation,
    workload: Callable[[dict[str, str]], None],
) -> None:
    url = gateway_of_its_own.url
    eager = start_sidecar(url, program=[installed.python, "-c", EAGER], words=["--imds"])
    idle = start_sidecar(url)
    workload({**eager.environment(), "AWS_ENDPOINT_URL_STS": url})
    before = eager.document()

    gateway_of_its_own.stop()
    began, used = time.monotonic(), idle.processor_seconds
    seconds, statuses = _read(eager, until=began + OUTAGE)
    cost = (idle.processor_seconds - used) / (time.monotonic() - began)

    print(f"reads: {len(seconds)}, median {seconds[len(seconds) // 2] * 1000:.1f} ms, last {seconds[-1] * 1000:.1f} ms")
    print(f"idle: {cost:.3%} of a core, {idle.resident} KiB; busy: {eager.resident} KiB")
    assert statuses == {200}
    assert "not renewed, attempt 4: " in eager.err
    assert "Connection refused" in eager.err
    assert cost < 0.01
    assert max(idle.resident, eager.resident) < MEMORY
    assert seconds[len(seconds) // 2] < 0.05
    start_gateway(provider, like=gateway_of_its_own)
    eager.until(lambda: eager.document()["AccessKeyId"] != before["AccessKeyId"] or None, "it renews after the outage")
    assert caller(by_botocore()).startswith("arn:aws:sts::111122223333:assumed-role/Analyst/")


def _read(sidecar: Sidecar, *, until: float) -> tuple[list[float], set[int]]:
    """Read over both endpoints, by botocore now and then; how long each took, in order, and the statuses."""
    seconds, statuses = [], set()
    while time.monotonic() < until:
        began = time.perf_counter()
        statuses.add(sidecar.ask(PATH).status_code)
        seconds.append(time.perf_counter() - began)
        statuses.add(sidecar.imds(f"{IMDS}Analyst").status_code)
        statuses.add(sidecar.probe("/readyz") or 0)
        if len(seconds) % 20 == 0:
            found = botocore.session.Session().get_credentials()
            statuses.add(200 if found is not None and found.access_key else 0)
        time.sleep(0.2)
    return sorted(seconds), statuses


def test_before_the_gateway_has_answered_it_says_so_at_once_and_serves_once_it_has(
    start_sidecar: StartSidecar, gateway_of_its_own: Gateway, start_gateway: StartGateway, provider: OpenIdProvider
) -> None:
    gateway_of_its_own.stop()
    sidecar = start_sidecar(gateway_of_its_own.url, ready=False, words=["--imds"])

    began = time.perf_counter()
    answers = [sidecar.ask(), sidecar.imds(IMDS)]
    took = time.perf_counter() - began

    assert [answer.status_code for answer in answers] == [503, 503]
    assert {answer.json()["Code"] for answer in answers} <= {"GatewayUnreachable", "NotReady"}
    assert took < 1
    assert (sidecar.probe("/healthz"), sidecar.probe("/readyz")) == (200, 503)
    start_gateway(provider, like=gateway_of_its_own)
    sidecar.until(lambda: sidecar.probe("/readyz") == 200, "it is ready")
    assert sidecar.ask().status_code == 200


def test_a_gateway_that_takes_connections_and_says_nothing_holds_up_neither_answers_nor_the_end(
    start_sidecar: StartSidecar,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sidecar = start_sidecar(f"http://127.0.0.1:{silent.getsockname()[1]}", ready=False)
        connection, _ = silent.accept()
        with connection:
            began = time.perf_counter()
            assert sidecar.ask().status_code == 503
            sidecar.send(signal.SIGTERM)
            assert sidecar.ended() == 0
            assert time.perf_counter() - began < 3


def test_a_refusal_of_the_gateway_is_told_in_its_words(start_sidecar: StartSidecar, gateway: Gateway) -> None:
    nobodys = "arn:aws:iam::111122223333:role/Nobodys"
    sidecar = start_sidecar(gateway.url, roles=[nobodys], ready=False)
    until(lambda: "AccessDenied" in sidecar.err, "it is refused")

    answer = sidecar.ask()

    assert (answer.status_code, answer.json()["Code"]) == (502, "AccessDenied")
    assert answer.json()["Message"] == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    assert sidecar.probe("/readyz") == 503


def test_a_token_file_that_comes_late_is_read_when_it_is_there(
    start_sidecar: StartSidecar, gateway: Gateway, provider: OpenIdProvider, tmp_path: Path
) -> None:
    late = tmp_path / "late"
    sidecar = start_sidecar(gateway.url, token_file=late, ready=False)
    assert sidecar.ask().json()["Code"] in {"TokenUnavailable", "NotReady"}

    late.write_text(provider.id_token("alice") + "\n")

    sidecar.until(lambda: sidecar.probe("/readyz") == 200, "it is ready")
