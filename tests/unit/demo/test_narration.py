"""How the script speaks."""

import io

import pytest

from gateway.demo.narration import Narrator, colour_wanted, veiled


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "wanted"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
    ],
    ids=["terminal", "an empty NO_COLOR says nothing", "NO_COLOR", "dumb terminal", "file"],
)
def test_colour_is_for_terminals_and_whoever_wants_it(
    stream: io.StringIO, environment: dict[str, str], wanted: bool
) -> None:
    assert colour_wanted(stream, environment) is wanted


def test_of_a_secret_four_characters_are_shown() -> None:
    assert veiled("wJalrXUtnFEMI") == "wJal..."


def told_by(narrator: Narrator) -> None:
    narrator.title("Title")
    narrator.step("First")
    narrator.sent("GET /\nHost: x")
    narrator.values({"one": "1", "three": [1, "é"]})
    narrator.step("Second")
    narrator.failed("no")


def test_plain_text_is_plain() -> None:
    stream = io.StringIO()

    told_by(Narrator(stream, colour=False))

    assert stream.getvalue() == (
        "Title\n"
        "\n1. First\n"
        "   sent     GET /\n"
        "            Host: x\n"
        "            one    1\n"
        '            three  [1, "é"]\n'
        "\n2. Second\n"
        "   FAILED   no\n"
    )


def test_colour_adds_escapes_and_nothing_else() -> None:
    import re

    plain, coloured = io.StringIO(), io.StringIO()

    told_by(Narrator(plain, colour=False))
    told_by(Narrator(coloured, colour=True))

    assert "\x1b[1m" in coloured.getvalue()
    without = re.sub(r"\x1b\[\d+m", "", coloured.getvalue())
    assert [line.split() for line in without.splitlines()] == [line.split() for line in plain.getvalue().splitlines()]


def test_the_step_that_was_begun_is_known() -> None:
    narrator = Narrator(io.StringIO(), colour=False)

    assert narrator.current == 0
    told_by(narrator)
    assert narrator.current == 2
