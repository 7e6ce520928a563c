"""A store that knows nothing of the gateway, used by unmodified clients through a proxy."""

import dataclasses
import html
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from gateway.domain.grant import Grant, SignIn
from gateway.sealing.envelope import Sealer
from gateway.sealing.key_file import read
from gateway.sealing.keyring import Keyring
from gateway.sessions.issuer import SessionIssuer
from gateway.sessions.session_token import PURPOSE
from gateway.settings.load import load
from tests.e2e.authz.conftest import World
from tests.e2e.authz.proxies import CI_KEY, CI_SECRET, Door
from tests.e2e.authz.signing import signed_headers
from tests.servers import ceph

MIB = 1024 * 1024


def client_of(service: str, url: str, key: str, secret: str, token: str | None = None) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(signature_version="s3v4" if service == "s3" else None, s3={"addressing_style": "path"}),
    )


@pytest.fixture
def s3(door: Door, credentials: Mapping[str, str]) -> Iterator[Any]:
    client = client_of(
        "s3", door.url, credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )
    client.create_bucket(Bucket="lake")
    yield client
    client.close()


def code_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    answer = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def keys(s3: Any, prefix: str) -> list[str]:
    return [one["Key"] for one in s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])]


def test_the_store_knows_its_own_key_alone(store: ceph.Ceph, credentials: Mapping[str, str]) -> None:
    """Else all that follows would prove nothing."""
    url = f"http://127.0.0.1:{store.port}"
    for key, secret in ((credentials["AccessKeyId"], credentials["SecretAccessKey"]), (ceph.ACCESS_KEY, "wrong")):
        with closing(client_of("s3", url, key, secret)) as s3, pytest.raises(ClientError) as refused:
            s3.list_buckets()
        assert code_of(refused)[0] in {"InvalidAccessKeyId", "SignatureDoesNotMatch"}


def test_an_object_is_put_read_listed_copied_and_deleted(s3: Any) -> None:
    key = "a/ü b+c=d&e~'()"
    s3.put_object(Bucket="lake", Key=key, Body=b"hello", Metadata={"who": "me"}, ContentType="text/plain")

    assert s3.get_object(Bucket="lake", Key=key)["Body"].read() == b"hello"
    assert s3.head_object(Bucket="lake", Key=key)["Metadata"] == {"who": "me"}
    assert keys(s3, "a/") == [key]
    s3.copy_object(Bucket="lake", Key="copy", CopySource={"Bucket": "lake", "Key": key})
    assert s3.get_object(Bucket="lake", Key="copy", Range="bytes=1-2")["Body"].read() == b"el"
    for name in (key, "copy"):
        s3.delete_object(Bucket="lake", Key=name)
    assert keys(s3, "a/") == []


def test_an_upload_in_parts(s3: Any) -> None:
    upload = {"Bucket": "lake", "Key": "big"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    parts = [
        {"PartNumber": at, "ETag": s3.upload_part(**upload, PartNumber=at, Body=body)["ETag"]}
        for at, body in enumerate((b"x" * 5 * MIB, b"y"), start=1)
    ]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    assert s3.head_object(Bucket="lake", Key="big")["ContentLength"] == 5 * MIB + 1
    s3.delete_object(Bucket="lake", Key="big")


def test_presigned_urls_write_and_read(s3: Any) -> None:
    named = {"Bucket": "lake", "Key": "pre signed"}

    written = httpx.put(s3.generate_presigned_url("put_object", Params=named), content=b"hello")
    read = httpx.get(s3.generate_presigned_url("get_object", Params=named))

    assert (written.status_code, read.status_code, read.content) == (200, 200, b"hello")
    s3.delete_object(**named)


def test_a_presigned_url_ends(s3: Any) -> None:
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "lake", "Key": "a"}, ExpiresIn=1)
    time.sleep(2.1)

    answer = httpx.get(url)

    assert answer.status_code == 403
    assert "<Message>Request has expired</Message>" in answer.text


def expired(world: World) -> dict[str, str]:
    """Credentials of a session that this gateway sealed, and whose quarter of an hour ended a second ago."""
    configuration = load(world.gateway.folder / "gateway.yaml")
    begun = datetime.now(UTC) - timedelta(seconds=901)
    (key,) = read(world.gateway.folder / "keyring.json").keys
    keyring = Keyring([dataclasses.replace(key, seals_from=begun - timedelta(hours=1))])
    (role,) = configuration.roles
    grant = Grant(role=role, sign_in=SignIn(), session_name="alice", duration=900, allowed_by=())
    sealer = Sealer(keyring, purpose=PURPOSE, realm=configuration.gateway.public_url)
    _, minted = SessionIssuer(sealer).mint(grant, begun)
    return {
        "AccessKeyId": minted.access_key_id,
        "SecretAccessKey": minted.secret_access_key,
        "SessionToken": minted.session_token,
    }


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "live"])
def test_credentials_are_useless_a_second_after_their_end(
    s3: Any, door: Door, world: World, credentials: Mapping[str, str], ended: bool
) -> None:
    """The bucket is there; what tells the two requests apart is the hour."""
    headers = signed_headers(door, "GET", b"/lake/", expired(world) if ended else credentials)

    answer = httpx.get(f"{door.url}/lake/", headers=headers)

    assert (answer.status_code, "<Code>ExpiredToken</Code>" in answer.text) == ((400, True) if ended else (200, False))


