"""Which path belongs to which door."""

import pytest

from gateway.assembly.routing import Router
from gateway.web.asgi import Application, Message, Receive, Scope, Send


def answering(status: int) -> Application:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})

    return app


ROUTER = Router({"/": answering(201), "/authz/*": answering(202), "/authz/x": answering(203)})
PATHS = {
    "/": 201,
    "/authz": 202,
    "/authz/": 202,
    "/authz//a/../%2e": 202,
    "/authz/x": 203,
    "/authz/x/y": 202,
    "/authzx": 404,
    "/Authz/": 404,
    "/a/authz/": 404,
    "/%61uthz/": 404,
}


@pytest.mark.parametrize(("path", "status"), PATHS.items(), ids=PATHS)
async def test_a_path_has_one_door_in_one_spelling(path: str, status: int) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    await ROUTER({"raw_path": path.encode()}, receive, send)

    assert sent[0]["status"] == status
