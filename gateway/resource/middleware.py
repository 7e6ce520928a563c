"""The ASGI middleware: what comes through is signed, allowed, and has its caller beside it."""

import uuid
from collections.abc import Collection
from typing import Final

from gateway.domain.errors import GatewayError
from gateway.domain.origin import RequestOrigin
from gateway.resource.caller import CURRENT
from gateway.resource.refusals import Refused, refused
from gateway.resource.verifier import Verifier
from gateway.sigv4.request import HttpRequest
from gateway.web.asgi import Application, Message, Receive, Scope, Send
from gateway.web.limits import ClientDisconnected, read_body
from gateway.web.responses import Answer, send_answer

MAXIMUM_BODY: Final = 1024 * 1024
CALLER: Final = "caller"
"""Name in the scope's state: Starlette has it as `request.state.caller`."""
_POLICY_VIOLATION: Final = 1008  # RFC 6455 7.4.1


class SigV4Middleware:
    """Lets requests through that `verifier` allows; the application's own ActionDenied is answered alike.

    The whole body is read first, since the signature covers it. `open_paths` are served to everybody, unsigned: exact
    paths as they come over the wire, such as `/healthz`. WebSockets carry no such signature, and are refused.
    """

    def __init__(
        self,
        app: Application,
        verifier: Verifier,
        *,
        open_paths: Collection[str] = (),
        maximum_body: int = MAXIMUM_BODY,
    ) -> None:
        self._app = app
        self._verifier = verifier
        self._open_paths = frozenset(path.encode("ascii") for path in open_paths)
        self._maximum_body = maximum_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        elif scope["type"] != "http" or _raw_path(scope) in self._open_paths:
            await self._app(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = _Sending(send)
        try:
            body = await read_body(receive, self._maximum_body)
            caller = await self._verifier.verify_async(_http(scope), body, _origin(scope))
            scope.setdefault("state", {})[CALLER] = caller
            token = CURRENT.set(caller)
            try:
                await self._app(scope, _replayed(body, receive), sending.send)
            finally:
                CURRENT.reset(token)
        except ClientDisconnected:
            return
        except GatewayError as error:
            if sending.has_begun:
                raise
            await send_answer(send, _answer(refused(error, self._verifier.service, method=scope["method"])))


class _Sending:
    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def send(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)


def _replayed(body: bytes, receive: Receive) -> Receive:
    left = [body]

    async def replay() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return replay


def _raw_path(scope: Scope) -> bytes:
    # Without what the server got over the wire no signature can be checked, and no open path be told.
    raw: bytes = scope["raw_path"]
    return raw


def _http(scope: Scope) -> HttpRequest:
    return HttpRequest(
        method=scope["method"],
        raw_path=_raw_path(scope),
        raw_query=scope["query_string"],
        headers=tuple((bytes(name), bytes(value)) for name, value in scope["headers"]),
    )


def _origin(scope: Scope) -> RequestOrigin:
    """What the server says of its peer; behind a proxy it is the server that believes the proxy's headers, or not."""
    client = scope.get("client")
    agent = next((value for name, value in scope["headers"] if name == b"user-agent"), None)
    return RequestOrigin(
        request_id=str(uuid.uuid4()),
        source_ip=None if client is None else client[0],
        user_agent=None if agent is None else agent.decode("latin-1"),
        secure_transport=scope.get("scheme") == "https",
    )


def _answer(made: Refused) -> Answer:
    headers = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in made.headers)
    return Answer(status=made.status, body=made.body, headers=headers)
