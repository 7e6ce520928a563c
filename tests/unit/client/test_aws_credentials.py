"""Where a command finds the credentials it signs with: as the AWS CLI does."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.client.aws_credentials import AwsCredentials, NoCredentials, find

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "env"}
CREDENTIALS = """
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = default%secret

[operator]
aws_access_key_id = ASIAOPERATOR
aws_secret_access_key = operator
aws_session_token = token
"""
CONFIG = """
[profile operator]
region = eu-west-1

[profile process]
credential_process = sh -c 'echo "{\\"Version\\": 1, \\"AccessKeyId\\": \\"ASIAPROCESS\\", \\"SecretAccessKey\\": \\"p\\", \\"SessionToken\\": \\"t\\"}"'

[profile failing]
credential_process = false

[profile empty]
region = eu-west-1
"""


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(CREDENTIALS)
    (tmp_path / ".aws" / "config").write_text(CONFIG)
    return {"HOME": str(tmp_path)}


FOUND: Mapping[str, tuple[Mapping[str, str], str | None, str, str | None]] = {
    "the environment first": (KEYS, None, "AKIAENV", None),
    "with its token": ({**KEYS, "AWS_SESSION_TOKEN": "t"}, None, "AKIAENV", "t"),
    "a named profile before the environment": (KEYS, "operator", "ASIAOPERATOR", "token"),
    "the profile that the environment names": ({"AWS_PROFILE": "operator"}, None, "ASIAOPERATOR", "token"),
    "the default profile": ({}, None, "AKIADEFAULT", None),
    "a credential_process": ({}, "process", "ASIAPROCESS", "t"),
}


@pytest.mark.parametrize(("environment", "profile", "key", "token"), FOUND.values(), ids=FOUND)
def test_credentials_are_found(
    home: dict[str, str], environment: Mapping[str, str], profile: str | None, key: str, token: str | None
) -> None:
    found = find({**home, **environment}, profile=profile)

    assert (found.access_key_id, found.session_token) == (key, token)


@pytest.mark.parametrize("token", ["se\ncret", "secret\u20ac", "secret\n", "se cret"])
@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"])
def test_what_no_header_can_hold_is_told_and_not_shown(name: str, token: str) -> None:
    with pytest.raises(NoCredentials, match="of the environment holds a blank") as told:
        find({**KEYS, name: token})
    assert "cret" not in str(told.value)


def test_a_percent_sign_is_itself(home: dict[str, str]) -> None:
    assert find(home).secret_access_key == "default%secret"


@pytest.mark.parametrize("profile", ["empty", "missing", "failing"])
def test_none_are_told_with_the_mend(home: dict[str, str], profile: str) -> None:
    with pytest.raises(NoCredentials, match=profile):
        find(home, profile=profile)


def test_a_user_without_a_home_has_no_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with pytest.raises(NoCredentials, match="no AWS credentials"):
        find({})


def test_files_may_stand_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(CREDENTIALS)

    assert find({"AWS_SHARED_CREDENTIALS_FILE": str(file), "HOME": "/nonexistent"}).access_key_id == "AKIADEFAULT"


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("no section = 1")

    with pytest.raises(NoCredentials, match="cannot be read"):
        find({"AWS_SHARED_CREDENTIALS_FILE": str(file), "HOME": "/nonexistent"})


def test_no_secret_is_shown() -> None:
    assert "hidden" not in repr(
        AwsCredentials(access_key_id="AKIA", secret_access_key="hidden", session_token="hidden too")
    )
