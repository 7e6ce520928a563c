"""AWS's own clients, unmodified: boto3 and the `aws` command, told of the gateway by the environment alone."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from types_boto3_sts import STSClient
from types_boto3_sts.type_defs import AssumeRoleWithWebIdentityResponseTypeDef as Assumed
from types_boto3_sts.type_defs import CredentialsTypeDef

from tests.e2e.canaries import Canaries

Assume = Callable[..., Assumed]
AWS = Path(sys.executable).with_name("aws")
_ONCE = Config(retries={"total_max_attempts": 1})


@contextmanager
def sts_client(credentials: CredentialsTypeDef | None = None, **changes: str) -> Iterator[STSClient]:
    """An STS client; with the given credentials, some of them changed. It asks once and never again."""
    if credentials is None:
        session = boto3.Session()
    else:
        keys = {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials["SessionToken"],
        }
        session = boto3.Session(**keys | changes)  # type: ignore[arg-type]
    client = session.client("sts", config=_ONCE)
    try:
        yield client
    finally:
        client.close()


def refusal(error: ClientError) -> tuple[int, str]:
    """Status and code of an error, as boto3 understood it."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]


def aws(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `aws WORDS` in the environment of the test."""
    return subprocess.run(
        [AWS, *words, "--output", "json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def aws_answer(*words: str) -> dict[str, Any]:
    """What `aws WORDS` prints."""
    ended = aws(*words)
    assert ended.returncode == 0, ended.stderr
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def remember(canaries: Canaries, secret_access_key: str, session_token: str) -> None:
    canaries.add("SecretAccessKey", secret_access_key)
    canaries.add("SessionToken", session_token)
