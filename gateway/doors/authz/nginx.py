"""nginx's `auth_request`: a subrequest whose headers name the client's request.

nginx takes 2xx, 401 and 403, makes 500 of everything else, and drops the body: a refusal travels in headers.
Source: nginx documentation, "Module ngx_http_auth_request_module".
"""

from typing import Final

from gateway.doors.authz.check import Check, Target, refuse_ours, target_in_headers
from gateway.doors.authz.identity_headers import identity_headers
from gateway.exchange.authorization import Authorization
from gateway.web.responses import Answer

METHOD: Final = b"x-original-method"
_URI: Final = b"x-original-uri"


def target(check: Check) -> Target:
    # nginx takes away headers by name alone, never all of a prefix.
    refuse_ours(check)
    return target_in_headers(check, method=METHOD, uri=_URI, host=b"host")


def body(_check: Check) -> bytes:
    """No subrequest carries the client's body."""
    return b""


def allowed(_check: Check, authorization: Authorization) -> Answer:
    """200: the configuration copies these headers into the request by `auth_request_set`."""
    return Answer(status=200, headers=(*identity_headers(authorization), *authorization.replaced))


def refused(answer: Answer) -> Answer:
    """403 with the true status, and the body on one line, which the configuration turns back."""
    told = b" ".join(answer.body.splitlines())
    return Answer(
        status=403,
        headers=(
            (b"x-gateway-error-status", b"%d" % answer.status),
            (b"x-gateway-error", told),
            *[header for header in answer.headers if header[0] != b"content-type"],
        ),
    )
