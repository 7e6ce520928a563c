"""A scraper that forgives nothing: Prometheus' text format 0.0.4, read strictly, and what histograms must hold."""

import math
import re
from dataclasses import dataclass, field

NAME = re.compile(r"[a-z][a-z0-9_]*")
_SAMPLE = re.compile(r"(?P<name>[a-z][a-z0-9_]*)(?:\{(?P<labels>.*)\})? (?P<value>[^ ]+)")
_LABEL = re.compile(r'([a-z][a-z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
_SUFFIXES = {"counter": {""}, "gauge": {""}, "histogram": {"_bucket", "_sum", "_count"}}
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}

Labels = frozenset[tuple[str, str]]


@dataclass
class Family:
    """One metric of a scrape. `samples`: suffix of the name and labels to value."""

    name: str
    help: str
    type: str = ""
    samples: dict[tuple[str, Labels], float] = field(default_factory=dict)


class Scrape:
    """What a scrape says. Raises AssertionError where Prometheus, or its linter, would complain."""

    def __init__(self, text: str) -> None:
        assert text.endswith("\n")
        self.families: dict[str, Family] = {}
        current: Family | None = None
        for line in text[:-1].split("\n"):
            if line.startswith("# HELP "):
                _, _, name, told = line.split(" ", 3)
                assert NAME.fullmatch(name)
                assert name not in self.families, f"{name} is told twice"
                current = self.families[name] = Family(name, told)
            elif line.startswith("# TYPE "):
                assert current is not None
                assert not current.type
                assert line.split(" ")[2] == current.name
                current.type = line.split(" ")[3]
                assert current.type in _SUFFIXES
            else:
                assert current is not None
                self._read(line, current)
        for family in self.families.values():
            assert family.samples, f"{family.name} has no sample"
            assert (family.type == "counter") == family.name.endswith("_total")
            if family.type == "histogram":
                _check_histogram(family)

    def value(self, name: str, suffix: str = "", **labels: str) -> float:
        """The value of one series; 0 where there is none yet."""
        family = self.families.get(name)
        return 0.0 if family is None else family.samples.get((suffix, frozenset(labels.items())), 0.0)

    def has(self, name: str, **labels: str) -> bool:
        return name in self.families and ("", frozenset(labels.items())) in self.families[name].samples

    @staticmethod
    def _read(line: str, family: Family) -> None:
        match = _SAMPLE.fullmatch(line)
        assert match, line
        suffix = match["name"].removeprefix(family.name)
        assert match["name"].startswith(family.name), f"{match['name']} stands under {family.name}"
        assert suffix in _SUFFIXES[family.type], line
        pairs = [
            (name, re.sub(r"\\.", lambda one: _ESCAPES[one[0]], value)) for name, value in _labels(match["labels"])
        ]
        assert len(dict(pairs)) == len(pairs), line
        key = (suffix, frozenset(pairs))
        assert key not in family.samples, f"{line} stands twice"
        value = float(match["value"])
        assert not math.isnan(value)
        assert family.type == "gauge" or value >= 0
        family.samples[key] = value


def _labels(text: str | None) -> list[tuple[str, str]]:
    found = [(match[1], match[2]) for match in _LABEL.finditer(text or "")]
    assert ",".join(f'{name}="{value}"' for name, value in found) == (text or "")
    return found


def _check_histogram(family: Family) -> None:
    series: dict[Labels, list[tuple[float, float]]] = {}
    for (suffix, labels), value in family.samples.items():
        if suffix == "_bucket":
            rest = frozenset(pair for pair in labels if pair[0] != "le")
            series.setdefault(rest, []).append((float(dict(labels)["le"].replace("+Inf", "inf")), value))
    for rest, buckets in series.items():
        bounds = [bound for bound, _ in buckets]
        assert bounds == sorted(set(bounds))
        assert bounds[-1] == math.inf
        assert [count for _, count in buckets] == sorted(count for _, count in buckets)
        assert family.samples["_count", rest] == buckets[-1][1]
        assert ("_sum", rest) in family.samples
