"""How a resource server tells its callers what was refused: in the words of its kind of service."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from gateway.domain.errors import GatewayError
from gateway.domain.service import Service, ServiceType
from gateway.wire import s3_faults, service_json
from gateway.wire.faults import FaultAnswer


class _Rendering(Protocol):
    def __call__(self, error: GatewayError, request_id: str, *, method: str) -> FaultAnswer: ...


_S3: Final[Mapping[ServiceType, _Rendering]] = {ServiceType.S3: s3_faults.answer_of}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)


def refused(error: GatewayError, service: Service, *, method: str) -> Refused:
    """The answer to a request that was refused; the body is empty for a HEAD."""
    request_id = str(uuid.uuid4())
    fault = _S3.get(service.type, service_json.answer_of)(error, request_id, method=method)
    headers = (("content-type", fault.content_type), ("x-amzn-requestid", request_id), *fault.headers)
    return Refused(status=fault.status, headers=headers, body=fault.body)
