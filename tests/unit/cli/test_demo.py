"""`sts-gateway demo`: told from end to end, left running, and every reason not to start."""

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.cli.main import main

pytestmark = pytest.mark.slow

TIMEOUT = 30


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        yield port


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_the_demo_tells_its_story_and_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0

    output = capsys.readouterr()
    assert output.err == ""
    assert "\x1b" not in output.out
    assert "Every step did what it says." in output.out


def test_a_step_that_fails_is_exit_code_1(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.demo import script

    monkeypatch.setattr(script, "_SESSION_SECONDS", 3_601)

    assert main(["demo"]) == 1

    output = capsys.readouterr()
    assert "FAILED   step 2: " in output.out
    assert "Every step" not in output.out


def test_without_boto3_one_line_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec

    def found(name: str, *rest: Any) -> ModuleSpec | None:
        return None if name == "boto3" else real(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", found)

    assert main(["demo"]) == 1
    assert capsys.readouterr() == (
        "",
        "sts-gateway demo: the demo's client is boto3, which is not installed; run pip install 'sts-gateway[demo]'\n",
    )


@pytest.mark.parametrize("words", [["--serve"], []], ids=["serve", "tell"])
def test_a_port_that_is_taken_is_told(words: list[str], busy_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", *words, "--port", str(busy_port)]) == 1

    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"sts-gateway demo: cannot listen on 127.0.0.1:{busy_port}")
    assert output.err.endswith(
        "; another process listens there: end it, or name another port (--port, or `make serve PORT=P`)\n"
    )


def test_make_takes_the_port_by_name() -> None:
    words = ["make", "--no-print-directory", "--dry-run", "serve", "PORT=8090"]
    said = subprocess.run(words, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True).stdout

    assert said.splitlines()[-1].endswith("demo --serve --port 8090")


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "٨"])
def test_a_port_that_is_none_is_bad_usage(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--serve", f"--port={port}"])

    assert ended.value.code == 2
    assert "is no port; give a number from 1 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_served_world_answers_until_it_is_interrupted(number: signal.Signals, free_port: int) -> None:
    words = [sys.executable, "-m", "gateway", "demo", "--serve", "--port", str(free_port)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        page = httpx.get(f"http://127.0.0.1:{free_port}/portal", trust_env=False, follow_redirects=True)
        process.send_signal(number)
        rest, errors = process.stdout.read(), process.stderr.read()
        process.wait(TIMEOUT)

    assert f"open http://127.0.0.1:{free_port}/portal" in first
    assert page.status_code == 200
    assert (process.returncode, errors) == (0, "")
    [folder] = re.findall(r"audit log: (\S+)\)", rest)
    assert not os.path.exists(folder)  # noqa: PTH110
    assert rest.endswith("Ended.\n")
