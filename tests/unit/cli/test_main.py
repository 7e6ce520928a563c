"""The command line's entry: help, version, bad usage, interrupts, and what it leaves unimported."""

import argparse
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import __version__
from gateway.cli import main as command_line
from gateway.cli.main import COMMANDS, main
from gateway.settings.faults import ConfigurationError, Fault
from tests.unit.cli.imported import imported_by

EXAMPLE = Path(__file__).parents[3] / "config" / "example.yaml"


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a subcommand `try` into the table, whose `run` is the given function."""

    def add(run: Callable[[argparse.Namespace], int]) -> None:
        module = types.ModuleType("tests_try_command")
        vars(module).update(
            SUMMARY="try something", EXAMPLE="sts-gateway try --it", run=run,
            add_arguments=lambda parser: parser.add_argument("--it", action="store_true"),
        )  # fmt: skip
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(command_line, "COMMANDS", {**COMMANDS, "try": (module.__name__, "try something")})

    return add


def ended(words: list[str]) -> int:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_help_lists_every_command_with_a_summary_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(["--help"]) == 0

    told = capsys.readouterr().out
    assert all(f"{name} " in told and summary in told for name, (_, summary) in COMMANDS.items())
    assert "example:" in told


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(["--version"]) == 0

    assert capsys.readouterr().out == f"sts-gateway {__version__}\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "required: COMMAND"),
        (["chek"], "unknown command 'chek'; did you mean 'check'?"),
        (["chek", "--config", "x"], "unknown command 'chek'; did you mean 'check'?"),
        (["--config", "x"], "sts-gateway: "),
        (["check"], "--config --schema is required"),
        (["check", "--config", "x", "--schema"], "not allowed with"),
        (["check", "--conf", "x"], "is required"),
        (["check", "--config", "x", "--frobnicate"], "unrecognized arguments: --frobnicate"),
    ],
)
def test_bad_usage_is_one_line_that_leads_to_help(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(words) == 2

    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert told in output.err
    assert "--help" in output.err


def test_a_commands_help_shows_its_example(offer: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    offer(lambda _: 0)

    assert ended(["try", "--help"]) == 0

    told = capsys.readouterr().out
    assert "try something" in told
    assert "example:\n  sts-gateway try --it\n" in told


def test_a_commands_code_is_the_exit_code(offer: Callable[..., None]) -> None:
    offer(lambda arguments: 1 if arguments.it else 0)

    assert (main(["try"]), main(["try", "--it"])) == (0, 1)


def test_an_interrupt_ends_with_130(offer: Callable[..., None]) -> None:
    def interrupted(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    offer(interrupted)

    assert main(["try"]) == 130


def test_a_configuration_that_a_command_cannot_use_is_told_a_line_each(
    offer: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(_: argparse.Namespace) -> int:
        raise ConfigurationError(
            [Fault(file=Path("c.yaml"), line=line, key="gateway.region", message="wrong") for line in (3, 4)]
        )

    offer(refused)

    assert main(["try"]) == 2
    assert capsys.readouterr().err == (
        "c.yaml:3: error: gateway.region: wrong\nc.yaml:4: error: gateway.region: wrong\n"
    )


def test_a_closed_pipe_ends_quietly() -> None:
    run = f"{sys.executable} -m gateway check --schema | head -c 1"

    ended_run = subprocess.run(run, shell=True, capture_output=True, text=True, timeout=30, check=False)

    assert (ended_run.stdout, ended_run.stderr) == ("{", "")


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        *([name, "--help"] for name in COMMANDS),
        ["check", "--schema"],
        ["check", "--config", str(EXAMPLE)],
        ["access", "--config", str(EXAMPLE)],
        ["diff", str(EXAMPLE), str(EXAMPLE)],
        [
            "simulate",
            "--config",
            str(EXAMPLE),
            "--role",
            "web-shop/Admin",
            "--action",
            "s3:GetObject",
            "--resource",
            "*",
        ],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_light_commands_leave_the_servers_libraries_unimported(words: list[str]) -> None:
    loaded = imported_by(words)

    if words[0] in {"--help", "--version"}:
        assert "pydantic" not in loaded
        assert "yaml" not in loaded
