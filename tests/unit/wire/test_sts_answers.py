"""Answers in XML and JSON; botocore, which every AWS client in Python reads them with, judges the XML."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import botocore.session
import pytest
from botocore.parsers import QueryParser

from gateway.wire import sts_answers, sts_json, sts_xml
from tests.unit.wire.made import ASSUMED, CREDENTIALS, FULL, IDENTITY, PRINCIPAL

STS = botocore.session.get_session().get_service_model("sts")
NAMESPACE = "{https://sts.amazonaws.com/doc/2011-06-15/}"


def parsed(action: str, body: bytes) -> dict[str, Any]:
    shape = STS.operation_model(action).output_shape
    assert shape is not None
    found: dict[str, Any] = QueryParser().parse({"status_code": 200, "headers": {}, "body": body}, shape)
    return found


def test_botocore_reads_an_assumed_role() -> None:
    found = parsed("AssumeRoleWithWebIdentity", sts_xml.answer(sts_answers.web_identity(FULL), "req-1"))
    assert found == {
        "Credentials": {
            "AccessKeyId": CREDENTIALS.access_key_id,
            "SecretAccessKey": CREDENTIALS.secret_access_key,
            "SessionToken": CREDENTIALS.session_token,
            "Expiration": datetime(2027, 3, 14, 15, 9, 26, tzinfo=UTC),
        },
        "SubjectFromWebIdentityToken": "ada",
        "AssumedRoleUser": {"AssumedRoleId": PRINCIPAL.unique_id, "Arn": PRINCIPAL.arn},
        "PackedPolicySize": 7,
        "Provider": "arn:aws:iam::111122223333:oidc-provider/login.example.com/realms/main",
        "Audience": "sts.amazonaws.com",
        "SourceIdentity": "ada@example.com",
        "ResponseMetadata": {"RequestId": "req-1", "HTTPStatusCode": 200, "HTTPHeaders": {}},
    }


def test_what_a_session_has_not_is_left_out() -> None:
    found = parsed("AssumeRoleWithWebIdentity", sts_xml.answer(sts_answers.web_identity(ASSUMED), "req-1"))
    assert {"PackedPolicySize", "SourceIdentity"}.isdisjoint(found)


def test_a_share_of_nothing_is_told() -> None:
    empty = replace(ASSUMED, credentials=replace(CREDENTIALS, packed_percent=0))
    assert (
        parsed("AssumeRoleWithWebIdentity", sts_xml.answer(sts_answers.web_identity(empty), "r"))["PackedPolicySize"]
        == 0
    )


def test_botocore_reads_a_caller_identity() -> None:
    found = parsed("GetCallerIdentity", sts_xml.answer(sts_answers.caller_identity(PRINCIPAL), "req-2"))
    assert found == {
        "Arn": PRINCIPAL.arn,
        "UserId": PRINCIPAL.unique_id,
        "Account": "111122223333",
        "ResponseMetadata": {"RequestId": "req-2", "HTTPStatusCode": 200, "HTTPHeaders": {}},
    }


def test_the_elements_stand_in_awss_namespace_and_order() -> None:
    root = ET.fromstring(sts_xml.answer(sts_answers.caller_identity(PRINCIPAL), "req-2"))
    assert [element.tag.removeprefix(NAMESPACE) for element in root.iter()] == [
        "GetCallerIdentityResponse",
        "GetCallerIdentityResult",
        "Arn",
        "UserId",
        "Account",
        "ResponseMetadata",
        "RequestId",
    ]
    assert all(element.tag.startswith(NAMESPACE) for element in root.iter())


HOSTILE = "</Arn>&<![CDATA[\x00]]>\r\"'"


def test_every_field_is_escaped() -> None:
    hostile = replace(
        FULL,
        credentials=replace(
            CREDENTIALS, access_key_id=HOSTILE, secret_access_key=HOSTILE, session_token=HOSTILE, packed_percent=7
        ),
        principal=replace(PRINCIPAL, arn=HOSTILE, unique_id=HOSTILE, account=HOSTILE, source_identity=HOSTILE),
        identity=replace(IDENTITY, subject=HOSTILE, audience=HOSTILE, issuer="https://<&>"),
    )
    shown = HOSTILE.replace("\x00", "\ufffd")
    honest = ET.fromstring(sts_xml.answer(sts_answers.web_identity(FULL), "r"))
    found = ET.fromstring(sts_xml.answer(sts_answers.web_identity(hostile), HOSTILE))
    assert [element.tag for element in found.iter()] == [element.tag for element in honest.iter()]
    texts = {element.tag.removeprefix(NAMESPACE): element.text for element in found.iter() if len(element) == 0}
    assert texts.pop("Provider") == f"arn:aws:iam::{shown}:oidc-provider/<&>"
    assert {name for name, text in texts.items() if text != shown} == {"Expiration", "PackedPolicySize"}


def test_json_has_awss_wrappers_and_the_end_as_a_number() -> None:
    found = json.loads(sts_json.answer(sts_answers.web_identity(FULL), "req-1"))
    assert list(found) == ["AssumeRoleWithWebIdentityResponse"]
    response = found["AssumeRoleWithWebIdentityResponse"]
    assert response["ResponseMetadata"] == {"RequestId": "req-1"}
    result = response["AssumeRoleWithWebIdentityResult"]
    assert result["Credentials"]["Expiration"] == 1_805_036_966
    assert result["Credentials"]["SessionToken"] == CREDENTIALS.session_token
    assert result["AssumedRoleUser"] == {"AssumedRoleId": PRINCIPAL.unique_id, "Arn": PRINCIPAL.arn}
    assert result["PackedPolicySize"] == 7


def test_json_leaves_out_what_a_session_has_not() -> None:
    response = json.loads(sts_json.answer(sts_answers.web_identity(ASSUMED), "r"))["AssumeRoleWithWebIdentityResponse"]
    assert {"PackedPolicySize", "SourceIdentity"}.isdisjoint(response["AssumeRoleWithWebIdentityResult"])


def test_an_answer_is_not_printed() -> None:
    assert CREDENTIALS.secret_access_key not in repr(sts_answers.web_identity(ASSUMED))


def test_json_tells_a_caller_identity() -> None:
    assert json.loads(sts_json.answer(sts_answers.caller_identity(PRINCIPAL), "req-2")) == {
        "GetCallerIdentityResponse": {
            "GetCallerIdentityResult": {
                "Arn": PRINCIPAL.arn,
                "UserId": PRINCIPAL.unique_id,
                "Account": "111122223333",
            },
            "ResponseMetadata": {"RequestId": "req-2"},
        }
    }


ACCEPT = {
    "no header": (None, False),
    "anything": ("*/*", False),
    "empty": ("", False),
    "JSON": ("application/json", True),
    "JSON, case and parameters": ("Application/JSON;q=0.9", True),
    "JSON first": ("application/json, text/plain, */*", True),
    "JSON after XML": ("text/xml, application/json", False),
    "a browser": ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
    "another JSON": ("application/json-seq", False),
}


@pytest.mark.parametrize(("accept", "wanted"), ACCEPT.values(), ids=ACCEPT)
def test_json_is_for_whoever_asks_for_it(accept: str | None, wanted: bool) -> None:
    assert sts_json.is_wanted(accept) is wanted
