"""Traefik's `ForwardAuth`: forwarded headers name the client's request.

Source: Traefik documentation, "ForwardAuth": X-Forwarded-Method, -Proto, -Host, -Uri and -For.
"""

from typing import Final

from gateway.doors.authz.check import Check, Target, refuse_ours, target_in_headers
from gateway.doors.authz.identity_headers import identity_headers
from gateway.exchange.authorization import Authorization
from gateway.web.responses import Answer

HOST: Final = b"x-forwarded-host"
METHOD: Final = b"x-forwarded-method"
_URI: Final = b"x-forwarded-uri"


def target(check: Check) -> Target:
    # Traefik takes away what its configuration names; nothing here rests on its completeness.
    refuse_ours(check)
    return target_in_headers(check, method=METHOD, uri=_URI, host=HOST)


def body(check: Check) -> bytes:
    """The body where `forwardBody` sends it, which is the whole one: Traefik refuses longer ones itself."""
    return check.body


def allowed(_check: Check, authorization: Authorization) -> Answer:
    """200: Traefik sets those of these headers in the request that `authResponseHeaders` names."""
    return Answer(status=200, headers=(*identity_headers(authorization), *authorization.replaced))


def refused(answer: Answer) -> Answer:
    """Traefik gives a refusal to the client as it is."""
    return answer
