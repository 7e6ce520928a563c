from xml.etree import ElementTree as ET

import botocore.session
import pytest
from botocore.awsrequest import HeadersDict
from botocore.parsers import RestXMLParser

from gateway.domain import errors
from gateway.domain.errors import GatewayError
from gateway.wire.s3_faults import FAULTS, MALFORMED, answer_of
from tests.unit.wire.every_error import ERRORS, NOW, SENT, leaves

ANY_SHAPE = botocore.session.get_session().get_service_model("s3").shape_for("GetObjectOutput")

# S3's codes and statuses.
CODES = {
    "ValidationFailed": ("InvalidArgument", 400),
    "InvalidParameter": ("InvalidArgument", 400),
    "MissingParameter": ("InvalidArgument", 400),
    "InvalidAuthorizationMessage": ("InvalidArgument", 400),
    "MfaRefused": ("AccessDenied", 403),
    "SessionCallerRefused": ("AccessDenied", 403),
    "IssuedTokenTooLarge": ("InvalidArgument", 400),
    "SessionOutlived": ("AccessDenied", 403),
    "ProxyRefused": ("AccessDenied", 403),
    "TokenIssuanceDisabled": ("AccessDenied", 403),
    "InvalidArn": ("InvalidArgument", 400),
    "MissingAction": ("InvalidRequest", 400),
    "UnknownAction": ("NotImplemented", 501),
    "MethodRefused": ("MethodNotAllowed", 405),
    "UnreadableQuery": ("InvalidURI", 400),
    "UnsupportedMedia": ("InvalidRequest", 400),
    "BodyTooLarge": ("EntityTooLarge", 400),
    "DurationTooLong": ("InvalidArgument", 400),
    "InvalidTags": ("InvalidArgument", 400),
    "PackedPolicyTooLarge": ("InvalidArgument", 400),
    "MalformedPolicyDocument": ("MalformedPolicy", 400),
    "UnmappedRequest": ("NotImplemented", 501),
    "MalformedSignedRequest": ("AuthorizationHeaderMalformed", 400),
    "UnknownIssuer": ("InvalidToken", 400),
    "InvalidIdentityToken": ("InvalidToken", 400),
    "ExpiredIdentityToken": ("ExpiredToken", 400),
    "RejectedClaim": ("AccessDenied", 403),
    "RejectedLogin": ("AccessDenied", 403),
    "ProviderUnreachable": ("ServiceUnavailable", 503),
    "MissingAuthentication": ("AccessDenied", 403),
    "UnsupportedSignature": ("InvalidRequest", 400),
    "UnknownAccessKey": ("InvalidAccessKeyId", 403),
    "RevokedSession": ("InvalidAccessKeyId", 403),
    "ShownRequestRefused": ("AccessDenied", 403),
    "ExpiredSession": ("ExpiredToken", 400),
    "SignatureMismatch": ("SignatureDoesNotMatch", 403),
    "ScopeMismatch": ("AuthorizationHeaderMalformed", 400),
    "RequestTimeSkewed": ("RequestTimeTooSkewed", 403),
    "PresignedUrlExpired": ("AccessDenied", 403),
    "PayloadHashMismatch": ("XAmzContentSHA256Mismatch", 400),
    "AccessDenied": ("AccessDenied", 403),
    "RoleAssumptionDenied": ("AccessDenied", 403),
    "ActionDenied": ("AccessDenied", 403),
    "FormRefused": ("AccessDenied", 403),
    "SignInRefused": ("AccessDenied", 403),
    "InvalidClient": ("AccessDenied", 403),
    "InvalidRedirect": ("InvalidArgument", 400),
    "InvalidGrant": ("AccessDenied", 403),
    "UnsupportedGrant": ("InvalidArgument", 400),
    "ExpiredGrant": ("AccessDenied", 403),
    "AuthorizationPending": ("AccessDenied", 403),
    "PolledTooFast": ("AccessDenied", 403),
    "AuthorizationDeclined": ("AccessDenied", 403),
    "NotSignedIn": ("AccessDenied", 403),
    "AuditUnavailable": ("ServiceUnavailable", 503),
    "Overloaded": ("SlowDown", 503),
    "KeyringUnavailable": ("ServiceUnavailable", 503),
    "StateUnavailable": ("ServiceUnavailable", 503),
    "InternalFault": ("InternalError", 500),
}


def test_the_table_has_a_row_for_everything_that_can_go_wrong() -> None:
    assert set(leaves()) <= set(FAULTS)
    assert {kind.__name__ for kind in FAULTS} == set(CODES)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_botocore_reads_code_status_and_message(error: GatewayError) -> None:
    code, status = CODES[type(error).__name__]
    answer = answer_of(error, "req-1", method="GET")
    assert (answer.status, answer.code, answer.content_type) == (status, code, "application/xml")
    headers = HeadersDict(answer.headers)
    found = RestXMLParser().parse({"status_code": status, "headers": headers, "body": answer.body}, ANY_SHAPE)
    assert found["Error"]["Code"] == code
    assert found["Error"]["Message"]
    assert found["ResponseMetadata"]["RequestId"] == _texts(answer.body)["RequestId"] == "req-1"
    assert b"secret cause" not in answer.body


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_head_is_answered_by_its_status_alone(error: GatewayError) -> None:
    answer = answer_of(error, "req-1", method="HEAD")
    assert (answer.status, answer.body) == (CODES[type(error).__name__][1], b"")


