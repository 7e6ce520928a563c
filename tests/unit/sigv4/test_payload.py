"""Every form of x-amz-content-sha256 is known by name; a form that is not accepted is refused by it."""

import pytest

from gateway.domain.errors import MalformedSignedRequest
from gateway.sigv4.payload import PayloadMode, check_mode, payload_mode
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES
from tests.unit.sigv4.made import EMPTY

FORMS = {mode: EMPTY if mode is PayloadMode.HASH else mode.value for mode in PayloadMode}


@pytest.mark.parametrize("mode", PayloadMode, ids=lambda mode: mode.name)
def test_a_form_is_known(mode) -> None:
    assert payload_mode(FORMS[mode]) is mode


@pytest.mark.parametrize(
    "value",
    ["", "a SHA-256 hash", EMPTY.upper(), EMPTY[:-1], EMPTY + "0", EMPTY + "\n", "unsigned-payload", "UNSIGNED-PAYLOAD ", "STREAMING-AWS4-HMAC-SHA512-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD"],
)  # fmt: skip
def test_an_unknown_form_is_refused(value) -> None:
    with pytest.raises(MalformedSignedRequest) as refused:
        payload_mode(value)
    assert str(refused.value).startswith("x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-")
    assert str(refused.value).endswith(", or a valid sha256 value.")
    assert refused.value.kind == "unsupported_payload_hash"


ACCEPTED = {
    "S3, header form": (S3_RULES.payload_modes, {"HASH", "UNSIGNED", "STREAMING_UNSIGNED_TRAILER", "STREAMING_HMAC", "STREAMING_HMAC_TRAILER"}),
    "S3, presigned": (S3_RULES.presigned_payload_modes, {"HASH", "UNSIGNED"}),
    "service, header form": (SERVICE_RULES.payload_modes, {"HASH"}),
    "service, presigned": (SERVICE_RULES.presigned_payload_modes, {"HASH"}),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
@pytest.mark.parametrize("mode", PayloadMode, ids=lambda mode: mode.name)
def test_rules_say_which_forms_count(case, mode) -> None:
    accepted, names = ACCEPTED[case]
    if mode.name in names:
        assert check_mode(FORMS[mode], accepted) is mode
        return
    with pytest.raises(MalformedSignedRequest) as refused:
        check_mode(FORMS[mode], accepted)
    assert f"x-amz-content-sha256 {mode.value} is not accepted here" in str(refused.value)
    assert refused.value.kind == "unsupported_payload_hash"
