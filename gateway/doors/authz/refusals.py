"""A refusal in the words of a service's own clients, as an answer."""

from gateway.web.responses import Answer
from gateway.wire.faults import FaultAnswer


def rendered(fault: FaultAnswer) -> Answer:
    headers = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in fault.headers)
    content_type = (b"content-type", fault.content_type.encode("ascii"))
    return Answer(status=fault.status, body=fault.body, headers=(content_type, *headers))
