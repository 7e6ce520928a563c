"""The audit log of a running gateway: one line for every answer of STS, in CloudTrail's names, and no secret anywhere."""

import json
import re
import resource
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.e2e.canaries import Canaries
from tests.e2e.openid_provider import OpenIdProvider
from tests.e2e.server import ENGINEER, VERSION, Gateway, StartGateway, assumption, error_of, request_id_of

CLOUDTRAIL = {
    "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
    "userAgent", "requestParameters", "responseElements", "requestID", "eventID", "readOnly", "eventType",
    "managementEvent", "eventCategory",
}  # fmt: skip


def test_credentials_that_were_handed_out_are_one_line_that_says_to_whom(
    gateway: Gateway, provider: OpenIdProvider
) -> None:
    answer = gateway.assume(provider.id_token())

    record = gateway.audit(request_id_of(answer))
    assert record.keys() >= CLOUDTRAIL
    assert (record["eventSource"], record["eventName"]) == ("sts.amazonaws.com", "AssumeRoleWithWebIdentity")
    assert record["userIdentity"]["type"] == "WebIdentityUser"
    assert record["userIdentity"]["userName"] == "alice"
    assert record["requestParameters"]["roleSessionName"] == "alice"
    assert record["responseElements"]["assumedRoleUser"]["arn"].endswith(":assumed-role/Analyst/alice")
    assert f"<AccessKeyId>{record['responseElements']['credentials']['accessKeyId']}<" in answer.text
    assert record["recipientAccountId"] == "111122223333"
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert record["userAgent"].startswith("python-httpx/")
    assert "errorCode" not in record
    assert record["additionalEventData"]["allowedBy"]


def test_a_refusal_is_one_line_with_the_cause_that_the_caller_is_not_told(
    gateway: Gateway, provider: OpenIdProvider
) -> None:
    answer = gateway.assume(provider.id_token(), RoleArn=ENGINEER)

    record = gateway.audit(request_id_of(answer))
    assert record["errorCode"] == "AccessDenied"
    assert record["errorMessage"] == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    assert record["responseElements"] is None
    cause = record["additionalEventData"]["cause"]
    assert cause
    assert cause not in answer.text


ANSWERS: dict[str, tuple[Callable[[str], httpx.Response], str | None]] = {
    "an unknown action": (lambda url: httpx.post(url, data={"Action": "Nothing", "Version": VERSION}), "InvalidAction"),
    "a form that is none": (
        lambda url: httpx.post(
            url, content=b"Action=%zz", headers={"content-type": "application/x-www-form-urlencoded"}
        ),
        "ValidationError",
    ),
    "an unsigned request": (
        lambda url: httpx.post(url, data={"Action": "GetCallerIdentity", "Version": VERSION}),
        "MissingAuthenticationToken",
    ),
    "a token in a GET": (lambda url: httpx.get(url, params=assumption("canary-in-a-query")), None),
    "a body beyond its bound": (lambda url: httpx.post(url, content=b"x" * 300_000), None),
    "a session of nonsense": (lambda url: httpx.post(url, data=assumption("nonsense")), "InvalidIdentityToken"),
}


@pytest.mark.parametrize(("ask", "code"), ANSWERS.values(), ids=ANSWERS)
def test_every_answer_of_sts_is_one_line(
    gateway: Gateway, ask: Callable[[str], httpx.Response], code: str | None
) -> None:
    answer = ask(gateway.url)

    record = gateway.audit(request_id_of(answer))
    assert answer.status_code >= 400
    assert record["errorCode"]
    assert code is None or record["errorCode"] == code


def test_an_audit_log_on_standard_output_has_lines_of_its_own(
    start_gateway: StartGateway, provider: OpenIdProvider
) -> None:
    gateway = start_gateway(provider, audit_path="-")

    answer = gateway.assume(provider.id_token())

    assert gateway.audit(request_id_of(answer))["eventName"] == "AssumeRoleWithWebIdentity"
    assert all(isinstance(json.loads(line), dict) for line in gateway.out.splitlines())


