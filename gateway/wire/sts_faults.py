"""STS's fault table: AWS's code, status and fault side for everything that can go wrong."""

from datetime import datetime, timedelta
from typing import Final

from gateway.domain import errors
from gateway.domain.errors import GatewayError, PresignedUrlExpired, RequestTimeSkewed
from gateway.wire import sts_json, sts_xml
from gateway.wire.faults import Fault, FaultAnswer, FaultTable, fault_of, headers_of, raised_for_people, telling

_WINDOW: Final = timedelta(minutes=15)


def answer_of(error: GatewayError, request_id: str) -> FaultAnswer:
    """The error as STS tells it in XML."""
    fault = fault_of(error, FAULTS)
    body = sts_xml.error(kind=_kind(fault), code=fault.code, message=fault.text(error), request_id=request_id)
    return _answer(error, fault, body, sts_xml.CONTENT_TYPE)


def json_answer_of(error: GatewayError, request_id: str) -> FaultAnswer:
    """The error as STS tells it in JSON."""
    fault = fault_of(error, FAULTS)
    body = sts_json.error(kind=_kind(fault), code=fault.code, message=fault.text(error), request_id=request_id)
    return _answer(error, fault, body, sts_json.CONTENT_TYPE)


def _answer(error: GatewayError, fault: Fault, body: bytes, content_type: str) -> FaultAnswer:
    return FaultAnswer(
        status=fault.status, code=fault.code, body=body, content_type=content_type, headers=headers_of(error)
    )


def _kind(fault: Fault) -> str:
    return "Sender" if fault.sender else "Receiver"


def _skewed(error: RequestTimeSkewed) -> str:
    sent, now = error.requested_at, error.now
    if sent < now:
        return (
            f"Signature expired: {_stamp(sent)} is now earlier than {_stamp(now - _WINDOW)} ({_stamp(now)} - 15 min.)"
        )
    return (
        f"Signature not yet current: {_stamp(sent)} is still later than {_stamp(now + _WINDOW)} "
        f"({_stamp(now)} + 15 min.)"
    )


def _expired(error: PresignedUrlExpired) -> str:
    return f"Signature expired: {_stamp(error.expired_at)} is now earlier than {_stamp(error.now)}"


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"


_VALIDATION: Final = Fault(code="ValidationError", status=400)
_IDENTITY: Final = Fault(code="InvalidIdentityToken", status=400)
_SIGNATURE: Final = Fault(code="SignatureDoesNotMatch", status=403)
_INCOMPLETE: Final = Fault(code="IncompleteSignature", status=400)
_DENIED: Final = Fault(code="AccessDenied", status=403)
_UNAVAILABLE: Final = Fault(code="ServiceUnavailable", status=503, sender=False)

FAULTS: Final[FaultTable] = {
    errors.ValidationFailed: _VALIDATION,
    errors.InvalidParameter: _VALIDATION,
    errors.MissingParameter: Fault(code="MissingParameter", status=400),
    errors.InvalidAuthorizationMessage: Fault(code="InvalidAuthorizationMessageException", status=400),
    errors.InvalidArn: _VALIDATION,
    errors.MissingAction: Fault(code="MissingAction", status=400),
    errors.UnknownAction: Fault(code="InvalidAction", status=400),
    errors.MethodRefused: Fault(code="MethodNotAllowed", status=405),
    errors.UnreadableQuery: _VALIDATION,
    errors.UnsupportedMedia: Fault(code="UnsupportedMediaType", status=415),
    errors.BodyTooLarge: Fault(code="RequestEntityTooLarge", status=413),
    errors.DurationTooLong: _VALIDATION,
    errors.InvalidTags: Fault(code="InvalidParameterValue", status=400),
    errors.PackedPolicyTooLarge: Fault(code="PackedPolicyTooLarge", status=400),
    errors.MalformedPolicyDocument: Fault(code="MalformedPolicyDocument", status=400),
    errors.UnmappedRequest: Fault(code="InvalidAction", status=400),
    errors.IssuedTokenTooLarge: Fault(code="JWTPayloadSizeExceededException", status=400),
    errors.MalformedSignedRequest: _INCOMPLETE,
    errors.UnknownIssuer: _IDENTITY,
    errors.InvalidIdentityToken: _IDENTITY,
    # Not ExpiredToken: that is the session token of whoever signs.
    errors.ExpiredIdentityToken: Fault(code="ExpiredTokenException", status=400),
    errors.RejectedClaim: Fault(code="IDPRejectedClaim", status=403),
    errors.RejectedLogin: _DENIED,
    # 400 although a server failed: AWS's SDKs try again on this code only with this status.
    errors.ProviderUnreachable: Fault(code="IDPCommunicationError", status=400),
    errors.MissingAuthentication: Fault(code="MissingAuthenticationToken", status=403),
    errors.UnsupportedSignature: _INCOMPLETE,
    errors.UnknownAccessKey: Fault(code="InvalidClientTokenId", status=403),
    errors.RevokedSession: Fault(code="InvalidClientTokenId", status=403),
    errors.ExpiredSession: Fault(code="ExpiredToken", status=403),
    errors.SignatureMismatch: _SIGNATURE,
    errors.ScopeMismatch: _SIGNATURE,
    errors.RequestTimeSkewed: Fault(
        code="SignatureDoesNotMatch", status=403, message=telling(RequestTimeSkewed, _skewed)
    ),
    errors.PresignedUrlExpired: Fault(
        code="SignatureDoesNotMatch", status=403, message=telling(PresignedUrlExpired, _expired)
    ),
    errors.PayloadHashMismatch: _SIGNATURE,
    errors.ShownRequestRefused: _DENIED,
    errors.AccessDenied: _DENIED,
    errors.MfaRefused: _DENIED,
    errors.SessionCallerRefused: _DENIED,
    errors.SessionOutlived: Fault(code="SessionDurationEscalationException", status=403),
    errors.TokenIssuanceDisabled: Fault(code="OutboundWebIdentityFederationDisabledException", status=403),
    errors.RoleAssumptionDenied: _DENIED,
    errors.ActionDenied: _DENIED,
    errors.ProxyRefused: _DENIED,
    **raised_for_people(denied=_DENIED, malformed=_VALIDATION),
    errors.AuditUnavailable: _UNAVAILABLE,
    errors.Overloaded: _UNAVAILABLE,
    errors.KeyringUnavailable: _UNAVAILABLE,
    errors.StateUnavailable: _UNAVAILABLE,
    errors.InternalFault: Fault(code="InternalFailure", status=500, sender=False),
}
