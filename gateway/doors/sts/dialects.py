"""How STS answers: XML, or JSON for whoever asks for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import GatewayError
from gateway.web.responses import JSON, XML, Answer, Headers
from gateway.wire import sts_answers, sts_json, sts_xml
from gateway.wire.faults import FaultAnswer
from gateway.wire.sts_faults import answer_of, json_answer_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Renders results and faults; the text beside each is the request id."""

    result: Callable[[sts_answers.Answer, str], bytes]
    fault: Callable[[GatewayError, str], FaultAnswer]
    headers: Headers


XML_DIALECT: Final = Dialect(result=sts_xml.answer, fault=answer_of, headers=XML)
JSON_DIALECT: Final = Dialect(result=sts_json.answer, fault=json_answer_of, headers=JSON)


def fault_answer(dialect: Dialect, error: GatewayError, request_id: str) -> Answer:
    """The error as HTTP."""
    fault = dialect.fault(error, request_id)
    headers = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in fault.headers)
    content_type = (b"content-type", fault.content_type.encode("ascii"))
    return Answer(status=fault.status, body=fault.body, headers=(content_type, *headers))
