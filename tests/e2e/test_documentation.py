"""What the README and the examples tell a newcomer to do exists and works."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.e2e.installation import ROOT, Installation

README = ROOT / "README.md"
PAGES = sorted([README, *ROOT.glob("docs/**/*.md"), ROOT / "CONTRIBUTING.md"])
EXAMPLES = sorted((ROOT / "config").glob("*.yaml"))


def _commands(page: Path) -> list[list[str]]:
    """The words of each command in the page's code blocks; comments left out."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ").partition("#")[0].split() for block in blocks for line in block.splitlines()]
    return [words for words in lines if words]


def test_the_readme_begins_with_the_commands_that_a_newcomer_needs() -> None:
    commands = _commands(README)

    assert ["make", "demo"] in commands
    assert ["make", "test"] in commands


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    for words in _commands(page):
        if words[0] == "make":
            dry = subprocess.run(["make", "-n", words[1]], cwd=ROOT, capture_output=True, text=True, check=False)
            assert dry.returncode == 0, f"{' '.join(words)}: {dry.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_names_exists(page: Path, installed: Installation) -> None:
    known = re.findall(r"^  (\w+) ", installed.run("--help").stdout, re.MULTILINE)

    named = [words[1] for words in _commands(page) if Path(words[0]).name == "sts-gateway" and len(words) > 1]

    assert [word for word in named if word not in known and not word.startswith("-")] == []


@pytest.mark.parametrize("page", [*PAGES, *EXAMPLES], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_extra_that_a_page_names_exists(page: Path) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

    named = re.findall(r"(?:sts-gateway|['\"]\.)\[(\w+)\]", page.read_text())

    assert [extra for extra in named if extra not in extras] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_passes_the_check(path: Path, installed: Installation) -> None:
    told = installed.run("check", "--config", path)

    assert told.returncode == 0, told.stdout + told.stderr


def test_the_smallest_example_serves_by_the_commands_that_stand_in_it(installed: Installation, tmp_path: Path) -> None:
    example = (ROOT / "config" / "minimal.yaml").read_text()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "minimal.yaml").write_text(example)
    generate, check, serve = re.findall(r"^#\s+sts-gateway (.+)$", example, re.MULTILINE)

    for command in (generate, check):
        told = installed.run_program(installed.command, *command.split(), directory=tmp_path)
        assert told.returncode == 0, told.stderr
    assert serve.split() == ["serve", "--config", "config/minimal.yaml"]
