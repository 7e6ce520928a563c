import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings.faults import Fault
from gateway.settings.parse import parse, resolve
from gateway.settings.tree import Section, child, entries_of, items_of, plain, text_of

pytestmark = pytest.mark.slow

FILE = Path("c.yaml")


def read(text: str) -> tuple[object, list[Fault]]:
    faults: list[Fault] = []
    root = parse(text, FILE, faults)
    return (None if root is None else plain(root)), faults


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2012-10-17", "2012-10-17"),
        ("no", "no"),
        ("on", "on"),
        ("12:30:00", "12:30:00"),
        ("5/15m", "5/15m"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("9" * 30, "9" * 30),
        ("0900", 900),
        ("-7", -7),
        ("1.5", 1.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'true'", "true"),
        ('"7"', "7"),
        ("!!str 7", "7"),
    ],
)
def test_a_scalar_means_what_it_looks_like(written: str, meant: object) -> None:
    value, faults = read(f"a: {written}\n")

    assert (value, faults) == ({"a": meant}, [])
    assert type(value["a"]) is type(meant)  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "line", "key", "message"),
    [
        ("a: 1\nb: 2\na: 3", 3, "a", "set twice; first at line 1: remove one of them"),
        ("a:\n  b: 1\n  b: 2", 3, "a.b", "set twice; first at line 2"),
        ("a:\n - {x: 1, x: 2}", 2, "a[0].x", "set twice"),
        ("a: 1\n---\nb: 2", 2, "", "a second document"),
        ("", 0, "", "the file is empty"),
        ("# nothing\n", 0, "", "the file is empty"),
        ("a:\n - !x y", 2, "a[0]", "a YAML tag"),
        ("a: !!python/object/apply:os.system [ls]", 1, "a", "a YAML tag"),
        ("a: !!binary aGk=", 1, "a", "a YAML tag"),
        ("? [a]\n: b", 1, "", "a key that is a list or a section"),
        ("a: 1\nb: *c", 2, "b", "an alias"),
        ("a: &x [*x]", 1, "a[0]", "an alias"),
        ("a: 1\n<<: 7", 2, "<<", "takes a section"),
        ('a: "\\u0007"', 1, "a", "a control character"),
        ("a: [", 2, "", "not YAML"),
        ("a: b: c", 1, "", "not YAML"),
        ("a:\n\t- b", 2, "", "not YAML"),
        ("a: 'x", 1, "", "not YAML"),
        ("a: \x00", 1, "", "not YAML"),
        ("a: @x", 1, "", "put a value that begins with @, % or ` in quotes"),
        ("a:\n  b: *\n", 2, "", 'put a value that begins with * or & in quotes: "*"'),
        ("a:\n  x: 1\n  b:c\nd: 1\n", 3, "", "write KEY: VALUE, with a blank behind the colon"),
        ("a:\n\tb: 1\n", 2, "", "indent with blanks"),
    ],
)
def test_what_no_configuration_may_hold_is_told_with_its_line(text: str, line: int, key: str, message: str) -> None:
    _, faults = read(text)

    assert len(faults) == 1
    assert (faults[0].line, faults[0].key) == (line, key)
    assert message in faults[0].message


def test_the_name_of_an_unknown_alias_is_not_echoed() -> None:
    _, faults = read("secret: *hunter2hunter2")

    assert "hunter2" not in faults[0].render("error")


def test_after_a_key_set_twice_reading_goes_on_and_the_first_counts() -> None:
    value, faults = read("a: 1\na: 2\nb: 3\nb: 4")

    assert value == {"a": 1, "b": 3}
    assert [fault.line for fault in faults] == [2, 4]


def test_keys_are_texts_whatever_they_look_like() -> None:
    value, faults = read("1: a\ntrue: b\n2012-10-17: c\non: d")

    assert (value, faults) == ({"1": "a", "true": "b", "2012-10-17": "c", "on": "d"}, [])


def test_aliases_and_merge_keys_are_expanded_and_own_keys_win() -> None:
    value, faults = read("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: [*a, {z: 4}]}\nd: *a")

    assert faults == []
    assert value == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": {"x": 1, "y": 2, "z": 4}, "d": {"x": 1, "y": 2}}


@pytest.mark.parametrize(
    "text",
    [
        "\n".join([f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'x'}]" for n in range(30)]),
        "a: &a {" + ", ".join(f"k{n}: 1" for n in range(5000)) + "}\nb:\n" + " - {<<: *a}\n" * 5000,
        "[" * 100_000,
        "{a: " * 100_000,
        "? " * 100_000,
        "- " * 100_000,
        "a: &a " + "[" * 38 + "]" * 38 + "\n" + "\n".join(f"b{n}: &b{n} [[[*{'a' if n == 0 else f'b{n - 1}'}]]]" for n in range(400)),
        "x: [" + "1," * 600_000 + "]",
    ],
    ids=["billion laughs", "merge bomb", "deep lists", "deep sections", "deep keys", "deep blocks", "deep aliases", "many values"],
)  # fmt: skip
def test_a_bomb_is_refused_in_bounded_time(text: str) -> None:
    begun = time.thread_time()

    value, faults = read(text)

    assert value is None
    assert len(faults) == 1
    assert any(part in faults[0].message for part in ("nested deeper", "more than 500000 values", "not YAML"))
    assert time.thread_time() - begun < 20


def test_places_are_those_of_keys_and_values() -> None:
    faults: list[Fault] = []
    root = parse("a:\n  b:\n    - x\n    - y\n", FILE, faults)

    assert isinstance(root, Section)
    entry = entries_of(child(root, "a"))["b"]
    assert entry.place.line == 2
    assert [item.place.line for item in items_of(entry.node)] == [3, 4]
    assert text_of(items_of(entry.node)[1]) == "y"


@given(st.integers(-(10**17), 10**17))
def test_every_decimal_number_is_read_back(number: int) -> None:
    assert resolve(str(number)) == number
