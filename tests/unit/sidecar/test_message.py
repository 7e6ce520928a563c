"""Requests as bytes: read strictly, in one way; and answers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sidecar.message import (
    Fault,
    Request,
    fault_response,
    json_response,
    length_of,
    read_head,
    rendered,
    text_response,
)

HEAD = b"GET /v1/credentials?x=1 HTTP/1.1\r\nHost: 127.0.0.1:9911\r\nAuthorization:  a b \r\nAccept:\r\n\r\n"


def test_a_head_is_read_with_lower_names_and_without_the_query() -> None:
    request = read_head(HEAD)

    assert (request.method, request.path) == ("GET", "/v1/credentials")
    assert request.headers == {"host": "127.0.0.1:9911", "authorization": "a b", "accept": ""}
    assert "a b" not in repr(request)


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n\r\n",
        b"GET /\r\n\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"GET http://h/ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\n host: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\ny: z\r\n\r\n",
        b"GET / HTTP/1.1\r\nx: a\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nauthorization: a\r\nAuthorization: b\r\n\r\n",
        b"PUT / HTTP/1.1\r\nx-aws-ec2-metadata-token-ttl-seconds: 1\r\nX-aws-ec2-metadata-token-ttl-seconds: 2\r\n\r\n",
        b"PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 65 + b"\r\n",
        b"GET /" + b"x" * 2048 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(head: bytes) -> None:
    with pytest.raises(Fault) as told:
        read_head(head)
    assert told.value.status == 400


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        request = read_head(content + b"\r\n\r\n")
    except Fault:
        return
    assert request.path.startswith("/")


@pytest.mark.parametrize(
    ("text", "status"), [("4097", 413), ("9" * 30, 413), ("-1", 400), ("+1", 400), ("", 400), ("\xb2", 400)]
)
def test_a_body_that_is_too_long_or_of_no_length_is_refused(text: str, status: int) -> None:
    with pytest.raises(Fault) as told:
        length_of(_put(text), 4096)
    assert told.value.status == status


@pytest.mark.parametrize("length", [0, 4096])
def test_a_short_body_is_taken(length: int) -> None:
    assert length_of(_put(str(length)), 4096) == length


def _put(length: str) -> Request:
    return read_head(f"PUT / HTTP/1.1\r\ncontent-length: {length}\r\n\r\n".encode("latin-1"))


def test_a_fault_is_told_to_every_sdk() -> None:
    answer = fault_response(Fault(404, "NotFound", "there is none", headers={"allow": "GET"}))

    told = json.loads(answer.body)
    assert told == {"Code": "NotFound", "Message": "there is none", "code": "NotFound", "message": "there is none"}
    assert answer.headers == {"allow": "GET"}


def test_an_answer_ends_its_connection_and_is_kept_by_nobody() -> None:
    head, _, body = rendered(text_response(200, "ok", {"x-a": "b"}), with_body=True).partition(b"\r\n\r\n")

    assert body == b"ok"
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert {b"content-length: 2", b"connection: close", b"cache-control: no-store", b"x-a: b"} <= set(
        head.split(b"\r\n")
    )


def test_a_head_alone_has_the_length_and_no_body() -> None:
    answer = rendered(json_response(200, {"a": 1}), with_body=False)

    assert b"content-length: 8\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_a_header_of_blanks_is_read_in_one_pass() -> None:
    # An expression that takes blanks off either end would try every split: hours, for one request of anybody's.
    with pytest.raises(Fault) as told:
        read_head(b"GET / HTTP/1.1\r\na:" + b" " * 16_000 + b"\x01\r\n\r\n")
    assert told.value.status == 400
