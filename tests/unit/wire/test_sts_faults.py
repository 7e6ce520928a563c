import json
from datetime import timedelta
from xml.etree import ElementTree as ET

import botocore.session
import pytest
from botocore.parsers import QueryParser

from gateway.domain import errors
from gateway.domain.errors import GatewayError
from gateway.wire.sts_faults import FAULTS, answer_of, json_answer_of
from tests.unit.wire.every_error import ERRORS, NOW, SENT, leaves

STS = botocore.session.get_session().get_service_model("sts")
ANY_SHAPE = STS.shape_for("GetCallerIdentityResponse")
NAMESPACE = "{https://sts.amazonaws.com/doc/2011-06-15/}"

# AWS's codes and statuses; the side is Receiver for 5xx alone.
CODES = {
    "ValidationFailed": ("ValidationError", 400),
    "InvalidParameter": ("ValidationError", 400),
    "MissingParameter": ("MissingParameter", 400),
    "InvalidAuthorizationMessage": ("InvalidAuthorizationMessageException", 400),
    "MfaRefused": ("AccessDenied", 403),
    "SessionCallerRefused": ("AccessDenied", 403),
    "IssuedTokenTooLarge": ("JWTPayloadSizeExceededException", 400),
    "SessionOutlived": ("SessionDurationEscalationException", 403),
    "ProxyRefused": ("AccessDenied", 403),
    "TokenIssuanceDisabled": ("OutboundWebIdentityFederationDisabledException", 403),
    "InvalidArn": ("ValidationError", 400),
    "MissingAction": ("MissingAction", 400),
    "UnknownAction": ("InvalidAction", 400),
    "MethodRefused": ("MethodNotAllowed", 405),
    "UnreadableQuery": ("ValidationError", 400),
    "UnsupportedMedia": ("UnsupportedMediaType", 415),
    "BodyTooLarge": ("RequestEntityTooLarge", 413),
    "DurationTooLong": ("ValidationError", 400),
    "InvalidTags": ("InvalidParameterValue", 400),
    "PackedPolicyTooLarge": ("PackedPolicyTooLarge", 400),
    "MalformedPolicyDocument": ("MalformedPolicyDocument", 400),
    "UnmappedRequest": ("InvalidAction", 400),
    "MalformedSignedRequest": ("IncompleteSignature", 400),
    "UnknownIssuer": ("InvalidIdentityToken", 400),
    "InvalidIdentityToken": ("InvalidIdentityToken", 400),
    "ExpiredIdentityToken": ("ExpiredTokenException", 400),
    "RejectedClaim": ("IDPRejectedClaim", 403),
    "RejectedLogin": ("AccessDenied", 403),
    "ProviderUnreachable": ("IDPCommunicationError", 400),
    "MissingAuthentication": ("MissingAuthenticationToken", 403),
    "UnsupportedSignature": ("IncompleteSignature", 400),
    "UnknownAccessKey": ("InvalidClientTokenId", 403),
    "RevokedSession": ("InvalidClientTokenId", 403),
    "ShownRequestRefused": ("AccessDenied", 403),
    "ExpiredSession": ("ExpiredToken", 403),
    "SignatureMismatch": ("SignatureDoesNotMatch", 403),
    "ScopeMismatch": ("SignatureDoesNotMatch", 403),
    "RequestTimeSkewed": ("SignatureDoesNotMatch", 403),
    "PresignedUrlExpired": ("SignatureDoesNotMatch", 403),
    "PayloadHashMismatch": ("SignatureDoesNotMatch", 403),
    "AccessDenied": ("AccessDenied", 403),
    "RoleAssumptionDenied": ("AccessDenied", 403),
    "ActionDenied": ("AccessDenied", 403),
    "FormRefused": ("AccessDenied", 403),
    "SignInRefused": ("AccessDenied", 403),
    "InvalidClient": ("AccessDenied", 403),
    "InvalidRedirect": ("ValidationError", 400),
    "InvalidGrant": ("AccessDenied", 403),
    "UnsupportedGrant": ("ValidationError", 400),
    "ExpiredGrant": ("AccessDenied", 403),
    "AuthorizationPending": ("AccessDenied", 403),
    "PolledTooFast": ("AccessDenied", 403),
    "AuthorizationDeclined": ("AccessDenied", 403),
    "NotSignedIn": ("AccessDenied", 403),
    "AuditUnavailable": ("ServiceUnavailable", 503),
    "Overloaded": ("ServiceUnavailable", 503),
    "KeyringUnavailable": ("ServiceUnavailable", 503),
    "StateUnavailable": ("ServiceUnavailable", 503),
    "InternalFault": ("InternalFailure", 500),
}


