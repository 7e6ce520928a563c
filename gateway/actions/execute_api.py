"""What a request to an HTTP API means: `execute-api:Invoke` on its method and path."""

import re
from typing import Final

from gateway.actions.action import ServiceAction
from gateway.actions.request_target import host_of, is_one_of, read_path, refuse_method_overrides, shown
from gateway.domain.errors import UnmappedRequest
from gateway.domain.service import Service
from gateway.sigv4.request import HttpRequest

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Frameworks merge slashes, decode separators before they route, and cut off path parameters (`/admin;x`): a Deny on
# the path that they serve would not have matched the one that was judged.
_AMBIGUOUS: Final = re.compile(rb"//|\\|;|%(?:25)*(?:2f|5c|3b)", re.IGNORECASE)


def execute_api_actions(service: Service, http: HttpRequest) -> tuple[ServiceAction, ...]:
    """`execute-api:Invoke` on `arn:aws:execute-api:REGION:ACCOUNT:ID/STAGE/METHOD/PATH`. Raises UnmappedRequest."""
    refuse_method_overrides(http)
    if not is_one_of(host_of(http), service.hosts):
        raise UnmappedRequest(cause="the host is none of the service's")
    if http.method not in _METHODS:
        raise UnmappedRequest(cause=f"the method {shown(http.method)}")
    if _AMBIGUOUS.search(http.raw_path) is not None:
        raise UnmappedRequest(cause="the path holds //, an encoded or backward slash, or a path parameter")
    path = read_path(http.raw_path)
    return (ServiceAction(name="execute-api:Invoke", resource=f"{service.api_arn}/{http.method}{path}"),)
