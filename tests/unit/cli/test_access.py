"""`sts-gateway access`: the same rows as a table, as CSV and as JSON."""

import csv
import io
import json
from pathlib import Path

import pytest

from gateway.cli.access import COLUMNS, FORMATS
from gateway.cli.main import main
from gateway.exchange.catalogue import AccessRow

CONFIG = """\
gateway: {public_url: https://sts.example.com, keyring: ./keyring.json}
accounts: {lake: "111122223333"}
providers:
  workforce: {type: oidc, issuer: "https://login.example.com", audiences: [sts.amazonaws.com]}
roles:
  lake/Admin: {}
  lake/Analyst:
    trust_policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Deny
          Principal: "*"
          Action: sts:AssumeRoleWithWebIdentity
          Condition: {StringEquals: {"login.example.com:sub": eve}}
mappings:
  - {provider: workforce, groups: [analysts], roles: [lake/Analyst]}
  - {provider: workforce, group_pattern: "aws-{role}", roles: ["{account}/{role}"]}
  - {provider: workforce, groups: ["=cmd()"], claims: {sub: "a\\tb*"}, roles: [lake/Admin]}
"""
ROWS = [
    ("lake/Admin", "Allow", "workforce", "group aws-Admin", "", "mappings[1]"),
    ("lake/Admin", "Allow", "workforce", "group =cmd()", "claim sub matches a\tb*", "mappings[2]"),
    ("lake/Analyst", "Allow", "workforce", "group analysts", "", "mappings[0]"),
    ("lake/Analyst", "Allow", "workforce", "group aws-Analyst", "", "mappings[1]"),
    (
        "lake/Analyst",
        "Deny",
        "",
        "everybody",
        "Action sts:AssumeRoleWithWebIdentity; login.example.com:sub StringEquals eve",
        "trust_policy.Statement[0]",
    ),
]


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "gateway.yaml"
    path.write_text(CONFIG)
    return str(path)


def test_json_holds_every_way_to_every_role(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["access", "--config", config, "--format", "json"]) == 0

    assert [tuple(row.values()) for row in json.loads(capsys.readouterr().out)] == ROWS


def test_csv_has_the_same_rows(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["access", "--config", config, "--format", "csv"]) == 0

    header, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    assert header == list(COLUMNS)
    assert [tuple(row) for row in rows] == ROWS


@pytest.mark.parametrize("cell", ["=cmd()", "+1", "-1", "@x", "\tx"])
def test_no_cell_of_the_csv_can_be_taken_for_a_formula(cell: str, capsys: pytest.CaptureFixture[str]) -> None:
    values = {**dict.fromkeys(COLUMNS.values(), "plain"), "conditions": cell}

    FORMATS["csv"]([AccessRow(**values)])

    assert f"'{cell}" in next(csv.reader([capsys.readouterr().out.splitlines()[1]]))


def test_the_table_is_the_default_and_stays_on_its_lines(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["access", "--config", config]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == list(COLUMNS)
    assert len(lines) == 1 + len(ROWS)
    assert r"claim sub matches a\tb*" in lines[2]
    assert {line.index(row[-1]) for line, row in zip(lines[1:], ROWS, strict=True)} == {lines[0].index("by")}


def test_one_role_is_listed_alone(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["access", "--config", config, "--role", "lake/Admin", "--format", "json"]) == 0

    assert {row["role"] for row in json.loads(capsys.readouterr().out)} == {"lake/Admin"}


def test_an_unknown_role_is_told_with_the_nearest(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["access", "--config", config, "--role", "lake/Analist"]) == 2

    told = capsys.readouterr()
    assert (told.out, told.err) == (
        "",
        "sts-gateway access: unknown role 'lake/Analist'; did you mean 'lake/Analyst'?\n",
    )


def test_a_configuration_with_faults_is_refused(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(config)
    path.write_text(path.read_text().replace("roles: [lake/Analyst]", "roles: [lake/Nobody]"))

    assert main(["access", "--config", config]) == 2
    assert "mappings[0].roles[0]" in capsys.readouterr().err
