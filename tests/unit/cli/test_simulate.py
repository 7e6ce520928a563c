"""`sts-gateway simulate`: JSON and a table, one exit code for either decision, and bad usage in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.main import main

CONFIG = """\
gateway: {public_url: https://sts.example.com, keyring: ./keyring.json}
accounts: {lake: "111122223333"}
roles:
  lake/Reader: {policies: [read], tags: {team: blue}}
policies:
  read:
    Version: "2012-10-17"
    Statement:
      - {Sid: Mine, Effect: Allow, Action: "s3:Get*", Resource: "arn:aws:s3:::lake/${aws:PrincipalTag/team}/*"}
      - {Effect: Allow, Action: "s3:List*", Resource: "*", Condition: {"ForAllValues:StringEquals": {"x:y": [a, b]}}}
      - {Sid: Never, Effect: Deny, Action: "s3:GetObjectAcl", Resource: "*"}
"""
BLUE = "arn:aws:s3:::lake/blue/a"


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "gateway.yaml"
    path.write_text(CONFIG)
    return str(path)


def words(config: str, *more: str, action: str = "s3:GetObject", resource: str = BLUE) -> list[str]:
    return ["simulate", "--config", config, "--role", "lake/Reader", "--action", action, "--resource", resource, *more]


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_an_allow_is_told_as_json_by_default(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(config)) == 0

    assert told(capsys) == {
        "decision": "allow",
        "reason": "allowed by read.Statement[0] (Mine)",
        "matched": [{"statement": "read.Statement[0]", "sid": "Mine", "effect": "Allow"}],
    }


def test_a_deny_is_done_too(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(config, action="s3:GetObjectAcl")) == 0

    assert told(capsys) == {
        "decision": "deny",
        "reason": "explicitly denied by read.Statement[2] (Never)",
        "matched": [{"statement": "read.Statement[2]", "sid": "Never", "effect": "Deny"}],
    }


@pytest.mark.parametrize(
    ("context", "resource", "action", "decision"),
    [
        (["aws:PrincipalTag/team=red"], BLUE, "s3:GetObject", "deny"),
        (["aws:principaltag/TEAM=red"], "arn:aws:s3:::lake/red/a", "s3:GetObject", "allow"),
        (["x:y=a", "x:y=b"], "*", "s3:ListBucket", "allow"),
        (["x:y=a", "X:Y=c"], "*", "s3:ListBucket", "deny"),
        (["x:y=a=b"], "*", "s3:ListBucket", "deny"),
    ],
)
def test_context_takes_the_place_of_a_sessions_keys_and_may_have_several_values(
    config: str, context: list[str], resource: str, action: str, decision: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [word for pair in context for word in ("--context", pair)]

    assert main(words(config, *given, action=action, resource=resource)) == 0

    assert told(capsys)["decision"] == decision


def test_a_session_policy_narrows(config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:List*","Resource":"*"}}')

    assert main(words(config, "--session-policy", str(policy))) == 0

    assert told(capsys)["reason"].startswith("no session policy allows s3:GetObject on")


def test_the_table_is_readable(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(config, "--format", "table")) == 0

    assert capsys.readouterr().out.splitlines() == [
        "decision  allow",
        "reason    allowed by read.Statement[0] (Mine)",
        "matched   Allow read.Statement[0] (Mine)",
    ]


@pytest.mark.parametrize(
    ("more", "changed", "message"),
    [
        ([], {"action": "GetObject"}, "--action 'GetObject' is none; write one action, such as s3:GetObject"),
        ([], {"action": "s3:Get*"}, "--action 's3:Get*' is none"),
        ([], {"resource": "lake/a"}, "--resource 'lake/a' is none; write an ARN with six parts"),
        (["--context", "aws:SourceIp"], {}, "--context 'aws:SourceIp' has no value; write KEY=VALUE"),
        (["--context", "=x"], {}, "--context '=x' has no value"),
        (["--session-policy", "nowhere.json"], {}, "--session-policy nowhere.json cannot be read: No such file"),
        (["--session-policy", "BAD"], {}, "Statement[0].Action names an action without a vendor"),
        (["--session-policy", "LONG"], {}, "is longer than the 2048 characters that STS takes"),
        (["--session-policy", "LATIN"], {}, "cannot be read: it is not UTF-8"),
    ],
)
def test_bad_usage_is_one_line_with_the_mend(
    config: str,
    tmp_path: Path,
    more: list[str],
    changed: dict[str, str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad = '{"Statement": {"Effect": "Allow", "Action": "GetObject", "Resource": "*"}}'
    for name, text in {"BAD": bad.encode(), "LONG": b" " * 2049, "LATIN": b"\xff"}.items():
        (tmp_path / name).write_bytes(text)
    more = [str(tmp_path / word) if (tmp_path / word).exists() else word for word in more]

    assert main(words(config, *more, **changed)) == 2

    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    assert output.err.startswith("sts-gateway simulate: ")
    assert message in output.err


def test_an_unknown_role_is_told_with_the_nearest(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word.replace("lake/Reader", "lake/Raeder") for word in words(config)]) == 2

    assert capsys.readouterr().err == (
        "sts-gateway simulate: unknown role 'lake/Raeder'; did you mean 'lake/Reader'?\n"
    )
