"""`sts-gateway serve`: where it listens, what it refuses in one line, and a whole run of the process."""

import json
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.main import main
from gateway.cli.serve import addresses

TREE = Path(__file__).parents[3]
CONFIGURATION = """\
gateway:
  public_url: http://127.0.0.1:8080
  keyring: ./keyring.json
accounts:
  a: "111122223333"
roles:
  a/One: {}
services:
  lake: {type: s3, hosts: [h], proxy_token: t}
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration in order, its keyring beside it."""
    monkeypatch.chdir(tmp_path)
    written = tmp_path / "c.yaml"
    written.write_text(CONFIGURATION)
    assert main(["keys", "generate", "--keyring", "keyring.json"]) == 0
    return written


def with_gateway(path: Path, line: str) -> None:
    path.write_text(CONFIGURATION.replace("gateway:\n", f"gateway:\n  {line}\n"))


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code, and the lines of standard error that are no log."""
    capsys.readouterr()
    code = main(["serve", "--config", "c.yaml", *words])
    told = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("{")]
    return code, "\n".join(told)


@pytest.mark.parametrize(
    ("public_url", "expected"),
    [
        ("http://127.0.0.1:9000", ("127.0.0.1", 9000)),
        ("http://localhost:9000", ("127.0.0.1", 9000)),
        ("http://sts.localhost:9000", ("127.0.0.1", 9000)),
        ("http://[::1]:9000", ("::1", 9000)),
        ("http://localhost", ("127.0.0.1", 80)),
        ("https://localhost:8443", ("127.0.0.1", 8080)),
        ("https://sts.example.com", ("0.0.0.0", 8080)),
        ("https://sts.example.com:8443", ("0.0.0.0", 8080)),
    ],
)
def test_where_it_listens_follows_from_the_public_url(public_url: str, expected: tuple[str, int]) -> None:
    assert addresses(public_url) == expected


def test_a_broken_configuration_is_told_a_line_each(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(CONFIGURATION.replace("a/One", "b/One").replace("111122223333", "12"))

    code, told = refusal(capsys)

    assert code == 2
    assert [line.split(": ")[0] for line in told.splitlines()] == ["c.yaml:5", "c.yaml:7"]


def test_a_missing_keyring_is_told_with_the_mend(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.with_name("keyring.json").unlink()

    code, told = refusal(capsys)

    assert code == 2
    assert "\n" not in told
    assert told.startswith("sts-gateway serve: ")
    assert "keyring.json: " in told
    assert "sts-gateway keys generate" in told


def test_several_workers_need_a_state_that_they_share(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert path.exists()

    assert refusal(capsys, "--workers", "2") == (
        2,
        "sts-gateway serve: --workers 2 needs a state that workers share; set gateway.state",
    )


@pytest.mark.parametrize("internal", ["127.0.0.1:9191", "0.0.0.0:9191"])
def test_an_internal_listener_at_the_public_ones_address_is_told_by_its_key(
    path: Path, capsys: pytest.CaptureFixture[str], internal: str
) -> None:
    with_gateway(path, f"internal_listen: {internal}")

    code, told = refusal(capsys, "--host", "127.0.0.1", "--port", "9191")

    assert code == 2
    assert "gateway.internal_listen and the public listener both name 127.0.0.1:9191; change one" in told


def test_a_certificate_that_cannot_be_used_is_one_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.with_name("tls.crt").write_text("none")
    with_gateway(path, "tls: {certificate: ./tls.crt, private_key: ./tls.crt}")

    code, told = refusal(capsys, "--port", "0")

    assert code == 2
    assert "not a certificate and its key" in told
    assert "\n" not in told


def test_an_audit_log_that_cannot_be_written_is_one_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_gateway(path, "audit: {path: ./nowhere/audit.log}")

    code, told = refusal(capsys, "--port", "0")

    assert code == 2
    assert told.endswith("nowhere/audit.log: the audit log cannot be written: No such file or directory")


def test_a_port_in_use_is_one_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert path.exists()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, told = refusal(capsys, "--port", str(port))

    mend = "another process listens there: end it, or name another port"
    assert (code, told) == (
        1,
        f"sts-gateway serve: cannot listen on 127.0.0.1:{port}: Address already in use; {mend} (--host, --port)",
    )


def test_an_internal_port_in_use_names_its_setting(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with_gateway(path, f"internal_listen: 127.0.0.1:{taken.getsockname()[1]}")

        code, told = refusal(capsys, "--port", "0")

    assert code == 1
    assert told.endswith("name another port (gateway.internal_listen)")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "required: --config"),
        (["--config", "c", "--port", "65536"], "'65536' is not a port; write 0 to 65535"),
        (["--config", "c", "--port", "-1"], "--port"),
        (["--config", "c", "--port", "http"], "'http' is not a port"),
        (["--config", "c", "--workers", "0"], "'0' is not a number of workers; write 1 to 64"),
        (["--config", "c", "--workers", "\u0661"], "is not a number of workers"),
    ],
)
def test_bad_usage_is_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve", *words])

    error = capsys.readouterr().err
    assert caught.value.code == 2
    assert told in error
    assert error.count("\n") == 1


class Run:
    """`sts-gateway serve` as a process; `log` is its standard error so far."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "--config", str(path), "--port", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=TREE,
        )  # fmt: skip
        self.log: list[dict[str, Any]] = []
        self._listening = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._listening.wait(15), self.log

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(json.loads(line))
            if self.log[-1]["message" if "message" in self.log[-1] else "logger"] == "listening":
                self._listening.set()

    @property
    def url(self) -> str:
        return str(next(line["url"] for line in self.log if line.get("message") == "listening"))

    def end(self, *signals: signal.Signals) -> int:
        for one in signals:
            self.process.send_signal(one)
            threading.Event().wait(0.3)
        code = self.process.wait(15)
        self._reader.join(5)
        return code


@pytest.fixture
def run(path: Path) -> Iterator[Run]:
    started = Run(path)
    yield started
    started.process.kill()
    started.process.wait()
    for pipe in (started.process.stdout, started.process.stderr):
        assert pipe is not None
        pipe.close()


def test_a_run_answers_probes_and_sts_and_logs_no_query(run: Run) -> None:
    with urllib.request.urlopen(f"{run.url}/readyz", timeout=5) as ready:
        assert (ready.status, ready.read()) == (200, b"ok\n")
    query = "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Security-Token=canary"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{run.url}/?{query}", timeout=5)

    with caught.value as answer:
        body = answer.read()
    assert answer.code in {400, 403}
    assert answer.headers["x-amzn-RequestId"].encode() in body
    assert answer.headers["Cache-Control"] == "no-store"
    assert run.end(signal.SIGTERM, signal.SIGTERM) == 0
    assert [line["path"] for line in run.log if line["logger"] == "gateway.access"] == ["/readyz", "/"]
    assert [line["message"] for line in run.log if line["logger"] == "gateway.settings"] != []
    assert run.process.stdout is not None
    assert "canary" not in json.dumps(run.log) + run.process.stdout.read()


def test_an_interrupt_ends_with_130(run: Run) -> None:
    assert run.end(signal.SIGINT) == 130
