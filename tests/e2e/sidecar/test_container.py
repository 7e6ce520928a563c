"""The container-credentials endpoint, judged by AWS's own clients: a row of what each asks is a test."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import CredentialRetrievalError

from tests.e2e.aws import aws_answer
from tests.e2e.sidecar.clients import access_key_by_go, by_botocore, by_javascript, caller
from tests.e2e.sidecar.running import PATH, TOKEN, Sidecar

IN_SESSION = "arn:aws:sts::111122223333:assumed-role/Analyst/etl-0"
Workload = Callable[[dict[str, str]], None]


def test_botocore_gets_credentials_that_the_gateway_knows(sidecar: Sidecar, workload: Workload) -> None:
    workload(sidecar.environment())

    found: Any = by_botocore()

    assert found.method == "container-role"
    assert found.account_id == "111122223333"
    assert caller(found) == IN_SESSION


def test_botocore_takes_the_token_from_the_environment_too(sidecar: Sidecar, workload: Workload) -> None:
    workload({"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{sidecar.url}{PATH}", TOKEN: sidecar.authorization})

    assert by_botocore().access_key == sidecar.document()["AccessKeyId"]


def test_each_role_has_its_path(sidecar: Sidecar, workload: Workload) -> None:
    workload(sidecar.environment(path=f"{PATH}/quick"))

    assert caller(by_botocore()) == "arn:aws:sts::111122223333:assumed-role/Quick/etl-0"


def test_botocore_renews_nothing_that_lasts(sidecar: Sidecar, workload: Workload) -> None:
    """In an hour's session it must not ask again at each use, as it does with under 15 minutes left."""
    workload(sidecar.environment())
    found: Any = by_botocore()

    assert not found.refresh_needed()


@pytest.mark.parametrize("change", ["wrong", ""])
def test_botocore_says_what_is_wrong_with_a_token(sidecar: Sidecar, workload: Workload, change: str) -> None:
    workload({"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{sidecar.url}{PATH}", TOKEN: change})

    with pytest.raises(CredentialRetrievalError, match="401"):
        by_botocore()


def test_a_role_that_is_not_served_is_told(sidecar: Sidecar, workload: Workload) -> None:
    workload(sidecar.environment(path=f"{PATH}/other"))

    with pytest.raises(CredentialRetrievalError, match=f"404.*{PATH}/quick"):
        by_botocore()


def test_the_aws_command_works_unmodified(sidecar: Sidecar, workload: Workload) -> None:
    workload(sidecar.environment())

    assert aws_answer("sts", "get-caller-identity")["Arn"] == IN_SESSION


@pytest.mark.parametrize("name", ["fromHttp", "fromNodeProviderChain"])
def test_javascripts_providers_work_unmodified(sidecar: Sidecar, workload: Workload, name: str) -> None:
    workload(sidecar.environment())

    given = by_javascript(name)

    assert given["accessKeyId"] == sidecar.document()["AccessKeyId"]
    assert given["expiration"].startswith(sidecar.document()["Expiration"][:-1])


def test_javascripts_older_container_provider_works_with_the_token_of_the_environment(
    sidecar: Sidecar, workload: Workload
) -> None:
    workload({"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{sidecar.url}{PATH}", TOKEN: sidecar.authorization})

    given = by_javascript("fromContainerMetadata")

    assert given["accessKeyId"] == sidecar.document()["AccessKeyId"]
    assert given["accountId"] == "111122223333"


def test_javascript_is_told_why_a_token_is_refused(sidecar: Sidecar, workload: Workload) -> None:
    workload({"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{sidecar.url}{PATH}", TOKEN: "wrong"})

    refused = by_javascript("fromHttp")

    assert refused["code"] == "Unauthorized"
    assert refused["told"] == f"send the value of {TOKEN}, or of its file, as Authorization"


def test_javascripts_last_try_without_a_token_gets_nothing_and_is_no_strangers(
    sidecar: Sidecar, workload: Workload
) -> None:
    """Its chain asks the same address once more without the token of the file."""
    before = sidecar.err
    workload({"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{sidecar.url}{PATH}"})

    assert "error" in by_javascript("fromContainerMetadata")
    assert sidecar.err == before


