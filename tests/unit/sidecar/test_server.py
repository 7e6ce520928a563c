"""The server's bounds: heads, bodies, time and connections; and how it ends."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from gateway.sidecar.message import Fault, Request, Response, text_response
from gateway.sidecar.server import Bounds, LocalServer

ASK = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


def answer(request: Request) -> Response:
    if request.path == "/fault":
        raise Fault(404, "NotFound", "none")
    if request.path == "/bug":
        raise KeyError("secret")
    return text_response(200, request.path)


@asynccontextmanager
async def serving(**bounds: float) -> AsyncIterator[tuple[LocalServer, int]]:
    server = LocalServer(answer, Bounds(**bounds))  # type: ignore[arg-type]
    listening = socket.create_server(("127.0.0.1", 0))
    await server.start([listening])
    try:
        yield server, listening.getsockname()[1]
    finally:
        await server.close()


async def exchange(port: int, sent: bytes) -> bytes:
    """All that comes back until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("sent", "status", "content"),
    [
        (ASK, b"200 OK", b"\r\n\r\n/"),
        (b"PUT /x HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc", b"200 OK", b"\r\n\r\n/x"),
        (ASK + ASK, b"200 OK", b"\r\n\r\n/"),
        (b"GET /fault HTTP/1.1\r\n\r\n", b"404 Not Found", b'"none"}'),
        (b"GET /bug HTTP/1.1\r\n\r\n", b"500 Internal Server Error", b'its log says where"}'),
        (b"nonsense\r\n\r\n", b"400 Bad Request", b"}"),
        (b"PUT / HTTP/1.1\r\ncontent-length: 99999\r\n\r\n", b"413", b"}"),
    ],
    ids=["a request", "with a body", "a second one is not read", "a fault", "a bug", "no HTTP", "a large body"],
)
async def test_one_request_gets_one_answer(sent: bytes, status: bytes, content: bytes) -> None:
    async with serving() as (_, port):
        got = await exchange(port, sent)

    assert got.startswith(b"HTTP/1.1 " + status)
    assert got.endswith(content)
    assert got.count(b"content-length: ") == 1


async def test_a_bug_is_told_by_its_place_and_shows_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    async with serving() as (_, port):
        await exchange(port, b"GET /bug HTTP/1.1\r\n\r\n")

    told = capsys.readouterr().err
    assert "KeyError at" in told
    assert "test_server.py" in told
    assert "secret" not in told


async def test_a_head_without_end_is_cut() -> None:
    async with serving(head=1000) as (_, port):
        got = await exchange(port, b"GET / HTTP/1.1\r\na: " + b"x" * 5000)

    assert got.startswith(b"HTTP/1.1 431") or got == b""


@pytest.mark.parametrize("sent", [b"", b"GET / HT", ASK[:-2], b"PUT / HTTP/1.1\r\ncontent-length: 5\r\n\r\nab"])
async def test_a_client_that_never_finishes_is_let_go(sent: bytes) -> None:
    async with serving(time=0.1) as (_, port):
        began = time.monotonic()
        assert await exchange(port, sent) == b""

    assert time.monotonic() - began < 2


async def test_beyond_the_bound_who_has_asked_nothing_for_longest_gives_way() -> None:
    async with serving(connections=3) as (_, port):
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert (await exchange(port, ASK)).startswith(b"HTTP/1.1 200")

        with suppress(ConnectionError):
            assert await asyncio.wait_for(idle[0][0].read(), 1) == b""
        idle[2][1].write(ASK)
        assert (await idle[2][0].read()).startswith(b"HTTP/1.1 200")
        for _, writer in idle:
            writer.close()


async def test_it_ends_at_once_for_those_who_have_asked_nothing() -> None:
    async with serving(time=30) as (server, port):
        silent = asyncio.create_task(exchange(port, b""))
        await asyncio.sleep(0.05)
        began = time.monotonic()
        await server.close()
        assert await silent == b""

    assert time.monotonic() - began < 1
