"""The audit trail of the exchange: one CloudTrail-shaped record for every answer, written before the answer leaves.

Source: AWS CloudTrail User Guide, "CloudTrail record contents". Beside CloudTrail's fields stand `sessionId`, and in
`additionalEventData` the provider, what allowed, and a refusal's cause.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from gateway.domain.arn import RoleArn
from gateway.domain.clock import Clock, utc_text
from gateway.domain.errors import AuditUnavailable, GatewayError, InternalFault
from gateway.domain.identifiers import random_uuid
from gateway.domain.origin import RequestOrigin
from gateway.exchange.combined import CombinedLines
from gateway.exchange.recent_refusals import RecentRefusals
from gateway.telemetry.audit import AuditLog, AuditSink
from gateway.telemetry.meters import ActionMeter, Meters, outcome_of
from gateway.telemetry.tracing import SPAN
from gateway.wire.faults import FaultTable, fault_of

_EVENT_VERSION: Final = "1.11"
_MAXIMUM_TEXT: Final = 1_024
# A name that long there is none; a token that a client put into another parameter is, and messages quote parameters.
TOKEN_LENGTH: Final = 80
LIKE_A_TOKEN: Final = re.compile(r"[\w.~+=-]{80,}", re.ASCII)
_LEFT_OUT: Final = "(left out: it may be a token)"


@dataclass(slots=True, kw_only=True)
class AuditEntry:
    """One event while it is being found out; what stays None is left out or null, as CloudTrail has it.

    Used as a context manager around one use case: an error that passes through is recorded as the refusal that the
    caller will read. `succeeded` records the success, and is called before anything is handed out.
    """

    trail: "AuditTrail"
    origin: RequestOrigin
    event_source: str
    event_name: str
    codes: FaultTable
    meter: ActionMeter
    read_only: bool = True
    management: bool = True
    event_type: str = "AwsApiCall"
    refusal: Mapping[str, Any] | None = None
    """`responseElements` of a refusal, which only CloudTrail's ConsoleLogin has."""
    user_identity: Mapping[str, Any] | None = None
    request_parameters: Mapping[str, Any] | None = None
    service_details: Mapping[str, Any] | None = None
    """`serviceEventDetails`, which an AwsServiceEvent has in place of parameters."""
    recipient_account: str | None = None
    session_id: str | None = None
    resources: list[Mapping[str, str]] | None = None
    details: dict[str, Any] = field(default_factory=dict)
    _began: float = field(default_factory=time.perf_counter)

    def concerns(self, role: RoleArn) -> None:
        """The role that is asked for: whose account the record is for."""
        self.recipient_account = role.account
        self.resources = [{"accountId": role.account, "type": "AWS::IAM::Role", "ARN": str(role)}]

    def concerns_data(self, *, read_only: bool) -> None:
        """A request to a resource server: CloudTrail keeps those apart from the management of accounts."""
        self.management = False
        self.read_only = read_only

    def succeeded(self, response: Mapping[str, Any] | None = None) -> None:
        """Record success. Raises AuditUnavailable: then nothing may be handed out."""
        self._write({"responseElements": response})
        self.meter.succeeded()
        # An answer with credentials is a session, whichever action it is of.
        if response is not None and "credentials" in response:
            self.meter.minted(self.details.get("provider", ""))

    def combined(self, reader: tuple[str, ...], now: datetime) -> None:
        """Record success, where many are alike: an hour's answers to one reader have one line.

        Raises AuditUnavailable.
        """
        answers = self.trail.readers.due(reader, now)
        if answers is None:
            self.meter.succeeded()
            return
        self.details["answers"] = answers
        self.succeeded()
        self.trail.readers.written(reader, now)

    def refused(self, error: GatewayError) -> None:
        """Record a refusal that nobody raises through here. Raises AuditUnavailable."""
        fault = fault_of(error, self.codes)
        self.details["cause"] = told_text(error.cause)
        self.details["fault"] = error.code
        self._write(
            {"errorCode": fault.code, "errorMessage": told_text(fault.text(error)), "responseElements": self.refusal}
        )
        self._count(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.meter.took(time.perf_counter() - self._began)
        # What is no Exception is the end of the request (its client left), which nobody reads an answer of.
        if isinstance(error, Exception) and not isinstance(error, AuditUnavailable):
            self.refused(error if isinstance(error, GatewayError) else InternalFault(cause=type(error).__name__))

    def _write(self, outcome: Mapping[str, Any]) -> None:
        span = SPAN.get()
        if span is not None:
            self.details["traceId"] = span.trace_id
            span.tell(self.event_source, self.event_name, outcome.get("errorCode"))
        try:
            self.trail.write(self, outcome)
        except AuditUnavailable as unavailable:
            self._count(unavailable)
            raise

    def _count(self, error: GatewayError) -> None:
        self.meter.refused(outcome_of(error), fault_of(error, self.codes).code)


class AuditTrail:
    """Writes the records of one gateway."""

    __slots__ = ("_clock", "_meters", "_region", "_sink", "readers", "refusals")

    def __init__(self, sink: AuditSink, *, region: str, clock: Clock, meters: Meters, refusals: RecentRefusals) -> None:
        self.refusals = refusals
        self.readers = CombinedLines()
        self._sink = sink
        self._region = region
        self._clock = clock
        self._meters = meters

    def entry(self, origin: RequestOrigin, *, source: str, name: str, codes: FaultTable, metered: str) -> AuditEntry:
        """Begin the record of one request. `source`: `sts.amazonaws.com`; `name`: the API's action.

        metered: the name under which metrics have it, one of few: no client may make up more.
        """
        meter = self._meters.action(metered)
        return AuditEntry(trail=self, origin=origin, event_source=source, event_name=name, codes=codes, meter=meter)

    @property
    def log(self) -> AuditLog | None:
        """The file or stream that the lines go to; None where they go elsewhere."""
        return self._sink if isinstance(self._sink, AuditLog) else None

    def meter(self, metered: str) -> ActionMeter:
        return self._meters.action(metered)

    def written_to(self, sink: AuditSink, clock: Clock) -> "AuditTrail":
        """A trail whose records are alike and go elsewhere."""
        return AuditTrail(sink, region=self._region, clock=clock, meters=self._meters, refusals=RecentRefusals())

    def write(self, entry: AuditEntry, outcome: Mapping[str, Any]) -> None:
        """Raises AuditUnavailable."""
        record = _record(entry, outcome, self._region, self._clock.now())
        self._sink.write(record)
        if "errorCode" in record:
            self.refusals.keep(record)


def _record(entry: AuditEntry, outcome: Mapping[str, Any], region: str, now: datetime) -> dict[str, Any]:
    identity = entry.user_identity or {"type": "Unknown"}
    optional = {
        "resources": entry.resources,
        "serviceEventDetails": _without_tokens(entry.service_details),
        "recipientAccountId": entry.recipient_account,
        "sharedEventID": _shared_event_id(identity, entry.recipient_account),
        "sessionId": entry.session_id,
    }
    return {
        "eventVersion": _EVENT_VERSION,
        "userIdentity": identity,
        "eventTime": utc_text(now),
        "eventSource": entry.event_source,
        "eventName": entry.event_name,
        "awsRegion": region,
        "sourceIPAddress": entry.origin.source_ip or "",
        "userAgent": entry.origin.user_agent or "",
        "requestParameters": _parameters(entry.request_parameters),
        **outcome,
        # Always an object: detection rules read from it without looking whether it is there.
        "additionalEventData": entry.details,
        "requestID": entry.origin.request_id,
        "eventID": random_uuid(),
        "readOnly": entry.read_only,
        "eventType": entry.event_type,
        "managementEvent": entry.management,
        "eventCategory": "Management" if entry.management else "Data",
        **{name: value for name, value in optional.items() if value is not None},
    }


def _parameters(given: Mapping[str, Any] | None) -> Any:
    if not given:
        return None
    for value in given.values():
        if not (isinstance(value, int) or (isinstance(value, str) and len(value) < TOKEN_LENGTH)):
            return _without_tokens(given)
    return given


def _shared_event_id(identity: Mapping[str, Any], recipient: str | None) -> str | None:
    """What CloudTrail marks an event with that concerns two accounts."""
    across = recipient is not None and identity.get("accountId", recipient) != recipient
    return random_uuid() if across else None


def _without_tokens(value: Any) -> Any:
    """`value` without what clients put into the wrong parameter: no name, ARN or policy has such a run of letters."""
    if isinstance(value, str):
        return value if len(value) < TOKEN_LENGTH else LIKE_A_TOKEN.sub(_LEFT_OUT, value)
    if isinstance(value, dict | Mapping):
        return {name: _without_tokens(one) for name, one in value.items()}
    return [_without_tokens(one) for one in value] if isinstance(value, list | tuple) else value


def told_text(text: str) -> str:
    """A text of an error as records have it."""
    if len(text) < TOKEN_LENGTH:
        return text
    shown = LIKE_A_TOKEN.sub(_LEFT_OUT, text[:_MAXIMUM_TEXT])
    return shown if len(text) <= _MAXIMUM_TEXT else f"{shown}..."
