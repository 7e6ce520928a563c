"""Envoy's HTTP `ext_authz`: the check is the client's request under a path prefix.

Source: Envoy documentation, "envoy.extensions.filters.http.ext_authz.v3.HttpService".
"""

from typing import Final

from gateway.doors.authz.check import CONTENT_LENGTH, PREFIX, PROXY_TOKEN, Check, Target
from gateway.doors.authz.identity_headers import identity_headers
from gateway.exchange.authorization import Authorization
from gateway.web.responses import Answer, Headers

_PARTIAL: Final = b"x-envoy-auth-partial-body"
_TO_REMOVE: Final = b"x-envoy-auth-headers-to-remove"


def target(check: Check) -> Target:
    """The path behind the prefix as the client sent it; host, method and query are the check's own."""
    return Target(
        method=check.method,
        host=check.needed(b"host"),
        raw_path=check.raw_path.removeprefix(PREFIX) or b"/",
        raw_query=check.raw_query,
    )


def body(check: Check) -> bytes:
    """The whole body where the proxy says that it is whole."""
    return check.body if check.single(_PARTIAL) == b"false" else b""


def allowed(check: Check, authorization: Authorization) -> Answer:
    """200: Envoy sets these headers in the request, and takes away those that are listed."""
    headers: Headers = (*identity_headers(authorization), *authorization.replaced)
    said = {name for name, _ in headers}
    removed = dict.fromkeys((PROXY_TOKEN, CONTENT_LENGTH, *check.ours, *authorization.removed))
    return Answer(
        status=200, headers=(*headers, (_TO_REMOVE, b",".join([name for name in removed if name not in said])))
    )


def refused(answer: Answer) -> Answer:
    """Envoy gives a refusal to the client as it is."""
    return answer
