"""How a token whose key nobody has is refused, recorded and answered, found out beforehand as in `usual_plan`.

Such tokens come in floods, from whoever likes to send them: a refusal must cost the others little.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway.domain.assumption import SessionRequest
from gateway.domain.clock import utc_text
from gateway.domain.errors import InvalidIdentityToken
from gateway.domain.origin import RequestOrigin
from gateway.exchange import assume_role
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.parts import Parts
from gateway.exchange.recent_refusals import RecentRefusal
from gateway.exchange.usual_plan import ACTION, SOURCE, Records, Stopped, Template
from gateway.telemetry.audit import line_of
from gateway.telemetry.meters import Meters, outcome_of
from gateway.wire.sts_faults import FAULTS, answer_of

FIELDS: Final = (
    "role_arn",
    "account",
    "session_name",
    "duration",
    "cause",
    "now",
    "source_ip",
    "user_agent",
    "request_id",
    "event_id",
)
"""What differs from one refusal to the next, in the order in which a Template takes it."""

_NOW: Final = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
_DURATION: Final = 987_654_321


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalPlan:
    """One provider, one message; of whatever role, be there such a one or not.

    `recent`: what administrators are told, of nobody in particular.
    """

    status: int
    line: Template
    answer: Template
    outcome: str
    code: str
    recent: RecentRefusal

    def told(self, cause: str, origin: RequestOrigin, time: str) -> RecentRefusal:
        """What administrators are told of one."""
        recent = self.recent
        return RecentRefusal(
            request_id=origin.request_id,
            time=time,
            event=recent.event,
            who=recent.who,
            provider=recent.provider,
            address=origin.source_ip or "",
            code=recent.code,
            message=recent.message,
            cause=cause,
        )


def refusal_plan(parts: Parts, provider: str, message: str, *, with_duration: bool) -> RefusalPlan:
    """`message`: of the InvalidIdentityToken."""
    mark = secrets.token_hex(8)
    marks = {name: f"{mark}{number:02d}" for number, name in enumerate(FIELDS)} | {"now": utc_text(_NOW)}
    marks["account"] = f"{secrets.randbelow(10**12):012d}"
    marks["role_arn"] = f"arn:aws:iam::{marks['account']}:role/{mark}"
    error = InvalidIdentityToken(message, cause=marks["cause"])
    records = Records()
    trail = parts.trail.written_to(records, Stopped(_NOW))
    entry = AuditEntry(
        trail=trail,
        origin=RequestOrigin(
            request_id=marks["request_id"], source_ip=marks["source_ip"], user_agent=marks["user_agent"]
        ),
        event_source=SOURCE,
        event_name=ACTION,
        codes=FAULTS,
        meter=Meters.alone().action(ACTION),
    )
    duration = _DURATION if with_duration else None
    request = SessionRequest(role_arn=marks["role_arn"], session_name=marks["session_name"], duration=duration)
    assume_role.begin(entry, request)
    entry.details["provider"] = provider
    entry.refused(error)
    (record,) = records.written
    (recent,) = trail.refusals.latest(1)
    told = {**marks, "duration": str(_DURATION), "event_id": record["eventID"]}
    answer = answer_of(error, marks["request_id"])
    return RefusalPlan(
        status=answer.status,
        line=Template(line_of(record).decode(), told, FIELDS),
        answer=Template(answer.body.decode(), marks, FIELDS),
        outcome=outcome_of(error),
        code=answer.code,
        recent=recent,
    )
