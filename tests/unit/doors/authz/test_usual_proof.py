"""What the straight line for usual checks proves, decides and records anew for each request."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.errors import MalformedSignedRequest
from gateway.domain.revocation import RevocationKind
from gateway.doors.authz.check import PREFIX, Check
from gateway.doors.authz.usual import UsualChecks
from gateway.sealing import key_file
from gateway.sealing.keyring import Keyring
from gateway.sigv4.request import HttpRequest
from gateway.telemetry.tracing import SPAN
from gateway.web.cycle import block_of
from gateway.web.origin import OriginReader
from gateway.web.responses import Answer
from tests.fakes.gateway_world import ENGINEER, ORIGIN, START
from tests.unit.doors.authz.asking import INTERNAL, SERVICES, fields
from tests.unit.doors.authz.both_ways import HASH, POLICIES, BothWays, fixed_ids


@pytest.fixture
def both(tmp_path: Path) -> BothWays:
    return BothWays(tmp_path)


def changed(request: HttpRequest, name: bytes, value: bytes) -> HttpRequest:
    return replace(request, headers=tuple((given, value if given == name else had) for given, had in request.headers))


async def test_a_request_is_proven_by_its_own_signature_and_no_other(both: BothWays) -> None:
    credentials = await both.session()
    request = both.asking.request(headers={"x-amz-meta-a": "b"}, credentials=credentials)
    assert await both.envoy(request)
    given = fields(Answer(status=200, headers=request.headers))
    signature = given[b"authorization"]

    for tampered in (
        replace(request, raw_path=b"/lake/b"),
        replace(request, raw_query=b"x-id=GetObject"),
        replace(request, method="HEAD"),
        changed(request, b"authorization", signature[:-1] + (b"0" if signature[-1:] != b"0" else b"1")),
        changed(request, b"authorization", signature[:-64] + signature[-64:].upper()),
        changed(request, b"authorization", signature[:-1]),
        changed(request, b"authorization", signature + b"0"),
        changed(request, b"authorization", signature[:-64]),
        changed(request, b"authorization", signature.replace(b"Signature=", b"Signature=Signature=")),
        changed(request, b"authorization", signature.replace(b"us-east-1", b"us-east-2")),
        changed(request, b"authorization", signature.replace(b"/s3/", b"/sts/")),
        changed(request, b"authorization", signature.replace(b"20260301", b"20260302")),
        changed(request, b"authorization", signature.replace(b"x-amz-meta-a;", b"")),
        changed(request, b"authorization", signature.replace(b"host;", b"")),
        changed(request, b"x-amz-date", b"20260301T120001Z"),
        changed(request, b"x-amz-date", b"20260301T120000"),
        changed(request, b"x-amz-content-sha256", HASH.encode()),
        changed(request, b"x-amz-content-sha256", b"UNSIGNED-PAYLOAD"),
        changed(request, b"x-amz-meta-a", b"c"),
        changed(request, b"host", b"S3.example.com"),
        changed(request, b"x-amz-security-token", given[b"x-amz-security-token"][:-4] + b"AAAA"),
        replace(request, headers=tuple(one for one in request.headers if one[0] != b"x-amz-meta-a")),
        replace(request, headers=tuple(one for one in request.headers if one[0] != b"x-amz-date")),
        replace(request, headers=tuple(one for one in request.headers if one[0] != b"x-amz-content-sha256")),
        replace(request, headers=tuple(one for one in request.headers if one[0] != b"x-amz-security-token")),
        replace(request, headers=tuple(one for one in request.headers if one[0] != b"authorization")),
    ):
        assert not await both.envoy(tampered)
    assert await both.envoy(request)


async def test_one_sessions_signature_is_not_anothers(both: BothWays) -> None:
    one, other = await both.session(), await both.session()
    request = both.asking.request(credentials=one)
    assert await both.envoy(request)
    assert await both.envoy(both.asking.request(credentials=other))

    assert not await both.envoy(changed(request, b"x-amz-security-token", other.session_token.encode()))


@pytest.mark.parametrize(("seconds", "counts"), [(900, True), (901, False), (-900, True), (-901, False)])
async def test_a_request_counts_for_its_quarter_of_an_hour(both: BothWays, seconds: int, counts: bool) -> None:
    credentials = await both.session()
    both.world.clock.move(hours=0.5)
    request = both.asking.request(credentials=credentials)
    assert await both.envoy(request)

    both.world.clock.move(seconds=seconds)

    assert await both.envoy(request) is counts


async def test_a_session_is_over_when_it_is_over(both: BothWays) -> None:
    credentials = await both.session()
    both.world.clock.move(seconds=3_599)
    assert await both.envoy(both.asking.request(credentials=credentials))

    both.world.clock.move(seconds=1)

    assert not await both.envoy(both.asking.request(credentials=credentials))


async def test_a_session_that_was_ended_is_refused_at_once_and_others_go_on(both: BothWays) -> None:
    one, other = await both.session(), await both.session()
    session_id = both.session_id(one)
    assert await both.envoy(both.asking.request(credentials=one))

    for gateway in (both.straight, both.whole):
        await gateway._revocations.revoke(RevocationKind.SESSION, session_id)

    assert not await both.envoy(both.asking.request(credentials=one))
    assert await both.envoy(both.asking.request(credentials=other))


async def test_what_a_retired_key_sealed_counts_no_more(both: BothWays) -> None:
    credentials = await both.session()
    assert await both.envoy(both.asking.request(credentials=credentials))
    new = key_file.new_key(now=START, seals_from=START)
    path = both.world.folder / "keyring.json"
    path.unlink()
    key_file.create(path, Keyring([new], ()))

    for gateway in (both.straight, both.whole):
        gateway.follow_keyring()

    assert not await both.envoy(both.asking.request(credentials=credentials))


async def test_the_policies_of_now_decide(both: BothWays) -> None:
    credentials = await both.session()
    assert await both.envoy(both.asking.request(credentials=credentials))
    policies = POLICIES.replace('"s3:*", Resource: ["arn', '"s3:Put*", Resource: ["arn').replace("*/a*", "*/c*")
    configuration = both.world.load(services=SERVICES, policies=policies)

    for gateway in (both.straight, both.whole):
        await gateway.take(configuration)

    assert not await both.envoy(both.asking.request(credentials=credentials))


async def test_a_boundary_and_a_session_policy_narrow_alike(both: BothWays) -> None:
    bounded = await both.session(ENGINEER, "engineers", duration=900)
    assert await both.envoy(both.asking.request("PUT", credentials=bounded))
    assert not await both.envoy(both.asking.request("PUT", "/other/b", credentials=bounded))
    assert not await both.envoy(both.asking.request("DELETE", credentials=bounded))


async def test_accounts_that_the_service_does_not_serve_are_refused(tmp_path: Path) -> None:
    services = "envoy: {type: s3, hosts: [s3.example.com], proxy_token: envoy-token, principals: [other]}"
    both = BothWays(tmp_path, services=services, accounts='lake: "111122223333"\nother: "444455556666"')

    assert not await both.envoy(both.asking.request(credentials=await both.session()))


SIGNED_ANEW: Mapping[str, tuple[bool, dict[str, Any]]] = {
    "an object": (True, {}),
    "an object written": (True, {"method": "PUT", "payload_hash": "UNSIGNED-PAYLOAD"}),
    "metadata": (True, {"method": "PUT", "headers": {"x-amz-meta-colour": "blue", "content-type": "text/plain"}}),
    "the operation's name in the query": (True, {"query": "x-id=GetObject"}),
    "a payload in pieces": (True, {"method": "PUT", "payload_hash": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}),
    "a payload in pieces that are signed": (
        False,
        {"method": "PUT", "payload_hash": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
    ),
    "another bucket": (False, {"path": "/other/b"}),
}


@pytest.mark.parametrize("case", SIGNED_ANEW)
@pytest.mark.parametrize("host", ["", "host: ceph:7480, "], ids=["the client's host", "a host of its own"])
async def test_a_request_is_signed_anew_as_by_the_whole_way(tmp_path: Path, case: str, host: str) -> None:
    both = BothWays(tmp_path, services=SERVICES.replace("region: eu-1", f"{host}region: eu-1"))
    usual, request = SIGNED_ANEW[case]
    credentials = await both.session()
    assert await both.envoy(both.asking.request(host="ceph.example.com", credentials=credentials), token=b"ceph-token")
    asked = both.asking.request(host="ceph.example.com", credentials=credentials, **request)

    assert await both.envoy(asked, token=b"ceph-token") is usual


async def test_a_traced_request_goes_the_whole_way(both: BothWays) -> None:
    request = both.asking.request(credentials=await both.session())
    token = SPAN.set(mock.MagicMock(trace_id="1"))
    try:
        assert not await both.envoy(request)
    finally:
        SPAN.reset(token)


async def test_what_cannot_be_recorded_is_refused_and_counted_once(both: BothWays) -> None:
    request = both.asking.request(credentials=await both.session())
    assert await both.envoy(request)
    both.asking.gateway = both.straight
    headers = [*request.headers, (b"x-gateway-proxy-token", b"envoy-token")]

    with mock.patch("gateway.telemetry.audit.os.write", side_effect=OSError(28, "No space left on device")):
        answer = await both.asking.ask("GET", "/authz/lake/a", headers)

    assert answer.status == 503
    metrics = both.straight._meters.text().decode()
    assert 'requests_total{action="Authorize",outcome="error",code="ServiceUnavailable"} 1' in metrics
    assert 'requests_total{action="Authorize",outcome="ok",code=""} 1' in metrics
    assert 'request_duration_seconds_count{action="Authorize"} 2' in metrics


async def test_both_ways_count_alike(both: BothWays) -> None:
    assert await both.envoy(both.asking.request(credentials=await both.session()))

    counts = []
    for gateway in (both.straight, both.whole):
        lines = gateway._meters.text().decode().splitlines()
        counts.append([one for one in lines if "Authorize" in one and "_bucket" not in one and "_sum" not in one])
    assert counts[0] == counts[1] != []


TEXTS = st.text(st.sampled_from("ab/.%2Fe0=+ ~\\x01é;?#"), max_size=12)


@given(key=TEXTS, name=st.sampled_from(["x-amz-meta-a", "accept", "x-other", "x_amz_acl"]), value=TEXTS, query=TEXTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
async def test_whatever_is_asked_both_ways_say_the_same(
    both: BothWays, key: str, name: str, value: str, query: str
) -> None:
    credentials = await both.session()
    path = "/lake/" + "".join(one for one in key if one not in "?#" and one.isascii() and one.isprintable())
    asked = "".join(one for one in query if one not in "#?" and one.isascii() and one.isprintable())
    try:
        request = both.asking.request(path=path, query=asked, headers={name: value}, credentials=credentials)
    except MalformedSignedRequest:
        return

    await both.envoy(request)


async def test_a_body_that_the_proxy_hands_over_is_compared(both: BothWays) -> None:
    request = both.asking.request("PUT", credentials=await both.session())
    assert await both.envoy(request)
    headers = [*request.headers, (b"content-length", b"5"), (b"x-gateway-proxy-token", b"envoy-token")]

    assert not await both.same(
        "PUT", "/authz/lake/a", [*headers, (b"x-envoy-auth-partial-body", b"false")], body=b"hello"
    )


@pytest.mark.parametrize(
    "statement",
    [
        '{Effect: Allow, Action: "s3:*", Resource: "*", Condition: {Bool: {"aws:SecureTransport": "true"}}}',
        '{Effect: Allow, Action: "s3:*", Resource: "arn:aws:s3:::${aws:PrincipalTag/team}/*"}',
        '{Effect: Allow, NotAction: "s3:PutObject", Resource: "*", Condition: {"Null": {"s3:prefix": "false"}}}',
    ],
)
async def test_where_more_than_the_resource_decides_the_whole_way_does(tmp_path: Path, statement: str) -> None:
    policy = f'read-lake: {{Version: "2012-10-17", Statement: [{statement}]}}\n'
    both = BothWays(tmp_path, policies=policy + policy.replace("read-lake", "all-s3"))
    request = both.asking.request(credentials=await both.session())

    assert not await both.envoy(request)
    assert not await both.envoy(request, (b"x-forwarded-proto", b"https"))


async def test_the_public_listener_believes_nobody_without_a_token(tmp_path: Path) -> None:
    services = "envoy: {type: s3, hosts: [s3.example.com]}"
    both = BothWays(tmp_path, services=services, gateway=INTERNAL)
    request = both.asking.request(credentials=await both.session())
    exchange, hosts, usual = both.straight.exchange, both.straight._hosts, UsualChecks(OriginReader(()))
    check = Check(method="GET", raw_path=b"/authz/lake/a", raw_query=b"", headers=request.headers)

    assert both.straight.below is not None
    assert both.straight.below_internal is not None
    assert PREFIX not in both.straight.below.paths
    assert PREFIX in both.straight.below_internal.paths
    assert usual.answer(check, exchange, hosts, ORIGIN, internal=False) is None
    assert usual.answer(check, exchange, hosts, ORIGIN, internal=True) is not None


async def test_a_check_is_answered_in_the_turn_in_which_it_came_as_by_the_application(both: BothWays) -> None:
    request = both.asking.request(credentials=await both.session())
    headers = [*request.headers, (b"x-gateway-proxy-token", b"envoy-token")]
    both.asking.gateway = both.straight
    below = both.straight.below
    assert below is not None

    with fixed_ids():
        ready = below.answer("192.0.2.1", False, b"GET", b"/authz/lake/a", headers)
        answer = await both.asking.ask("GET", "/authz/lake/a", headers)

    assert ready is not None
    assert (ready.status, ready.body) == (answer.status, answer.body)
    assert ready.block == block_of(ready.before)
    written = (*ready.before, (b"content-length", b"0"), *ready.after, (b"x-amzn-requestid", ready.request_id.encode()))
    assert written == answer.headers
    assert both.lines()[-1] == both.lines()[-2]
