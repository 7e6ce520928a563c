"""The door: one request of the gateway's own API in, one JSON answer out, each with its line in the audit log."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeVar

from gateway.domain.errors import GatewayError, MethodRefused
from gateway.exchange.exchange import Exchange
from gateway.exchange.proof import SignedCall
from gateway.sigv4.request import HttpRequest
from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.limits import read_body
from gateway.web.origin import origin_of
from gateway.web.responses import JSON, Answer, send_answer
from gateway.wire import authenticate as wire
from gateway.wire.authenticate_faults import answer_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as the door read it."""

    call: SignedCall
    body: bytes

    @property
    def query(self) -> bytes:
        return self.call.http.raw_query


T = TypeVar("T")
Action = Callable[[Exchange, Request], Awaitable[Answer]]


def routes(exchange: Callable[[], Exchange]) -> Mapping[str, Application]:
    """Path to application. `exchange` gives the use cases in force."""
    return {path: _Door(exchange, actions) for path, actions in ACTIONS.items()}


async def _authenticate(exchange: Exchange, request: Request) -> Answer:
    shown = _read(exchange, request, lambda: wire.read_shown_request(request.body))
    return _answer(200, wire.authenticated(exchange.authenticate(shown, request.call)))


async def _revoke(exchange: Exchange, request: Request) -> Answer:
    asked = _read(exchange, request, lambda: wire.read_revocation_request(request.body))
    return _answer(202, wire.revoked(await exchange.revoke(asked, request.call)))


async def _revocations(exchange: Exchange, request: Request) -> Answer:
    cursor = _read(exchange, request, lambda: wire.read_cursor(request.query))
    return _answer(200, wire.revocation_page(await exchange.revocations(cursor, request.call)))


ACTIONS: Final[Mapping[str, Mapping[str, Action]]] = {
    "/v1/authenticate": {"POST": _authenticate},
    "/v1/revocations": {"GET": _revocations, "POST": _revoke},
}


class _Door:
    def __init__(self, exchange: Callable[[], Exchange], actions: Mapping[str, Action]) -> None:
        self._exchange = exchange
        self._actions = actions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive, self._exchange())
        except GatewayError as error:
            fault = answer_of(error, origin_of(scope).request_id)
            headers = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in fault.headers)
            answer = Answer(status=fault.status, body=fault.body, headers=(*JSON, *headers))
        await send_answer(send, answer)

    async def _answer(self, scope: Scope, receive: Receive, exchange: Exchange) -> Answer:
        origin = origin_of(scope)
        try:
            action = self._actions.get(scope["method"])
            if action is None:
                raise MethodRefused("This path does not take this method", allowed=tuple(self._actions))
            body = await read_body(receive, wire.MAXIMUM_BODY)
        except GatewayError as error:
            raise exchange.refused_by_api(error, origin) from None
        http = HttpRequest(
            method=scope["method"],
            raw_path=scope["raw_path"],
            raw_query=scope["query_string"],
            headers=tuple(scope["headers"]),
        )
        call = SignedCall(http=http, body_sha256=sha256(body).hexdigest(), origin=origin)
        return await action(exchange, Request(call=call, body=body))


def _answer(status: int, body: bytes) -> Answer:
    return Answer(status=status, body=body, headers=JSON)


def _read(exchange: Exchange, request: Request, reading: Callable[[], T]) -> T:
    """What the request says. Raises RequestError, recorded already."""
    try:
        return reading()
    except GatewayError as error:
        raise exchange.refused_by_api(error, request.call.origin) from None
