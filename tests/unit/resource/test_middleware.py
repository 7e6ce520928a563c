"""The middleware in front of a Starlette application: who gets through, and what others read."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.domain.errors import ActionDenied
from gateway.resource import SigV4Middleware, require
from gateway.sigv4.request import HttpRequest
from gateway.web.asgi import Message
from tests.unit.resource.world import HOST, USER, ResourceWorld


async def order(request: Request) -> Response:
    body = await request.body()
    return JSONResponse({"caller": request.state.caller.arn, "read": body.decode()})


async def approve(_: Request) -> Response:
    require("orders:Approve", "arn:aws:orders:::order/blue/7")
    return PlainTextResponse("approved")


def approve_in_a_thread(_: Request) -> Response:
    require("orders:Approve", "arn:aws:orders:::order/blue/7")
    return PlainTextResponse("approved")


async def healthz(request: Request) -> Response:
    return PlainTextResponse(str(hasattr(request.state, "caller")))


@pytest.fixture
def world(tmp_path: Path) -> ResourceWorld:
    return ResourceWorld(tmp_path)


@pytest.fixture
async def client(world: ResourceWorld) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(
        routes=[
            Route("/orders/{number}", order, methods=["GET", "POST"]),
            Route("/orders/{number}/approve", approve, methods=["POST"]),
            Route("/orders/{number}/approve-in-a-thread", approve_in_a_thread, methods=["POST"]),
            Route("/healthz", healthz),
        ],
        middleware=[
            Middleware(SigV4Middleware, verifier=world.verifier, open_paths=["/healthz"], maximum_body=1_000)  # type: ignore[arg-type]
        ],
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=f"https://{HOST}") as client:
        yield client


async def send(client: httpx.AsyncClient, http: HttpRequest, body: bytes = b"") -> httpx.Response:
    headers = [(name.decode(), value.decode()) for name, value in http.headers]
    return await client.request(http.method, http.raw_path.decode(), headers=headers, content=body)


async def test_a_signed_request_gets_through_with_body_and_caller(
    client: httpx.AsyncClient, world: ResourceWorld
) -> None:
    alice = (await world.assume()).credentials

    answer = await send(client, world.order(alice, method="POST", body=b"two"), b"two")

    assert answer.status_code == 200
    assert answer.json() == {"caller": "arn:aws:sts::111122223333:assumed-role/Analyst/alice", "read": "two"}


@pytest.mark.parametrize("path", ["/orders/7/approve", "/orders/7/approve-in-a-thread"])
@pytest.mark.parametrize(("tagged", "status"), [(True, 200), (False, 403)])
async def test_the_application_may_require_more(
    client: httpx.AsyncClient, world: ResourceWorld, path: str, tagged: bool, status: int
) -> None:
    caller: Any = (await world.assume()).credentials if tagged else USER

    answer = await send(client, world.order(caller, method="POST", path=path))

    assert answer.status_code == status
    if status == 403:
        assert answer.json()["__type"] == "AccessDeniedException"
        assert "orders:Approve" in answer.json()["message"]


async def test_who_is_refused_reads_why(client: httpx.AsyncClient, world: ResourceWorld) -> None:
    answer = await send(client, world.order(USER, path="/admin"))

    assert answer.status_code == 403
    assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"
    assert answer.headers["x-amzn-requestid"] == answer.json()["requestId"]


async def test_an_unsigned_request_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/orders/7")

    assert answer.status_code == 403
    assert answer.json()["__type"] == "MissingAuthenticationTokenException"


async def test_an_open_path_is_served_to_everybody(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).text == "False"


@pytest.mark.parametrize("path", ["/healthz/", "/healthz/../orders/7", "/%68ealthz", "//healthz"])
async def test_nothing_else_is_open(client: httpx.AsyncClient, path: str) -> None:
    url = httpx.URL(f"https://{HOST}").copy_with(raw_path=path.encode())

    assert (await client.get(url)).status_code == 403


async def test_a_body_beyond_the_bound_is_refused(client: httpx.AsyncClient, world: ResourceWorld) -> None:
    answer = await send(client, world.order(USER, method="POST", body=b"x" * 1_001), b"x" * 1_001)

    assert answer.status_code == 413


async def test_while_nothing_is_known_of_revocations_the_answer_is_to_try_again(
    client: httpx.AsyncClient, world: ResourceWorld
) -> None:
    world.api.away = True

    assert (await send(client, world.order(USER))).status_code == 503


async def test_a_websocket_is_refused(world: ResourceWorld) -> None:
    sent: list[Message] = []

    async def never(*_: Any) -> None:
        raise AssertionError

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await SigV4Middleware(never, world.verifier)({"type": "websocket", "raw_path": b"/"}, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_an_error_after_the_answer_has_begun_is_the_servers(world: ResourceWorld) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        require("orders:Delete", "arn:aws:orders:::order/blue/7")

    transport = httpx.ASGITransport(app=SigV4Middleware(app, world.verifier))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=f"https://{HOST}") as client:
        with pytest.raises(ActionDenied):
            await send(client, world.order(USER))
