"""`sts-gateway diff`: the changes as a table and as JSON."""

import json
from pathlib import Path

import pytest

from gateway.cli.main import main

CONFIG = """\
gateway: {public_url: https://sts.example.com, keyring: ./keyring.json}
accounts: {lake: "111122223333"}
providers:
  workforce: {type: oidc, issuer: "https://login.example.com", audiences: [sts.amazonaws.com]}
roles:
  lake/Analyst: {}
mappings:
  - {provider: workforce, groups: [analysts], roles: [lake/Analyst]}
"""


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("old.yaml").write_text(CONFIG)
    Path("new.yaml").write_text(CONFIG.replace("[analysts]", '["fin\\tance"]'))
    return tmp_path


def test_changes_are_a_table_by_default(paths: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "old.yaml", "new.yaml"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "change  who                           what                     by",
        "loses   group analysts of workforce   may assume lake/Analyst  mappings[0]",
        r"gains   group fin\tance of workforce  may assume lake/Analyst  mappings[0]",
    ]


def test_json_has_the_same_changes(paths: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "old.yaml", "new.yaml", "--format", "json"]) == 0

    assert [list(change.values()) for change in json.loads(capsys.readouterr().out)] == [
        ["loses", "group analysts of workforce", "may assume lake/Analyst", "mappings[0]"],
        ["gains", "group fin\tance of workforce", "may assume lake/Analyst", "mappings[0]"],
    ]


def test_no_difference_is_said(paths: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "old.yaml", "old.yaml"]) == 0
    assert capsys.readouterr().out == "no difference in who may do what\n"

    assert main(["diff", "old.yaml", "old.yaml", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("words", [["old.yaml", "bad.yaml"], ["bad.yaml", "old.yaml"]])
def test_a_configuration_with_faults_is_refused(
    paths: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.yaml").write_text(CONFIG.replace("roles: [lake/Analyst]", "roles: [lake/Nobody]"))

    assert main(["diff", *words]) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert "bad.yaml:8: error: mappings[0].roles[0]: unknown role 'lake/Nobody'" in told.err