@pytest.mark.parametrize("signed_in", [True, False], ids=["who would get credentials", "who would be refused"])
def test_where_no_line_can_be_written_nobody_is_answered(
    start_gateway: StartGateway, provider: OpenIdProvider, signed_in: bool
) -> None:
    gateway = start_gateway(provider, audit_path="/dev/full")

    answer = gateway.assume(provider.id_token() if signed_in else "nonsense")

    assert error_of(answer) == (503, "ServiceUnavailable")
    assert "AccessKeyId" not in answer.text
    assert failures(gateway) == {"refused": 1, "dropped": 0}


def test_where_lines_may_be_dropped_everybody_is_answered_and_they_are_counted(
    start_gateway: StartGateway, provider: OpenIdProvider
) -> None:
    gateway = start_gateway(provider, audit_path="/dev/full", audit_on_failure="drop")

    answers = [gateway.assume(provider.id_token()), gateway.assume("nonsense")]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert failures(gateway) == {"refused": 0, "dropped": 2}


def test_of_requests_that_come_together_as_the_disk_fills_those_with_a_line_are_answered_and_no_other(
    start_gateway: StartGateway, provider: OpenIdProvider
) -> None:
    gateway, token = start_gateway(provider), provider.id_token()
    assert gateway.assume(token).status_code == 200
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda _: gateway.assume(token), range(160)))
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    answers.append(gateway.assume(token))

    given = [request_id_of(answer) for answer in answers if answer.status_code == 200]
    assert 30 < len(given) < 100
    assert request_id_of(answers[-1]) in given
    assert {error_of(answer) for answer in answers if answer.status_code != 200} == {(503, "ServiceUnavailable")}
    lines = [line for line in gateway.audit_text.splitlines() if line.endswith("}")]
    assert {json.loads(line)["requestID"] for line in lines} >= set(given)
    assert len(lines) == len(given) + 1
    assert failures(gateway) == {"refused": len(answers) - len(given), "dropped": 0}


def failures(gateway: Gateway) -> dict[str, int]:
    """Lines that could not be written, by what became of their requests."""
    found = re.findall(
        r'^sts_gateway_audit_write_failures_total\{request="(\w+)"\} (\d+)',
        httpx.get(f"{gateway.url}/metrics").text,
        re.MULTILINE,
    )
    return {request: int(count) for request, count in found}


def test_a_log_that_was_renamed_is_begun_anew_at_sighup(start_gateway: StartGateway, provider: OpenIdProvider) -> None:
    gateway = start_gateway(provider)
    before = gateway.assume(provider.id_token())
    path = gateway.folder / gateway.audit_path
    old = path.rename(path.with_suffix(".old"))

    gateway.send(signal.SIGHUP)
    gateway.until(path.exists, "the log is begun anew")
    after = gateway.assume(provider.id_token())

    assert request_id_of(before) in old.read_text()
    assert request_id_of(after) not in old.read_text()
    assert gateway.audit(request_id_of(after))["eventName"] == "AssumeRoleWithWebIdentity"


def test_no_output_shows_a_secret(gateway: Gateway, provider: OpenIdProvider, canaries: Canaries) -> None:
    token = provider.id_token()
    answers = [
        gateway.assume(token),
        gateway.assume(token[:-4] + "AAAA"),
        gateway.assume(token, Action=token),
        gateway.assume(token, RoleArn=token[:2_000]),
        gateway.assume(token, RoleSessionName=token[:64]),
        httpx.get(gateway.url, params=assumption(token)),
        httpx.get(f"{gateway.url}/nowhere", params={"token": token}),
        httpx.post(
            f"{gateway.url}/?WebIdentityToken={token}", data={"Action": "GetCallerIdentity", "Version": VERSION}
        ),
        httpx.get(gateway.url, headers={"authorization": f"Bearer {token}", "x-amz-security-token": token}),
        httpx.post(gateway.url, content=token.encode(), headers={"content-type": "text/plain"}),
    ]

    assert all(request_id_of(answer) for answer in answers)
    assert gateway.leaks() == []


@pytest.mark.parametrize("shown", ["{0}", "...{1}...", "%2F{2}"], ids=["whole", "a piece of it", "percent-encoded"])
def test_the_search_for_secrets_finds_them(shown: str) -> None:
    canaries = Canaries()
    secret = canaries.add("a key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

    text = shown.format(secret, secret[8:32], secret.replace("/", "%2F"))

    assert canaries.leaks(f"before {text} after") == ["a key"]
    assert canaries.leaks("before after") == []
