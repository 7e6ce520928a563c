"""Prometheus' text format: all pages of a server as one answer. Source: "Exposition formats", text format 0.0.4."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final

from gateway.telemetry.cells import Board
from gateway.telemetry.metrics import SECONDS, Kind, Metric

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_Numbers = tuple[float, ...]
_BOUNDS: Final = (*(f"{bound:g}" for bound in SECONDS), "+Inf")
_EXACT: Final = 2**53


def exposition(metrics: Sequence[Metric], board: Board) -> bytes:
    """Every metric that has a value, those of all workers put together."""
    found = _found(metrics, board)
    lines = [line for metric in metrics for line in _lines(metric, found[metric.name])]
    return "".join(f"{line}\n" for line in lines).encode()


def _found(metrics: Iterable[Metric], board: Board) -> Mapping[str, Mapping[str, list[_Numbers]]]:
    """Metric's name to labels to what each worker has. States of workers that are gone are left out."""
    kinds = {metric.name: metric.kind for metric in metrics}
    found: dict[str, dict[str, list[_Numbers]]] = {name: {} for name in kinds}
    for page in board.pages:
        alive = page.is_alive
        for series, numbers in page.read():
            name, _, labels = series.partition("{")
            if kinds[name] is Kind.GAUGE and (not alive or math.isnan(numbers[0])):
                continue
            found[name].setdefault(labels.removesuffix("}"), []).append(numbers)
    return found


def _lines(metric: Metric, found: Mapping[str, list[_Numbers]]) -> Iterator[str]:
    if not found:
        return
    told = metric.help.replace("\\", "\\\\").replace("\n", "\\n")
    yield f"# HELP {metric.name} {told}"
    yield f"# TYPE {metric.name} {metric.kind.value}"
    for labels, of_workers in sorted(found.items()):
        if metric.kind is Kind.HISTOGRAM:
            yield from _histogram(metric.name, labels, [math.fsum(cells) for cells in zip(*of_workers, strict=True)])
        else:
            yield _sample(metric.name, labels, metric.merge([numbers[0] for numbers in of_workers]))


def _histogram(name: str, labels: str, cells: Sequence[float]) -> Iterator[str]:
    *counts, seconds = cells
    reached = list(accumulate(counts))
    for bound, count in zip(_BOUNDS, reached, strict=True):
        yield _sample(f"{name}_bucket", f'{labels},le="{bound}"' if labels else f'le="{bound}"', count)
    yield _sample(f"{name}_sum", labels, seconds)
    yield _sample(f"{name}_count", labels, reached[-1])


def _sample(name: str, labels: str, value: float) -> str:
    shown = str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    return f"{name}{{{labels}}} {shown}" if labels else f"{name} {shown}"
