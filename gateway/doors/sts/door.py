"""The door: one HTTP request of STS in, one answer out, each with its line in the audit log."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

from gateway.domain.errors import GatewayError
from gateway.domain.origin import RequestOrigin
from gateway.doors.sts.actions import ACTIONS, Request, Use
from gateway.doors.sts.dialects import JSON_DIALECT, XML_DIALECT, Dialect, fault_answer
from gateway.exchange.exchange import Exchange
from gateway.exchange.usual_login import UsualDecision
from gateway.sigv4.request import HttpRequest
from gateway.web.asgi import Receive, Scope, Send
from gateway.web.at_once import RequestHeaders
from gateway.web.cycle import block_of
from gateway.web.headers import single_headers
from gateway.web.limits import read_body
from gateway.web.origin import origin_of
from gateway.web.responses import Answer, send_answer
from gateway.wire import sts_json
from gateway.wire.sts_query import USUAL_FORMS, operation_of, read

MAXIMUM_BODY: Final = 256 * 1024
_PORTAL: Final = Answer(status=303, headers=((b"location", b"/portal"),))
_ACTION: Final = b"action"
_HEADERS: Final = (b"accept", b"content-type", b"content-encoding")
_IN_XML: Final = frozenset({None, "*/*"})
_ANYTHING: Final = b"*/*"
_USUAL_FORMS: Final = frozenset(map(str.encode, USUAL_FORMS))
_BLOCK: Final = block_of(XML_DIALECT.headers)
_READING: Final = frozenset({"GET", "HEAD"})


class StsDoor:
    """An ASGI application. `exchange` gives the use cases in force; a request ends on those that it began with."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Callable[[], Exchange]) -> None:
        self._exchange = exchange

    def at_once(self, headers: RequestHeaders, body: bytes, origin: RequestOrigin) -> Callable[[], Answer] | None:
        """What brings the answer to a POST of `/` without a query, where it is usual; None: it is for `__call__`."""
        sent = dict(headers)
        if len(sent) < len(headers) or not _is_usual(sent):
            return None
        decided = self._exchange().usual_login(body, origin)
        return None if decided is None else partial(_settled, decided, origin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in _READING and _ACTION not in scope["query_string"].lower():
            # People who open the address in a browser look for the portal.
            await send_answer(send, _PORTAL)
            return
        await send_answer(send, await _answer(scope, receive, self._exchange()))


def _is_usual(sent: Mapping[bytes, bytes]) -> bool:
    """Whether nothing is asked for but that a plain form is answered in XML."""
    is_plain = sent.get(b"content-type") in _USUAL_FORMS and b"content-encoding" not in sent
    return is_plain and sent.get(b"accept", _ANYTHING) == _ANYTHING


def _settled(decided: UsualDecision, origin: RequestOrigin) -> Answer:
    try:
        answer = decided.settled()
    except GatewayError as error:
        return fault_answer(XML_DIALECT, error, origin.request_id)
    return Answer(status=answer.status, body=answer.body, headers=XML_DIALECT.headers, block=_BLOCK)


async def _answer(scope: Scope, receive: Receive, exchange: Exchange) -> Answer:
    origin = origin_of(scope)
    dialect = XML_DIALECT
    try:
        sent = await _sent(scope, receive, exchange)
        if sent.is_usual:
            decided = exchange.usual_login(sent.body, origin)
            if decided is not None:
                return _settled(decided, origin)
        dialect, use = _read(scope, sent, exchange)
        result = await use(exchange)
    except GatewayError as error:
        return fault_answer(dialect, error, origin.request_id)
    return Answer(status=200, body=dialect.result(result, origin.request_id), headers=dialect.headers)


class _Sent(NamedTuple):
    """A request's body, and the headers that say how it is to be read."""

    body: bytes
    accept: str | None
    content_type: str | None
    content_encoding: str | None
    is_usual: bool
    """Nothing is asked for but that a plain form is answered in XML."""


async def _sent(scope: Scope, receive: Receive, exchange: Exchange) -> _Sent:
    """Raises RequestError, recorded already; AuditUnavailable."""
    try:
        body = await read_body(receive, MAXIMUM_BODY)
        accept, content_type, encoding = single_headers(scope["headers"], _HEADERS)
    except GatewayError as error:
        raise exchange.refused(error, origin_of(scope)) from None
    plain = scope["method"] == "POST" and not scope["query_string"] and encoding is None
    is_usual = plain and accept in _IN_XML and content_type in USUAL_FORMS
    return _Sent(body, accept, content_type, encoding, is_usual)


def _read(scope: Scope, sent: _Sent, exchange: Exchange) -> tuple[Dialect, Use]:
    """What is asked for. What cannot be read has its audit line too. Raises RequestError, AuditUnavailable."""
    origin = origin_of(scope)
    action = None
    try:
        dialect = JSON_DIALECT if sts_json.is_wanted(sent.accept) else XML_DIALECT
        http = HttpRequest(
            method=scope["method"],
            raw_path=scope["raw_path"],
            raw_query=scope["query_string"],
            headers=tuple(scope["headers"]),
        )
        parameters = read(
            http.method, http.raw_query, sent.body, sent.content_type, content_encoding=sent.content_encoding
        )
        operation = operation_of(parameters)
        action = operation.name
        return dialect, ACTIONS[action](Request(http=http, parameters=parameters, body=sent.body, origin=origin))
    except GatewayError as error:
        raise exchange.refused(error, origin, action) from None
