"""The running world: real servers on loopback, boto3 as the lake's client, a browser's way through the pages."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from gateway.demo.aws_client import Credentials, SeenRequests, own_environment, s3_client, sts_client
from gateway.demo.browser import sign_in
from gateway.demo.setting import BUCKET, REGION, REPORT, ROLE_OF
from gateway.demo.world import CLI_CLIENT, World, running


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with own_environment(), running() as world:
        yield world


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


def credentials_of(world: World, person: str) -> Credentials:
    with httpx.Client(trust_env=False) as http:
        came, _ = sign_in(http, issuer=world.addresses.issuer, client_id=CLI_CLIENT.client_id, person=person)
    client = sts_client(world.addresses.gateway, SeenRequests())
    answer = client.assume_role_with_web_identity(
        RoleArn=ROLE_OF[person], RoleSessionName=person, WebIdentityToken=came.id_token
    )
    client.close()
    return Credentials.of(answer["Credentials"])


@pytest.fixture(scope="module")
def lakes(world: World) -> Iterator[dict[str, Any]]:
    clients = {
        person: s3_client(world.addresses.lake, SeenRequests(), credentials_of(world, person))
        for person in ("ana", "ben")
    }
    yield clients
    for client in clients.values():
        client.close()


def refused(call: Any, **arguments: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def test_whoever_may_read_reads(lakes: dict[str, Any]) -> None:
    for lake in lakes.values():
        assert lake.get_object(Bucket=BUCKET, Key=REPORT)["Body"].read().startswith(b"month,orders")
        assert lake.head_object(Bucket=BUCKET, Key=REPORT)["ContentType"] == "text/csv"


def test_a_listing_reads_page_by_page(lakes: dict[str, Any]) -> None:
    pages = (
        lakes["ana"]
        .get_paginator("list_objects_v2")
        .paginate(Bucket=BUCKET, Delimiter="/", PaginationConfig={"PageSize": 1})
    )

    seen = [(page.get("Contents", []), page.get("CommonPrefixes", [])) for page in pages]

    assert [[entry["Key"] for entry in keys] for keys, _ in seen] == [["README.txt"], [], []]
    assert [[entry["Prefix"] for entry in folders] for _, folders in seen] == [[], ["reports/"], ["scratch/"]]


def test_a_tag_of_the_token_opens_the_teams_folder_and_no_other(lakes: dict[str, Any]) -> None:
    ana = lakes["ana"]

    ana.put_object(Bucket=BUCKET, Key="scratch/research/a b+c.txt", Body=b"mine")

    assert ana.get_object(Bucket=BUCKET, Key="scratch/research/a b+c.txt")["Body"].read() == b"mine"
    ana.delete_object(Bucket=BUCKET, Key="scratch/research/a b+c.txt")
    assert refused(ana.put_object, Bucket=BUCKET, Key="scratch/sales/x", Body=b"") == (403, "AccessDenied")
    assert refused(ana.put_object, Bucket=BUCKET, Key=REPORT, Body=b"") == (403, "AccessDenied")


def test_another_role_may_do_more(lakes: dict[str, Any]) -> None:
    ben = lakes["ben"]

    ben.put_object(Bucket=BUCKET, Key="builds/1", Body=b"made", ContentType="text/x-log")

    got = lakes["ana"].get_object(Bucket=BUCKET, Key="builds/1")
    assert (got["Body"].read(), got["ContentType"]) == (b"made", "text/x-log")
    ben.delete_object(Bucket=BUCKET, Key="builds/1")
    assert refused(ben.get_object, Bucket=BUCKET, Key="builds/1") == (404, "NoSuchKey")


def test_who_is_in_no_group_gets_no_role(world: World) -> None:
    with pytest.raises(ClientError) as caught:
        credentials_of(world, "carla")

    assert caught.value.response["Error"]["Code"] == "AccessDenied"


def test_what_the_lake_cannot_do_is_told(lakes: dict[str, Any]) -> None:
    ben = lakes["ben"]

    assert refused(ben.create_multipart_upload, Bucket=BUCKET, Key="x") == (501, "NotImplemented")
    assert refused(
        ben.copy_object, Bucket=BUCKET, Key="x", CopySource={"Bucket": BUCKET, "Key": REPORT}
    ) == (501, "NotImplemented")  # fmt: skip


def test_chunks_are_never_kept_for_a_body(lakes: dict[str, Any]) -> None:
    ben = lakes["ben"]

    told = refused(ben.put_object, Bucket=BUCKET, Key="x", Body=b"x", ContentEncoding="aws-chunked")

    assert told == (501, "NotImplemented")
    assert refused(ben.get_object, Bucket=BUCKET, Key="x") == (404, "NoSuchKey")


def test_a_presigned_url_reads_for_whoever_holds_it(world: World, http: httpx.Client) -> None:
    keys = credentials_of(world, "ana")
    session: Any = boto3.session.Session(keys.access_key_id, keys.secret_access_key, keys.session_token, REGION)
    # Without this boto3 presigns by Signature Version 2 at an endpoint that is not AWS's.
    lake = session.client("s3", endpoint_url=world.addresses.lake, config=Config(signature_version="s3v4"))
    url = lake.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": REPORT}, ExpiresIn=60)
    lake.close()

    assert http.get(url).text.startswith("month,orders")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_nobody_comes_in_unsigned(method: str, world: World, http: httpx.Client) -> None:
    answer = http.request(method, f"{world.addresses.lake}/{BUCKET}/{REPORT}")

    assert answer.status_code == 403
    assert answer.headers["x-amz-request-id"]
    if method != "HEAD":
        assert "<Code>AccessDenied</Code>" in answer.text


def test_a_body_beyond_the_bound_is_refused(world: World, http: httpx.Client) -> None:
    answer = http.put(f"{world.addresses.lake}/{BUCKET}/{REPORT}", content=b"x" * (8 * 1024 * 1024 + 1))

    assert answer.status_code == 400
    assert "<Code>EntityTooLarge</Code>" in answer.text


def test_the_gateways_files_are_a_real_configuration(world: World) -> None:
    assert {path.name for path in world.folder.iterdir()} == {"sts-gateway.yaml", "keyring.json", "audit.jsonl"}
    assert world.audit_record("nobody's") is None


def test_a_world_ends_with_its_context_and_leaves_nothing() -> None:
    with running() as world:
        gateway = world.addresses.gateway
        world.clock.move(timedelta(days=1))
        assert httpx.get(f"{gateway}/healthz", trust_env=False).status_code == 200

    assert not world.folder.exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{gateway}/healthz", trust_env=False)


def test_the_front_page_leads_to_the_portal(world: World, http: httpx.Client) -> None:
    answer = http.get(world.addresses.gateway)

    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")


def test_the_demos_page_says_who_there_is_and_what_to_type(world: World, http: httpx.Client) -> None:
    answer = http.get(f"{world.addresses.gateway}/demo")

    assert answer.status_code == 200
    for text in ("Ana Almeida", "Ben Okoro", "Carla Rossi", world.addresses.issuer, world.addresses.lake):
        assert text in answer.text
    assert f"export AWS_ENDPOINT_URL_STS={world.addresses.gateway}" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert http.get(f"{world.addresses.gateway}/portal.css").status_code == 200


def test_the_portal_signs_in_at_the_issuer(world: World, http: httpx.Client) -> None:
    chooser = http.get(f"{world.addresses.gateway}/portal", follow_redirects=True)
    assert chooser.url.port == urlsplit(world.addresses.issuer).port
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', chooser.text))
    back = http.post(f"{world.addresses.issuer}/authorize", data={**fields, "person": "ana"}).headers["location"]

    portal = http.get(back, follow_redirects=True)

    assert portal.url.path == "/portal"
    assert "Analyst" in portal.text


def answer_for(http: httpx.Client, world: World, person: str) -> str:
    """The URL to which the issuer sends the browser back."""
    chooser = http.get(f"{world.addresses.gateway}/demo/sign-in", follow_redirects=True)
    assert chooser.url.port == urlsplit(world.addresses.issuer).port
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', chooser.text))
    return http.post(f"{world.addresses.issuer}/authorize", data={**fields, "person": person}).headers["location"]


@pytest.mark.parametrize("person", ["ana", "ben", "carla"])
def test_a_sign_in_in_the_browser_ends_with_a_token_to_copy(person: str, world: World, http: httpx.Client) -> None:
    page = http.get(answer_for(http, world, person))

    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    [token] = re.findall(r"printf %s (\S+) &gt;", page.text)
    assert token.count(".") == 2
    assert f"export AWS_ROLE_ARN={ROLE_OF[person]}" in page.text


def test_an_answer_is_for_the_browser_that_asked(world: World, http: httpx.Client) -> None:
    url = answer_for(http, world, "ana")

    with httpx.Client(trust_env=False) as other:
        foreign = other.get(url)

    assert foreign.status_code == 400
    assert "This browser has begun no sign-in here" in foreign.text
    assert http.get(url).status_code == 200


def test_an_answer_is_taken_once(world: World, http: httpx.Client) -> None:
    url = answer_for(http, world, "ana")
    http.get(url)

    again = http.get(url)

    assert again.status_code == 400
    assert "or has used it already" in again.text


def test_a_refusal_of_the_issuer_is_shown(world: World, http: httpx.Client) -> None:
    begun = http.get(f"{world.addresses.gateway}/demo/sign-in")
    state = httpx.URL(begun.headers["location"]).params["state"]
    answer = {"error": "access_denied", "error_description": "<b>no</b>", "state": state, "iss": world.addresses.issuer}

    page = http.get(f"{world.addresses.gateway}/demo/callback", params=answer)

    assert page.status_code == 400
    assert "access_denied (&lt;b&gt;no&lt;/b&gt;)" in page.text


@pytest.mark.parametrize("path", ["/demo", "/demo/sign-in", "/demo/callback"])
def test_the_pages_answer_to_names_of_this_machine_alone(path: str, world: World, http: httpx.Client) -> None:
    answer = http.get(f"{world.addresses.gateway}{path}", headers={"Host": "rebound.evil.example"})

    assert answer.status_code == 400
