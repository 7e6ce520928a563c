"""Identity Center's fault tables: a row for everything that can go wrong, in the words of AWS's own models."""

import json

import botocore.session
import pytest

from gateway.domain.errors import GatewayError, InternalFault
from gateway.wire.faults import fault_of
from gateway.wire.identity_center_faults import FAULTS, portal_answer_of, token_answer_of
from tests.unit.wire.every_error import ERRORS

SESSION = botocore.session.get_session()
MODELLED = {
    service: {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in model.error_shapes}
    for service in ("sso", "sso-oidc")
    for model in (SESSION.get_service_model(service),)
}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_has_a_row_and_tells_no_cause(error: GatewayError) -> None:
    assert isinstance(error, InternalFault) or fault_of(error, FAULTS) is not FAULTS[InternalFault]
    for answer in (token_answer_of(error), portal_answer_of(error)):
        assert b"secret" not in answer.body
        assert dict(answer.headers)["x-amzn-errortype"] == answer.code
        assert answer.status >= 400
        assert json.loads(answer.body)


@pytest.mark.parametrize("service", MODELLED)
def test_codes_of_the_service_model_have_its_statuses(service: str) -> None:
    ours = {fault.code: fault.status for fault in FAULTS.values() if fault.status not in (413, 415)}
    shared = ours.keys() & MODELLED[service].keys()
    assert len(shared) >= 2
    assert {code: ours[code] for code in shared} == {code: MODELLED[service][code] for code in shared}
