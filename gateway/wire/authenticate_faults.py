"""The fault table of the gateway's own API (`/v1`): STS's codes and statuses, told as JSON.

`of` says whose fault it is: `caller`, the program that asks; `request`, the signed request that it shows.
"""

import json
from typing import Final

from gateway.domain import errors
from gateway.domain.errors import GatewayError, ShownRequestRefused
from gateway.wire.faults import Fault, FaultAnswer, FaultTable, fault_of, headers_of, telling
from gateway.wire.sts_faults import FAULTS as STS_FAULTS

CONTENT_TYPE: Final = "application/json"
CALLER: Final = "caller"
REQUEST: Final = "request"

FAULTS: Final[FaultTable] = {
    **STS_FAULTS,
    errors.MissingAction: Fault(code="InvalidAction", status=400),
    # What the shown request lacks is the server's news, not its fault: one status, and the code inside.
    errors.ShownRequestRefused: Fault(
        code="RequestRefused", status=403, message=telling(ShownRequestRefused, lambda error: str(error.error))
    ),
}


def answer_of(error: GatewayError, request_id: str) -> FaultAnswer:
    """The error as JSON: `code` and `message` of the dialect, `fault` the stable name of the cause."""
    fault = fault_of(error, FAULTS)
    told, of = (error.error, REQUEST) if isinstance(error, ShownRequestRefused) else (error, CALLER)
    body = {
        "of": of,
        "fault": told.code,
        "code": fault_of(told, FAULTS).code,
        "message": fault.text(error),
        "requestId": request_id,
    }
    return FaultAnswer(
        status=fault.status,
        code=fault.code,
        body=json.dumps(body, separators=(",", ":")).encode(),
        content_type=CONTENT_TYPE,
        headers=headers_of(error),
    )
