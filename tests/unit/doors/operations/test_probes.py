"""The probes: alive, ready, and what they are asked with."""

from collections.abc import Sequence

import pytest

from gateway.doors.operations.probes import routes
from gateway.web.asgi import Message, Scope
from gateway.web.draining import begin_draining
from tests.unit.web.serving import scope_of


async def asked(scope: Scope, reasons: Sequence[str] = ()) -> tuple[int, bytes, dict[bytes, bytes]]:
    sent: list[Message] = []

    async def unready() -> Sequence[str]:
        return reasons

    async def receive() -> Message:
        raise AssertionError("a probe has no body to read")

    async def send(message: Message) -> None:
        sent.append(message)

    await routes(unready)[scope["path"]](scope, receive, send)
    return sent[0]["status"], sent[1]["body"], dict(sent[0]["headers"])


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_sound_process_is_alive_and_ready(path: str, method: str) -> None:
    assert (await asked(scope_of(path=path, method=method)))[:2] == (200, b"ok\n")


async def test_what_keeps_it_from_serving_is_named_and_it_stays_alive() -> None:
    reasons = ["keyring", "state"]

    assert (await asked(scope_of(path="/readyz"), reasons))[:2] == (503, b"keyring\nstate\n")
    assert (await asked(scope_of(path="/healthz"), reasons))[0] == 200


async def test_a_draining_server_is_alive_and_not_ready() -> None:
    state: dict[str, object] = {}
    begin_draining(state)

    assert (await asked(scope_of(path="/readyz", state=state)))[:2] == (503, b"draining\n")
    assert (await asked(scope_of(path="/healthz", state=state)))[0] == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_another_method_is_refused(path: str, method: str) -> None:
    status, _, headers = await asked(scope_of(path=path, method=method), ["keyring"])

    assert status == 405
    assert headers[b"allow"] == b"GET, HEAD"
