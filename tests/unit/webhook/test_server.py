"""The HTTPS server: its paths, its bounds, its deadlines, and its end."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.webhook.application import Application
from gateway.webhook.certificate import FollowedCertificate
from gateway.webhook.message import LARGEST_BODY, Head, Response, plain
from gateway.webhook.meters import WebhookMeters
from gateway.webhook.reviewer import Reviewer
from gateway.webhook.server import Bounds, WebhookServer
from tests.fakes.pods import pod
from tests.fakes.webhook_world import ANNOTATED, settings
from tests.servers.certificates import Authority
from tests.servers.kubernetes_admission import review

NAME = "webhook.sts.svc"


class Client:
    """A connection that sends what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, text: str | bytes) -> None:
        self.writer.write(text if isinstance(text, bytes) else text.encode())
        await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:-2])}
        return int(head[0].split()[1]), headers, await self.reader.readexactly(int(headers["content-length"]))

    async def is_ended(self) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(1), 5) == b""
        except (ConnectionError, ssl.SSLError):
            return True


class Running:
    def __init__(self, server: WebhookServer, port: int, authority: Authority) -> None:
        self.server = server
        self.port = port
        self._authority = authority
        self._clients: list[Client] = []

    async def connect(self) -> Client:
        context = ssl.create_default_context(cafile=str(self._authority.file))
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port, ssl=context, server_hostname=NAME))
        self._clients.append(client)
        return client

    async def close(self) -> None:
        for client in self._clients:
            client.writer.transport.abort()
        await self.server.close()
        await asyncio.sleep(0)

    async def get(self, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        client = await self.connect()
        await client.send(f"{method} {path} HTTP/1.1\r\nConnection: close\r\n\r\n")
        if method == "HEAD":
            head = (await client.reader.readuntil(b"\r\n\r\n")).decode()
            return int(head.split()[1]), {}, b""
        return await client.answer()


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    authority = Authority(tmp_path / "ca")
    pair = authority.issue("webhook", NAME)
    started: list[Running] = []

    async def run(
        answer: Callable[[Head, bytes], Awaitable[Response]] | None = None, bounds: Bounds | None = None
    ) -> Running:
        certificate = FollowedCertificate(pair.certificate, pair.key)
        server: WebhookServer

        async def look_up(_namespace: str, _name: str) -> Mapping[str, str]:
            return ANNOTATED

        reviewer = Reviewer(settings=settings(), look_up=look_up, meters=WebhookMeters())
        application = Application(reviewer=reviewer, is_ready=lambda: not server.is_draining)
        server = WebhookServer(answer or application.answered, certificate.context, bounds or Bounds())
        running = Running(server, await server.start("127.0.0.1", 0), authority)
        started.append(running)
        return running

    yield run
    for running in started:
        await running.close()


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    async with asyncio.timeout(seconds):
        yield


def posted(body: bytes, path: str = "/mutate?timeout=5s", content_type: str = "application/json") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def test_reviews_of_one_connection_are_answered_one_after_another(start: Start) -> None:
    client = await (await start()).connect()

    for _ in range(3):
        question = review("data", pod())
        await client.send(posted(json.dumps(question).encode()))
        status, headers, body = await client.answer()
        assert (status, headers["content-type"], headers["connection"]) == (200, "application/json", "keep-alive")
        assert json.loads(body)["response"]["uid"] == question["request"]["uid"]


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/healthz", 200, b"alive\n"),
        ("/readyz", 200, b"ready\n"),
        ("/", 404, b"nothing is here"),
        ("/mutate", 405, b"POST"),
    ],
)
async def test_each_path_answers_for_itself(start: Start, path: str, status: int, told: bytes) -> None:
    found, _, body = await (await start()).get(path)

    assert found == status
    assert told in body


async def test_probes_answer_head(start: Start) -> None:
    assert (await (await start()).get("/readyz", "HEAD"))[0] == 200


async def test_metrics_are_told_in_prometheus_format(start: Start) -> None:
    running = await start()
    client = await running.connect()
    await client.send(posted(json.dumps(review("data", pod())).encode()))
    await client.answer()

    status, headers, body = await running.get("/metrics")

    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert b'sts_gateway_webhook_reviews_total{outcome="mutated"} 1\n' in body


@pytest.mark.parametrize(
    ("sent", "status", "stays"),
    [
        (posted(b"{}"), 400, True),
        (posted(b"{}", content_type="text/plain"), 415, True),
        (f"POST /mutate HTTP/1.1\r\nContent-Length: {LARGEST_BODY + 1}\r\n\r\n".encode(), 413, False),
        (b"POST /mutate HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411, False),
        (b"nonsense\r\n\r\n", 400, False),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5_000, 431, False),
    ],
    ids=["no review", "media", "large", "chunked", "nonsense", "long head"],
)
async def test_what_cannot_be_taken_is_refused_by_its_status(
    start: Start, sent: bytes, status: int, stays: bool
) -> None:
    client = await (await start()).connect()
    await client.send(sent)

    found, headers, _ = await client.answer()
    assert (found, headers["connection"]) == (status, "keep-alive" if stays else "close")
    # What follows a head that cannot be read could be read in two ways: nobody reads it.
    assert stays or await client.is_ended()


