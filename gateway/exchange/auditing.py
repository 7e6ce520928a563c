"""The audit trail of the exchange: one CloudTrail-shaped record for every answer, written before the answer leaves.

Source: AWS CloudTrail User Guide, "CloudTrail record contents". Beside CloudTrail's fields stand `sessionId`, and in
`additionalEventData` the provider, what allowed, and a refusal's cause.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from gateway.domain.clock import Clock
from gateway.domain.errors import AuditUnavailable, GatewayError, InternalFault
from gateway.domain.origin import RequestOrigin
from gateway.telemetry.audit import AuditSink
from gateway.wire.faults import FaultTable, fault_of

_EVENT_VERSION: Final = "1.11"
_MAXIMUM_TEXT: Final = 1_024
# A name that long there is none; a token that a client put into another parameter is, and messages quote parameters.
_LIKE_A_TOKEN: Final = re.compile(r"[\w.~+=-]{80,}", re.ASCII)


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
    read_only: bool = True
    user_identity: Mapping[str, Any] | None = None
    request_parameters: Mapping[str, Any] | None = None
    recipient_account: str | None = None
    session_id: str | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def succeeded(self, response: Mapping[str, Any] | None = None) -> None:
        """Record success. Raises AuditUnavailable: then nothing may be handed out."""
        self.trail.write(self, {"responseElements": response})

    def refused(self, error: GatewayError) -> None:
        """Record a refusal that nobody raises through here. Raises AuditUnavailable."""
        self.trail.write(self, self._failure(error))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # What is no Exception is the end of the request (its client left), which nobody reads an answer of.
        if isinstance(error, Exception) and not isinstance(error, AuditUnavailable):
            self.trail.write(self, self._failure(error))

    def _failure(self, error: Exception) -> dict[str, Any]:
        known = error if isinstance(error, GatewayError) else InternalFault(cause=type(error).__name__)
        fault = fault_of(known, self.codes)
        self.details["cause"] = _told(known.cause)
        self.details["fault"] = known.code
        return {"errorCode": fault.code, "errorMessage": _told(fault.text(known)), "responseElements": None}


class AuditTrail:
    """Writes the records of one gateway."""

    __slots__ = ("_clock", "_region", "_sink")

    def __init__(self, sink: AuditSink, *, region: str, clock: Clock) -> None:
        self._sink = sink
        self._region = region
        self._clock = clock

    def entry(self, origin: RequestOrigin, *, source: str, name: str, codes: FaultTable) -> AuditEntry:
        """Begin the record of one request. `source`: `sts.amazonaws.com`; `name`: the API's action."""
        return AuditEntry(trail=self, origin=origin, event_source=source, event_name=name, codes=codes)

    def write(self, entry: AuditEntry, outcome: Mapping[str, Any]) -> None:
        """Raises AuditUnavailable."""
        self._sink.write(_record(entry, outcome, self._region, self._clock.now()))


def _record(entry: AuditEntry, outcome: Mapping[str, Any], region: str, now: datetime) -> dict[str, Any]:
    optional = {"recipientAccountId": entry.recipient_account, "sessionId": entry.session_id}
    return {
        "eventVersion": _EVENT_VERSION,
        "userIdentity": entry.user_identity or {"type": "Unknown"},
        "eventTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": entry.event_source,
        "eventName": entry.event_name,
        "awsRegion": region,
        "sourceIPAddress": entry.origin.source_ip or "",
        "userAgent": entry.origin.user_agent or "",
        **outcome,
        "requestParameters": entry.request_parameters,
        "additionalEventData": entry.details,
        "requestID": entry.origin.request_id,
        "eventID": str(uuid.uuid4()),
        "readOnly": entry.read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "eventCategory": "Management",
        **{name: value for name, value in optional.items() if value is not None},
    }


def _told(text: str) -> str:
    shown = _LIKE_A_TOKEN.sub("(left out: it may be a token)", text[:_MAXIMUM_TEXT])
    return shown if len(text) <= _MAXIMUM_TEXT else f"{shown}..."
