"""The faults of JSON services, as AWS's SDKs read them."""

import json

import pytest
from botocore.parsers import JSONParser

from gateway.domain import errors
from gateway.domain.errors import GatewayError
from gateway.wire.faults import fault_of
from gateway.wire.service_json import FAULTS, answer_of
from gateway.wire.sts_faults import FAULTS as STS_FAULTS
from tests.unit.wire.every_error import ERRORS


def test_the_table_has_every_row_that_sts_has() -> None:
    assert FAULTS.keys() == STS_FAULTS.keys()


CODES = {
    errors.MissingAuthentication: ("MissingAuthenticationTokenException", 403),
    errors.UnknownAccessKey: ("UnrecognizedClientException", 403),
    errors.SignatureMismatch: ("InvalidSignatureException", 403),
    errors.ExpiredSession: ("ExpiredTokenException", 403),
    errors.ActionDenied: ("AccessDeniedException", 403),
    errors.ProxyRefused: ("AccessDeniedException", 403),
    errors.UnmappedRequest: ("UnknownOperationException", 400),
    errors.MalformedSignedRequest: ("IncompleteSignatureException", 400),
    errors.AuditUnavailable: ("ServiceUnavailableException", 503),
    errors.InternalFault: ("InternalServerError", 500),
}


@pytest.mark.parametrize(("kind", "row"), CODES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_codes_are_those_of_json_services(kind: type[GatewayError], row: tuple[str, int]) -> None:
    assert (FAULTS[kind].code, FAULTS[kind].status) == row


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_botocore_reads_code_and_message(error: GatewayError) -> None:
    answer = answer_of(error, "r-1", method="POST")

    read = JSONParser().parse(
        {"body": answer.body, "headers": dict(answer.headers), "status_code": answer.status}, None
    )

    fault = fault_of(error, FAULTS)
    assert read["Error"] == {"Code": fault.code, "Message": fault.text(error)}
    assert json.loads(answer.body)["requestId"] == "r-1"
    assert dict(answer.headers)["x-amzn-errortype"] == fault.code


def test_a_head_is_answered_by_status_and_headers_alone() -> None:
    answer = answer_of(errors.SignatureMismatch(), "r", method="HEAD")

    assert (answer.status, answer.body) == (403, b"")
