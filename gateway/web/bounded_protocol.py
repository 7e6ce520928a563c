"""HTTP/1.1 connections with bounds: what uvicorn's protocol lets grow, wait or be read two ways ends here."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

import httptools
from uvicorn.config import Config

from gateway.domain.identifiers import random_uuid
from gateway.web.at_once import AtOnce, Below
from gateway.web.bounds import BODY, HEAD, NOTHING, Bounds
from gateway.web.connections import Admissions
from gateway.web.lean_protocol import ConnectionState, LeanProtocol
from gateway.web.refusals import (
    FRAMING_TOO_LARGE,
    HEADERS_TOO_LARGE,
    HOST,
    MALFORMED,
    METHOD,
    METHODS,
    OVERFULL,
    TARGET,
    TOO_SLOW,
    TRANSFER_CODING,
    URL_TOO_LONG,
    VERSION,
    Refusal,
    rendered,
)

_LOG: Final = logging.getLogger("gateway.connections")
_SLICE: Final = 16 * 1024
"""Bytes go to the parser in slices, so that what is counted after each is off by no more than one."""


class _Refused(Exception):
    """Raised inside a parser callback; the parser turns it into an error of its own."""


class BoundedProtocol(LeanProtocol):
    """One connection. Leaves requests to uvicorn's protocol and cuts what is beyond `bounds`."""

    def __init__(
        self,
        config: Config,
        server_state: ConnectionState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        bounds: Bounds,
        at_once: AtOnce | None = None,
        below: Below | None = None,
        admissions: Admissions | None = None,
        admission: str | None = None,  # a place that it has already
    ) -> None:
        """`at_once`: asked first about each POST of `/` that comes whole; `below`: of what it has the path of."""
        super().__init__(config, server_state, app_state, _loop)
        self._at_once = at_once
        self._below = below
        self._bounds = bounds
        self._admissions = admissions or server_state.admissions  # a listener may have places of its own
        self._admission = admission
        self._part = HEAD
        self._is_large = False
        self._refusal: Refusal | None = None
        self._read_deadline: asyncio.TimerHandle | None = None
        self._write_deadline: asyncio.TimerHandle | None = None
        self.headers = []
        self._begin_message()

    def _begin_message(self) -> None:
        if self._is_large and self._idle():  # else one before it is still held
            self.server_state.under_way.ended(self)
            self._is_large = False
        self._head_size = self._body_size = self._body_fed = self._discarded = 0
        self._read_before: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._admission = self._admission or self._admissions.admit(self.client[0] if self.client else "local")
        if self._admission is None:
            self.server_state.meter.connection_refused()
            transport.abort()
            return
        self.server_state.meter.connected(len(self.server_state.connections))
        self._expect(self._bounds.head_time)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        self.resume_writing()
        self.server_state.under_way.ended(self)
        super().connection_lost(exc)
        if self._admission is not None:
            self._admissions.release(self._admission)
            self.server_state.meter.connected(len(self.server_state.connections))
            self._admission = None

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._is_answered = False
        try:
            if len(data) <= _SLICE:
                self._feed(data)
            else:
                for start in range(0, len(data), _SLICE):
                    self._feed(data[start : start + _SLICE])
        except httptools.HttpParserUpgrade:
            # No other protocol is spoken here. What follows may be one's bytes: the connection ends with this answer.
            self.cycle.keep_alive = False
        except httptools.HttpParserInvalidMethodError:
            self._refuse(METHOD)
        except (httptools.HttpParserError, _Refused):
            self._refuse(self._refusal or MALFORMED)
        else:
            if not (self._is_answered and self._part is NOTHING):
                self._watch()

    def _feed(self, piece: bytes) -> None:
        self._read_before = self._body_size if self._part is BODY else None  # None too once another body begins
        try:
            self.parser.feed_data(piece)
        finally:
            if self._held is not None:
                self._let_go(self._held)
        if self._part is HEAD:
            # A header line that never ends is seen by no callback: it is counted here.
            self._head_size += len(piece)
            most = self._bounds.url + self._bounds.headers + _SLICE
            if self._head_size > most or len(self.headers) > self._bounds.header_count:
                raise self._refused(HEADERS_TOO_LARGE)
            self._take_room()
        elif self._part is BODY and self._read_before is not None:
            self._body_fed += len(piece) - (self._body_size - self._read_before)
            if self._body_fed > self._bounds.framing + 16 * self._body_size:
                raise self._refused(FRAMING_TOO_LARGE)

    def on_message_begin(self) -> None:
        self._part = HEAD
        self._begin_message()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self._bounds.url:
            raise self._refused(URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        # RFC 9110 6.5.1: a trailer field is never taken for a header; the application reads them already.
        if self._part is HEAD:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._check_head()
        self._part = BODY
        self._expect_nothing()
        super().on_headers_complete()
        if self.server_state.draining:  # then no request is held
            self.cycle.keep_alive = False

    def _check_head(self) -> None:
        names = [name for name, _ in self.headers]
        self._check_size(names)
        version = self.parser.get_http_version()
        if version not in {"1.1", "1.0"}:
            raise self._refused(VERSION)
        if self.parser.get_method() not in METHODS:
            raise self._refused(METHOD)
        # Absolute form and fragments are dropped by the URL parser: another path would be judged than was signed.
        if not self.url.startswith(b"/") or b"#" in self.url:
            raise self._refused(TARGET)
        # RFC 9112 3.2: none or several are a bad request. HTTP/1.0 may leave it out.
        hosts = names.count(b"host")
        if hosts > 1 or (hosts == 0 and version == "1.1"):
            raise self._refused(HOST)
        if b"transfer-encoding" in names:
            codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
            # RFC 9112 6.1: any other list is read differently by somebody on the way, which is how one smuggles.
            if codings != [b"chunked"] or version == "1.0":
                raise self._refused(TRANSFER_CODING)
        if b"expect" in names:
            self.expect_100_continue = dict(self.headers)[b"expect"].lower() == b"100-continue"

    def _check_size(self, names: Sequence[bytes]) -> None:
        if len(names) > self._bounds.header_count:
            raise self._refused(HEADERS_TOO_LARGE)
        # A head that came in one piece is no larger than the piece.
        if self._head_size or self._bounds.headers < _SLICE:
            size = sum([len(name) + len(value) + 4 for name, value in self.headers])
            if size > self._bounds.headers:
                raise self._refused(HEADERS_TOO_LARGE)

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        if self._held is None and self.cycle.response_complete:
            self._discarded += len(body)
            if self._discarded > self._bounds.discarded:
                self.server_state.outbox.empty()
                self.transport.close()
        else:
            self._take_room()
        super().on_body(body)

    def _take_room(self) -> None:
        size = self._head_size + self._body_size
        if size <= _SLICE:
            return
        self._is_large = True
        for one in self.server_state.under_way.grown(self, size):
            if one is self:
                raise self._refused(OVERFULL)
            one.give_way()

    def give_way(self) -> None:
        """End what is under way, for the room that it takes."""
        if self._part is NOTHING:
            self.transport.abort()
        else:
            self._refuse(OVERFULL)

    def on_message_complete(self) -> None:
        self._part = NOTHING
        self._expect_nothing()
        super().on_message_complete()
        if self._is_large:  # it may have been answered before it was whole
            self._forget_large()

    def on_response_complete(self) -> None:
        if self._is_large:
            self._forget_large()
        super().on_response_complete()

    def _forget_large(self) -> None:
        """Give back the room of a request that was answered, unless what is counted is one behind it."""
        if self._part is NOTHING and self._idle() and not self.pipeline:
            self._begin_message()
            self._forget()

    def _refused(self, refusal: Refusal) -> _Refused:
        self._refusal = refusal
        return _Refused()

    def _watch(self) -> None:
        """Set the deadline of the part that the client has begun and not finished."""
        if self._read_deadline is not None or self.transport.is_closing():
            return
        if self._part is BODY:
            self._expect(self._bounds.body_time)
        elif self._idle() and not (self._is_answered and self._part is NOTHING):
            # Half a head; or empty lines between requests, which must not keep a connection for ever either.
            self._expect(self._bounds.head_time)

    def _expect(self, seconds: float) -> None:
        self._read_deadline = self.loop.call_later(seconds, self._too_slow, seconds)

    def _expect_nothing(self) -> None:
        if self._read_deadline is not None:
            self._read_deadline.cancel()
            self._read_deadline = None

    def _too_slow(self, seconds: float) -> None:
        self._read_deadline = None
        if self.flow.read_paused:
            self._expect(seconds)  # it is the server that does not read
        elif self._part is NOTHING or (self._part is HEAD and not self._head_size):
            self.transport.close()  # nobody asked anything
        else:
            self._refuse(TOO_SLOW)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._write_deadline is None:
            self._write_deadline = self.loop.call_later(self._bounds.answer_time, self.transport.abort)

    def resume_writing(self) -> None:
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None
        super().resume_writing()

    def _refuse(self, refusal: Refusal) -> None:
        self._expect_nothing()
        if self.transport.is_closing():
            return
        self.server_state.outbox.empty()
        request_id = random_uuid()
        self.server_state.meter.request_refused(refusal.status)
        _LOG.info(
            "refused: %s", refusal.text, extra={"client": self.client and self.client[0], "request_id": request_id}
        )
        in_body = self._part is BODY
        if not in_body and not self._idle():
            # An earlier request of this connection is being answered: its answer is the last.
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if not in_body or not (self.pipeline or self.cycle.response_started):
            self.transport.write(rendered(refusal, request_id, self.server_state.default_headers))
        self.transport.close()
