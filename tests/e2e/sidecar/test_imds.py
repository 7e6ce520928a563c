"""IMDSv2, judged by AWS's own clients: a row of what each asks is a test."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.aws import aws_answer
from tests.e2e.server import Gateway
from tests.e2e.sidecar.clients import access_key_by_go, by_botocore, by_javascript, caller
from tests.e2e.sidecar.conftest import StartSidecar
from tests.e2e.sidecar.running import IMDS, Sidecar

TTL = "x_aws_ec2_metadata_token_ttl_seconds"
TOKEN = "x_aws_ec2_metadata_token"
Workload = Callable[[dict[str, str]], None]


def ask(sidecar: Sidecar, path: str, method: str = "GET", **headers: str) -> Any:
    return sidecar.ask(path, method, authorization="", **headers)


def test_botocores_provider_works_unmodified(sidecar: Sidecar, workload: Workload) -> None:
    workload(sidecar.imds_environment())

    found: Any = by_botocore()

    assert found.method == "iam-role"
    assert caller(found) == "arn:aws:sts::111122223333:assumed-role/Analyst/etl-0"
    # It stretches what ends within 25 minutes, and would use it beyond its end.
    assert not found.refresh_needed()
    assert found._expiry_time.strftime("%Y-%m-%dT%H:%M:%SZ") == sidecar.document()["Expiration"]


def test_the_aws_command_works_unmodified(sidecar: Sidecar, workload: Workload) -> None:
    workload(sidecar.imds_environment())

    assert aws_answer("sts", "get-caller-identity")["Arn"].endswith("assumed-role/Analyst/etl-0")


@pytest.mark.parametrize("name", ["fromInstanceMetadata", "fromNodeProviderChain"])
def test_javascripts_provider_works_unmodified(
    sidecar: Sidecar, workload: Workload, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    workload(sidecar.imds_environment())
    monkeypatch.setenv("AWS_EC2_METADATA_V1_DISABLED", "true")

    assert by_javascript(name)["accessKeyId"] == sidecar.document()["AccessKeyId"]


def test_gos_sdk_signs_with_them(sidecar: Sidecar, workload: Workload) -> None:
    workload(sidecar.imds_environment())

    assert access_key_by_go() == sidecar.document()["AccessKeyId"]


def test_a_token_states_its_life_as_go_wants_it(sidecar: Sidecar) -> None:
    """aws-sdk-go-v2 asks for 300 s and keeps the token as long as the answer's header says."""
    answer = ask(sidecar, "/latest/api/token", "PUT", **{TTL: "300"})

    assert (answer.status_code, answer.headers["x-aws-ec2-metadata-token-ttl-seconds"]) == (200, "300")
    assert answer.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("seconds", ["", "0", "21601", "-1", "1e3", "9" * 30])
def test_a_token_without_a_life_that_can_be_is_refused_so_that_clients_give_up(sidecar: Sidecar, seconds: str) -> None:
    assert ask(sidecar, "/latest/api/token", "PUT", **{TTL: seconds}).status_code == 400


@pytest.mark.parametrize("path", [IMDS, f"{IMDS}Analyst", "/latest/meta-data/", "/latest/dynamic/x"])
@pytest.mark.parametrize("presented", ["", "AAAA", "x" * 76], ids=["none: version 1", "short", "made up"])
def test_without_a_token_of_ours_everything_is_401_which_keeps_clients_in_version_2(
    sidecar: Sidecar, path: str, presented: str
) -> None:
    assert ask(sidecar, path, **{TOKEN: presented}).status_code == 401


def test_a_token_ends(sidecar: Sidecar) -> None:
    token = ask(sidecar, "/latest/api/token", "PUT", **{TTL: "1"}).text
    assert ask(sidecar, IMDS, **{TOKEN: token}).status_code == 200

    time.sleep(1.1)

    assert ask(sidecar, IMDS, **{TOKEN: token}).status_code == 401


def test_the_list_has_one_name_which_botocore_takes_whole(sidecar: Sidecar) -> None:
    assert sidecar.imds(IMDS).text == "Analyst"
    assert sidecar.imds(IMDS.removesuffix("/")).text == "Analyst"


def test_a_role_is_told_in_the_form_of_ec2(sidecar: Sidecar) -> None:
    document = sidecar.imds(f"{IMDS}Analyst").json()

    assert (document["Code"], document["Type"]) == ("Success", "AWS-HMAC")
    assert document["AccessKeyId"] == sidecar.document()["AccessKeyId"]
    for name in ("LastUpdated", "Expiration"):
        assert time.strptime(document[name], "%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("path", ["/latest/meta-data/", "/latest/user-data", f"{IMDS}Other", f"{IMDS}Analyst/x"])
def test_there_is_no_other_metadata(sidecar: Sidecar, path: str) -> None:
    assert sidecar.imds(path).status_code == 404


def test_a_request_through_a_proxy_gets_no_token(sidecar: Sidecar) -> None:
    assert ask(sidecar, "/latest/api/token", "PUT", **{TTL: "60", "x_forwarded_for": "10.0.0.1"}).status_code == 403


def test_without_the_option_there_is_no_imds(start_sidecar: StartSidecar, gateway: Gateway) -> None:
    plain = start_sidecar(gateway.url)

    assert ask(plain, "/latest/api/token", "PUT", **{TTL: "60"}).status_code == 404
    assert json.loads(ask(plain, IMDS).text)["Code"] == "NotFound"
