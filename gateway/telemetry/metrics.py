"""Counters, gauges and histograms of a process: described once, bound to their labels once, moved in 0.1 microseconds.

A metric's labels are fixed, and so must be the set of their values: never a role, a user, a session or an address.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.telemetry.cells import Page

PREFIX: Final = "sts_gateway_"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of every histogram's buckets."""

_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Kind(StrEnum):
    """What Prometheus calls the type."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


Merge = Callable[[Sequence[float]], float]
"""How the values that the workers have of one gauge become one."""


def least(values: Sequence[float]) -> float:
    return min(values)


def greatest(values: Sequence[float]) -> float:
    return max(values)


def total(values: Sequence[float]) -> float:
    return math.fsum(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What is told of a metric, whatever its values are. Counters and histograms of several workers are added up."""

    name: str
    help: str
    kind: Kind
    labels: tuple[str, ...] = ()
    merge: Merge = total

    def series(self, values: Sequence[str]) -> str:
        """The name with these values of the labels, as the text format writes it."""
        pairs = [f'{label}="{value.translate(_ESCAPES)}"' for label, value in zip(self.labels, values, strict=True)]
        return f"{self.name}{{{','.join(pairs)}}}" if pairs else self.name

    @property
    def width(self) -> int:
        # A histogram's cells: one for each bucket, one for what is beyond the last, the sum.
        return len(SECONDS) + 2 if self.kind is Kind.HISTOGRAM else 1


def counter(name: str, told: str, *labels: str) -> Metric:
    return Metric(name=PREFIX + name, help=told, kind=Kind.COUNTER, labels=labels)


def gauge(name: str, told: str, *labels: str, merge: Merge) -> Metric:
    return Metric(name=PREFIX + name, help=told, kind=Kind.GAUGE, labels=labels, merge=merge)


def histogram(name: str, told: str, *labels: str) -> Metric:
    """Of durations, in seconds."""
    return Metric(name=PREFIX + name, help=told, kind=Kind.HISTOGRAM, labels=labels)


class Counter:
    """A number that only grows."""

    __slots__ = ("_at", "_cells")

    def __init__(self, cells: "memoryview[float]", at: int) -> None:
        self._cells = cells
        self._at = at

    def inc(self) -> None:
        self._cells[self._at] += 1.0

    def add(self, amount: float) -> None:
        self._cells[self._at] += amount


class Gauge:
    """A number that is what it is now; NaN shows as no number at all."""

    __slots__ = ("_at", "_cells")

    def __init__(self, cells: "memoryview[float]", at: int) -> None:
        self._cells = cells
        self._at = at

    def set(self, value: float) -> None:
        self._cells[self._at] = value

    def forget(self) -> None:
        self._cells[self._at] = math.nan


class Histogram:
    """How many durations there were up to each of `SECONDS`, and their sum."""

    __slots__ = ("_at", "_cells", "_sum_at")

    def __init__(self, cells: "memoryview[float]", at: int) -> None:
        self._cells = cells
        self._at = at
        self._sum_at = at + len(SECONDS) + 1

    def observe(self, seconds: float) -> None:
        cells = self._cells
        cells[self._at + bisect_left(SECONDS, seconds)] += 1.0
        cells[self._sum_at] += seconds


class Registry:
    """Binds metrics to their places in this process's page."""

    def __init__(self, metrics: Iterable[Metric], page: Page) -> None:
        page.claim()
        self._page = page
        # What was true of the process before is not of this one: counts go on, states do not.
        gauges = {metric.name for metric in metrics if metric.kind is Kind.GAUGE}
        for series, _ in list(page.read()):
            if series.partition("{")[0] in gauges:
                page.cells[page.reserve(series, 1)] = math.nan

    def counter(self, metric: Metric, *values: str) -> Counter:
        return Counter(self._page.cells, self._place(metric, values))

    def gauge(self, metric: Metric, *values: str) -> Gauge:
        return Gauge(self._page.cells, self._place(metric, values))

    def histogram(self, metric: Metric, *values: str) -> Histogram:
        return Histogram(self._page.cells, self._place(metric, values))

    def _place(self, metric: Metric, values: Sequence[str]) -> int:
        return self._page.reserve(metric.series(values), metric.width)
