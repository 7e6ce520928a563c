"""S3's fault table: code, status and message as S3 tells them to whoever uses a store through the gateway."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from gateway.domain import errors
from gateway.domain.errors import GatewayError, PresignedUrlExpired, RequestTimeSkewed, ScopeMismatch
from gateway.wire import s3_xml
from gateway.wire.faults import Fault, FaultAnswer, FaultTable, fault_of, headers_of, raised_for_people, saying, telling

Details = tuple[tuple[str, str], ...]


def answer_of(error: GatewayError, request_id: str, *, method: str) -> FaultAnswer:
    """The error as S3 tells it; to a HEAD by its status alone."""
    fault = _fault(error)
    body = s3_xml.error(code=fault.code, message=fault.text(error), request_id=request_id, details=_details(error))
    return FaultAnswer(
        status=fault.status,
        code=fault.code,
        # RFC 9110 9.3.2: the answer to a HEAD has no content.
        body=b"" if method == "HEAD" else body,
        content_type=s3_xml.CONTENT_TYPE,
        # Where a HEAD, or an SDK that reads no body, finds the id.
        headers=(("x-amz-request-id", request_id), *headers_of(error)),
    )


def _fault(error: GatewayError) -> Fault:
    if isinstance(error, errors.MalformedSignedRequest):
        return MALFORMED.get(error.kind, FAULTS[errors.MalformedSignedRequest])
    return fault_of(error, FAULTS)


def _details(error: GatewayError) -> Details:
    if isinstance(error, RequestTimeSkewed):
        return (
            ("RequestTime", f"{error.requested_at:%Y%m%dT%H%M%SZ}"),
            ("ServerTime", _iso(error.now)),
            ("MaxAllowedSkewMilliseconds", "900000"),
        )
    if isinstance(error, PresignedUrlExpired):
        return ("Expires", _iso(error.expired_at)), ("ServerTime", _iso(error.now))
    # AWS's SDKs read the region from here and sign again.
    if isinstance(error, ScopeMismatch) and error.part == "region":
        return (("Region", error.expected),)
    return ()


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


_SCOPE: Final[Mapping[str, Callable[[str, str], str]]] = {
    "region": lambda given, expected: f"the region '{given}' is wrong; expecting '{expected}'",
    "service": lambda given, expected: f'incorrect service "{given}". This endpoint belongs to "{expected}".',
    "terminator": lambda given, expected: f'incorrect terminal "{given}". This endpoint uses "{expected}".',
    "date": lambda given, expected: f'incorrect date "{given}". This date is not that of X-Amz-Date: "{expected}".',
}


def _scope(error: ScopeMismatch) -> str:
    told = _SCOPE.get(error.part)
    wrong = told(error.given, error.expected) if told is not None else str(error)
    return f"The authorization header is malformed; {wrong}"


_HEADER: Final = Fault(code="AuthorizationHeaderMalformed", status=400)
_ARGUMENT: Final = Fault(code="InvalidArgument", status=400)
_REQUEST: Final = Fault(code="InvalidRequest", status=400)
_TOKEN: Final = Fault(code="InvalidToken", status=400)
_DENIED: Final = Fault(code="AccessDenied", status=403, message=saying("Access Denied"))
_UNKNOWN_KEY: Final = Fault(
    code="InvalidAccessKeyId",
    status=403,
    message=saying("The AWS Access Key Id you provided does not exist in our records."),
)
_UNAVAILABLE: Final = Fault(code="ServiceUnavailable", status=503, sender=False)

MALFORMED: Final[Mapping[str, Fault]] = {
    "header": _HEADER,
    "query": Fault(code="AuthorizationQueryParametersError", status=400),
    "missing_payload_hash": _REQUEST,
    "two_mechanisms": _ARGUMENT,
    "unsupported_payload_hash": _ARGUMENT,
    "unsigned_headers": Fault(
        code="AccessDenied",
        status=403,
        message=saying("There were headers present in the request which were not signed"),
    ),
}
"""The finer codes of MalformedSignedRequest, by its `kind`."""

FAULTS: Final[FaultTable] = {
    errors.ValidationFailed: _ARGUMENT,
    errors.InvalidParameter: _ARGUMENT,
    errors.MissingParameter: _ARGUMENT,
    errors.InvalidAuthorizationMessage: _ARGUMENT,
    errors.InvalidArn: _ARGUMENT,
    errors.MissingAction: _REQUEST,
    errors.UnknownAction: Fault(code="NotImplemented", status=501),
    errors.MethodRefused: Fault(
        code="MethodNotAllowed",
        status=405,
        message=saying("The specified method is not allowed against this resource."),
    ),
    errors.UnreadableQuery: Fault(code="InvalidURI", status=400),
    errors.UnsupportedMedia: _REQUEST,
    errors.BodyTooLarge: Fault(code="EntityTooLarge", status=400),
    errors.DurationTooLong: _ARGUMENT,
    errors.InvalidTags: _ARGUMENT,
    errors.PackedPolicyTooLarge: _ARGUMENT,
    errors.MalformedPolicyDocument: Fault(code="MalformedPolicy", status=400),
    errors.UnmappedRequest: Fault(code="NotImplemented", status=501),
    errors.IssuedTokenTooLarge: _ARGUMENT,
    errors.MalformedSignedRequest: _HEADER,
    errors.UnknownIssuer: _TOKEN,
    errors.InvalidIdentityToken: _TOKEN,
    errors.ExpiredIdentityToken: Fault(code="ExpiredToken", status=400),
    errors.RejectedClaim: _DENIED,
    errors.RejectedLogin: _DENIED,
    errors.ProviderUnreachable: _UNAVAILABLE,
    errors.MissingAuthentication: _DENIED,
    errors.UnsupportedSignature: _REQUEST,
    errors.UnknownAccessKey: _UNKNOWN_KEY,
    errors.RevokedSession: _UNKNOWN_KEY,
    errors.ExpiredSession: Fault(code="ExpiredToken", status=400, message=saying("The provided token has expired.")),
    errors.SignatureMismatch: Fault(
        code="SignatureDoesNotMatch",
        status=403,
        # The sentence of S3 differs from that of STS.
        message=saying(
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method."
        ),
    ),
    errors.ScopeMismatch: Fault(
        code="AuthorizationHeaderMalformed", status=400, message=telling(ScopeMismatch, _scope)
    ),
    errors.RequestTimeSkewed: Fault(
        code="RequestTimeTooSkewed",
        status=403,
        message=saying("The difference between the request time and the server's time is too large."),
    ),
    errors.PresignedUrlExpired: Fault(code="AccessDenied", status=403),
    errors.PayloadHashMismatch: Fault(code="XAmzContentSHA256Mismatch", status=400),
    errors.ShownRequestRefused: _DENIED,
    errors.AccessDenied: _DENIED,
    errors.MfaRefused: _DENIED,
    errors.SessionCallerRefused: _DENIED,
    errors.SessionOutlived: _DENIED,
    errors.TokenIssuanceDisabled: _DENIED,
    errors.RoleAssumptionDenied: _DENIED,
    # In its own words, which hold the encoded authorization message.
    errors.ActionDenied: Fault(code="AccessDenied", status=403),
    errors.ProxyRefused: _DENIED,
    **raised_for_people(denied=_DENIED, malformed=_ARGUMENT),
    errors.AuditUnavailable: _UNAVAILABLE,
    errors.Overloaded: Fault(code="SlowDown", status=503, sender=False),
    errors.KeyringUnavailable: _UNAVAILABLE,
    errors.StateUnavailable: _UNAVAILABLE,
    errors.InternalFault: Fault(code="InternalError", status=500, sender=False),
}
