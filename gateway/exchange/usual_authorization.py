"""The usual signed request to S3 in one straight line: whatever is not usual is left to `authorize`, untouched.

What is worked out once stands in a plan of who asks: the opened session, its signing key, the policies that could be
about the action, the record. Each request is still proven by its own signature, judged by its own resource, and has
its own line in the audit log; clock, keyring and revocations are asked each time. Whoever is declined here has caused
nothing; a test holds both ways to the same answers and records.
"""

import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from gateway.actions.s3_usual import is_usual_query, usual_resource
from gateway.domain.clock import utc_text
from gateway.domain.errors import AuditUnavailable, GatewayError
from gateway.domain.identifiers import random_uuid
from gateway.domain.origin import RequestOrigin
from gateway.domain.service import Service, Upstream
from gateway.exchange.auditing import LIKE_A_TOKEN, TOKEN_LENGTH
from gateway.exchange.authorization import Authorization
from gateway.exchange.parts import Parts
from gateway.exchange.resigning import CHAINED, http_signed_anew, left_behind
from gateway.exchange.usual_caller import SIGNATURE, Rendering, UsualCaller, caller_of
from gateway.policy.context import RequestContext
from gateway.sigv4.dates import MAXIMUM_SKEW, read_basic
from gateway.sigv4.headers import CONTENT_SHA256
from gateway.sigv4.payload import PayloadMode
from gateway.sigv4.request import HttpRequest
from gateway.sigv4.rules import S3_RULES
from gateway.telemetry.audit import AuditLog
from gateway.telemetry.meters import AUTHORIZE, outcome_of
from gateway.telemetry.tracing import SPAN
from gateway.wire.faults import fault_of
from gateway.wire.s3_faults import FAULTS

_CALLERS: Final = 2_048
_AGENTS: Final = 1_024
_LONGEST_HEADERS: Final = 16_384
_PRINTABLE: Final = bytes(range(0x20, 0x7F))
_HASH: Final = re.compile(rb"[0-9a-f]{64}").fullmatch
_PAYLOADS: Final = frozenset(mode.value.encode() for mode in S3_RULES.payload_modes if mode is not PayloadMode.HASH)
# Texts that are the same in JSON and on every terminal.
_PLAIN: Final = re.compile(r"[ !#-\[\]-~]*", re.ASCII).fullmatch
_NO_KEYS: Final = RequestContext(values={})


@dataclass(slots=True)
class UsualRequest:
    """A request whose every header is there once. `bucket`: the one that the host names, None where it names none.

    `amz`: the names of its x-amz-* headers. `source_ip`: the client's, as its proxy forwards it.
    """

    service: Service
    bucket: str | None
    method: str
    raw_path: bytes
    raw_query: bytes
    fields: Mapping[bytes, bytes]
    amz: frozenset[bytes]
    source_ip: str | None


