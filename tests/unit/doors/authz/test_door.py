"""Whom `/authz` answers, what it judges, and what it says."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gateway.domain.service import Proxy
from gateway.doors.authz.check import Check, judged
from gateway.doors.authz.dialects import DIALECTS
from gateway.web.responses import Answer
from tests.fakes.gateway_world import ANALYST
from tests.unit.doors.authz.asking import INTERNAL, USER, Asking, fields, removed

NO_TOKENS = "envoy: {type: s3, hosts: [s3.example.com]}"


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    return Asking(tmp_path)


def s3_error(answer: Answer) -> dict[str, str]:
    return {element.tag: element.text or "" for element in ET.fromstring(answer.body)}


def cause(asking: Asking) -> str:
    text: str = asking.world.audit.last["additionalEventData"]["cause"]
    return text


async def test_an_allowed_request_is_answered_with_who_signed(asking: Asking) -> None:
    assumed = await asking.world.assume(asking.world.token(department="Zürich"))

    answer = await asking.by_envoy(asking.request(credentials=assumed.credentials))

    found = fields(answer)
    assert answer.status == 200
    assert {name: value for name, value in found.items() if name.startswith(b"x-gateway-")} == {
        b"x-gateway-principal": b"arn:aws:sts::111122223333:assumed-role/Analyst/alice",
        b"x-gateway-account": b"111122223333",
        b"x-gateway-session": b"alice",
        b"x-gateway-tag-department": b"Z%C3%BCrich",
        b"x-gateway-tag-team": b"blue",
        b"x-gateway-tag-cost": b"low",
    }


async def test_an_allowance_has_one_audit_line_with_the_key_and_the_request_id(asking: Asking) -> None:
    answer = await asking.by_envoy(asking.request())

    (record,) = asking.world.audit.records
    assert record["userIdentity"]["accessKeyId"] == "AKIAEXAMPLEEXAMPLE22"
    assert record["eventName"] == "GetObject"
    assert record["requestID"].encode() == fields(answer)[b"x-amzn-requestid"]


async def test_a_refusal_is_s3s_own_with_request_id_and_a_message_that_can_be_decoded(asking: Asking) -> None:
    answer = await asking.by_envoy(asking.request(path="/other/x"))

    error = s3_error(answer)
    assert (answer.status, error["Code"]) == (403, "AccessDenied")
    assert "not authorized to perform: s3:GetObject on resource: arn:aws:s3:::other/x" in error["Message"]
    assert "Encoded authorization failure message: " in error["Message"]
    assert error["RequestId"].encode() == fields(answer)[b"x-amz-request-id"] == fields(answer)[b"x-amzn-requestid"]
    assert asking.world.audit.last["requestID"] == error["RequestId"]


async def test_a_refused_head_has_no_body(asking: Asking) -> None:
    answer = await asking.by_envoy(asking.request("HEAD", "/other/x"))

    assert (answer.status, answer.body) == (403, b"")


async def test_an_ended_session_is_told_in_s3s_words(asking: Asking) -> None:
    assumed = await asking.world.assume(role=ANALYST)
    asking.world.clock.move(hours=2)

    answer = await asking.by_envoy(asking.request(credentials=assumed.credentials))

    assert (answer.status, s3_error(answer)["Code"]) == (400, "ExpiredToken")


async def test_nobody_passes_unsigned(asking: Asking) -> None:
    answer = await asking.ask(
        "GET", "/authz/lake/a", [(b"host", b"s3.example.com"), (b"x-gateway-proxy-token", b"envoy-token")]
    )

    assert (answer.status, s3_error(answer)["Code"]) == (403, "AccessDenied")


TOKENS = {
    "none": None,
    "empty": b"",
    "wrong": b"envoy-tokem",
    "longer": b"envoy-token2",
    "another service's": b"nginx-token",
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
async def test_who_is_not_the_services_proxy_is_refused(asking: Asking, token: bytes | None) -> None:
    answer = await asking.by_envoy(asking.request(), token=token)

    assert (answer.status, s3_error(answer)["Message"]) == (403, "Access Denied")
    assert cause(asking) == "X-Gateway-Proxy-Token is missing or not the service's"


async def test_two_proxy_tokens_are_refused(asking: Asking) -> None:
    answer = await asking.by_envoy(asking.request(), (b"x-gateway-proxy-token", b"envoy-token"))

    assert answer.status == 403
    assert cause(asking) == "the header x-gateway-proxy-token is there more than once"


async def test_without_a_token_the_internal_listener_is_the_proof(tmp_path: Path) -> None:
    asking = Asking(tmp_path, gateway=INTERNAL, services=NO_TOKENS)

    inside = await asking.by_envoy(asking.request(), token=None, inside=True)
    public = await asking.by_envoy(asking.request(), token=None, inside=False)

    assert (inside.status, public.status) == (200, 404)


async def test_a_token_counts_on_the_internal_listener_too(tmp_path: Path) -> None:
    asking = Asking(tmp_path, gateway=INTERNAL)

    assert (await asking.by_envoy(asking.request(), token=b"wrong", inside=True)).status == 403
    assert (await asking.by_envoy(asking.request(), inside=True)).status == 200


async def test_a_service_without_token_is_not_answered_where_the_process_has_no_internal_listener(
    tmp_path: Path,
) -> None:
    """A reload cannot add a listener, but it can take a token away."""
    asking = Asking(tmp_path)
    await asking.gateway.take(asking.world.load(gateway=INTERNAL, services=NO_TOKENS))

    answer = await asking.by_envoy(asking.request(), token=None)
    await asking.gateway.aclose()

    assert answer.status == 403
    assert cause(asking) == "the service has no proxy_token, and the check did not come by the internal listener"


async def test_a_reload_changes_whose_hosts_are_answered(asking: Asking) -> None:
    moved = "envoy: {type: s3, hosts: [s3.example.org], proxy_token: envoy-token}"
    await asking.gateway.take(asking.world.load(services=moved, policies="", roles="", mappings="", users=""))

    answer = await asking.by_envoy(asking.request())
    await asking.gateway.aclose()

    assert cause(asking) == "no service has the host that the client called"
    assert answer.status == 403


HOSTS = {
    "as written": ("s3.example.com", "/lake/a", 200),
    "in capitals": ("S3.Example.Com", "/lake/a", 200),
    "with a default port": ("s3.example.com:443", "/lake/a", 200),
    "with another port": ("s3.example.com:9000", "/lake/a", 403),
    "bucket before it": ("lake.s3.example.com", "/a", 200),
    "bucket with dots before it": ("not.my.lake.s3.example.com", "/a", 403),
    "another": ("example.com", "/lake/a", 403),
    "ends alike": ("evils3.example.com", "/lake/a", 403),
    "empty": ("", "/lake/a", 403),
}


@pytest.mark.parametrize(("host", "path", "status"), HOSTS.values(), ids=HOSTS)
async def test_the_service_is_found_by_its_host(asking: Asking, host: str, path: str, status: int) -> None:
    assert (await asking.by_envoy(asking.request(path=path, host=host))).status == status


async def test_a_subdomain_of_an_api_is_not_the_api(asking: Asking) -> None:
    answer = await asking.by_envoy(asking.request(host="x.api.example.com"), token=b"api-token")

    assert cause(asking) == "no service has the host that the client called"
    assert answer.status == 403


PATHS = {
    "dots": "/lake/../other",
    "one dot": "/lake/./a",
    "encoded dots": "/lake/%2e%2e/other",
    "half encoded dots": "/lake/.%2E/other",
    "twice encoded dots": "/lake/%252e%252e/other",
    "dots at the end": "/lake/..",
    "dots behind a backslash": "/lake/%5c..%5cother",
    "dots with a path parameter": "/lake/..;x/other",
    "a host": "//other/x",
    "NUL": "/lake/a%00",
    "not UTF-8": "/lake/%ff",
    "fragment": "/lake/a#b",
    "encoded slash behind the bucket": "/lake%2fa",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
async def test_a_path_that_servers_read_in_two_ways_is_refused(asking: Asking, path: str) -> None:
    answer = await asking.by_envoy(asking.request(path=path))

    assert (answer.status, s3_error(answer)["Code"]) == (501, "NotImplemented")


async def test_tampering_breaks_the_signature(asking: Asking) -> None:
    signed = asking.request()
    for changed in (
        replace(signed, raw_path=b"/lake/b"),
        replace(signed, raw_query=b"versionId=1"),
        replace(signed, method="DELETE"),
    ):
        assert s3_error(await asking.by_envoy(changed))["Code"] == "SignatureDoesNotMatch"


async def test_clients_speak_for_the_gateway_in_vain(asking: Asking) -> None:
    forged = (
        (b"x-gateway-principal", b"arn:root"),
        (b"x-gateway-tag-admin", b"yes"),
        (b"x_gateway_account", b"1"),
    )

    answer = await asking.by_envoy(asking.request(), *forged)

    assert answer.status == 200
    # Overwritten, or taken away.
    assert fields(answer)[b"x-gateway-principal"] == b"arn:aws:iam::111122223333:user/ci"
    assert removed(answer) == {
        b"x-gateway-proxy-token",
        b"x-gateway-content-length",
        b"x-gateway-tag-admin",
        b"x_gateway_account",
    }


async def test_a_signed_length_is_the_one_that_the_proxy_tells(asking: Asking) -> None:
    """The AWS SDK for Go signs it, and Envoy says 0 to whoever it asks."""
    request = asking.request_with_signed_length(5)

    told = await asking.by_envoy(request, (b"x-gateway-content-length", b"5"))
    untold = await asking.by_envoy(request)
    other = await asking.by_envoy(request, (b"x-gateway-content-length", b"6"))

    assert (told.status, untold.status, other.status) == (200, 400, 403)
    assert b"x-gateway-content-length" in removed(told)


async def test_an_api_is_refused_in_json(asking: Asking) -> None:
    stranger = ("AKIAEXAMPLEEXAMPLE22", "0123456789abcdefghik")
    signed = asking.world.signed(stranger, method="GET", path="/o/1", host="api.example.com", service="execute-api")

    answer = await asking.by_envoy(signed, token=b"api-token")

    assert answer.status == 403
    assert json.loads(answer.body)["__type"] == "InvalidSignatureException"
    assert fields(answer)[b"x-amzn-errortype"] == b"InvalidSignatureException"
    assert asking.world.audit.last["errorCode"] == "InvalidSignatureException"


async def test_an_api_call_without_a_body_passes(asking: Asking) -> None:
    signed = asking.world.signed(USER, method="GET", path="/orders/1", host="api.example.com", service="execute-api")

    assert (await asking.by_envoy(signed, token=b"api-token")).status == 200


async def test_a_request_to_an_upstream_goes_on_under_the_gateways_own_key(asking: Asking) -> None:
    assumed = await asking.world.assume()
    request = asking.request(host="ceph.example.com", credentials=assumed.credentials)

    answer = await asking.by_envoy(request, token=b"ceph-token")

    found = fields(answer)
    assert answer.status == 200
    assert found[b"authorization"].startswith(b"AWS4-HMAC-SHA256 Credential=UPSTREAM/20260301/eu-1/s3/aws4_request,")
    assert found[b"x-amz-date"] == b"20260301T120000Z"
    assert b"x-amz-content-sha256" in found
    assert b"x-amz-security-token" in removed(answer)


async def test_without_an_upstream_the_clients_signature_goes_on(asking: Asking) -> None:
    answer = await asking.by_envoy(asking.request())

    assert b"authorization" not in fields(answer)
    assert b"x-amz-security-token" not in removed(answer)


def test_what_the_proxy_says_is_no_part_of_what_is_judged() -> None:
    check = Check(
        method="GET",
        raw_path=b"/authz/lake/a",
        raw_query=b"",
        headers=[(b"host", b"h"), (b"x-gateway-proxy-token", b"t"), (b"x-gateway-tag-a", b"b"), (b"range", b"r")],
    )

    http = judged(check, DIALECTS[Proxy.ENVOY].target(check))

    assert http.headers == ((b"host", b"h"), (b"range", b"r"))
    assert http.raw_path == b"/lake/a"
