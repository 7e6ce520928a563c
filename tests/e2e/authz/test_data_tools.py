"""The pieces of the guide to data tools, as they stand there, through a proxy to a real store."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.authz.proxies import Door
from tests.e2e.authz.test_store import client_of, keys
from tests.e2e.installation import ROOT

GUIDE = (ROOT / "docs" / "data-tools.md").read_text()
TOOLS = Path(__file__).parents[1] / ".data-tools"
HTTPFS = "duckdb_extension_httpfs/extensions/v1.5.5/httpfs.duckdb_extension"


def piece(section: str, language: str) -> str:
    """The one block of a language in a section of the guide."""
    text = GUIDE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(block)


def at(door: Door, text: str) -> str:
    """The piece, with the test's store in place of the guide's: another host, and no TLS."""
    for old, new in (
        ("https://s3.example.com", door.url),
        ("s3.example.com", door.host),
        ('scheme="https"', 'scheme="http"'),
        ("USE_SSL true", "USE_SSL false"),
    ):
        text = text.replace(old, new)
    return text


def environment(credentials: Mapping[str, str], home: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(TOOLS),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
        **more,
    }


@pytest.fixture
def s3(door: Door, credentials: Mapping[str, str]) -> Iterator[Any]:
    """The bucket, with nothing of an earlier test under tools/."""
    client = client_of(
        "s3", door.url, credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )
    client.create_bucket(Bucket="lake")
    for name in keys(client, "tools/"):
        client.delete_object(Bucket="lake", Key=name)
    yield client
    client.close()


def told(command: list[str], environment: Mapping[str, str]) -> str:
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert ended.returncode == 0, f"{command[:2]}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def test_pyarrow_writes_and_reads_a_dataset(
    s3: Any, door: Door, credentials: Mapping[str, str], tmp_path: Path
) -> None:
    printed = told([sys.executable, "-c", at(door, piece("pyarrow", "python"))], environment(credentials, tmp_path))

    assert printed == "3\n"
    assert keys(s3, "tools/pyarrow") == ["tools/pyarrow/", "tools/pyarrow/part-0.parquet"]


def test_pyarrow_takes_credentials_of_a_profile(
    s3: Any, door: Door, credentials: Mapping[str, str], tmp_path: Path
) -> None:
    answer = {"Version": 1, **{name: credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}}
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    profile = re.sub(
        "credential_process = .*",
        f"credential_process = /bin/cat {tmp_path}/answer.json",
        piece("Where credentials come from", "ini"),
    )
    (tmp_path / "config").write_text(profile)
    named = environment(credentials, tmp_path, AWS_PROFILE="lake", AWS_CONFIG_FILE=str(tmp_path / "config"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        del named[name]

    assert told([sys.executable, "-c", at(door, piece("pyarrow", "python"))], named) == "3\n"


def test_duckdb_writes_and_queries_a_file(s3: Any, door: Door, credentials: Mapping[str, str], tmp_path: Path) -> None:
    # The extension stands in a wheel here; elsewhere DuckDB fetches it by itself.
    script = at(door, piece("DuckDB", "python")).replace("LOAD httpfs", f"LOAD '{TOOLS / HTTPFS}'")

    printed = told([sys.executable, "-c", script], environment(credentials, tmp_path))

    assert printed == "[(1000, 999)]\n"
    assert keys(s3, "tools/duckdb") == ["tools/duckdb.parquet"]


def test_rclone_copies_by_the_guide_s_remote(
    s3: Any, door: Door, credentials: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "rclone.conf").write_text(at(door, piece("rclone", "ini")))
    (tmp_path / "file").write_text("hello")
    rclone = ["rclone", "--config", str(tmp_path / "rclone.conf")]

    told([*rclone, "copyto", str(tmp_path / "file"), "lake:lake/tools/rclone"], environment(credentials, tmp_path))

    assert told([*rclone, "cat", "lake:lake/tools/rclone"], environment(credentials, tmp_path)) == "hello"


def test_the_aws_command_line_copies_lists_and_presigns(
    s3: Any, door: Door, credentials: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("hello")
    aws = [str(Path(sys.executable).with_name("aws")), "--endpoint-url", door.url, "--region", "us-east-1", "s3"]
    named = environment(credentials, tmp_path)
    del named["PYTHONPATH"]

    told([*aws, "cp", str(tmp_path / "file"), "s3://lake/tools/aws/file"], named)

    assert told([*aws, "cp", "s3://lake/tools/aws/file", "-"], named) == "hello"
    assert "5 file" in told([*aws, "ls", "s3://lake/tools/aws/"], named)
    told([*aws, "sync", str(tmp_path), "s3://lake/tools/aws/sync", "--exclude", "*", "--include", "file"], named)
    told([*aws, "rm", "--recursive", "s3://lake/tools/aws"], named)
    assert keys(s3, "tools/aws") == []