class UsualAuthorization:
    """Over the parts of one configuration."""

    __slots__ = ("_callers", "_log", "_meter", "_parts")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log: AuditLog | None = parts.trail.log
        self._meter = parts.trail.meter(AUTHORIZE)
        self._callers: dict[tuple[str, bytes, bytes], UsualCaller] = {}

    def answer(self, request: UsualRequest, origin: RequestOrigin, render: Rendering) -> Any:
        """What `render` makes of whoever asks, where they may; None where it is for the whole way to answer.

        `render` is asked before anything is recorded: once of each caller, and of each request that is signed anew.
        Raises AuditUnavailable, counted already.
        """
        if self._log is None or SPAN.get() is not None:
            return None
        began = time.perf_counter()
        try:
            answer = self._answered(request, origin, render, self._log)
        except AuditUnavailable as unavailable:
            self._meter.took(time.perf_counter() - began)
            self._meter.refused(outcome_of(unavailable), fault_of(unavailable, FAULTS).code)
            raise
        except GatewayError:
            # Why it is refused, and who learns what of it, the whole way finds out.
            return None
        if answer is not None:
            self._meter.succeeded()
            self._meter.took(time.perf_counter() - began)
        return answer

    def _answered(self, request: UsualRequest, origin: RequestOrigin, render: Rendering, log: AuditLog) -> Any:
        """Prove, decide, record, answer, in this order. Raises GatewayError."""
        resource = usual_resource(request.raw_path, request.bucket)
        if resource is None or not is_usual_query(request.raw_query):
            return None
        arn, now = resource[0], self._parts.clock.now()
        caller = self._caller(request, render, now)
        plan = None if caller is None else caller.plan(self._parts, request.method, is_object=resource[1])
        if caller is None or plan is None or not self._is_proven(caller, request, now):
            return None
        self._parts.revocations.check(caller.principal)
        allowed_by = plan.allowed_by(arn, _NO_KEYS)
        if allowed_by is None or (len(arn) >= TOKEN_LENGTH and LIKE_A_TOKEN.search(arn)):
            return None
        source_ip, user_agent = request.source_ip or "", origin.user_agent or ""
        if not _is_plain(user_agent) or not _is_plain(source_ip):
            return None
        answer = caller.answer
        if request.service.upstream is not None:
            signer = _signed_anew(request, request.service.upstream, caller.signer, now)
            if signer is None:
                return None
            answer = render(signer)
        values = (utc_text(now), source_ip, user_agent, arn, allowed_by, origin.request_id, random_uuid())
        log.write_line(plan.line.filled(values).encode("ascii"))
        return answer

    def _is_proven(self, caller: UsualCaller, request: UsualRequest, now: datetime) -> bool:
        """Whether the caller's session counts now, and its key has signed this request."""
        fields = request.fields
        timestamp, payload = fields.get(b"x-amz-date", b""), fields.get(CONTENT_SHA256, b"")
        moment = read_basic(timestamp.decode("latin-1"))
        if moment is None or not -MAXIMUM_SKEW <= now - moment <= MAXIMUM_SKEW or timestamp[:8] != caller.date:
            return False
        if caller.ends <= now or not request.amz <= caller.signed or not (_HASH(payload) or payload in _PAYLOADS):
            return False
        # A control character or a byte beyond ASCII anywhere, and blanks that a signer would have taken away.
        values = b"".join(fields.values())
        if len(values) > _LONGEST_HEADERS or values.translate(None, _PRINTABLE) or not caller.signed <= fields.keys():
            return False
        block = caller.form % caller.pick(fields)
        if b"  " in block or b": " in block or b" \n" in block:
            return False
        canonical = b"%b\n%b\n%b\n%b%b" % (request.method.encode(), request.raw_path, request.raw_query, block, payload)
        told = b"AWS4-HMAC-SHA256\n%b\n%b\n%b" % (timestamp, caller.scope, sha256(canonical).hexdigest().encode())
        signature = fields[b"authorization"].rpartition(SIGNATURE)[2]
        # In constant time: a comparison that stops early would tell how much of a guess is right.
        return hmac.compare_digest(hmac.digest(caller.signing_key, told, "sha256").hex().encode(), signature)

    def _caller(self, request: UsualRequest, render: Rendering, now: datetime) -> UsualCaller | None:
        """Who signed, not yet believed. Raises GatewayError."""
        fields, service = request.fields, request.service
        authorization = fields.get(b"authorization", b"")
        key = service.name, authorization.rpartition(SIGNATURE)[0], fields.get(b"x-amz-security-token", b"")
        caller, is_in_force = self._callers.get(key), self._parts.authenticator.is_in_force
        # A keyring that was read anew has other objects for the keys that stayed, too.
        if caller is not None and caller.service is service and is_in_force(caller.sealing_key):
            return caller
        caller = caller_of(self._parts, service, authorization, key[2], now, render)
        if caller is not None:
            while len(self._callers) >= _CALLERS:
                del self._callers[next(iter(self._callers))]
            self._callers[key] = caller
        return caller


def _signed_anew(
    request: UsualRequest, upstream: Upstream, signer: Authorization, now: datetime
) -> Authorization | None:
    """`signer` with what makes the request valid at its store; None where it cannot be passed on."""
    payload_hash = request.fields[CONTENT_SHA256].decode("ascii")
    if payload_hash in CHAINED:
        return None
    http = HttpRequest(
        method=request.method,
        raw_path=request.raw_path,
        raw_query=request.raw_query,
        headers=tuple(request.fields.items()),
    )
    replaced = http_signed_anew(http, payload_hash, upstream, now)
    return replace(signer, replaced=replaced, removed=left_behind(replaced))


@lru_cache(maxsize=_AGENTS)
def _is_plain(text: str) -> bool:
    return _PLAIN(text) is not None
