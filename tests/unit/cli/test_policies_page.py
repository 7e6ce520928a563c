"""Every command of the page on policies runs, and says what the page says."""

import re
import shlex
from pathlib import Path

import pytest

from gateway.cli.main import main

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"^```sh\n(.+?)^```\n(?:\n```(?:text|json)\n(.+?)^```)?", re.MULTILINE | re.DOTALL)
COMMANDS = [
    (line, told.splitlines())
    for block, told in BLOCK.findall((ROOT / "docs" / "policies.md").read_text())
    for line in block.splitlines()
]


def test_the_page_shows_each_command() -> None:
    assert {shlex.split(line)[1] for line, _ in COMMANDS} == {"simulate", "access", "diff", "check"}


@pytest.mark.parametrize(("line", "told"), COMMANDS, ids=[line for line, _ in COMMANDS])
def test_a_command_says_what_the_page_says(
    line: str, told: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)

    assert main(shlex.split(line)[1:]) == 0

    said = capsys.readouterr().out.splitlines()
    assert [one for one in told if one not in said] == []
