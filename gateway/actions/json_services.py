"""What a request to an AWS JSON service means: the operation that X-Amz-Target names."""

import re
from typing import Final

from gateway.actions.action import ServiceAction
from gateway.actions.request_target import (
    header_of,
    host_of,
    is_one_of,
    read_query,
    refuse_method_overrides,
    shown,
)
from gateway.domain.errors import UnmappedRequest
from gateway.domain.service import Service
from gateway.sigv4.request import HttpRequest

_TARGET: Final = re.compile(r"[A-Za-z0-9_.]{1,128}\.(?P<operation>[A-Za-z][A-Za-z0-9]{0,127})", re.ASCII)
# Under another type a service that speaks several protocols takes the operation from somewhere else.
_JSON: Final = re.compile(r"application/x-amz-json-1\.[01](?:;.*)?", re.IGNORECASE)


def json_actions(service: Service, http: HttpRequest) -> tuple[ServiceAction, ...]:
    """`X-Amz-Target: DynamoDB_20120810.GetItem` is `dynamodb:GetItem`, on resource `*`. Raises UnmappedRequest."""
    refuse_method_overrides(http)
    if not is_one_of(host_of(http), service.hosts):
        raise UnmappedRequest(cause="the host is none of the service's")
    if http.method != "POST" or http.raw_path != b"/":
        raise UnmappedRequest(cause="a JSON service takes POST / alone")
    for name in read_query(http.raw_query):
        if not name.lower().startswith("x-amz-") or name.lower() == "x-amz-target":
            raise UnmappedRequest(cause=f"the query parameter {shown(name)}")
    if _JSON.fullmatch(header_of(http, b"content-type") or "") is None:
        raise UnmappedRequest(cause="the content type is not application/x-amz-json-1.0 or -1.1")
    target = _TARGET.fullmatch(_target(http))
    if target is None:
        raise UnmappedRequest(cause="X-Amz-Target is not SERVICE.OPERATION")
    return (ServiceAction(name=f"{service.signing_name}:{target['operation']}", resource="*"),)


def _target(http: HttpRequest) -> str:
    for name, _ in http.headers:
        if name != b"x-amz-target" and name.replace(b"_", b"-") == b"x-amz-target":
            # WSGI servers read it as the header itself; no signature covers it.
            raise UnmappedRequest(cause="a header that reads like X-Amz-Target")
    return header_of(http, b"x-amz-target") or ""
