"""The door: a proxy's check in, one decision out, with its line in the audit log."""

import hmac
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from gateway.actions.s3_body import LARGEST_BODY
from gateway.domain.errors import GatewayError, ProxyRefused
from gateway.domain.origin import RequestOrigin
from gateway.domain.service import Service, ServiceType
from gateway.doors.authz.check import PROXY_TOKEN, Check, hash_of, judged, whole
from gateway.doors.authz.dialects import DIALECTS, Dialect
from gateway.doors.authz.hosts import Hosts
from gateway.doors.authz.refusals import rendered
from gateway.doors.authz.usual import UsualChecks
from gateway.exchange.exchange import Exchange
from gateway.web.asgi import Receive, Scope, Send
from gateway.web.at_once import RequestHeaders
from gateway.web.limits import read_body
from gateway.web.listeners import is_internal
from gateway.web.origin import OriginReader, origin_of
from gateway.web.responses import Answer, send_answer
from gateway.wire import s3_faults, service_json
from gateway.wire.faults import FaultAnswer


class _Rendering(Protocol):
    def __call__(self, error: GatewayError, request_id: str, *, method: str) -> FaultAnswer: ...


_FORMATS: Final[Mapping[ServiceType, _Rendering]] = {
    ServiceType.S3: s3_faults.answer_of,
    ServiceType.EXECUTE_API: service_json.answer_of,
    ServiceType.JSON: service_json.answer_of,
}


class AuthzDoor:
    """An ASGI application. `exchange` and `hosts` give those in force; a request ends on those that it began with."""

    __slots__ = ("_exchange", "_hosts", "_origins", "_usual")

    def __init__(self, exchange: Callable[[], Exchange], hosts: Callable[[], Hosts], origins: OriginReader) -> None:
        self._exchange = exchange
        self._hosts = hosts
        self._origins = origins
        self._usual = UsualChecks(origins)

    def at_once(
        self, method: str, raw_path: bytes, raw_query: bytes, headers: RequestHeaders, origin: RequestOrigin
    ) -> Answer | None:
        """The answer to a check without a body, where it is a usual one; None: it is for `__call__`."""
        check = Check(method=method, raw_path=raw_path, raw_query=raw_query, headers=headers)
        return self._usual.answer(check, self._exchange(), self._hosts(), origin, internal=False)

    def at_once_internally(
        self, method: str, raw_path: bytes, raw_query: bytes, headers: RequestHeaders, origin: RequestOrigin
    ) -> Answer | None:
        """As `at_once`, of what came by the internal listener."""
        check = Check(method=method, raw_path=raw_path, raw_query=raw_query, headers=headers)
        return self._usual.answer(check, self._exchange(), self._hosts(), origin, internal=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange, hosts, origin = self._exchange(), self._hosts(), origin_of(scope)
        check = Check(
            method=scope["method"],
            raw_path=scope["raw_path"],
            raw_query=scope["query_string"],
            headers=scope["headers"],
        )
        answer = self._usual.answer(check, exchange, hosts, origin, internal=is_internal(scope))
        if answer is None:
            answer = await self._answered(scope, receive, check, exchange, hosts)
        await send_answer(send, answer)

    async def _answered(self, scope: Scope, receive: Receive, check: Check, exchange: Exchange, hosts: Hosts) -> Answer:
        origin = origin_of(scope)
        try:
            service = _service(exchange, hosts, check, origin)
        except GatewayError as error:
            # Whose dialect and format it would be is not known either; this one every proxy passes on as a refusal.
            return rendered(s3_faults.answer_of(error, origin.request_id, method=check.method))
        dialect = DIALECTS[service.proxy]
        try:
            return await self._decided(scope, receive, check, service, exchange)
        except GatewayError as error:
            told = _FORMATS[service.type](error, origin.request_id, method=_method(check, dialect))
            return dialect.refused(rendered(told))

    async def _decided(
        self, scope: Scope, receive: Receive, check: Check, service: Service, exchange: Exchange
    ) -> Answer:
        """The answer to a check that may pass. Raises GatewayError, recorded already."""
        dialect, origin = DIALECTS[service.proxy], origin_of(scope)
        try:
            # First of all: nobody else's words are read, least of all megabytes of them.
            _prove_proxy(service, check, internal=is_internal(scope))
            origin = self._origins.forwarded(check.headers, origin)
            check = Check(
                method=check.method,
                raw_path=check.raw_path,
                raw_query=check.raw_query,
                headers=check.headers,
                body=await read_body(receive, LARGEST_BODY),
            )
            http = judged(check, dialect.target(check))
            body = whole(http, dialect.body(check))
            body_sha256 = hash_of(http, service, body)
        except GatewayError as error:
            raise exchange.refused_at_service(error, service, origin) from None
        authorization = exchange.authorize(http, service, body, body_sha256, origin)
        try:
            return dialect.allowed(check, authorization)
        except ProxyRefused as error:
            raise exchange.refused_at_service(error, service, origin) from None


def _service(exchange: Exchange, hosts: Hosts, check: Check, origin: RequestOrigin) -> Service:
    """The service that is asked about. Raises ProxyRefused, recorded already."""
    try:
        return hosts.asked(check)
    except ProxyRefused as error:
        raise exchange.refused_at_service(error, None, origin) from None


def _prove_proxy(service: Service, check: Check, *, internal: bool) -> None:
    """Raise ProxyRefused unless the service's own proxy asks."""
    if service.proxy_token is None:
        if not internal:
            raise ProxyRefused(
                cause="the service has no proxy_token, and the check did not come by the internal listener"
            )
        return
    # In constant time: a comparison that stops early would tell how much of a guess is right.
    if not hmac.compare_digest(check.single(PROXY_TOKEN) or b"", service.proxy_token.encode()):
        raise ProxyRefused(cause="X-Gateway-Proxy-Token is missing or not the service's")


def _method(check: Check, dialect: Dialect) -> str:
    """The client's method: whoever asked by HEAD gets no body."""
    named = next((value for name, value in check.headers if name == dialect.method), None)
    return check.method if named is None else named.decode("latin-1")
