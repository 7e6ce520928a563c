"""HTTP/1.1 heads: one reading, or none."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.webhook.message import LARGEST_BODY, LARGEST_HEAD, Head, Refused, parse_head, plain, read_head


def head(*lines: str) -> Head:
    return parse_head("\r\n".join(lines).encode("latin-1"))


def test_a_head_is_read_with_its_path_without_its_query() -> None:
    made = head("POST /mutate?timeout=5s HTTP/1.1", "Host: webhook.sts.svc", "Content-Length: 12")

    assert (made.method, made.path, made.length, made.keeps_open) == ("POST", "/mutate", 12, True)
    assert made.headers["host"] == "webhook.sts.svc"


@pytest.mark.parametrize(
    "lines",
    [
        ["GET / HTTP/1.1", "Connection: close"],
        ["GET / HTTP/1.1", "Connection: Keep-Alive, Close"],
        ["GET / HTTP/1.0"],
    ],
)
def test_a_connection_ends_where_the_client_says_so(lines: list[str]) -> None:
    assert not head(*lines).keeps_open


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([""], 400),
        (["get / HTTP/1.1"], 400),
        (["GET http://x/ HTTP/1.1"], 400),
        (["GET  / HTTP/1.1"], 400),
        (["GET / HTTP/2.0"], 400),
        (["GET / HTTP/1.1", "no colon"], 400),
        (["GET / HTTP/1.1", "a : b"], 400),
        (["GET / HTTP/1.1", " folded: b"], 400),
        (["GET / HTTP/1.1", "a: b\nContent-Length: 3"], 400),
        (["GET / HTTP/1.1", "Content-Length: 1", "content-length: 2"], 400),
        (["POST / HTTP/1.1", "Transfer-Encoding: chunked"], 411),
        (["POST / HTTP/1.1", "Content-Length: +1"], 400),
        (["POST / HTTP/1.1", "Content-Length: "], 400),
        (["POST / HTTP/1.1", "Content-Length: \xb2"], 400),
        (["POST / HTTP/1.1", f"Content-Length: {LARGEST_BODY + 1}"], 413),
        (["POST / HTTP/1.1", f"Content-Length: {'9' * 5000}"], 400),
    ],
    ids=lambda value: value[-1][:40] if isinstance(value, list) else None,
)
def test_what_could_be_read_in_two_ways_is_refused_and_ends_the_connection(lines: list[str], status: int) -> None:
    with pytest.raises(Refused) as refused:
        _ = head(*lines).length

    assert (refused.value.status, refused.value.closes) == (status, True)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(text: bytes) -> None:
    with suppress(Refused):
        _ = parse_head(text).length


def stream(content: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=LARGEST_HEAD)
    reader.feed_data(content)
    reader.feed_eof()
    return reader


async def test_a_head_without_an_end_is_bounded() -> None:
    with pytest.raises(Refused) as refused:
        await read_head(stream(b"ET / HTTP/1.1\r\n" + b"a: b\r\n" * LARGEST_HEAD), b"G")

    assert refused.value.status == 431


async def test_a_head_that_is_cut_off_is_none() -> None:
    assert await read_head(stream(b"ET / HTT"), b"G") is None


async def test_the_first_byte_belongs_to_the_head() -> None:
    made = await read_head(stream(b"ET /healthz HTTP/1.1\r\n\r\nrest"), b"G")

    assert made is not None
    assert made.path == "/healthz"


def test_an_answer_says_its_length_and_whether_the_connection_stays() -> None:
    assert plain(404, "nothing").rendered(keeps_open=False) == (
        b"HTTP/1.1 404 Not Found\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 8\r\n"
        b"connection: close\r\n\r\nnothing\n"
    )


def test_a_header_of_blanks_is_read_in_one_pass() -> None:
    # An expression that takes blanks off either end would try every split: hours, for one request of anybody's.
    with pytest.raises(Refused) as refused:
        head("GET / HTTP/1.1", f"a:{' ' * 16_000}\x01")
    assert refused.value.status == 400
