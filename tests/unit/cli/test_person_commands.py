"""The commands of people start fast: they load nothing but the standard library and the gateway's own few modules."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.login import told
from gateway.cli.main import main

PROGRAM = """
import json, sys
from importlib import import_module
before = {name.partition(".")[0] for name in sys.modules}  # what the installation itself loads
from gateway.cli import main
for name in ("login", "credentials", "configure", "console"):
    import_module("gateway.cli." + name)
import gateway.client.person
code = main.main(["credentials", "--url", "http://127.0.0.1:9", "--role", "111122223333/Analyst"])
loaded = {name.partition(".")[0] for name in sys.modules} - before
print(json.dumps([code, sorted(loaded - sys.stdlib_module_names), sorted(n for n in sys.modules if n.startswith("gateway."))]))
"""
ASKED = """
import sys
from gateway.cli.login import told
sys.exit(told("login", lambda: print(input(), file=sys.stderr)))
"""
ROOMS = {"cli", "client", "domain", "settings", "sigv4", "wire"}


def test_only_the_standard_library_is_loaded() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    code, loaded, ours = json.loads(ended.stdout)
    assert code == 1
    assert "nobody is signed in here; run `sts-gateway login --url http://127.0.0.1:9` first" in ended.stderr
    assert loaded == ["gateway"]
    assert {name.split(".")[1] for name in ours} <= ROOMS


def test_a_question_that_nobody_answers_ends_in_one_line() -> None:
    """A pipe, or a job, in place of a terminal."""
    ended = subprocess.run(
        [sys.executable, "-c", ASKED], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert ended.stderr == "sts-gateway login: it asks, and nobody answers: run it on a terminal\n"
    assert ended.returncode == 1


@pytest.mark.parametrize("command", ["login", "credentials", "configure"])
def test_a_cache_that_cannot_be_used_is_told_in_one_line(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    assert main([command, "--url", "http://127.0.0.1:9"]) == 1
    assert capsys.readouterr().err == f"sts-gateway {command}: {tmp_path}/file/sts-gateway: Not a directory\n"


@pytest.mark.parametrize("command", ["login", "credentials", "configure"])
def test_a_user_without_a_home_is_told_in_one_line(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", _homeless)

    assert main([command, "--url", "http://127.0.0.1:9"]) == 1
    assert capsys.readouterr().err == f"sts-gateway {command}: ~: this user has no home; set HOME\n"


def _homeless() -> Path:
    raise RuntimeError("Could not determine home directory.")


def test_a_fault_that_names_no_file_is_told_without_one(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    assert told("login", fail) == 1
    assert capsys.readouterr().err == "sts-gateway login: No space left on device\n"
