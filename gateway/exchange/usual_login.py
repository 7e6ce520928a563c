"""The usual AssumeRoleWithWebIdentity in one straight line: whatever is not usual is left to `assume_role`, untouched.

What is checked is what `assume_role` checks, by the same functions wherever more than a comparison is at stake: the
form, the token's form, signature and claims, the person. What is left out is what the role's plan found to have no
effect. Whoever is declined here has caused nothing, and is judged anew by the whole way; a test holds both ways to the
same answers, records and sessions.
"""

import re
import time
from collections.abc import Mapping
from typing import Final

from gateway.domain.clock import utc_text
from gateway.domain.errors import AuditUnavailable, GatewayError
from gateway.domain.identifiers import random_uuid
from gateway.domain.identity import Identity, UnverifiedToken
from gateway.domain.origin import RequestOrigin
from gateway.exchange.assume_role import DEFAULT_DURATION
from gateway.exchange.audit_identities import told_end
from gateway.exchange.parts import Parts
from gateway.exchange.usual_plan import ACTION, UsualPlan, plan_for
from gateway.roles.condition_keys import session_keys
from gateway.sessions.session_token import time_of
from gateway.telemetry.audit import AuditLog
from gateway.telemetry.meters import outcome_of
from gateway.telemetry.tracing import SPAN
from gateway.wire.faults import fault_of
from gateway.wire.sts_faults import FAULTS
from gateway.wire.sts_query import VERSION, usual_fields

_SHORTEST, _LONGEST = 900, 43_200
_PLANS: Final = 4_096
_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII).fullmatch
_SECONDS: Final = re.compile(r"[1-9][0-9]{2,4}", re.ASCII).fullmatch
# Texts that are the same in JSON, in XML and on every terminal.
_PLAIN: Final = re.compile(r"[ !#$%'-;=?-\[\]-~]*", re.ASCII).fullmatch
_REQUIRED: Final = frozenset({"Action", "Version", "RoleArn", "RoleSessionName", "WebIdentityToken"})
_DURATION: Final = "DurationSeconds"
_WITH_DURATION: Final = _REQUIRED | {_DURATION}


class UsualLogin:
    """Over the parts of one configuration."""

    __slots__ = ("_log", "_meter", "_parts", "_plans")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log: AuditLog | None = parts.trail.log
        self._meter = parts.trail.meter(ACTION)
        self._plans: dict[tuple[str, str], UsualPlan | None] = {}

    def answer(self, body: bytes, origin: RequestOrigin) -> bytes | None:
        """The answer to a form that was sent as POST, in XML; None where it is for the whole way to answer.

        Raises AuditUnavailable, counted already.
        """
        if self._log is None or SPAN.get() is not None:
            return None
        began = time.perf_counter()
        try:
            fields = usual_fields(body)
            granted = None if fields is None else self._granted(fields)
            if granted is None:
                return None
            answer = self._opened(*granted, fields or {}, origin, self._log)
        except AuditUnavailable as unavailable:
            self._meter.took(time.perf_counter() - began)
            self._meter.refused(outcome_of(unavailable), fault_of(unavailable, FAULTS).code)
            raise
        except GatewayError:
            # Why it is refused, and who learns what of it, the whole way finds out.
            return None
        if answer is not None:
            self._meter.took(time.perf_counter() - began)
        return answer

    def _granted(self, fields: Mapping[str, str]) -> tuple[UsualPlan, Identity, str, int] | None:
        """The plan, who signed in, what allows it, and for how long. Raises GatewayError."""
        if fields.keys() not in (_WITH_DURATION, _REQUIRED) or fields["Action"] != ACTION:
            return None
        if fields["Version"] != VERSION or _NAME(fields["RoleSessionName"]) is None:
            return None
        role = self._parts.catalog.role_by_arn(fields["RoleArn"])
        if role is None:
            return None
        verifier, token = self._parts.registry.web_identity(UnverifiedToken(fields["WebIdentityToken"]))
        plan = self._plan(fields["RoleArn"], verifier.name, verifier.issuer)
        if plan is None:
            return None
        duration = _seconds(fields.get(_DURATION), role.maximum_duration)
        identity = None if duration is None else verifier.verify_at_hand(token)
        if identity is None or duration is None:
            return None
        if identity.session_tags or identity.transitive_tag_keys or identity.source_identity is not None:
            return None
        allowed_by = plan.allowed_by(identity.groups)
        return None if allowed_by is None else (plan, identity, allowed_by, duration)

    def _opened(
        self,
        plan: UsualPlan,
        identity: Identity,
        allowed_by: str,
        duration: int,
        fields: Mapping[str, str],
        origin: RequestOrigin,
        log: AuditLog,
    ) -> bytes | None:
        """Mint, record, answer, in this order. Raises AuditUnavailable, KeyringUnavailable."""
        source_ip, user_agent = origin.source_ip or "", origin.user_agent or ""
        subject, username, audience = identity.subject, identity.username, identity.audience
        if _PLAIN(f"{subject}{username}{audience}{source_ip}{user_agent}") is None or len(self._parts.revocations):
            return None
        now, session_name = self._parts.clock.now(), fields["RoleSessionName"]
        keys = session_keys(identity, plan.account)
        minted = self._parts.issuer.mint_usual(plan.role.arn, identity, session_name, duration, keys, now)
        if minted is None:
            return None
        content, token = minted
        ends = time_of(content.expires_at)
        values = (
            *(subject, username, audience, session_name, duration),
            *(content.access_key_id, content.secret_access_key, token, content.session_id),
            *(utc_text(ends), told_end(ends), utc_text(now)),
            *(source_ip, user_agent, origin.request_id, random_uuid(), allowed_by),
        )
        log.write_line(plan.lines[_DURATION in fields].filled(values).encode("ascii"))
        self._meter.succeeded()
        self._meter.minted(identity.provider)
        return plan.answer.filled(values).encode("ascii")

    def _plan(self, role_arn: str, provider: str, issuer: str) -> UsualPlan | None:
        key = role_arn, provider
        if key not in self._plans:
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            role = self._parts.catalog.role_by_arn(role_arn)
            self._plans[key] = None if role is None else plan_for(self._parts, role, provider, issuer)
        return self._plans[key]


def _seconds(written: str | None, maximum: int) -> int | None:
    """The session's life; None where it is not allowed, or not written as usual."""
    if written is None:
        return min(DEFAULT_DURATION, maximum)
    if _SECONDS(written) is None:
        return None
    seconds = int(written)
    return seconds if _SHORTEST <= seconds <= min(_LONGEST, maximum) else None