SOON = Bounds(head=0.2, idle=0.2, body=0.2, answer=0.2)


@pytest.mark.parametrize(
    "sent",
    [b"", b"P", b"POST /mutate HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\nx"],
    ids=["nothing", "a part of a head", "a part of a body"],
)
async def test_a_client_that_waits_is_not_waited_for(start: Start, sent: bytes) -> None:
    client = await (await start(bounds=SOON)).connect()
    await client.send(sent)

    async with within(3):
        assert await client.is_ended()


async def test_an_answer_that_takes_too_long_is_one_that_says_so(start: Start) -> None:
    async def sleep(_head: Head, _body: bytes) -> Response:
        await asyncio.sleep(60)
        return plain(200, "late")

    client = await (await start(sleep, SOON)).connect()
    await client.send(posted(b"{}"))

    status, _, body = await client.answer()
    assert (status, body) == (503, b"the answer took too long\n")


async def test_a_fault_ends_one_request_alone(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_head: Head, _body: bytes) -> Response:
        raise RuntimeError("secret")

    client = await (await start(fail)).connect()

    for _ in range(2):
        await client.send(posted(b"{}"))
        status, _, body = await client.answer()
        assert (status, b"secret" in body) == (500, False)
    assert "could not be answered" in caplog.text


async def is_alive(client: Client) -> bool:
    try:
        await client.send("GET /healthz HTTP/1.1\r\n\r\n")
        return (await asyncio.wait_for(client.answer(), 5))[0] == 200
    except (OSError, asyncio.IncompleteReadError):
        return False


async def test_beyond_the_bound_a_newcomer_takes_the_place_of_who_has_idled_longest(start: Start) -> None:
    running = await start(bounds=Bounds(connections=2))
    first, second = await running.connect(), await running.connect()
    assert await is_alive(second)
    third = await running.connect()

    assert await first.is_ended()
    assert [await is_alive(client) for client in (second, third)] == [True, True]


async def test_beyond_the_bound_nobody_takes_the_place_of_who_is_being_answered(start: Start) -> None:
    ended = asyncio.Event()

    async def wait(_head: Head, _body: bytes) -> Response:
        await ended.wait()
        return plain(200, "done")

    running = await start(wait, Bounds(connections=2))
    clients = [await running.connect() for _ in range(2)]
    for client in clients:
        await client.send(posted(b"{}"))
    await asyncio.sleep(0.1)
    with pytest.raises((OSError, ssl.SSLError)):
        await running.connect()
    ended.set()

    assert [(await client.answer())[0] for client in clients] == [200, 200]


