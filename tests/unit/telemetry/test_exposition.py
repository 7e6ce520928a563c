"""The text that Prometheus reads: right by a strict reader, and right over several processes."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.telemetry.cells import Board
from gateway.telemetry.exposition import exposition
from gateway.telemetry.metrics import SECONDS, Registry, counter, gauge, greatest, histogram, least, total
from tests.fakes.prometheus import Scrape

ASKED = counter("asked_total", 'With "quotes", a \\ and\na line feed.', "what", "code")
PLAIN = counter("plain_total", "Without labels.")
OLDEST = gauge("oldest_timestamp_seconds", "The least.", "provider", merge=least)
WORST = gauge("worst", "The greatest.", merge=greatest)
ALL = gauge("all", "The sum.", merge=total)
TOOK = histogram("took_seconds", "Durations.", "what")
METRICS = (ASKED, PLAIN, OLDEST, WORST, ALL, TOOK)


def scraped(board: Board) -> Scrape:
    return Scrape(exposition(METRICS, board).decode())


def alone() -> tuple[Registry, Board]:
    board = Board()
    return Registry(METRICS, board.pages[0]), board


def test_counters_add_up() -> None:
    registry, board = alone()
    asked = registry.counter(ASKED, "a", "")
    asked.inc()
    registry.counter(ASKED, "a", "").add(2)
    registry.counter(PLAIN)

    scrape = scraped(board)

    assert scrape.value("sts_gateway_asked_total", what="a", code="") == 3
    assert scrape.value("sts_gateway_plain_total") == 0
    assert scrape.families["sts_gateway_asked_total"].help == 'With "quotes", a \\\\ and\\na line feed.'
    assert scrape.families.keys() == {"sts_gateway_asked_total", "sts_gateway_plain_total"}


def test_a_gauge_is_what_it_was_set_to_and_may_be_forgotten() -> None:
    registry, board = alone()
    registry.counter(PLAIN)
    worst = registry.gauge(WORST)

    worst.set(1.5)
    assert scraped(board).value("sts_gateway_worst") == 1.5
    worst.set(-2)
    assert scraped(board).value("sts_gateway_worst") == -2
    worst.forget()
    assert "sts_gateway_worst" not in scraped(board).families


@pytest.mark.parametrize(
    ("seconds", "bound"), [(0.0, "0.001"), (0.001, "0.001"), (0.0011, "0.0025"), (10.0, "10"), (10.1, "+Inf")]
)
def test_a_duration_is_in_every_bucket_from_its_own_on(seconds: float, bound: str) -> None:
    registry, board = alone()
    registry.histogram(TOOK, "a").observe(seconds)

    scrape = scraped(board)

    bounds = [f"{one:g}" for one in SECONDS] + ["+Inf"]
    counts = [scrape.value("sts_gateway_took_seconds", "_bucket", what="a", le=one) for one in bounds]
    assert counts == [float(at >= bounds.index(bound)) for at in range(len(bounds))]
    assert scrape.value("sts_gateway_took_seconds", "_sum", what="a") == seconds
    assert scrape.value("sts_gateway_took_seconds", "_count", what="a") == 1


def test_buckets_reach_from_a_millisecond_to_ten_seconds() -> None:
    assert (SECONDS[0], SECONDS[-1]) == (0.001, 10.0)


@given(st.text())
def test_any_value_of_a_label_comes_back(value: str) -> None:
    registry, board = alone()
    registry.counter(ASKED, value, "x").inc()

    assert scraped(board).value("sts_gateway_asked_total", what=value, code="x") == 1


def test_processes_are_put_together() -> None:
    board = Board(2)
    for number, (count, oldest, worst) in enumerate([(2, 50.0, 1.0), (3, 40.0, 7.0)]):
        registry = Registry(METRICS, board.pages[number])
        registry.counter(ASKED, "a", "").add(count)
        registry.gauge(OLDEST, "idp").set(oldest)
        registry.gauge(WORST).set(worst)
        registry.gauge(ALL).set(count)
        registry.histogram(TOOK, "a").observe(number)

    scrape = scraped(board)

    assert scrape.value("sts_gateway_asked_total", what="a", code="") == 5
    assert scrape.value("sts_gateway_oldest_timestamp_seconds", provider="idp") == 40
    assert scrape.value("sts_gateway_worst") == 7
    assert scrape.value("sts_gateway_all") == 5
    assert scrape.value("sts_gateway_took_seconds", "_count", what="a") == 2


def test_a_process_that_is_gone_leaves_its_counts_and_takes_its_states_along() -> None:
    board = Board(2)
    pid = os.fork()
    if pid == 0:
        registry = Registry(METRICS, board.pages[0])
        registry.counter(PLAIN).add(4)
        registry.gauge(ALL).set(4)
        os._exit(0)
    os.waitpid(pid, 0)
    Registry(METRICS, board.pages[1]).gauge(ALL).set(1)

    scrape = scraped(board)

    assert scrape.value("sts_gateway_plain_total") == 4
    assert scrape.value("sts_gateway_all") == 1


def test_the_next_process_in_a_place_has_counts_and_no_states() -> None:
    board = Board()
    first = Registry(METRICS, board.pages[0])
    first.counter(PLAIN).add(4)
    first.gauge(ALL).set(4)

    Registry(METRICS, board.pages[0]).counter(PLAIN).inc()

    scrape = scraped(board)
    assert scrape.value("sts_gateway_plain_total") == 5
    assert "sts_gateway_all" not in scrape.families
