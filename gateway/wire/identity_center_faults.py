"""Identity Center's fault tables: AWS's error names and statuses, for tokens (`sso-oidc`) and the portal (`sso`)."""

import json
from collections.abc import Mapping
from typing import Any, Final

from gateway.domain import errors
from gateway.domain.errors import GatewayError
from gateway.wire.faults import Fault, FaultAnswer, FaultTable, fault_of, headers_of, saying

CONTENT_TYPE: Final = "application/json"

_REQUEST: Final = Fault(code="InvalidRequestException", status=400)
_INTERNAL: Final = Fault(code="InternalServerException", status=500, sender=False)
_UNAVAILABLE: Final = Fault(code="ServiceUnavailableException", status=503, sender=False)

FAULTS: Final[FaultTable] = {
    errors.RequestError: _REQUEST,
    errors.MethodRefused: Fault(code="MethodNotAllowedException", status=405),
    errors.BodyTooLarge: Fault(code="InvalidRequestException", status=413),
    errors.UnsupportedMedia: Fault(code="InvalidRequestException", status=415),
    errors.IdentityError: Fault(code="AccessDeniedException", status=400),
    errors.ProviderUnreachable: _UNAVAILABLE,
    errors.InvalidClient: Fault(code="InvalidClientException", status=401),
    errors.InvalidRedirect: Fault(code="InvalidRedirectUriException", status=400),
    errors.InvalidGrant: Fault(code="InvalidGrantException", status=400),
    errors.UnsupportedGrant: Fault(code="UnsupportedGrantTypeException", status=400),
    errors.ExpiredGrant: Fault(code="ExpiredTokenException", status=400),
    errors.AuthorizationPending: Fault(code="AuthorizationPendingException", status=400),
    errors.PolledTooFast: Fault(code="SlowDownException", status=400),
    errors.AuthorizationDeclined: Fault(code="AccessDeniedException", status=400),
    errors.AuthenticationError: Fault(code="UnauthorizedException", status=401),
    # What AWS answers, whether the role is missing or refuses; its model names no code for it.
    errors.AccessDenied: Fault(code="ForbiddenException", status=403, message=saying("No access")),
    errors.ServiceError: _UNAVAILABLE,
    errors.InternalFault: _INTERNAL,
}

SIGN_IN_FAULTS: Final[FaultTable] = {
    # Detection rules look for exactly this text of CloudTrail's.
    errors.GatewayError: Fault(code="FailedAuthentication", status=400, message=saying("Failed authentication")),
    errors.ServiceError: _UNAVAILABLE,
    errors.InternalFault: _INTERNAL,
}
"""For audit records of ConsoleLogin; pages tell people a sentence, never a code."""

_OAUTH: Final[Mapping[str, str]] = {
    "InvalidClientException": "invalid_client",
    "InvalidGrantException": "invalid_grant",
    "UnsupportedGrantTypeException": "unsupported_grant_type",
    "InvalidRedirectUriException": "invalid_redirect_uri",
    "AuthorizationPendingException": "authorization_pending",
    "SlowDownException": "slow_down",
    "ExpiredTokenException": "expired_token",
    "AccessDeniedException": "access_denied",
    "UnauthorizedException": "invalid_grant",
    "InternalServerException": "server_error",
    "ServiceUnavailableException": "temporarily_unavailable",
}
"""The names of RFC 6749 and RFC 8628; all else is `invalid_request`."""


def token_answer_of(error: GatewayError) -> FaultAnswer:
    """The error as `sso-oidc` tells it."""
    fault = fault_of(error, FAULTS)
    members = {"error": _OAUTH.get(fault.code, "invalid_request"), "error_description": fault.text(error)}
    return _answer(error, fault, members)


def portal_answer_of(error: GatewayError) -> FaultAnswer:
    """The error as `sso` tells it."""
    fault = fault_of(error, FAULTS)
    return _answer(error, fault, {"message": fault.text(error), "__type": fault.code})


def _answer(error: GatewayError, fault: Fault, members: Mapping[str, Any]) -> FaultAnswer:
    return FaultAnswer(
        status=fault.status,
        code=fault.code,
        body=json.dumps(members).encode(),
        content_type=CONTENT_TYPE,
        headers=(*headers_of(error), ("x-amzn-errortype", fault.code)),
    )
