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
from gateway.domain.arn import RoleArn
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
from gateway.exchange.usual_plan import ACTION, UsualPlan, may_allow, plan_for
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
_LONGEST_ARN: Final = 2_048
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
    """A form that asks in the usual way. `duration`: None where it names none."""

    fields: Mapping[str, str]
    verifier: WebIdentityVerifier
    token: UnverifiedJws
    duration: int | None
    began: float


class UsualLogin:
    """Over the parts of one configuration."""

    __slots__ = ("_declined", "_log", "_meter", "_parts", "_plans", "_refusals")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log: AuditLog | None = parts.trail.log
        self._meter = parts.trail.meter(ACTION)
        self._declined: int | None = None
        self._plans: dict[tuple[str, str], UsualPlan | None] = {}
        self._refusals: dict[tuple[str, str, bool], RefusalPlan] = {}

    def decided(self, body: bytes, origin: RequestOrigin) -> UsualDecision | None:
        """What is decided about a form that was sent as POST; None where that is for the whole way."""
        # The form of another action may be long, an assertion's above all: it is not read here and there.
        if self._log is None or SPAN.get() is not None or _ACTION not in body:
            return None
        declined, self._declined = self._declined, None
        if declined is not None and declined == hash(body):
            return None
        began, decision = time.perf_counter(), None
        try:
            fields = usual_fields(body)
            asked = None if fields is None else self._asked(fields, began)
            decision = None if asked is None else self._decided(asked, origin, self._log)
        except GatewayError:
            pass  # why it is refused, and who learns what of it, the whole way finds out
        # A form that came whole is shown twice: a signature is not verified twice for nothing.
        if decision is None:
            self._declined = hash(body)
        return decision

    def _asked(self, fields: Mapping[str, str], began: float) -> _Asked | None:
        """Raises GatewayError."""
        if fields.keys() not in (_WITH_DURATION, _REQUIRED) or fields["Action"] != ACTION:
            return None
        if fields["Version"] != VERSION or _NAME(fields["RoleSessionName"]) is None:
            return None
        duration = None
        if _DURATION in fields:
            duration = _seconds(fields[_DURATION])
            if duration is None:
                return None
        verifier, token = self._parts.registry.web_identity(UnverifiedToken(fields["WebIdentityToken"]))
        return _Asked(fields, verifier, token, duration, began)

    def _decided(self, asked: _Asked, origin: RequestOrigin, log: AuditLog) -> UsualDecision | None:
        """The role is looked at last: else the time of a refusal would tell strangers which there are.

        Raises GatewayError.
        """
        verifier = asked.verifier
        identity = verifier.verify_at_hand(asked.token)
        if identity is None:
            refusal = verifier.unknown_key(asked.token)
            return None if refusal is None else self._refused(asked, refusal, origin, log)
        if identity.session_tags or identity.transitive_tag_keys or identity.source_identity is not None:
            return None
        plan = self._plan(asked.fields["RoleArn"], verifier, identity.groups)
        allowed_by = None if plan is None else plan.allowed_by(identity.groups)
        if plan is None or allowed_by is None or (asked.duration or 0) > plan.role.maximum_duration:
            return None
        return self._opened(asked, plan, identity, allowed_by, origin, log)

    def _refused(
        self, asked: _Asked, error: InvalidIdentityToken, origin: RequestOrigin, log: AuditLog
    ) -> UsualDecision | None:
        source_ip, user_agent, cause = origin.source_ip or "", origin.user_agent or "", told_text(error.cause)
        role_arn = asked.fields["RoleArn"]
        if _PLAIN(f"{cause}{source_ip}{user_agent}{role_arn}") is None or len(cause) > LONGEST:
            return None
        if len(role_arn) > _LONGEST_ARN or told_text(role_arn) != role_arn:
            return None
        plan, now = self._refusal(asked, str(error)), utc_text(self._parts.clock.now())
        values = (
            role_arn, _account_of(role_arn), asked.fields["RoleSessionName"], str(asked.duration), cause, now,
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
        self._parts.trail.refusals.keep_of_flood(origin.request_id, plan.told, cause, origin, now)
        self._meter.refused(plan.outcome, plan.code)

    def _opened(
        self,
        asked: _Asked,
        plan: UsualPlan,
        identity: Identity,
        allowed_by: str,
        origin: RequestOrigin,
        log: AuditLog,
    ) -> UsualDecision | None:
        """Raises KeyringUnavailable."""
        parts, fields = self._parts, asked.fields
        duration = asked.duration or min(DEFAULT_DURATION, plan.role.maximum_duration)
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
            asked.began,
        )

    def _count_session(self, provider: str) -> None:
        self._meter.succeeded()
        self._meter.minted(provider)

    def _refusal(self, asked: _Asked, message: str) -> RefusalPlan:
        provider, with_duration = asked.verifier.name, _DURATION in asked.fields
        plan = self._refusals.get((provider, message, with_duration))
        if plan is None:
            if len(self._refusals) >= _PLANS:
                self._refusals.clear()
            plan = refusal_plan(self._parts, provider, message, with_duration=with_duration)
            self._refusals[provider, message, with_duration] = plan
        return plan

    def _plan(self, role_arn: str, verifier: WebIdentityVerifier, groups: frozenset[str]) -> UsualPlan | None:
        key = role_arn, verifier.name
        if key in self._plans:
            return self._plans[key]
        role = self._parts.catalog.role_by_arn(role_arn)
        if role is None or not may_allow(self._parts, role, verifier.name, groups):
            return None  # and is not remembered: whoever signs in may make up names without end
        if len(self._plans) >= _PLANS:
            self._plans.clear()
        plan = self._plans[key] = plan_for(self._parts, role, verifier.name, verifier.issuer)
        return plan


@lru_cache(maxsize=64)
def _end(expires_at: int) -> tuple[str, str]:
    """A session's end in both of its forms: most that are asked for in one second end in one."""
    return second_text(expires_at), told_end(time_of(expires_at))


@lru_cache(maxsize=256)
def _account_of(role_arn: str) -> str:
    """Raises GatewayError."""
    return RoleArn.parse(role_arn).account


def _seconds(written: str) -> int | None:
    """The session's life; None where no role allows it, or it is not written as usual."""
    seconds = int(written) if _SECONDS(written) else 0
    return seconds if _SHORTEST <= seconds <= _LONGEST else None
