"""The door: one HTTP request of STS in, one answer out, each with its line in the audit log."""

from collections.abc import Callable
from typing import Final

from gateway.domain.errors import GatewayError
from gateway.doors.sts.actions import ACTIONS, Request, Use
from gateway.doors.sts.dialects import JSON_DIALECT, XML_DIALECT, Dialect, fault_answer
from gateway.exchange.exchange import Exchange
from gateway.sigv4.request import HttpRequest
from gateway.web.asgi import Receive, Scope, Send
from gateway.web.headers import single_header
from gateway.web.limits import read_body
from gateway.web.origin import origin_of
from gateway.web.responses import Answer, send_answer
from gateway.wire import sts_json
from gateway.wire.sts_query import operation_of, read

MAXIMUM_BODY: Final = 256 * 1024
_PORTAL: Final = Answer(status=303, headers=((b"location", b"/portal"),))
_ACTION: Final = b"action"
_READING: Final = frozenset({"GET", "HEAD"})


class StsDoor:
    """An ASGI application. `exchange` gives the use cases in force; a request ends on those that it began with."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Callable[[], Exchange]) -> None:
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # People who open the address in a browser look for the portal.
        asked = scope["method"] not in _READING or _ACTION in scope["query_string"].lower()
        await send_answer(send, await _answer(scope, receive, self._exchange()) if asked else _PORTAL)


async def _answer(scope: Scope, receive: Receive, exchange: Exchange) -> Answer:
    request_id = origin_of(scope).request_id
    dialect = XML_DIALECT
    try:
        dialect, use = await _read(scope, receive, exchange)
        result = await use(exchange)
    except GatewayError as error:
        return fault_answer(dialect, error, request_id)
    return Answer(status=200, body=dialect.result(result, request_id), headers=dialect.headers)


async def _read(scope: Scope, receive: Receive, exchange: Exchange) -> tuple[Dialect, Use]:
    """What is asked for. What cannot be read has its audit line too. Raises RequestError, AuditUnavailable."""
    origin = origin_of(scope)
    action = None
    try:
        headers = tuple(scope["headers"])
        body = await read_body(receive, MAXIMUM_BODY)
        dialect = JSON_DIALECT if sts_json.is_wanted(single_header(headers, b"accept")) else XML_DIALECT
        http = HttpRequest(
            method=scope["method"], raw_path=scope["raw_path"], raw_query=scope["query_string"], headers=headers
        )
        parameters = read(
            http.method,
            http.raw_query,
            body,
            single_header(headers, b"content-type"),
            content_encoding=single_header(headers, b"content-encoding"),
        )
        operation = operation_of(parameters)
        action = operation.name
        return dialect, ACTIONS[action](Request(http=http, parameters=parameters, body=body, origin=origin))
    except GatewayError as error:
        raise exchange.refused(error, origin, action) from None
