"""The usual AssumeRoleWithWebIdentity in one straight line: whatever is not usual is left to `assume_role`, untouched.

What is checked is what `assume_role` checks, by the same functions wherever more than a comparison is at stake: the
form, the token's form, signature and claims, the person. What is left out is what the role's plan found to have no
effect. Whoever is declined here has caused nothing, and is judged anew by the whole way; a test holds both ways to the
same answers, records and sessions.
"""

import re
import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Final, NamedTuple

from gateway.connectors.compact_jws import UnverifiedJws
from gateway.connectors.connector import WebIdentityVerifier
from gateway.domain.clock import second_text, utc_text
from gateway.domain.errors import AuditUnavailable, GatewayError, InvalidIdentityToken
from gateway.domain.identifiers import random_uuid
from gateway.domain.identity import Identity, UnverifiedToken
from gateway.domain.origin import RequestOrigin
from gateway.exchange.assume_role import DEFAULT_DURATION
from gateway.exchange.audit_identities import told_end
from gateway.exchange.auditing import told_text
from gateway.exchange.parts import Parts
from gateway.exchange.recent_refusals import LONGEST
from gateway.exchange.usual_plan import ACTION, UsualPlan, plan_for
from gateway.exchange.usual_refusal import RefusalPlan, refusal_plan
from gateway.roles.condition_keys import session_keys
from gateway.sessions.session_token import time_of
from gateway.telemetry.audit import AuditLog, Receipt
from gateway.telemetry.meters import ActionMeter, outcome_of
from gateway.telemetry.tracing import SPAN
from gateway.wire.faults import fault_of
from gateway.wire.sts_faults import FAULTS
from gateway.wire.sts_query import VERSION, usual_fields

_ACTION: Final = ACTION.encode()
_SHORTEST, _LONGEST = 900, 43_200
_PLANS: Final = 4_096
_OK: Final = 200
_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII).fullmatch
_SECONDS: Final = re.compile(r"[1-9][0-9]{2,4}", re.ASCII).fullmatch
# Texts that are the same in JSON, in XML and on every terminal.
_PLAIN: Final = re.compile(r"[ !#$%'-;=?-\[\]-~]*", re.ASCII).fullmatch
_REQUIRED: Final = frozenset({"Action", "Version", "RoleArn", "RoleSessionName", "WebIdentityToken"})
_DURATION: Final = "DurationSeconds"
_WITH_DURATION: Final = _REQUIRED | {_DURATION}


class UsualAnswer(NamedTuple):
    """An answer of STS, in XML."""

    status: int
    body: bytes


class UsualDecision(NamedTuple):
    """A decision whose audit line is taken, and written at the latest when it is settled."""

    answer: UsualAnswer
    receipt: Receipt
    counted: Callable[[], None]
    meter: ActionMeter
    began: float

    def settled(self) -> UsualAnswer:
        """The answer, once. Raises AuditUnavailable, counted already: then nothing may be handed out."""
        try:
            self.receipt.settle()
        except AuditUnavailable as unavailable:
            self.meter.refused(outcome_of(unavailable), fault_of(unavailable, FAULTS).code)
            raise
        finally:
            self.meter.took(time.perf_counter() - self.began)
        self.counted()
        return self.answer


class _Asked(NamedTuple):
    """A form that asks in the usual way."""

    fields: Mapping[str, str]
    plan: UsualPlan
    verifier: WebIdentityVerifier
    token: UnverifiedJws
    duration: int
    began: float


