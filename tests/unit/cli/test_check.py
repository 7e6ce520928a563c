"""`sts-gateway check`: findings, their streams, the line that sums up, and the exit codes."""

import json
from pathlib import Path

import pytest

from gateway.cli.main import main

CONFIG = Path(__file__).parents[3] / "config"
KEYRING = "keyring.json"
NOBODY = "nobody can assume it: no mapping names it, and no trust_policy admits anybody; add one, or remove the role"
NO_SECRET = "not a secret key; write 16 to 128 printable ASCII characters without spaces"
GOOD = """\
gateway:
  public_url: https://sts.example.com
  keyring: ./keyring.json
accounts:
  a: "111122223333"
providers:
  p: {type: oidc, issuer: "https://login.example.com", audiences: [a]}
roles:
  a/One: {}
mappings:
  - {provider: p, groups: [g], roles: [a/One]}
"""
WARNED = GOOD.replace("  a/One: {}\n", "  a/One: {}\n  a/Two: {}\n")
BAD = f"{WARNED}users:\n  b/ci: {{}}\n  a/ci: {{access_keys: [{{id: AKIAEXAMPLEEXAMPLE22, secret: hunter2}}]}}\n"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / KEYRING).touch()
    return Path("c.yaml")


def test_a_good_configuration_is_summed_up_in_one_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(GOOD)

    assert main(["check", "--config", "c.yaml", "--strict"]) == 0
    assert capsys.readouterr() == ("c.yaml: in order: 1 role, 1 mapping\n", "")


def test_a_missing_keyring_is_told_and_no_fault(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(GOOD)
    Path(KEYRING).unlink()

    assert main(["check", "--config", "c.yaml", "--strict"]) == 0
    note, summary = capsys.readouterr().out.splitlines()
    assert note.startswith("c.yaml: note: there is no keyring at /")
    assert note.endswith(f"/{KEYRING}; make it with `sts-gateway keys generate`")
    assert summary.startswith("c.yaml: in order")


def test_warnings_are_told_and_pass(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(WARNED)

    assert main(["check", "--config", "c.yaml"]) == 0

    output = capsys.readouterr()
    assert output.out.splitlines() == [
        "c.yaml:10: warning: roles.a/Two: " + NOBODY,
        "c.yaml: in order: 2 roles, 1 mapping, 1 warning",
    ]
    assert output.err == ""


def test_strict_refuses_warnings(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(WARNED)

    assert main(["check", "--config", "c.yaml", "--strict"]) == 1
    assert capsys.readouterr().err == "c.yaml: 1 warning, refused by --strict\n"


def test_errors_are_told_a_line_each_with_file_and_line_and_no_secret(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(BAD)

    assert main(["check", "--config", "c.yaml"]) == 1

    output = capsys.readouterr()
    assert output.err.splitlines() == [
        "c.yaml:14: error: users.b/ci: unknown account 'b'; known: a",
        "c.yaml:15: error: users.a/ci.access_keys[0].secret: " + NO_SECRET,
        "c.yaml: 2 errors",
    ]
    assert output.out.count("warning:") == 1
    assert "hunter2" not in output.out + output.err


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_path_with_nothing_to_check_is_bad_usage(path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not path.exists()

    assert main(["check", "--config", name]) == 2

    output = capsys.readouterr()
    assert output.err.startswith(f"{name}: error: cannot read the configuration: ")
    assert output.out == ""


@pytest.mark.parametrize("name", ["example.yaml", "minimal.yaml"])
def test_the_files_of_the_repository_are_in_order(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config", str(CONFIG / name), "--strict"]) == 0
    assert "in order" in capsys.readouterr().out


def test_schema_is_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--schema"]) == 0

    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["gateway"]
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == {
        "gateway", "accounts", "providers", "roles", "policies", "mappings", "users", "services",
    }  # fmt: skip