def test_the_table_has_a_row_for_everything_that_can_go_wrong() -> None:
    assert set(leaves()) <= set(FAULTS)
    assert {kind.__name__ for kind in FAULTS} == set(CODES)


def test_the_examples_have_one_error_of_each_row() -> None:
    assert sorted(type(error).__name__ for error in ERRORS) == sorted(CODES)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_botocore_reads_code_status_side_and_message(error: GatewayError) -> None:
    code, status = CODES[type(error).__name__]
    answer = answer_of(error, "req-1")
    assert (answer.status, answer.code, answer.content_type) == (status, code, "text/xml")
    found = QueryParser().parse({"status_code": status, "headers": {}, "body": answer.body}, ANY_SHAPE)
    assert found["Error"]["Code"] == code
    assert found["Error"]["Type"] == ("Sender" if status < 500 else "Receiver")
    assert found["Error"]["Message"]
    assert found["ResponseMetadata"]["RequestId"] == "req-1"
    assert b"secret cause" not in answer.body


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_json_tells_the_same(error: GatewayError) -> None:
    answer, xml = json_answer_of(error, "req-1"), answer_of(error, "req-1")
    assert (answer.status, answer.code, answer.headers) == (xml.status, xml.code, xml.headers)
    assert answer.content_type == "application/json"
    told = {element.tag.removeprefix(NAMESPACE): element.text for element in ET.fromstring(xml.body)[0]}
    assert json.loads(answer.body) == {"Error": told, "RequestId": "req-1"}


def test_codes_are_those_of_the_service_model_where_it_has_one() -> None:
    faults = [shape.metadata["error"] for shape in STS.error_shapes]
    modelled = {fault["code"]: fault["httpStatusCode"] for fault in faults}
    ours = {code: status for code, status in CODES.values() if code in modelled}
    assert len(ours) == 10
    assert ours == {code: modelled[code] for code in ours}


def test_a_class_without_a_row_is_told_as_the_nearest_class_above_it() -> None:
    class Refused(errors.ActionDenied):
        pass

    assert answer_of(Refused(principal="p", action="a", resource="r", cause="c"), "r").code == "AccessDenied"


def test_an_error_of_no_class_in_the_table_is_an_internal_one() -> None:
    answer = answer_of(GatewayError("odd"), "r")
    assert (answer.status, answer.code) == (500, "InternalFailure")


def test_a_refused_method_says_which_are_allowed() -> None:
    assert answer_of(errors.MethodRefused("no", allowed=("GET", "POST")), "r").headers == (("allow", "GET, POST"),)
    assert answer_of(errors.MissingAction(), "r").headers == ()


TEXTS = {
    "too old": (
        errors.RequestTimeSkewed("x", requested_at=SENT, now=NOW),
        "Signature expired: 20270314T150000Z is now earlier than 20270314T151500Z (20270314T153000Z - 15 min.)",
    ),
    "not yet": (
        errors.RequestTimeSkewed("x", requested_at=NOW + timedelta(hours=1), now=NOW),
        "Signature not yet current: 20270314T163000Z is still later than 20270314T154500Z (20270314T153000Z + 15 min.)",
    ),
    "presigned": (
        errors.PresignedUrlExpired(expired_at=SENT, now=NOW),
        "Signature expired: 20270314T150000Z is now earlier than 20270314T153000Z",
    ),
    "role": (
        errors.RoleAssumptionDenied(action="sts:AssumeRoleWithWebIdentity", cause="x"),
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    ),
    "markup": (errors.InvalidArn(value="<a>&\x00", is_arn=False), "<a>&\ufffd is invalid"),
}


@pytest.mark.parametrize(("error", "text"), TEXTS.values(), ids=TEXTS)
def test_the_message_is_awss_sentence(error: GatewayError, text: str) -> None:
    root = ET.fromstring(answer_of(error, "r").body)
    assert root.findtext(f"{NAMESPACE}Error/{NAMESPACE}Message") == text


def test_the_request_id_is_escaped() -> None:
    root = ET.fromstring(answer_of(errors.MissingAction(), "<r>&").body)
    assert root.findtext(f"{NAMESPACE}RequestId") == "<r>&"


def test_the_document_is_built_as_awss() -> None:
    root = ET.fromstring(answer_of(errors.MissingAction(), "r").body)
    tags = [element.tag for element in root.iter()]
    assert tags == [f"{NAMESPACE}{name}" for name in ("ErrorResponse", "Error", "Type", "Code", "Message", "RequestId")]
