"""Whatever stands in the file, loading gives a configuration or a ConfigurationError."""

import os
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.settings.configuration import Configuration
from gateway.settings.faults import ConfigurationError
from gateway.settings.load import load
from tests.unit.settings.written import Written

SCALE = int(os.environ.get("STS_TEST_SCALE", "1"))
EXAMPLE = (Path(__file__).parents[3] / "config" / "example.yaml").read_text()
fuzzed = settings(
    max_examples=60 * SCALE,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["", "*", "${env:X}", "${env:", "${file:x}", "{role}", "{", "a/b", "https://[", "http://h:x", "1h", "[::1]:1",
         "data-platform/Analyst", "workforce", "read-lake", "-", "x" * 300, '{"a": 1}', "{" * 5000, "\u2028", "\x85"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def outcome(path: Path) -> Configuration | ConfigurationError:
    told: Configuration | ConfigurationError
    try:
        told = load(path, environment={"X": "value"})
    except ConfigurationError as error:
        told = error
    findings = (*told.faults, *told.warnings) if isinstance(told, ConfigurationError) else told.warnings
    assert findings or isinstance(told, Configuration)
    for finding in findings:
        assert finding.message
        assert finding.file == path
        assert finding.render("error").isprintable()
    return told


@fuzzed
@given(st.text(max_size=200))
def test_any_text(written: Written, text: str) -> None:
    written.path.write_text(text, encoding="utf-8", errors="replace")

    outcome(written.path)


@fuzzed
@given(st.binary(max_size=200))
def test_any_bytes(written: Written, content: bytes) -> None:
    written.path.write_bytes(content)

    outcome(written.path)


@fuzzed
@given(st.integers(0, 2**32))
def test_the_example_with_characters_changed(written: Written, seed: int) -> None:
    chance = random.Random(seed)
    characters = list(EXAMPLE)
    for _ in range(chance.randint(1, 30)):
        at = chance.randrange(len(characters))
        characters[at] = chance.choice([*"{}[]:,-#&*!|>'\"%@`\n\t ~?$", "", "x", "\x00", "\ufeff", "${env:X}"])
    written.write("".join(characters))

    outcome(written.path)


def places(tree: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [way] * bool(way) + [place for step, child in children for place in places(child, (*way, step))]


TREE = yaml.safe_load(EXAMPLE)
PLACES = places(TREE)


@settings(fuzzed, max_examples=250 * SCALE)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_the_example_with_values_replaced(written: Written, changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    tree = yaml.safe_load(EXAMPLE)
    for way, value in changes:
        here = tree
        try:
            for step in way[:-1]:
                here = here[step]
            here[way[-1]] = value
        except (TypeError, KeyError, IndexError):
            continue
    written.write(yaml.safe_dump(tree, allow_unicode=False))

    outcome(written.path)


@pytest.mark.parametrize("way", PLACES, ids=lambda way: ".".join(map(str, way)))
def test_the_example_with_any_one_value_absent(written: Written, way: tuple[Any, ...]) -> None:
    tree = yaml.safe_load(EXAMPLE)
    here = tree
    for step in way[:-1]:
        here = here[step]
    del here[way[-1]]
    written.write(yaml.safe_dump(tree))

    outcome(written.path)
