"""The edge: ids, headers, the net under bugs, and what it tells the logs."""

import logging
import re
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.domain.errors import InternalFault
from gateway.domain.identifiers import random_uuid
from gateway.telemetry.log import REQUEST_ID
from gateway.web.asgi import Application, Message, Receive, Scope, Send
from gateway.web.edge import Edge
from gateway.web.limits import ClientDisconnected
from gateway.web.origin import origin_of
from gateway.web.responses import TEXT, Answer, send_answer
from tests.unit.web.serving import scope_of

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
FINE = Answer(status=200, body=b"fine", headers=TEXT)


async def fine(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send_answer(send, FINE)


def rendered(fault: InternalFault, request_id: str) -> Answer:
    return Answer(status=500, body=f"{fault} {request_id}".encode())


class Asked:
    """One request through the edge, and everything that came of it."""

    def __init__(self, app: Application, public_url: str = "http://127.0.0.1:8080") -> None:
        self.sent: list[Message] = []
        self.lines: list[Mapping[str, Any]] = []
        self._edge = Edge(
            app,
            render_fault=rendered,
            trusted_proxies=(),
            public_url=public_url,
            access_log=lambda line: self.lines.append(line._asdict()),
        )

    async def by(self, scope: Scope) -> "Asked":
        await self._edge(scope, self._receive, self._send)
        return self

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        headers: list[tuple[bytes, bytes]] = self.sent[0]["headers"]
        return headers

    async def _receive(self) -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message: Message) -> None:
        self.sent.append(message)


async def test_every_answer_has_a_request_id_that_the_application_and_the_log_know() -> None:
    known: list[str | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        known.extend([origin_of(scope).request_id, REQUEST_ID.get()])
        await fine(scope, receive, send)

    asked = await Asked(app).by(scope_of())

    (request_id,) = [value.decode() for name, value in asked.headers if name == b"x-amzn-requestid"]
    assert UUID4.fullmatch(request_id)
    assert known == [request_id, request_id]
    assert asked.lines[0]["request_id"] == request_id


def test_request_ids_are_random_uuids() -> None:
    ids = {random_uuid() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(UUID4.fullmatch(one) for one in ids)


async def test_answers_are_not_kept_sniffed_framed_or_told_of() -> None:
    headers = dict((await Asked(fine).by(scope_of())).headers)

    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"referrer-policy"] == b"no-referrer"
    assert headers[b"content-security-policy"] == b"default-src 'none'; frame-ancestors 'none'"
    assert b"strict-transport-security" not in headers


async def test_an_https_gateway_insists_on_https() -> None:
    headers = dict((await Asked(fine, "https://sts.example.com").by(scope_of())).headers)

    assert headers[b"strict-transport-security"] == b"max-age=31536000"


async def test_a_door_may_say_otherwise_of_its_own_answer() -> None:
    async def page(_scope: Scope, _receive: Receive, send: Send) -> None:
        own = ((b"cache-control", b"max-age=60"), (b"content-security-policy", b"default-src 'self'"))
        await send_answer(send, Answer(status=200, headers=own))

    headers = (await Asked(page).by(scope_of())).headers

    assert [value for name, value in headers if name == b"cache-control"] == [b"max-age=60"]
    assert [value for name, value in headers if name == b"content-security-policy"] == [b"default-src 'self'"]


async def test_a_bug_is_answered_once_with_the_rendered_fault(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise LookupError("canary of the body")

    asked = await Asked(broken).by(scope_of(query_string=b"Token=canary"))

    request_id = asked.lines[0]["request_id"]
    assert asked.sent[0]["status"] == asked.lines[0]["status"] == 500
    assert asked.sent[1]["body"].decode().endswith(f"whoever operates the gateway {request_id}")
    assert b"canary" not in asked.sent[1]["body"]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "canary" not in record.getMessage() + str(record.args)


async def test_a_bug_behind_the_beginning_of_an_answer_adds_nothing_to_it(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise LookupError

    asked = await Asked(broken).by(scope_of())

    assert [message["type"] for message in asked.sent] == ["http.response.start"]
    assert len(caplog.records) == 1


async def test_a_client_that_left_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    async def left(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ClientDisconnected

    asked = await Asked(left).by(scope_of())

    assert (asked.sent, caplog.records) == ([], [])
    assert asked.lines[0]["status"] == 499


async def test_the_access_line_tells_who_asked_what_and_never_the_query() -> None:
    asked = await Asked(fine).by(scope_of(method="POST", raw_path=b"/a%2Fb", query_string=b"Token=canary"))

    (line,) = asked.lines
    assert line["milliseconds"] >= 0
    assert {name: line[name] for name in ("client", "method", "path", "status")} == {
        "client": "192.0.2.1", "method": "POST", "path": "/a%2Fb", "status": 200,
    }  # fmt: skip
    assert "canary" not in str(line)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        pytest.param(b"/lake/" + b"k" * 900, "/lake/" + "k" * 900, id="a long key"),
        pytest.param(b"/" + b"k" * 40_000, "/" + "k" * 1_023 + "...", id="beyond its bound"),
        pytest.param(b"/eyJhbGciOiJSUzI1NiJ9." + b"p" * 90 + b".s", "/(left out: a token)", id="a token"),
        pytest.param(b"/a/eyJhbGciOiJSUzI1NiJ9." + b"p" * 2_000, "/a/(left out: a token)...", id="half a token"),
    ],
)
async def test_the_access_line_has_no_token_of_a_path_and_no_endless_one(path: bytes, told: str) -> None:
    asked = await Asked(fine).by(scope_of(raw_path=path))

    assert asked.lines[0]["path"] == told


async def test_what_is_no_request_passes_untouched() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope)

    asked = await Asked(app).by({"type": "lifespan"})

    assert seen == [{"type": "lifespan"}]
    assert (asked.sent, asked.lines) == ([], [])


def failing(*_: Any) -> Answer:
    raise KeyError("a bug")


@pytest.mark.parametrize(("method", "has_body"), [(b"GET", True), (b"HEAD", False)])
def test_an_answer_at_once_to_head_has_no_body_whatever_the_door_gives(method: bytes, has_body: bool) -> None:
    edge = Edge(fine, render_fault=rendered, trusted_proxies=(), public_url="https://sts.example.com", access_log=None)
    for door in (lambda *_: FINE, failing):
        ready = edge.below({b"/authz": door}).answer("192.0.2.7", True, method, b"/authz/lake/a", ())

        assert ready is not None
        assert bool(ready.body) == has_body


def test_an_answer_at_once_has_the_edges_headers_but_those_of_which_the_door_says_otherwise() -> None:
    edge = Edge(fine, render_fault=rendered, trusted_proxies=(), public_url="https://sts.example.com", access_log=None)
    lasting = Answer(status=200, headers=((b"cache-control", b"public"),))
    doors = edge.below({b"/one": lambda *_: FINE, b"/other": lambda *_: lasting})

    one, other = (doors.answer(None, True, b"GET", path, ()) for path in (b"/one?a=b", b"/other"))

    assert one is not None
    assert other is not None
    assert dict(one.after)[b"cache-control"] == b"no-store"
    assert one.after != other.after == tuple(header for header in one.after if header[0] != b"cache-control")