def test_a_wrong_token_locks_nobody_out(sidecar: Sidecar) -> None:
    assert {sidecar.ask(authorization="wrong").status_code for _ in range(50)} == {401}
    assert sidecar.ask().status_code == 200


def test_gos_sdk_signs_with_them(sidecar: Sidecar, workload: Workload) -> None:
    workload({"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{sidecar.url}{PATH}", TOKEN: sidecar.authorization})

    assert access_key_by_go() == sidecar.document()["AccessKeyId"]


def test_go_is_told_in_lower_case(sidecar: Sidecar) -> None:
    """aws-sdk-go-v2's endpointcreds reads `code` and `message`, and retries what is 5xx."""
    answer = sidecar.ask(f"{PATH}/other", accept="application/json", user_agent="aws-sdk-go-v2/1.17.1")

    assert answer.status_code == 404
    assert answer.json()["code"] == "NotFound"
    assert answer.json()["message"] == answer.json()["Message"]


def test_java_gets_the_form_that_it_reads(sidecar: Sidecar) -> None:
    """Java's ContainerCredentialsProvider keeps connections and parses Expiration strictly."""
    with httpx.Client(headers={"connection": "keep-alive", "accept": "*/*", "user-agent": "aws-sdk-java/2"}) as client:
        answers = [client.get(f"{sidecar.url}{PATH}", headers={"authorization": sidecar.authorization}) for _ in "ab"]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert time.strptime(answers[0].json()["Expiration"], "%Y-%m-%dT%H:%M:%SZ")


def test_a_token_file_that_is_changed_counts_at_once(sidecar: Sidecar) -> None:
    fresh = sidecar.authorization_file.with_suffix(".new")
    fresh.write_text("the-token-after-a-rotation")
    fresh.replace(sidecar.authorization_file)
    try:
        assert sidecar.ask(authorization="the-token-after-a-rotation").status_code == 200
        # Whoever read the file just before still gets in.
        assert sidecar.ask().status_code == 200
        assert sidecar.ask(authorization="another").status_code == 401
    finally:
        sidecar.authorization_file.write_text(sidecar.authorization)


def test_answers_come_from_memory_at_once(sidecar: Sidecar) -> None:
    with httpx.Client() as client:
        seconds = []
        for _ in range(100):
            began = time.perf_counter()
            client.get(f"{sidecar.url}{PATH}", headers={"authorization": sidecar.authorization})
            seconds.append(time.perf_counter() - began)
    seconds.sort()
    print(f"answers: median {seconds[50] * 1000:.1f} ms, 95th {seconds[95] * 1000:.1f}, last {seconds[-1] * 1000:.1f}")

    assert seconds[50] < 0.05


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "sidecar.attacker.example"},
        {"host": "169.254.169.253"},
        {"origin": "http://localhost"},
        {"sec_fetch_site": "cross-site"},
        {"x_forwarded_for": "10.0.0.1"},
    ],
    ids="-".join,
)
@pytest.mark.parametrize("path", [PATH, "/latest/api/token", "/readyz"])
def test_browsers_proxies_and_rebound_names_get_nothing(sidecar: Sidecar, headers: dict[str, str], path: str) -> None:
    assert sidecar.ask(path, "PUT" if "token" in path else "GET", **headers).status_code == 403


@pytest.mark.parametrize(
    "host", ["localhost:80", "[::1]:1", "127.0.0.1", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]
)
def test_the_hosts_that_sdks_name_are_taken(sidecar: Sidecar, host: str) -> None:
    assert sidecar.ask(host=host).status_code == 200


def test_it_listens_on_loopback_alone(sidecar: Sidecar) -> None:
    addresses = {line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]}
    port = f"{sidecar.port:04X}"

    assert [address for address in addresses if address.endswith(f":{port}")] == [f"0100007F:{port}"]
