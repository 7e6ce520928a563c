"""The `aws` command, unmodified, with the environment that a workload has."""

from pathlib import Path

import pytest

from tests.e2e.aws import aws, aws_answer, remember
from tests.e2e.canaries import Canaries
from tests.e2e.openid_provider import OpenIdProvider
from tests.e2e.server import ANALYST, ENGINEER, Gateway


@pytest.fixture
def token_file(tmp_path: Path, provider: OpenIdProvider) -> Path:
    path = tmp_path / "token"
    path.write_text(provider.id_token("alice"))
    return path


@pytest.mark.parametrize("name", ["workload", None], ids=["a named session", "a session that the command names"])
def test_get_caller_identity_signs_in_by_the_token_file(
    aws_gateway: Gateway, token_file: Path, monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token_file))
    monkeypatch.setenv("AWS_ROLE_ARN", ANALYST)
    if name is not None:
        monkeypatch.setenv("AWS_ROLE_SESSION_NAME", name)

    caller = aws_answer("sts", "get-caller-identity")

    assert caller["Account"] == "111122223333"
    assert caller["Arn"].startswith("arn:aws:sts::111122223333:assumed-role/Analyst/")
    assert name is None or caller["Arn"].endswith(f"/{name}")


def test_credentials_by_hand_work_as_environment_of_the_next_command(
    aws_gateway: Gateway, token_file: Path, monkeypatch: pytest.MonkeyPatch, canaries: Canaries
) -> None:
    answer = aws_answer(
        "sts", "assume-role-with-web-identity", "--role-arn", ANALYST, "--role-session-name", "by-hand",
        "--web-identity-token", f"file://{token_file}", "--duration-seconds", "900",
    )  # fmt: skip
    credentials = answer["Credentials"]
    remember(canaries, credentials["SecretAccessKey"], credentials["SessionToken"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", credentials["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", credentials["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", credentials["SessionToken"])

    caller = aws_answer("sts", "get-caller-identity")

    assert caller["Arn"] == answer["AssumedRoleUser"]["Arn"]


def test_a_refusal_is_told_in_the_commands_own_words(aws_gateway: Gateway, token_file: Path) -> None:
    ended = aws(
        "sts", "assume-role-with-web-identity", "--role-arn", ENGINEER, "--role-session-name", "alice",
        "--web-identity-token", f"file://{token_file}",
    )  # fmt: skip

    assert ended.returncode != 0
    assert (
        "An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: "
        "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    ) in ended.stderr
