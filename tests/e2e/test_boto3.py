"""boto3, unmodified, trades a real provider's ID token for credentials, and signs with them."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from tests.e2e.aws import Assume, remember, sts_client
from tests.e2e.canaries import Canaries
from tests.e2e.openid_provider import OpenIdProvider, claims_of
from tests.e2e.server import QUICK, Gateway

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


@pytest.mark.parametrize("client", ["app-rs256", "app-es256", "app-ed25519", "app-eddsa"])
def test_an_id_token_of_each_algorithm_opens_a_session(provider: OpenIdProvider, assume: Assume, client: str) -> None:
    answer = assume(provider.id_token("alice", client))

    credentials = answer["Credentials"]
    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", credentials["AccessKeyId"])
    assert len(credentials["SecretAccessKey"]) == 40
    assert len(credentials["SessionToken"]) <= 4_096
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111122223333:assumed-role/Analyst/alice"
    assert re.fullmatch(r"AROA[A-Z0-9]{17}:alice", answer["AssumedRoleUser"]["AssumedRoleId"])
    assert answer["SubjectFromWebIdentityToken"] == "alice"
    assert answer["Audience"] == client
    assert answer["Provider"] == f"arn:aws:iam::111122223333:oidc-provider/{provider.issuer.removeprefix('http://')}"


def test_the_credentials_prove_the_session(token: str, assume: Assume) -> None:
    assumed = assume(token)

    with sts_client(assumed["Credentials"]) as sts:
        caller = sts.get_caller_identity()

    assert caller["Arn"] == assumed["AssumedRoleUser"]["Arn"]
    assert caller["UserId"] == assumed["AssumedRoleUser"]["AssumedRoleId"]
    assert caller["Account"] == "111122223333"


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "nowhere-9"])
def test_any_region_may_stand_in_the_signature(
    token: str, assume: Assume, monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    credentials = assume(token)["Credentials"]
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)

    with sts_client(credentials) as sts:
        assert sts.meta.region_name == region
        assert sts.get_caller_identity()["Account"] == "111122223333"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_presigned_url_proves_the_session_to_whoever_has_it(token: str, assume: Assume, method: str) -> None:
    with sts_client(assume(token)["Credentials"]) as sts:
        url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod=method)

    answer = httpx.request(method, url)

    assert answer.status_code == 200, answer.text
    assert "<Arn>arn:aws:sts::111122223333:assumed-role/Analyst/alice</Arn>" in answer.text


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [({}, 3_600), ({"DurationSeconds": 900}, 900), ({"DurationSeconds": 14_400}, 14_400), ({"RoleArn": QUICK}, 900)],
    ids=["an hour by default", "the shortest", "the role's longest", "the role's own where that is below an hour"],
)
def test_a_session_lasts_as_long_as_was_asked(token: str, assume: Assume, asked: dict[str, Any], seconds: int) -> None:
    before = dt.datetime.now(dt.UTC)

    expiration = assume(token, **asked)["Credentials"]["Expiration"]

    assert abs((expiration - before).total_seconds() - seconds) < 10


@pytest.mark.parametrize(
    "policies",
    [
        {"Policy": json.dumps(POLICY)},
        {"PolicyArns": [{"arn": "arn:aws:iam::111122223333:policy/read-lake"}]},
        {"Policy": json.dumps(POLICY), "PolicyArns": [{"arn": "arn:aws:iam::111122223333:policy/read-lake"}]},
    ],
    ids=["inline", "by its name", "both"],
)
def test_session_policies_travel_in_the_session(token: str, assume: Assume, policies: dict[str, Any]) -> None:
    bare, narrowed = assume(token), assume(token, **policies)

    assert narrowed["PackedPolicySize"] > bare.get("PackedPolicySize", 0)
    with sts_client(narrowed["Credentials"]) as sts:
        # GetCallerIdentity needs no permission, and no policy can take it away.
        assert sts.get_caller_identity()["Arn"] == narrowed["AssumedRoleUser"]["Arn"]


def test_without_a_role_the_only_one_that_is_granted_is_taken(provider: OpenIdProvider, gateway: Gateway) -> None:
    answer = gateway.assume(provider.id_token("bob"), RoleArn="", RoleSessionName="")

    assert answer.status_code == 200
    assert "<Arn>arn:aws:sts::444455556666:assumed-role/Engineer/bob</Arn>" in answer.text


@pytest.fixture
def token_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aws_gateway: Gateway) -> Path:
    """What a workload has in its environment: the file of a token and a role, here of sessions of 15 minutes."""
    path = tmp_path / "token"
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(path))
    monkeypatch.setenv("AWS_ROLE_ARN", QUICK)
    monkeypatch.setenv("AWS_ROLE_SESSION_NAME", "workload")
    return path


def test_boto3_finds_credentials_by_the_token_file_and_refreshes_them_by_itself(
    token_file: Path, provider: OpenIdProvider, gateway: Gateway, canaries: Canaries
) -> None:
    first = provider.id_token("alice", "app-rs256")
    token_file.write_text(first)
    session = boto3.Session()
    found = session.get_credentials()
    assert found is not None
    assert found.method == "assume-role-with-web-identity"
    keys = [found.get_frozen_credentials()]
    # A session of 15 minutes is soon to end for boto3 from its first second on: each use asks anew.
    second = provider.id_token("alice", "app-es256")
    token_file.write_text(second)
    keys.append(found.get_frozen_credentials())

    for frozen in keys:
        remember(canaries, str(frozen.secret_key), str(frozen.token))
    assert keys[0].access_key != keys[1].access_key
    audiences = [gateway.audit_by_key(str(frozen.access_key))["responseElements"]["audience"] for frozen in keys]
    assert audiences == [claims_of(first)["aud"], claims_of(second)["aud"]]


def test_a_client_of_the_token_files_environment_just_works(token_file: Path, token: str) -> None:
    token_file.write_text(token)

    with sts_client() as sts:
        assert sts.get_caller_identity()["Arn"] == "arn:aws:sts::111122223333:assumed-role/Quick/workload"