BEGUN = f"POST /mutate HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("sent", ["P", BEGUN, f"{BEGUN}Content-Length: 9\r\n\r\n{{"], ids=["line", "head", "body"])
async def test_beyond_the_bound_a_newcomer_takes_the_place_of_who_does_not_go_on(start: Start, sent: str) -> None:
    running = await start(bounds=Bounds(connections=2))
    slow = [await running.connect() for _ in range(2)]
    for client in slow:
        await client.send(sent)
    await asyncio.sleep(0.1)

    assert await is_alive(await running.connect())
    assert await slow[0].is_ended()


async def test_bodies_that_do_not_come_hold_up_nobody(start: Start) -> None:
    running = await start(bounds=Bounds(at_once=2))
    for _ in range(4):
        await (await running.connect()).send(f"{BEGUN}Content-Length: 9\r\n\r\n{{")
    await asyncio.sleep(0.1)

    async with within(2):
        assert await is_alive(await running.connect())


async def test_a_body_takes_the_room_of_one_that_does_not_come(start: Start) -> None:
    async def answer(_head: Head, body: bytes) -> Response:
        return plain(200, f"{len(body)} bytes")

    running = await start(answer, Bounds(bodies=100))
    slow = [await running.connect() for _ in range(2)]
    for client in slow:
        await client.send(f"{BEGUN}Content-Length: 50\r\n\r\n{{")
        await asyncio.sleep(0.05)
    honest = await running.connect()
    await honest.send(posted(b"x" * 30))

    assert (await honest.answer())[2] == b"30 bytes\n"
    assert await slow[0].is_ended()
    await slow[1].send("x" * 49)
    assert (await slow[1].answer())[2] == b"50 bytes\n"


async def test_who_never_ends_a_handshake_is_not_waited_for_and_gives_way(start: Start) -> None:
    running = await start(bounds=Bounds(connections=2, handshake=0.3))
    silent = [await asyncio.open_connection("127.0.0.1", running.port) for _ in range(2)]
    await asyncio.sleep(0.05)
    assert await is_alive(await running.connect())

    async with within(5):
        for reader, writer in silent:
            with suppress(ConnectionError):
                assert await reader.read(1) == b""
            writer.close()
    assert await is_alive(await running.connect())


async def test_a_server_that_ends_does_not_wait_for_who_asks_nothing(start: Start) -> None:
    running = await start()
    idle = await running.connect()
    assert await is_alive(idle)

    async with within(3):
        await running.server.close()
    assert await idle.is_ended()


async def test_no_file_to_spare_is_a_pause_and_no_end(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    running = await start()
    loop = asyncio.get_running_loop()
    accept, faults = loop.sock_accept, iter([OSError(24, "Too many open files")])

    async def fail_once(listening: Any) -> Any:
        accepted = await accept(listening)
        fault = next(faults, None)
        if fault is not None:
            accepted[0].close()
            raise fault
        return accepted

    monkeypatch.setattr(loop, "sock_accept", fail_once)
    for _ in range(2):  # the first may be taken by a call that was made before
        with suppress(OSError):
            await running.connect()

    assert await is_alive(await running.connect())
    assert "could not be accepted" in caplog.text


async def test_no_more_are_answered_at_once_than_the_bound(start: Start) -> None:
    running_now, most = 0, 0

    async def count(_head: Head, _body: bytes) -> Response:
        nonlocal running_now, most
        running_now += 1
        most = max(most, running_now)
        await asyncio.sleep(0.05)
        running_now -= 1
        return plain(200, "done")

    running = await start(count, Bounds(at_once=2))
    clients = [await running.connect() for _ in range(6)]
    for client in clients:
        await client.send(posted(b"{}"))
    answers = [await client.answer() for client in clients]

    assert [status for status, _, _ in answers] == [200] * 6
    assert most == 2


async def test_large_bodies_are_answered_one_after_another_and_hold_up_no_small_one(start: Start) -> None:
    """What a few megabytes of brackets become in memory, all at once, would end the process."""
    large_now, most, small = 0, 0, asyncio.Event()

    async def count(_head: Head, body: bytes) -> Response:
        nonlocal large_now, most
        if len(body) == 2:
            small.set()
            return plain(200, "small")
        large_now += 1
        most = max(most, large_now)
        await small.wait()
        large_now -= 1
        return plain(200, "large")

    running = await start(count, Bounds(large=100))
    clients = [await running.connect() for _ in range(3)]
    for client in clients:
        await client.send(posted(b"x" * 101))
    await asyncio.sleep(0.1)
    clients.append(await running.connect())
    await clients[-1].send(posted(b"{}"))

    assert [(await client.answer())[2] for client in clients] == [b"large\n"] * 3 + [b"small\n"]
    assert most == 1


async def test_large_bodies_that_wait_for_their_turn_leave_room_for_small_ones(start: Start) -> None:
    """Anybody in the cluster may send them: without it the API server's own reviews were refused."""
    turn = asyncio.Event()

    async def wait(_head: Head, body: bytes) -> Response:
        if len(body) > 100:
            await turn.wait()
        return plain(200, f"{len(body)} bytes")

    running = await start(wait, Bounds(large=100, bodies=400))
    strangers = [await running.connect() for _ in range(2)]
    for stranger in strangers:
        await stranger.send(posted(b"x" * 200))
    await asyncio.sleep(0.1)
    honest, one_more = await running.connect(), await running.connect()
    await honest.send(posted(b"x" * 30))
    await one_more.send(posted(b"x" * 200))
    answers = [await honest.answer(), await one_more.answer()]
    turn.set()

    assert [(status, told) for status, _, told in answers] == [
        (200, b"30 bytes\n"),
        (503, b"too many bodies are being read\n"),
    ]
    assert [(await stranger.answer())[2] for stranger in strangers] == [b"200 bytes\n"] * 2


async def test_a_server_that_ends_says_so_and_answers_what_it_has_begun(start: Start) -> None:
    began = asyncio.Event()

    async def slow(_head: Head, _body: bytes) -> Response:
        began.set()
        await asyncio.sleep(0.2)
        return plain(200, "done")

    running = await start(slow)
    client = await running.connect()
    await client.send(posted(b"{}"))
    await began.wait()
    running.server.is_draining = True
    closing = asyncio.create_task(running.server.close())

    status, headers, _ = await client.answer()
    await closing

    assert (status, headers["connection"]) == (200, "close")
    with pytest.raises(OSError):
        await running.connect()


async def test_readiness_ends_with_the_drain(start: Start) -> None:
    running = await start()
    running.server.is_draining = True

    assert (await running.get("/readyz"))[0] == 503
    assert (await running.get("/healthz"))[0] == 200


async def test_plain_http_is_no_door(start: Start) -> None:
    running = await start()
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(b"GET /healthz HTTP/1.1\r\n\r\n")

    assert b"200" not in await asyncio.wait_for(reader.read(), 5)
    writer.close()
