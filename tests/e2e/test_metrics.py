"""Metrics as Prometheus gets them: clean by its own linter, right over workers that die, where they belong."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import httpx

from tests.e2e.installation import ROOT
from tests.e2e.openid_provider import OpenIdProvider, StartProvider
from tests.e2e.process import free_port, until
from tests.e2e.server import ENGINEER, Gateway, StartGateway
from tests.fakes.prometheus import Scrape

WEB_IDENTITY = "AssumeRoleWithWebIdentity"
REQUESTS = "sts_gateway_requests_total"


def scraped(gateway: Gateway) -> Scrape:
    return Scrape(gateway.metrics().text)


def linted(text: str) -> tuple[int, str]:
    """What Prometheus' linter says."""
    ended = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def test_prometheus_own_linter_has_nothing_to_say(gateway: Gateway, token: str) -> None:
    gateway.assume(token)
    gateway.assume("none")

    answer = gateway.metrics()

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert linted(answer.text) == (0, "")


def test_the_linter_would_complain(gateway: Gateway) -> None:
    code, told = linted(gateway.metrics().text.replace("_total", "_number"))

    assert code != 0
    assert "counter metrics should have" in told


def test_sessions_and_refusals_are_counted_by_what_the_client_reads(gateway: Gateway, token: str) -> None:
    before = scraped(gateway)
    gateway.assume(token)
    gateway.assume(token, RoleArn=ENGINEER)
    gateway.assume("none")
    after = scraped(gateway)

    def more(outcome: str, code: str) -> float:
        labels = {"action": WEB_IDENTITY, "outcome": outcome, "code": code}
        return after.value(REQUESTS, **labels) - before.value(REQUESTS, **labels)

    assert more("ok", "") == 1
    assert more("denied", "AccessDenied") == 1
    assert sum(more(outcome, code) for outcome in ("invalid", "denied") for code in _CODES) == 2
    minted = [
        scrape.value("sts_gateway_sessions_minted_total", action=WEB_IDENTITY, provider="workforce")
        for scrape in (before, after)
    ]
    assert minted[1] - minted[0] == 1
    assert after.value("sts_gateway_request_duration_seconds", "_count", action=WEB_IDENTITY) >= 3


_CODES = ("AccessDenied", "InvalidIdentityToken", "ValidationError")


def test_the_age_of_keys_is_told(gateway: Gateway, token: str) -> None:
    gateway.assume(token)

    def fetched() -> float:
        return scraped(gateway).value("sts_gateway_jwks_fetched_timestamp_seconds", provider="workforce")

    assert 0 <= time.time() - until(fetched, "the provider's keys are seen") < 3_600
    made = scraped(gateway).value("sts_gateway_keyring_newest_key_created_timestamp_seconds")
    assert 0 <= time.time() - made < 3_600
    assert scraped(gateway).value("sts_gateway_clock_drift_seconds") < 1
    (labels,) = scraped(gateway).families["sts_gateway_build_info"].samples
    assert dict(labels[1])["version"] in (ROOT / "gateway" / "__init__.py").read_text()


def test_a_provider_that_is_down_is_told(start_provider: StartProvider, start_gateway: StartGateway) -> None:
    provider = start_provider()
    provider.stop()
    gateway = start_gateway(provider)

    until(lambda: scraped(gateway).value("sts_gateway_jwks_refresh_failures_total", provider="workforce") >= 2, "fails")

    scrape = scraped(gateway)
    assert scrape.value("sts_gateway_jwks_refresh_failing", provider="workforce") == 1
    assert not scrape.has("sts_gateway_jwks_fetched_timestamp_seconds", provider="workforce")


def test_an_audit_log_on_a_full_disk_is_told(start_gateway: StartGateway, provider: OpenIdProvider) -> None:
    gateway = start_gateway(provider, audit_path="/dev/full")

    assert gateway.assume(provider.id_token()).status_code == 503

    scrape = scraped(gateway)
    assert scrape.value("sts_gateway_audit_write_failures_total", request="refused") == 1
    assert scrape.value(REQUESTS, action=WEB_IDENTITY, outcome="error", code="ServiceUnavailable") == 1


def test_the_internal_listener_alone_has_metrics(start_gateway: StartGateway, provider: OpenIdProvider) -> None:
    port = free_port()
    gateway = start_gateway(provider, settings=f"internal_listen: 127.0.0.1:{port}")
    inside = f"http://127.0.0.1:{port}"

    assert gateway.metrics().status_code == 404
    assert httpx.get(f"{inside}/metrics").status_code == 200
    assert httpx.head(f"{inside}/metrics").status_code == 200
    assert httpx.get(f"{inside}/readyz").text == httpx.get(f"{gateway.url}/readyz").text == "ok\n"
    assert httpx.get(f"{inside}/healthz").text == "ok\n"
    assert httpx.post(inside, data={"Action": "GetCallerIdentity", "Version": "2011-06-15"}).status_code == 404


def test_workers_are_added_up_and_nothing_is_lost_when_one_is_killed(
    start_gateway: StartGateway, provider: OpenIdProvider, tmp_path: Path
) -> None:
    gateway = start_gateway(
        provider, settings=f"state: sqlite:////{str(tmp_path).lstrip('/')}/state.db", words=["--workers", "2"]
    )
    token = provider.id_token()

    def minted() -> float:
        return scraped(gateway).value(REQUESTS, action=WEB_IDENTITY, outcome="ok", code="")

    for _ in range(30):
        assert gateway.assume(token).status_code == 200
    assert [minted() for _ in range(10)] == [30.0] * 10
    for pid in {int(str(line["pid"])) for line in _log(gateway) if line.get("message") == "worker started"}:
        os.kill(pid, signal.SIGKILL)
    until(lambda: sum(line.get("message") == "worker ready" for line in _log(gateway)) == 4, "both are replaced")

    assert [minted() for _ in range(10)] == [30.0] * 10
    assert gateway.assume(token).status_code == 200
    assert minted() == 31.0
    assert linted(gateway.metrics().text) == (0, "")


def _log(gateway: Gateway) -> list[dict[str, object]]:
    lines = [line for line in gateway.err.splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line) for line in lines]