def test_what_the_role_may_not_do_is_denied_with_the_reason(s3: Any, world: World) -> None:
    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket="other", Key="x")

    assert code_of(refused) == ("AccessDenied", 403)
    message = refused.value.response["Error"]["Message"]
    assert "is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::other/x" in message
    sealed = message.partition("Encoded authorization failure message: ")[2]
    with closing(client_of("sts", world.gateway.url, CI_KEY, CI_SECRET)) as sts:
        decoded = sts.decode_authorization_message(EncodedMessage=sealed)["DecodedMessage"]
    assert '"allowed":false' in decoded.replace(" ", "")
    record = world.gateway.audit(refused.value.response["ResponseMetadata"]["RequestId"])
    assert record["errorCode"] == "AccessDenied"


def test_a_refused_head_says_its_status(s3: Any) -> None:
    with pytest.raises(ClientError) as refused:
        s3.head_object(Bucket="other", Key="x")

    assert code_of(refused) == ("403", 403)


def test_a_bulk_deletion_spares_what_is_denied(s3: Any, door: Door) -> None:
    for name in ("kept/a", "free"):
        s3.put_object(Bucket="lake", Key=name, Body=b"")

    with pytest.raises(ClientError) as refused:
        s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": "free"}, {"Key": "kept/a"}]})

    assert code_of(refused) == ("AccessDenied", 403)
    if door.proxy == "envoy":  # nginx shows no bodies, and a Deny stands in the way of all of them
        s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": "free"}]})
        assert keys(s3, "free") == []
    assert keys(s3, "kept/") == ["kept/a"]


def test_a_body_other_than_the_signed_one_is_refused_by_the_store(
    s3: Any, door: Door, credentials: Mapping[str, str]
) -> None:
    """The proxy shows no body; the hash that the client signed is what the gateway signs anew."""

    headers = signed_headers(door, "PUT", b"/lake/body", credentials, body=b"meant")

    answer = httpx.put(f"{door.url}/lake/body", content=b"other", headers=headers)

    assert (answer.status_code, "XAmzContentSHA256Mismatch" in answer.text) == (400, True)


@pytest.mark.parametrize("version", ["s3", None], ids=["signature version 2", "anonymous"])
def test_other_ways_to_sign_are_refused(door: Door, credentials: Mapping[str, str], version: str | None) -> None:
    url = f"{door.url}/lake/a"
    if version is not None:
        client = boto3.client(
            "s3",
            endpoint_url=door.url,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            config=Config(signature_version=version),
        )
        with closing(client) as s3:
            url = s3.generate_presigned_url("get_object", Params={"Bucket": "lake", "Key": "a"})

    answer = httpx.get(url)

    assert answer.status_code == (403 if version is None else 400)
    assert ("signature_version='s3v4'" in html.unescape(answer.text)) == (version is not None)


def test_rclone_and_s3cmd_work_unchanged(s3: Any, door: Door, credentials: Mapping[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello")
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }
    rclone = f":s3,provider=Ceph,env_auth=true,endpoint='{door.url}',region=us-east-1,no_check_bucket=true:lake"
    s3cmd = [
        *("s3cmd", "--no-ssl", f"--host={door.host}", f"--host-bucket={door.host}", "--region=us-east-1"),
        *(f"--access_key={credentials['AccessKeyId']}", f"--secret_key={credentials['SecretAccessKey']}"),
        f"--access_token={credentials['SessionToken']}",
    ]
    for command in (
        ["rclone", "copyto", str(tmp_path / "file"), f"{rclone}/clients/rclone"],
        ["rclone", "cat", f"{rclone}/clients/rclone"],
        [*s3cmd, "put", str(tmp_path / "file"), "s3://lake/clients/s3cmd"],
        [*s3cmd, "get", "--force", "s3://lake/clients/s3cmd", str(tmp_path / "read")],
    ):
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 0, f"{command[:2]}\n{ended.stdout}{ended.stderr}"
    assert (tmp_path / "read").read_text() == "hello"
    assert keys(s3, "clients/") == ["clients/rclone", "clients/s3cmd"]