KINDS = {
    "header": ("AuthorizationHeaderMalformed", 400, "told"),
    "query": ("AuthorizationQueryParametersError", 400, "told"),
    "missing_payload_hash": ("InvalidRequest", 400, "told"),
    "two_mechanisms": ("InvalidArgument", 400, "told"),
    "unsupported_payload_hash": ("InvalidArgument", 400, "told"),
    "unsigned_headers": ("AccessDenied", 403, "There were headers present in the request which were not signed"),
    "some other kind": ("AuthorizationHeaderMalformed", 400, "told"),
}


@pytest.mark.parametrize(("kind", "expected"), KINDS.items(), ids=KINDS)
def test_a_malformed_signature_is_told_by_its_kind(kind: str, expected: tuple[str, int, str]) -> None:
    answer = answer_of(errors.MalformedSignedRequest("told", kind=kind), "r", method="GET")
    assert (answer.code, answer.status, _texts(answer.body)["Message"]) == expected


def test_every_kind_of_malformed_signature_has_its_row() -> None:
    documented = errors.MalformedSignedRequest.__doc__ or ""
    assert (
        {kind for kind in MALFORMED if f"`{kind}`" in documented} == set(MALFORMED) == set(KINDS) - {"some other kind"}
    )


SCOPES = {
    "region": ("eu-west-1", "us-east-1", "the region 'eu-west-1' is wrong; expecting 'us-east-1'"),
    "service": ("ec2", "s3", 'incorrect service "ec2". This endpoint belongs to "s3".'),
    "terminator": (
        "aws5_request",
        "aws4_request",
        'incorrect terminal "aws5_request". This endpoint uses "aws4_request".',
    ),
    "date": ("20270101", "20270102", 'incorrect date "20270101". This date is not that of X-Amz-Date: "20270102".'),
    "another part": ("a", "b", "told"),
}


@pytest.mark.parametrize(("part", "row"), SCOPES.items(), ids=SCOPES)
def test_a_wrong_scope_is_told_by_its_part(part: str, row: tuple[str, str, str]) -> None:
    given, expected, told = row
    error = errors.ScopeMismatch("told", part=part, given=given, expected=expected)
    texts = _texts(answer_of(error, "r", method="GET").body)
    assert texts["Message"] == f"The authorization header is malformed; {told}"
    assert texts.get("Region") == (expected if part == "region" else None)


def test_the_clocks_are_told_where_a_date_is_at_fault() -> None:
    skewed = answer_of(errors.RequestTimeSkewed("x", requested_at=SENT, now=NOW), "r", method="PUT")
    assert _texts(skewed.body) == {
        "Code": "RequestTimeTooSkewed",
        "Message": "The difference between the request time and the server's time is too large.",
        "RequestTime": "20270314T150000Z",
        "ServerTime": "2027-03-14T15:30:00Z",
        "MaxAllowedSkewMilliseconds": "900000",
        "RequestId": "r",
    }
    expired = answer_of(errors.PresignedUrlExpired(expired_at=SENT, now=NOW), "r", method="GET")
    assert _texts(expired.body) == {
        "Code": "AccessDenied",
        "Message": "Request has expired",
        "Expires": "2027-03-14T15:00:00Z",
        "ServerTime": "2027-03-14T15:30:00Z",
        "RequestId": "r",
    }


S3_SENTENCE = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)
TEXTS = {
    "denied": (
        errors.ActionDenied(principal="p", action="s3:GetObject", resource="r", cause="c", encoded_message="sealed"),
        (
            "User: p is not authorized to perform: s3:GetObject on resource: r "
            "Encoded authorization failure message: sealed"
        ),
    ),
    "signature": (
        errors.SignatureMismatch(),
        S3_SENTENCE,
    ),
    "key": (
        errors.UnknownAccessKey(cause="c"),
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
    "session": (errors.ExpiredSession(expired_at=SENT), "The provided token has expired."),
    "payload": (
        errors.PayloadHashMismatch(),
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
    "method": (
        errors.MethodRefused("x", allowed=("GET",)),
        "The specified method is not allowed against this resource.",
    ),
    "markup": (errors.UnreadableQuery("<a>&\x00"), "<a>&\ufffd"),
}


@pytest.mark.parametrize(("error", "text"), TEXTS.values(), ids=TEXTS)
def test_the_message_is_s3s_sentence(error: GatewayError, text: str) -> None:
    assert _texts(answer_of(error, "r", method="GET").body)["Message"] == text


def test_what_is_reflected_is_escaped() -> None:
    error = errors.ScopeMismatch("x", part="region", given="</Message><Region>evil", expected="<&>")
    assert _texts(answer_of(error, "<r>", method="GET").body)["Region"] == "<&>"


def test_a_refused_method_says_which_are_allowed() -> None:
    answer = answer_of(errors.MethodRefused("no", allowed=("GET", "HEAD")), "r", method="GET")
    assert answer.headers == (("x-amz-request-id", "r"), ("allow", "GET, HEAD"))


def _texts(body: bytes) -> dict[str, str | None]:
    return {element.tag: element.text for element in ET.fromstring(body)}
