"""The outermost ASGI application: request ids, security headers on every answer, and the one net under all bugs."""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Final

from gateway.domain.errors import InternalFault
from gateway.domain.identifiers import random_uuid
from gateway.domain.origin import RequestOrigin
from gateway.telemetry.log import REQUEST_ID, AccessLine
from gateway.telemetry.meters import HttpMeter
from gateway.web.asgi import Application, Message, Receive, Scope, Send
from gateway.web.at_once import AtOnce, Below, DoorAtOnce, DoorBelow, Ready, RequestHeaders
from gateway.web.cycle import block_of
from gateway.web.limits import ClientDisconnected
from gateway.web.origin import Network, OriginReader, keep_origin
from gateway.web.responses import Answer, Headers, send_answer

FaultRenderer = Callable[[InternalFault, str], Answer]
"""Renders a bug for the caller; the text is the request id."""

AccessLog = Callable[[AccessLine], None]
"""Keeps the one line about each answered request (`telemetry.log.AccessLines.write`)."""

CLIENT_GONE: Final = 499
"""The status that the access log shows where the client left before its answer (nginx's number for it)."""

_LOG: Final = logging.getLogger("gateway.edge")
_SHORT_PATH: Final = 80
_MAXIMUM_PATH: Final = 1_024
# A JWT: its header is a JSON object in base64url, which begins so.
_TOKEN: Final = re.compile(r"eyJ[\w-]{8,}\.[\w.-]*", re.ASCII)
_HEADERS: Final[Headers] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
_REPLACEABLE: Final = frozenset(name for name, _ in _HEADERS)
_TRANSPORT_SECURITY: Final = (b"strict-transport-security", b"max-age=31536000")


