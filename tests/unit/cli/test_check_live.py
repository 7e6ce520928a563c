"""`sts-gateway check --live` where no provider need run: keys from a file, closed ports, the state store."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from gateway.cli.main import main
from tests.unit.cli.test_check import keyring

# Nothing listens on the port of discard.
NOBODY = "http://127.0.0.1:9"
Check = Callable[..., int]


def configuration(folder: Path, *, provider: str | None = None, state: str = "memory:") -> str:
    settings = provider or f"issuer: https://login.example.com, jwks_file: {folder}/keys.json"
    return f"""\
gateway: {{public_url: "http://127.0.0.1:8080", keyring: ./keyring.json, state: "{state}"}}
accounts: {{a: "111122223333"}}
providers:
  p: {{type: oidc, audiences: [a], {settings}}}
roles: {{a/One: {{}}}}
mappings: [{{provider: p, groups: [g], roles: [a/One]}}]
"""


@pytest.fixture
def check(tmp_path: Path) -> Check:
    keys = {"keys": [RSAKey.generate_key(2048).as_dict(private=False)]}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    keyring(tmp_path / "keyring.json")

    def run(*words: str, text: str | None = None) -> int:
        path = tmp_path / "c.yaml"
        path.write_text(configuration(tmp_path) if text is None else text)
        return main(["check", "--config", str(path), "--live", *words])

    return run


def test_what_answers_is_told(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 0

    told = capsys.readouterr()
    assert told.out.splitlines()[1:] == ["p: https://login.example.com has keys for RS256", "state: it answers"]
    assert told.err == ""


def test_a_provider_whose_keys_are_for_other_algorithms_is_a_fault(
    check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = configuration(tmp_path).replace("audiences: [a]", "audiences: [a], algorithms: [ES256, EdDSA]")

    assert check(text=text) == 1

    told = capsys.readouterr().err
    assert "p: error: no key of the issuer is for ES256, EdDSA; name the algorithms that it signs with" in told


def test_a_provider_that_does_not_answer_is_a_fault_with_the_mend(
    check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(text=configuration(tmp_path, provider=f"issuer: '{NOBODY}'")) == 1

    told = capsys.readouterr()
    assert f"p: error: {NOBODY}/.well-known/openid-configuration" in told.err
    assert "correct issuer or ca_file" in told.err
    assert told.err.splitlines()[-1].endswith("not in order: errors 1, warnings 0")


def test_what_a_server_would_log_of_it_is_not_printed_too(check: Check, tmp_path: Path) -> None:
    check(text=configuration(tmp_path, provider=f"issuer: '{NOBODY}'"))

    words = [sys.executable, "-m", "gateway", "check", "--live", "--config", str(tmp_path / "c.yaml")]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    told = ended.stderr.splitlines()
    assert [line.split(":")[:2] for line in told] == [["p", " error"], [str(tmp_path / "c.yaml"), " not in order"]]


def test_a_store_that_is_not_there_yet_is_not_made(
    check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its file would be the operator's, and the server could not open it."""
    file = tmp_path / "state.db"

    assert check(text=configuration(tmp_path, state=f"sqlite:///{file}")) == 0

    assert "state: the server makes it at its first start" in capsys.readouterr().out
    assert not file.exists()


def test_a_store_that_cannot_be_used_is_a_fault(
    check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "state.db"
    file.write_text("no database" * 1_000)

    assert check(text=configuration(tmp_path, state=f"sqlite:///{file}")) == 1
    assert f"state: error: {file}" in capsys.readouterr().err


def test_a_keyring_that_serve_would_refuse_is_a_fault(
    check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keyring.json").chmod(0o644)

    assert check() == 1

    told = capsys.readouterr()
    assert "others may use this file (mode 0644)" in told.err
    assert told.err.splitlines()[-1].endswith("not in order: errors 1, warnings 0")
    assert "note: " not in told.out


def test_faults_of_the_configuration_come_first_and_nobody_is_asked(
    check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(text=configuration(tmp_path).replace("a/One: {}", "b/One: {}")) == 1
    assert "login.example.com" not in capsys.readouterr().out


MISUSED = {
    "no name": (["--user", "p"], "is no PROVIDER/NAME"),
    "an empty name": (["--user", "p/"], "is no PROVIDER/NAME"),
    "an unknown provider": (["--user", "q/alice"], "unknown provider 'q'; known: p"),
    "a provider that takes tokens": (["--user", "p/alice"], "use explain with the claims of a token"),
}


@pytest.mark.parametrize(("words", "told"), MISUSED.values(), ids=MISUSED)
def test_a_person_who_cannot_be_asked_about_is_bad_usage(
    check: Check, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert check(*words) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--config", "c.yaml", "--user", "p/alice"], ["--schema", "--live"]])
def test_options_without_what_they_belong_to_are_bad_usage(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *words]) == 2
    assert "--live goes with --config, and --user with --live" in capsys.readouterr().err
