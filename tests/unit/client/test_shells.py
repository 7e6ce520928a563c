"""What people paste into a shell works in a shell where nothing of AWS's was ever set."""

import shutil
import subprocess

import pytest

from gateway.client.shells import SET, exported

VARIABLES = {"AWS_ACCESS_KEY_ID": "ASIAX", "AWS_SECRET_ACCESS_KEY": "a/b+c=", "AWS_ENDPOINT_URL_STS": "https://h:1"}


def test_bash_has_all_of_it_and_a_region() -> None:
    assert in_bash(exported(VARIABLES, "bash", region="eu-west-1"), {}) == {
        **VARIABLES,
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }


def test_a_region_that_the_person_chose_stays() -> None:
    found = in_bash(exported(VARIABLES, "bash", region="eu-west-1"), {"AWS_REGION": "us-west-2"})
    assert (found["AWS_REGION"], found["AWS_DEFAULT_REGION"]) == ("us-west-2", "eu-west-1")


@pytest.mark.parametrize(
    ("shell", "lines"),
    [
        ("fish", ["set -gx A 'b'", "set -q AWS_REGION; or set -gx AWS_REGION 'r'"]),
        ("powershell", ["$Env:A = 'b'", "if (-not $Env:AWS_REGION) { $Env:AWS_REGION = 'r' }"]),
    ],
)
def test_other_shells_are_told_the_same(shell: str, lines: list[str]) -> None:
    assert exported({"A": "b"}, shell, region="r").splitlines()[:2] == lines


def test_every_shell_has_a_way_to_leave_what_is_set() -> None:
    assert {len(exported({}, shell, region="r").splitlines()) for shell in SET} == {2}


def in_bash(lines: str, environment: dict[str, str]) -> dict[str, str]:
    bash = shutil.which("bash") or "/bin/bash"
    ended = subprocess.run(
        [bash, "--norc", "-euc", f"{lines}\nenv"], env=environment, capture_output=True, text=True, check=True
    )
    return dict(line.split("=", 1) for line in ended.stdout.splitlines() if line.startswith("AWS_"))
