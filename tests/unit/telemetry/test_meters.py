"""The gateway's own metrics: their names, their documentation, and what each of them counts."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.domain.errors import (
    AuditUnavailable,
    GatewayError,
    InvalidIdentityToken,
    MissingAuthentication,
    ProviderUnreachable,
    RoleAssumptionDenied,
    UnsupportedMedia,
)
from gateway.telemetry.cells import Board
from gateway.telemetry.meters import METRICS, OUTCOMES, Meters, outcome_of
from gateway.telemetry.metrics import Kind, Metric
from tests.fakes.prometheus import Scrape
from tests.unit.wire.every_error import ERRORS

DOCUMENTED = Path(__file__).parents[3] / "docs" / "metrics.md"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def scraped(meters: Meters) -> Scrape:
    return Scrape(meters.text().decode())


def row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind.value} | {labels} | {metric.help} |"


def test_the_reference_has_every_metric_and_no_other() -> None:
    rows = [line for line in DOCUMENTED.read_text().splitlines() if line.startswith("| `sts_gateway_")]

    assert rows == [row(metric) for metric in METRICS]


def test_every_metric_that_the_documentation_speaks_of_is_there() -> None:
    spoken_of = set(re.findall(r"sts_gateway_\w+", DOCUMENTED.read_text()))

    assert spoken_of == {metric.name for metric in METRICS}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_tell_the_unit_and_labels_are_few(metric: Metric) -> None:
    assert (metric.kind is Kind.COUNTER) == metric.name.endswith("_total")
    assert metric.kind is not Kind.HISTOGRAM or metric.name.endswith("_seconds")
    assert set(metric.labels) <= {"action", "outcome", "code", "provider", "status", "request", "version", "python"}
    assert not re.search(r"milli|minute|hour|kilo|kib|mega", metric.name)


def test_outcomes_are_those_of_the_table() -> None:
    assert set(OUTCOMES.values()) == {"denied", "invalid", "error"}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (UnsupportedMedia("no"), "invalid"),
        (InvalidIdentityToken("no"), "denied"),
        (ProviderUnreachable(provider="p", cause="c"), "error"),
        (MissingAuthentication(), "denied"),
        (RoleAssumptionDenied(action="a", cause="c"), "denied"),
        (AuditUnavailable(cause="c"), "error"),
        (GatewayError("no"), "error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, GatewayError) else value,
)
def test_how_a_request_ended_follows_from_the_error(error: GatewayError, outcome: str) -> None:
    assert outcome_of(error) == outcome


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_is_of_a_kind_whose_outcome_is_known(error: GatewayError) -> None:
    assert set(type(error).__mro__) & (OUTCOMES.keys() - {GatewayError})


def test_answers_are_counted_by_action_outcome_and_code() -> None:
    meters = Meters.alone()
    action = meters.action("AssumeRole")
    action.succeeded()
    for _ in range(2):
        action.refused("denied", "AccessDenied")
        meters.action("AssumeRole").minted("")
    action.took(0.02)

    scrape = scraped(meters)

    def answers(outcome: str, code: str) -> float:
        return scrape.value("sts_gateway_requests_total", action="AssumeRole", outcome=outcome, code=code)

    assert (answers("ok", ""), answers("denied", "AccessDenied")) == (1, 2)
    assert scrape.value("sts_gateway_sessions_minted_total", action="AssumeRole", provider="") == 2
    assert scrape.value("sts_gateway_request_duration_seconds", "_count", action="AssumeRole") == 1


def test_http_is_counted_by_class_of_status() -> None:
    meters = Meters.alone()
    for status in (200, 204, 303, 404, 499, 503):
        meters.http.answered(status, 0.1)
    meters.http.request_refused(431)
    meters.http.connection_refused()
    meters.http.connected(7)

    scrape = scraped(meters)

    counts = [scrape.value("sts_gateway_http_responses_total", status=f"{one}xx") for one in range(1, 6)]
    assert counts == [0, 2, 1, 2, 1]
    assert scrape.value("sts_gateway_http_request_duration_seconds", "_count") == 6
    assert scrape.value("sts_gateway_http_requests_refused_total", status="431") == 1
    assert scrape.value("sts_gateway_http_connections_refused_total") == 1
    assert scrape.value("sts_gateway_http_connections") == 7


def test_the_age_and_the_failures_of_a_providers_keys_are_told() -> None:
    meters = Meters.alone()
    idp = meters.provider("idp")
    idp.tell(fetched_at=None, is_failing=True, failures=2)
    scrape = scraped(meters)
    assert not scrape.has("sts_gateway_jwks_fetched_timestamp_seconds", provider="idp")
    assert scrape.value("sts_gateway_jwks_refresh_failing", provider="idp") == 1

    idp.tell(fetched_at=NOW, is_failing=False, failures=2)

    scrape = scraped(meters)
    assert scrape.value("sts_gateway_jwks_fetched_timestamp_seconds", provider="idp") == NOW.timestamp()
    assert scrape.value("sts_gateway_jwks_refresh_failing", provider="idp") == 0
    assert scrape.value("sts_gateway_jwks_refresh_failures_total", provider="idp") == 2


def test_failures_add_up_over_a_reload_which_begins_anew() -> None:
    meters = Meters.alone()
    for failures in (3, 1, 2):
        meters.provider("idp").tell(fetched_at=NOW, is_failing=True, failures=failures)

    assert scraped(meters).value("sts_gateway_jwks_refresh_failures_total", provider="idp") == 5


def test_a_provider_that_is_no_more_configured_keeps_its_counts_alone() -> None:
    meters = Meters.alone()
    for name in ("old", "new"):
        meters.provider(name).tell(fetched_at=NOW, is_failing=False, failures=1)

    meters.keep_providers(["new"])

    scrape = scraped(meters)
    assert scrape.has("sts_gateway_jwks_fetched_timestamp_seconds", provider="new")
    assert not scrape.has("sts_gateway_jwks_fetched_timestamp_seconds", provider="old")
    assert not scrape.has("sts_gateway_jwks_refresh_failing", provider="old")
    assert scrape.value("sts_gateway_jwks_refresh_failures_total", provider="old") == 1


def test_the_keyrings_newest_key_and_the_next_that_seals_are_told() -> None:
    meters = Meters.alone()
    keys = [(NOW - 9 * HOUR, NOW - 8 * HOUR), (NOW - HOUR, NOW + HOUR), (NOW, NOW + 2 * HOUR)]
    meters.keyring.tell(keys, NOW)
    meters.keyring.fault()

    scrape = scraped(meters)

    assert scrape.value("sts_gateway_keyring_keys") == 3
    assert scrape.value("sts_gateway_keyring_newest_key_created_timestamp_seconds") == NOW.timestamp()
    newest = (NOW + 2 * HOUR).timestamp()
    assert scrape.value("sts_gateway_keyring_newest_key_seals_from_timestamp_seconds") == newest
    assert scrape.value("sts_gateway_keyring_next_seals_from_timestamp_seconds") == (NOW + HOUR).timestamp()
    assert scrape.value("sts_gateway_keyring_faults_total") == 1

    meters.keyring.tell(keys, NOW + 3 * HOUR)
    assert not scraped(meters).has("sts_gateway_keyring_next_seals_from_timestamp_seconds")


def test_what_runs_and_how_often_it_began_is_told() -> None:
    board = Board()
    for _ in range(2):
        meters = Meters(board)
        meters.tell_build("1.2.3")

    scrape = scraped(meters)

    assert scrape.value("sts_gateway_worker_starts_total") == 2
    (labels,) = [dict(labels) for _, labels in scrape.families["sts_gateway_build_info"].samples]
    assert labels["version"] == "1.2.3"


def test_lines_that_the_audit_log_could_not_take_are_told() -> None:
    meters = Meters.alone()
    meters.audit_refused()
    meters.audit_dropped()
    meters.audit_dropped()

    scrape = scraped(meters)

    assert scrape.value("sts_gateway_audit_write_failures_total", request="refused") == 1
    assert scrape.value("sts_gateway_audit_write_failures_total", request="dropped") == 2
