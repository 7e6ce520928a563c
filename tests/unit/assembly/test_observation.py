"""What the observer sees, and when."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.assembly import observation
from gateway.assembly.observation import Observer
from gateway.domain.clock import SteadyClock
from gateway.sealing.key_file import new_key
from gateway.sealing.keyring import Keyring
from gateway.telemetry.meters import Meters
from tests.fakes.prometheus import Scrape

NOW = datetime.now(UTC)


def verifier(name: str, **more: Any) -> Any:
    honest = {"keys_fetched_at": NOW, "last_error": None, "key_failures": 0}
    return SimpleNamespace(name=name, **{**honest, **more})


def observed(*verifiers: Any, clock: Any = None) -> tuple[Observer, Meters, list[Any]]:
    meters, known = Meters.alone(), list(verifiers)
    keyring = Keyring([new_key(now=NOW, seals_from=NOW)])
    observer = Observer(
        meters,
        clock=clock or SteadyClock(),
        keyring=lambda: keyring,
        verifiers=lambda: known,
        revocation_lag=lambda: timedelta(seconds=3),
    )
    return observer, meters, known


def scraped(meters: Meters) -> Scrape:
    return Scrape(meters.text().decode())


def test_keyring_and_providers_are_looked_at() -> None:
    observer, meters, known = observed(verifier("a"), verifier("b", last_error="down", key_failures=3))

    observer.look()

    scrape = scraped(meters)
    assert scrape.value("sts_gateway_keyring_keys") == 1
    assert scrape.value("sts_gateway_revocation_lag_seconds") == 3
    assert scrape.value("sts_gateway_jwks_fetched_timestamp_seconds", provider="a") == NOW.timestamp()
    assert scrape.value("sts_gateway_jwks_refresh_failing", provider="b") == 1
    assert scrape.value("sts_gateway_jwks_refresh_failures_total", provider="b") == 3

    del known[0]
    observer.look()
    assert not scraped(meters).has("sts_gateway_jwks_refresh_failing", provider="a")


def test_metadata_of_saml_providers_is_looked_at() -> None:
    ends = NOW + timedelta(days=3)
    known = [
        SimpleNamespace(
            name=name, metadata_fetched_at=NOW, metadata_valid_until=end, last_error=error, metadata_failures=failures
        )
        for name, end, error, failures in (("adfs", ends, None, 0), ("okta", None, "down", 2))
    ]
    meters = Meters.alone()
    observer = Observer(
        meters,
        clock=SteadyClock(),
        keyring=lambda: Keyring([new_key(now=NOW, seals_from=NOW)]),
        verifiers=tuple,
        saml=lambda: known,  # type: ignore[arg-type,return-value]
        revocation_lag=lambda: None,
    )

    observer.look()

    scrape = scraped(meters)
    assert scrape.value("sts_gateway_saml_metadata_fetched_timestamp_seconds", provider="adfs") == NOW.timestamp()
    assert scrape.value("sts_gateway_saml_metadata_valid_until_timestamp_seconds", provider="adfs") == ends.timestamp()
    assert not scrape.has("sts_gateway_saml_metadata_valid_until_timestamp_seconds", provider="okta")
    assert scrape.value("sts_gateway_saml_metadata_refresh_failing", provider="okta") == 1
    assert scrape.value("sts_gateway_saml_metadata_refresh_failures_total", provider="okta") == 2

    del known[0]
    observer.look()
    assert not scraped(meters).has("sts_gateway_saml_metadata_refresh_failing", provider="adfs")


def test_a_clock_that_was_stepped_back_is_told() -> None:
    step = [0.0]
    observer, meters, _ = observed(clock=SteadyClock(wall=lambda: time.time() + step[0]))
    observer.look()
    assert scraped(meters).value("sts_gateway_clock_drift_seconds") == pytest.approx(0, abs=0.5)

    step[0] = -3_600
    observer.look()

    assert scraped(meters).value("sts_gateway_clock_drift_seconds") == pytest.approx(3_600, abs=1)


async def test_it_looks_at_once_and_again_and_measures_how_late_the_loop_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observation, "INTERVAL", 0.02)
    observer, meters, known = observed()
    observer.start()
    assert scraped(meters).value("sts_gateway_keyring_keys") == 1
    known.append(verifier("late"))
    await asyncio.sleep(0.01)
    time.sleep(0.3)  # the loop stands still
    await asyncio.sleep(0.05)
    await observer.aclose()

    scrape = scraped(meters)
    assert scrape.has("sts_gateway_jwks_fetched_timestamp_seconds", provider="late")
    assert scrape.value("sts_gateway_event_loop_lag_seconds", "_sum") > 0.2


async def test_one_that_never_began_can_be_closed() -> None:
    observer, _, _ = observed()

    await observer.aclose()