class Edge:
    """Wraps the whole application. What a door raises and does not render itself is a bug and is caught here, once."""

    __slots__ = ("_access_log", "_app", "_block", "_headers", "_meter", "_origins", "_render_fault", "at_once")

    def __init__(
        self,
        app: Application,
        *,
        render_fault: FaultRenderer,
        trusted_proxies: Iterable[Network],
        public_url: str,
        access_log: AccessLog | None,
        meter: HttpMeter | None = None,
        at_once: DoorAtOnce | None = None,
    ) -> None:
        """`public_url` with https makes browsers insist on https (HSTS); `access_log` and `meter` None keep none.

        `at_once`: of the door that stands at `/`.
        """
        self._app = app
        self._render_fault = render_fault
        self._origins = OriginReader(trusted_proxies)
        self._headers = (*_HEADERS, _TRANSPORT_SECURITY) if public_url.startswith("https://") else _HEADERS
        self._block = block_of(self._headers)
        self._access_log = access_log
        self._meter = meter
        self.at_once: AtOnce | None = None if at_once is None else partial(self._at_once, at_once)

    def _at_once(
        self,
        door: DoorAtOnce,
        client: str | None,
        secure: bool,  # noqa: FBT001  a fact, no flag
        headers: RequestHeaders,
        body: bytes,
    ) -> Callable[[], Ready] | None:
        """All that is done for a request on its usual way (below)."""
        started = time.monotonic()
        request_id = random_uuid()
        token = REQUEST_ID.set(request_id)
        origin = self._origins.of(client, secure, headers, request_id)
        try:
            decided = door(headers, body, origin)
        except Exception:  # noqa: BLE001  as below
            decided = partial(_same, self._fault("POST", request_id))
        finally:
            REQUEST_ID.reset(token)
        return None if decided is None else partial(self._ready, decided, origin, started)

    def _ready(self, decided: Callable[[], Answer], origin: RequestOrigin, started: float) -> Ready:
        request_id = origin.request_id
        token = REQUEST_ID.set(request_id)
        try:
            answer = decided()
        except Exception:  # noqa: BLE001  as below
            answer = self._fault("POST", request_id)
        finally:
            REQUEST_ID.reset(token)
        self._told(origin, "POST", b"/", answer.status, time.monotonic() - started)
        own = _beside(answer.headers, self._headers)
        own_block = self._block if own is self._headers else None
        return Ready(answer.status, answer.headers, answer.body, own, request_id, answer.block, own_block)

    def below(self, doors: Mapping[bytes, DoorBelow]) -> Below:
        """The way of requests without a body to the doors that have these paths and all below them."""
        return Below(tuple(doors), partial(self._below, tuple(doors.items())))

    def _below(
        self,
        doors: Iterable[tuple[bytes, DoorBelow]],
        client: str | None,
        secure: bool,  # noqa: FBT001  a fact, no flag
        method: bytes,
        target: bytes,
        headers: RequestHeaders,
    ) -> Ready | None:
        """As `_at_once`."""
        started = time.monotonic()
        request_id, verb = random_uuid(), method.decode("ascii")
        token = REQUEST_ID.set(request_id)
        origin = self._origins.of(client, secure, headers, request_id)
        path, _, query = target.partition(b"?")
        door = next(door for above, door in doors if path.startswith(above))
        try:
            answer = door(verb, path, query, headers, origin)
        except Exception:  # noqa: BLE001  as below
            answer = self._fault(verb, request_id)
        finally:
            REQUEST_ID.reset(token)
        if answer is None:
            return None
        self._told(origin, verb, path, answer.status, time.monotonic() - started)
        # Behind the head of an answer to HEAD, a body would be read as the next request's answer (RFC 9112 6.3).
        body = b"" if verb == "HEAD" else answer.body
        own = _beside(answer.headers, self._headers)
        own_block = self._block if own is self._headers else None
        return Ready(answer.status, answer.headers, body, own, request_id, answer.block, own_block)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        request_id = random_uuid()
        REQUEST_ID.set(request_id)
        origin = self._origins.read(scope, request_id)
        keep_origin(scope, origin)
        answering = _Answering(send, request_id, self._headers)
        try:
            await self._app(scope, receive, answering.send)
        except ClientDisconnected:
            answering.status = answering.status or CLIENT_GONE
        except Exception:  # noqa: BLE001  the one place where a bug must not end a worker's answer
            fault = self._fault(scope["method"], request_id)
            if not answering.status:
                await send_answer(answering.send, fault)
        # Without the query: it may hold a token or a signature.
        self._told(origin, scope["method"], scope["raw_path"], answering.status, time.monotonic() - started)

    def _fault(self, method: str, request_id: str) -> Answer:
        """The answer to a bug, told where an exception is being handled."""
        # Neither the query nor the body: they hold tokens and passwords. The log's formatter leaves the text of
        # unknown exceptions out for the same reason.
        _LOG.exception("a bug answered a request", extra={"method": method})
        return self._render_fault(InternalFault(cause="an exception reached the edge"), request_id)

    def _told(self, origin: RequestOrigin, method: str, path: bytes, status: int, took: float) -> None:
        """Metrics and access log."""
        if self._meter is not None:
            self._meter.answered(status or CLIENT_GONE, took)
        if self._access_log is not None:
            milliseconds = round(took * 1000, 3)
            self._access_log(
                AccessLine(origin.request_id, origin.source_ip, method, _shown(path), status, milliseconds)
            )


def _same(answer: Answer) -> Answer:
    return answer


def _shown(path: bytes) -> str:
    """A path as the log has it: of a client that put its token there, or 40 KiB, not all."""
    if len(path) < _SHORT_PATH:
        return path.decode("latin-1")
    shown = _TOKEN.sub("(left out: a token)", path[:_MAXIMUM_PATH].decode("latin-1"))
    return shown if len(path) <= _MAXIMUM_PATH else f"{shown}..."


class _Answering:
    """One answer on its way out; `status` 0 until it has begun."""

    __slots__ = ("_headers", "_request_id", "_send", "status")

    def __init__(self, send: Send, request_id: str, headers: Headers) -> None:
        self._send = send
        self._request_id = request_id
        self._headers = headers
        self.status = 0

    def send(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {"type": "http.response.start", "status": self.status, "headers": self._with_own(message)}
        return self._send(message)

    def _with_own(self, message: Message) -> list[tuple[bytes, bytes]]:
        given = message.get("headers", ())
        return [*given, *_beside(given, self._headers), (b"x-amzn-requestid", self._request_id.encode("ascii"))]


def _beside(given: Iterable[tuple[bytes, bytes]], own: Headers) -> Headers:
    """Those of the edge's headers that stand beside a door's: a door may say otherwise."""
    said = [name for name, _ in given if name in _REPLACEABLE]
    return tuple([header for header in own if header[0] not in said]) if said else own
