"""`/metrics`: the text, its type, and what it is asked with."""

import pytest

from gateway.doors.operations.metrics import routes
from gateway.web.asgi import Message
from tests.unit.web.serving import scope_of


async def asked(method: str) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("there is no body to read")

    async def send(message: Message) -> None:
        sent.append(message)

    await routes(lambda: b"told\n")["/metrics"](scope_of(path="/metrics", method=method), receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_metrics_are_text_of_prometheus_own_version(method: str) -> None:
    status, headers, body = await asked(method)

    assert (status, body) == (200, b"told\n")
    assert headers[b"content-type"] == b"text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_another_method_is_refused(method: str) -> None:
    status, headers, _ = await asked(method)

    assert status == 405
    assert headers[b"allow"] == b"GET, HEAD"
