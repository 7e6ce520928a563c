"""What is said of bodies: seen, unseen, in part, in chunks."""

from pathlib import Path

import pytest

from gateway.doors.authz import door
from tests.fakes.gateway_world import sha256
from tests.unit.doors.authz.asking import USER, Asking, fields

ONE = b"<Delete><Object><Key>a</Key></Object></Delete>"
KEPT = b"<Delete><Object><Key>a</Key></Object><Object><Key>kept</Key></Object></Delete>"
JSON = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.GetItem"}


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    return Asking(tmp_path)


async def test_a_bulk_deletion_is_judged_key_by_key(asking: Asking) -> None:
    one = asking.request("POST", "/lake", query="delete", body=ONE)
    kept = asking.request("POST", "/lake", query="delete", body=KEPT)

    assert (await asking.by_envoy(one, body=ONE)).status == 200
    assert (await asking.by_envoy(kept, body=KEPT)).status == 403
    assert asking.world.audit.last["requestParameters"]["actions"][1]["resource"] == "arn:aws:s3:::lake/kept"


async def test_a_bulk_deletion_unseen_may_delete_what_is_denied(asking: Asking) -> None:
    unseen = asking.request("POST", "/lake", query="delete", body=ONE)

    assert (await asking.by_envoy(unseen)).status == 403


async def test_a_bulk_deletion_seen_in_part_is_unseen(asking: Asking) -> None:
    part = asking.request("POST", "/lake", query="delete", body=ONE)
    headers = [
        *part.headers,
        (b"x-gateway-proxy-token", b"envoy-token"),
        (b"x-envoy-auth-partial-body", b"true"),
        (b"content-length", b"%d" % len(ONE)),
    ]

    answer = await asking.ask("POST", "/authz/lake", headers, query=b"delete", body=ONE)

    assert answer.status == 403


async def test_a_body_of_which_envoy_does_not_say_that_it_is_whole_is_unseen(asking: Asking) -> None:
    untold = asking.request("POST", "/lake", query="delete", body=ONE)
    headers = [*untold.headers, (b"x-gateway-proxy-token", b"envoy-token"), (b"content-length", b"%d" % len(ONE))]

    assert (await asking.ask("POST", "/authz/lake", headers, query=b"delete", body=ONE)).status == 403


async def test_a_body_in_pieces_is_not_the_one_that_the_store_will_read(asking: Asking) -> None:
    mode = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    request = asking.request("POST", "/lake", query="delete", payload_hash=mode)

    assert (await asking.by_envoy(request, body=ONE)).status == 403


async def test_another_body_than_the_signed_one_is_refused(asking: Asking) -> None:
    request = asking.request("POST", "/lake", query="delete", body=ONE)

    answer = await asking.by_envoy(request, body=ONE.replace(b">a<", b">b<"))

    assert answer.status == 400
    assert b"<Code>XAmzContentSHA256Mismatch</Code>" in answer.body


async def test_a_body_beyond_its_bound_is_refused(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "LARGEST_BODY", len(ONE) - 1)

    answer = await asking.by_envoy(asking.request("POST", "/lake", query="delete", body=ONE), body=ONE)

    assert b"<Code>EntityTooLarge</Code>" in answer.body


MODES = {
    "UNSIGNED-PAYLOAD": 200,
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER": 200,
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": 200,
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": 200,
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD": 400,
    "STREAMING-SOMETHING": 400,
    "": 400,
    sha256(b"unseen"): 200,
    sha256(b"unseen").upper(): 400,
}


@pytest.mark.parametrize(("mode", "status"), MODES.items(), ids=[mode or "empty" for mode in MODES])
async def test_payload_hashes_that_nobody_verifies_are_refused_by_name(asking: Asking, mode: str, status: int) -> None:
    request = asking.request("PUT", payload_hash=mode) if mode else _with_empty_hash(asking)

    answer = await asking.by_envoy(request)

    assert answer.status == status
    if status == 400:
        assert b"x-amz-content-sha256" in answer.body


def _with_empty_hash(asking: Asking) -> object:
    return asking.request("PUT", payload_hash=" ")


CHAINED = ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")


@pytest.mark.parametrize("mode", CHAINED)
async def test_chunks_that_chain_from_the_clients_signature_are_refused_where_the_gateway_signs_anew(
    asking: Asking, mode: str
) -> None:
    answer = await asking.by_envoy(
        asking.request("PUT", host="ceph.example.com", payload_hash=mode), token=b"ceph-token"
    )

    assert answer.status == 400
    assert mode.encode() in answer.body
    assert b"chunkedEncodingEnabled(false)" in answer.body


@pytest.mark.parametrize("mode", CHAINED)
async def test_who_has_no_key_learns_nothing_of_the_store(asking: Asking, mode: str) -> None:
    stranger = ("AKIAEXAMPLEEXAMPLE22", "another-secret-of-20")
    request = asking.request("PUT", host="ceph.example.com", payload_hash=mode, credentials=stranger)

    answer = await asking.by_envoy(request, token=b"ceph-token")

    assert b"<Code>SignatureDoesNotMatch</Code>" in answer.body


async def test_a_json_service_is_judged_with_its_body(asking: Asking) -> None:
    body = b'{"TableName": "t"}'
    signed = asking.world.signed(USER, host="tables.example.com", service="dynamodb", headers=JSON, body=body, path="/")

    seen = await asking.by_envoy(signed, token=b"tables-token", body=body)
    other = await asking.by_envoy(signed, token=b"tables-token", body=body + b" ")
    unseen = await asking.by_envoy(signed, (b"x-gateway-content-length", b"18"), token=b"tables-token")

    assert (seen.status, other.status, unseen.status) == (200, 403, 400)
    assert b"InvalidSignatureException" in other.body
    assert b"Missing required header for this request: x-amz-content-sha256" in unseen.body
    assert fields(unseen)[b"x-amzn-errortype"] == b"IncompleteSignatureException"
