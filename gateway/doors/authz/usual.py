"""The usual check, read in one pass: whatever is not usual is left to the door's whole way, untouched."""

import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gateway.actions.s3_usual import are_usual
from gateway.domain.errors import AuditUnavailable, MalformedSignedRequest
from gateway.domain.origin import RequestOrigin
from gateway.domain.service import Proxy, Service
from gateway.doors.authz.check import CONTENT_LENGTH, PREFIX, PROXY_TOKEN, Check
from gateway.doors.authz.dialects import DIALECTS
from gateway.doors.authz.hosts import Hosts
from gateway.doors.authz.refusals import rendered
from gateway.exchange.exchange import Exchange
from gateway.exchange.usual_authorization import UsualRequest
from gateway.sigv4.headers import read_headers
from gateway.web.cycle import block_of
from gateway.web.origin import OriginReader
from gateway.web.responses import Answer
from gateway.wire import s3_faults

_AMZ: Final = b"x-amz-"
_SHAPES: Final = 256
_LONGEST_NAMES: Final = 2_048
_BARE: Final = (PREFIX, PREFIX + b"/")
_NO_BODY: Final = (None, b"0")
# What nginx and Traefik name the client's request by: method, target.
_NAMED: Final[Mapping[Proxy, tuple[bytes, bytes]]] = {
    Proxy.NGINX: (b"x-original-method", b"x-original-uri"),
    Proxy.TRAEFIK: (b"x-forwarded-method", b"x-forwarded-uri"),
}

_Target = tuple[str, bytes, bytes]
"""Method, raw path, raw query."""


class UsualChecks:
    """Answers usual checks. What it remembers of headers are their names alone."""

    __slots__ = ("_origins", "_shapes")

    def __init__(self, origins: OriginReader) -> None:
        self._origins = origins
        self._shapes: dict[tuple[bytes, ...], frozenset[bytes] | None] = {}

    def answer(
        self, check: Check, exchange: Exchange, hosts: Hosts, origin: RequestOrigin, *, internal: bool
    ) -> Answer | None:
        """None where it is for the whole way to answer. `check` may have a body that is not read yet."""
        fields = dict(check.headers)
        amz = self._amz(fields) if len(fields) == len(check.headers) else None
        found = None if amz is None else hosts.store(fields)
        if amz is None or found is None:
            return None
        service, bucket = found
        target = _target(check, service.proxy, fields) if _asks(service, fields, internal=internal) else None
        if target is None or fields.get(b"content-length") not in _NO_BODY:
            return None
        dialect = DIALECTS[service.proxy]
        request = UsualRequest(
            service,
            bucket,
            *target,
            _signed(fields, dialect.host),
            amz,
            self._origins.client_of(fields.get(b"x-forwarded-for")),
        )
        try:
            answer: Answer | None = exchange.usual_authorization(
                request, origin, lambda authorization: _kept(dialect.allowed(check, authorization))
            )
        except AuditUnavailable as error:
            return dialect.refused(rendered(s3_faults.answer_of(error, origin.request_id, method=request.method)))
        return answer

    def _amz(self, fields: Mapping[bytes, bytes]) -> frozenset[bytes] | None:
        """The names of the x-amz-* headers; None where a header may mean more than the usual ones."""
        names = tuple(fields)
        if names in self._shapes:
            return self._shapes[names]
        found = _shape(names)
        if sum(map(len, names)) <= _LONGEST_NAMES:
            if len(self._shapes) >= _SHAPES:
                self._shapes.clear()
            self._shapes[names] = found
        return found


def _shape(names: tuple[bytes, ...]) -> frozenset[bytes] | None:
    try:
        read_headers([(name, b"") for name in names])
    except MalformedSignedRequest:
        return None
    check = Check(method="", raw_path=b"", raw_query=b"", headers=[(name, b"") for name in names])
    if check.ours or b"transfer-encoding" in names or not are_usual(names):
        return None
    return frozenset(name for name in names if name.startswith(_AMZ))


def _asks(service: Service, fields: Mapping[bytes, bytes], *, internal: bool) -> bool:
    """Whether it is the service's own proxy."""
    if service.proxy_token is None:
        return internal
    shown = fields.get(PROXY_TOKEN)
    # In constant time: a comparison that stops early would tell how much of a guess is right.
    return bool(shown) and hmac.compare_digest(shown or b"", service.proxy_token.encode())


def _kept(answer: Answer) -> Answer:
    return replace(answer, block=block_of(answer.headers))


def _target(check: Check, proxy: Proxy, fields: Mapping[bytes, bytes]) -> _Target | None:
    named = _NAMED.get(proxy)
    if named is None:
        return check.method, check.raw_path.removeprefix(PREFIX), check.raw_query
    if check.raw_path not in _BARE or check.raw_query:
        return None
    raw_path, _, raw_query = fields.get(named[1], b"").partition(b"?")
    return fields.get(named[0], b"").decode("latin-1"), raw_path, raw_query


def _signed(fields: dict[bytes, bytes], host: bytes) -> dict[bytes, bytes]:
    """The headers as the client sent them, of those that the proxy says for it."""
    fields[b"host"] = fields[host]
    fields.pop(b"content-length", None)
    length = fields.get(CONTENT_LENGTH)
    if length:
        fields[b"content-length"] = length
    return fields