class UsualLogin:
    """Over the parts of one configuration."""

    __slots__ = ("_log", "_meter", "_parts", "_plans", "_refusals")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log: AuditLog | None = parts.trail.log
        self._meter = parts.trail.meter(ACTION)
        self._plans: dict[tuple[str, str], UsualPlan | None] = {}
        self._refusals: dict[tuple[str, str, str, bool], RefusalPlan] = {}

    def decided(self, body: bytes, origin: RequestOrigin) -> UsualDecision | None:
        """What is decided about a form that was sent as POST; None where that is for the whole way."""
        # The form of another action may be long, an assertion's above all: it is not read here and there.
        if self._log is None or SPAN.get() is not None or _ACTION not in body:
            return None
        began = time.perf_counter()
        try:
            fields = usual_fields(body)
            asked = None if fields is None else self._asked(fields, began)
            return None if asked is None else self._decided(asked, origin, self._log)
        except GatewayError:
            # Why it is refused, and who learns what of it, the whole way finds out.
            return None

    def _asked(self, fields: Mapping[str, str], began: float) -> _Asked | None:
        """Raises GatewayError."""
        if fields.keys() not in (_WITH_DURATION, _REQUIRED) or fields["Action"] != ACTION:
            return None
        if fields["Version"] != VERSION or _NAME(fields["RoleSessionName"]) is None:
            return None
        verifier, token = self._parts.registry.web_identity(UnverifiedToken(fields["WebIdentityToken"]))
        plan = self._plan(fields["RoleArn"], verifier.name, verifier.issuer)
        if plan is None:
            return None
        duration = _seconds(fields.get(_DURATION), plan.role.maximum_duration)
        return None if duration is None else _Asked(fields, plan, verifier, token, duration, began)

    def _decided(self, asked: _Asked, origin: RequestOrigin, log: AuditLog) -> UsualDecision | None:
        """Raises GatewayError."""
        identity = asked.verifier.verify_at_hand(asked.token)
        if identity is None:
            refusal = asked.verifier.unknown_key(asked.token)
            return None if refusal is None else self._refused(asked, refusal, origin, log)
        if identity.session_tags or identity.transitive_tag_keys or identity.source_identity is not None:
            return None
        allowed_by = asked.plan.allowed_by(identity.groups)
        return None if allowed_by is None else self._opened(asked, identity, allowed_by, origin, log)

    def _refused(
        self, asked: _Asked, error: InvalidIdentityToken, origin: RequestOrigin, log: AuditLog
    ) -> UsualDecision | None:
        source_ip, user_agent, cause = origin.source_ip or "", origin.user_agent or "", told_text(error.cause)
        if _PLAIN(f"{cause}{source_ip}{user_agent}") is None or len(cause) > LONGEST:
            return None
        plan, now = self._refusal(asked, str(error)), utc_text(self._parts.clock.now())
        values = (
            asked.fields["RoleSessionName"], str(asked.duration), cause, now,
            source_ip, user_agent, origin.request_id, random_uuid(),
        )  # fmt: skip
        return UsualDecision(
            UsualAnswer(plan.status, plan.answer.filled(values).encode("ascii")),
            log.take(plan.line.filled(values).encode("ascii")),
            partial(self._count_refusal, plan, cause, origin, now),
            self._meter,
            asked.began,
        )

    def _count_refusal(self, plan: RefusalPlan, cause: str, origin: RequestOrigin, now: str) -> None:
        self._parts.trail.refusals.keep_of_flood(origin.request_id, partial(plan.told, cause, origin, now))
        self._meter.refused(plan.outcome, plan.code)

    def _opened(
        self, asked: _Asked, identity: Identity, allowed_by: str, origin: RequestOrigin, log: AuditLog
    ) -> UsualDecision | None:
        """Raises KeyringUnavailable."""
        parts, (fields, plan, _, _, duration, began) = self._parts, asked
        source_ip, user_agent = origin.source_ip or "", origin.user_agent or ""
        subject, username, audience = identity.subject, identity.username, identity.audience
        if _PLAIN(f"{subject}{username}{audience}{source_ip}{user_agent}") is None:
            return None
        now, session_name = parts.clock.now(), fields["RoleSessionName"]
        birth = parts.revocations.birth(now, role=plan.role_value, provider=identity.provider, subject=subject)
        if birth != now:  # somebody is let in right after what ended their sessions
            return None
        keys = session_keys(identity, plan.account)
        minted = parts.issuer.mint_usual(plan.role_arn, plan.account, identity, session_name, duration, keys, now)
        if minted is None:
            return None
        content, token = minted
        ends, ends_told = _end(content.expires_at)
        values = (
            subject, username, audience, session_name, str(duration),
            content.access_key_id, content.secret_access_key, token, content.session_id,
            ends, ends_told, second_text(content.issued_at),
            source_ip, user_agent, origin.request_id, random_uuid(), allowed_by,
        )  # fmt: skip
        return UsualDecision(
            UsualAnswer(_OK, plan.answer.filled(values).encode("ascii")),
            log.take(plan.lines[_DURATION in fields].filled(values).encode("ascii")),
            partial(self._count_session, identity.provider),
            self._meter,
            began,
        )

    def _count_session(self, provider: str) -> None:
        self._meter.succeeded()
        self._meter.minted(provider)

    def _refusal(self, asked: _Asked, message: str) -> RefusalPlan:
        role_arn, provider, with_duration = asked.plan.role_arn, asked.verifier.name, _DURATION in asked.fields
        plan = self._refusals.get((role_arn, provider, message, with_duration))
        if plan is None:
            if len(self._refusals) >= _PLANS:
                self._refusals.clear()
            plan = refusal_plan(self._parts, role_arn, provider, message, with_duration=with_duration)
            self._refusals[role_arn, provider, message, with_duration] = plan
        return plan

    def _plan(self, role_arn: str, provider: str, issuer: str) -> UsualPlan | None:
        key = role_arn, provider
        if key in self._plans:
            return self._plans[key]
        role = self._parts.catalog.role_by_arn(role_arn)
        if role is None:
            return None  # and is not remembered: nothing is proven of who asks, who may make up names without end
        if len(self._plans) >= _PLANS:
            self._plans.clear()
        plan = self._plans[key] = plan_for(self._parts, role, provider, issuer)
        return plan


@lru_cache(maxsize=64)
def _end(expires_at: int) -> tuple[str, str]:
    """A session's end in both of its forms: most that are asked for in one second end in one."""
    return second_text(expires_at), told_end(time_of(expires_at))


def _seconds(written: str | None, maximum: int) -> int | None:
    """The session's life; None where it is not allowed, or not written as usual."""
    if written is None:
        return min(DEFAULT_DURATION, maximum)
    if _SECONDS(written) is None:
        return None
    seconds = int(written)
    return seconds if _SHORTEST <= seconds <= min(_LONGEST, maximum) else None
