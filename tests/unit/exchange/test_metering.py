"""Each answer of the exchange is counted once, under names that no client can make up, and named in its span."""

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.domain.errors import AuditUnavailable, GatewayError, MissingAction
from gateway.exchange.proof import SignedCall
from gateway.telemetry.meters import METRICS
from gateway.telemetry.tracing import SPAN
from tests.fakes.gateway_world import ENGINEER, IDENTITY_FORM, ORIGIN, GatewayWorld, sha256
from tests.fakes.prometheus import Scrape

WEB_IDENTITY = "AssumeRoleWithWebIdentity"
USER = ("AKIAEXAMPLEEXAMPLE22", "0123456789abcdefghij")


def counted(world: GatewayWorld) -> dict[tuple[str, str, str], float]:
    """Action, outcome and code of what was answered, and how often."""
    samples = Scrape(world.meters.text().decode()).families["sts_gateway_requests_total"].samples
    told = {(one["action"], one["outcome"], one["code"]): value for one, value in _labels(samples)}
    return {key: value for key, value in told.items() if value}


def _labels(samples: dict[Any, float]) -> Iterator[tuple[dict[str, str], float]]:
    return ((dict(labels), value) for (_, labels), value in samples.items())


def scraped(world: GatewayWorld) -> Scrape:
    return Scrape(world.meters.text().decode())


async def test_a_session_is_an_ok_answer_and_counts_for_its_provider(world: GatewayWorld) -> None:
    await world.assume()

    assert counted(world) == {(WEB_IDENTITY, "ok", ""): 1}
    scrape = scraped(world)
    assert scrape.value("sts_gateway_sessions_minted_total", action=WEB_IDENTITY, provider="workforce") == 1
    assert scrape.value("sts_gateway_request_duration_seconds", "_count", action=WEB_IDENTITY) == 1


async def test_a_refusal_counts_under_the_code_that_the_client_reads(world: GatewayWorld) -> None:
    for token, role in ((None, ENGINEER), ("no.token.", ENGINEER)):
        with pytest.raises(GatewayError):
            await world.assume(token, role)

    assert counted(world) == {
        (WEB_IDENTITY, "denied", "AccessDenied"): 1,
        (WEB_IDENTITY, "denied", "InvalidIdentityToken"): 1,
    }
    assert scraped(world).value("sts_gateway_sessions_minted_total", action=WEB_IDENTITY, provider="workforce") == 0


async def test_an_answer_that_cannot_be_audited_counts_as_an_error_and_once(world: GatewayWorld) -> None:
    world.audit.full = True

    with pytest.raises(AuditUnavailable):
        await world.assume()

    assert counted(world) == {(WEB_IDENTITY, "error", "ServiceUnavailable"): 1}
    assert scraped(world).value("sts_gateway_sessions_minted_total", action=WEB_IDENTITY, provider="workforce") == 0


async def test_a_refusal_that_cannot_be_audited_counts_as_an_error_and_once(world: GatewayWorld) -> None:
    world.audit.full = True

    with pytest.raises(AuditUnavailable):
        await world.assume(None, ENGINEER)

    assert counted(world) == {(WEB_IDENTITY, "error", "ServiceUnavailable"): 1}


def test_what_a_door_refused_counts_without_a_duration(world: GatewayWorld) -> None:
    world.exchange.refused(MissingAction(), ORIGIN)

    assert counted(world) == {("Unknown", "invalid", "MissingAction"): 1}
    assert scraped(world).value("sts_gateway_request_duration_seconds", "_count", action="Unknown") == 0


def test_a_look_up_opens_no_session(world: GatewayWorld) -> None:
    http = world.signed(USER, body=IDENTITY_FORM)

    world.exchange.caller_identity(SignedCall(http=http, body_sha256=sha256(IDENTITY_FORM), origin=ORIGIN))

    assert counted(world) == {("GetCallerIdentity", "ok", ""): 1}
    assert "sts_gateway_sessions_minted_total" not in scraped(world).families


def test_requests_to_resource_servers_count_under_one_name(world: GatewayWorld) -> None:
    (service,) = world.configuration.services
    for path in ("/lake/a", "/lake/b?versions"):
        http = world.signed(("AKIAUNKNOWNUNKNOWN22", "x" * 20), method="GET", path=path)
        with pytest.raises(GatewayError):
            world.exchange.authorize(http, service, b"", sha256(b""), ORIGIN)

    assert {action for action, _, _ in counted(world)} == {"Authorize"}


async def test_no_label_says_who_or_where_or_which_role(world: GatewayWorld) -> None:
    await world.assume()

    text = world.meters.text().decode()

    assert [metric.name for metric in METRICS if metric.name in text] != []
    for secret in ("alice", "Analyst", "111122223333", ORIGIN.source_ip or "", "arn:"):
        assert secret not in text


class RecordedSpan:
    trace_id = "0af7651916cd43dd8448eb211c80319c"

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str | None]] = []

    def tell(self, source: str, action: str, error_code: str | None) -> None:
        self.told.append((source, action, error_code))


async def test_the_span_is_named_and_its_trace_stands_in_the_audit_line(world: GatewayWorld) -> None:
    span = RecordedSpan()
    token = SPAN.set(span)  # type: ignore[arg-type]
    await world.assume()
    with pytest.raises(GatewayError):
        await world.assume(None, ENGINEER)
    SPAN.reset(token)

    assert span.told == [
        ("sts.amazonaws.com", WEB_IDENTITY, None),
        ("sts.amazonaws.com", WEB_IDENTITY, "AccessDenied"),
    ]
    assert [one["additionalEventData"]["traceId"] for one in world.audit.records] == [span.trace_id] * 2


async def test_without_a_span_the_audit_line_has_no_trace(world: GatewayWorld) -> None:
    await world.assume()

    assert "traceId" not in world.audit.last["additionalEventData"]
