"""The faults of services that speak JSON (HTTP APIs, DynamoDB and their like), by the codes that AWS's SDKs know."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gateway.domain.errors import GatewayError
from gateway.wire.faults import FaultAnswer, FaultTable, fault_of, headers_of
from gateway.wire.sts_faults import FAULTS as STS_FAULTS

CONTENT_TYPE: Final = "application/json"
# The same faults by other names than STS's (AWS, "Common error types" of the JSON services).
_RENAMED: Final[Mapping[str, str]] = {
    "AccessDenied": "AccessDeniedException",
    "ExpiredToken": "ExpiredTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "InternalFailure": "InternalServerError",
    "InvalidAction": "UnknownOperationException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "ServiceUnavailable": "ServiceUnavailableException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "ValidationError": "ValidationException",
}

FAULTS: Final[FaultTable] = {
    kind: replace(fault, code=_RENAMED.get(fault.code, fault.code)) for kind, fault in STS_FAULTS.items()
}


def answer_of(error: GatewayError, request_id: str, *, method: str) -> FaultAnswer:
    """The error as such a service tells it; to a HEAD by status and headers alone."""
    fault = fault_of(error, FAULTS)
    body = json.dumps({"__type": fault.code, "message": fault.text(error), "requestId": request_id}).encode()
    return FaultAnswer(
        status=fault.status,
        code=fault.code,
        body=b"" if method == "HEAD" else body,
        content_type=CONTENT_TYPE,
        headers=(("x-amzn-errortype", fault.code), *headers_of(error)),
    )
