"""Public detection rules about sign-ins with a browser and by SAML, over CloudTrail's own records, made by hand.

They are the shape that the exchange's events of that kind must have. Sources and wording of the rules
are as in test_detection_rules.py.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import gateway.exchange
from tests.unit.exchange.recorded_events import Record
from tests.unit.exchange.test_detection_rules import at, sts

SIGN_IN: Record = {
    "eventSource": "signin.amazonaws.com",
    "eventName": "ConsoleLogin",
    "eventType": "AwsConsoleSignIn",
    "awsRegion": "us-east-1",
    "recipientAccountId": "111122223333",
    "userIdentity": {"type": "FederatedUser", "arn": "arn:aws:sts::111122223333:federated-user/alice"},
    "requestParameters": None,
    "responseElements": {"ConsoleLogin": "Success"},
    "additionalEventData": {"LoginTo": "https://sts.example.com/portal", "MobileVersion": "No", "MFAUsed": "Yes"},
}
FAILURE: Record = SIGN_IN | {
    "errorMessage": "Failed authentication",
    "responseElements": {"ConsoleLogin": "Failure"},
}
WITHOUT_MFA: Record = SIGN_IN | {"additionalEventData": {**SIGN_IN["additionalEventData"], "MFAUsed": "No"}}
BY_SAML: Record = SIGN_IN | {
    "additionalEventData": {
        **SIGN_IN["additionalEventData"],
        "SamlProviderArn": "arn:aws:iam::111122223333:saml-provider/adfs",
    }
}
OF_USER: Record = SIGN_IN | {"userIdentity": {"type": "IAMUser", "userName": "ci"}}
SAML_ROLE: Record = {
    "eventSource": "sts.amazonaws.com",
    "eventName": "AssumeRoleWithSAML",
    "additionalEventData": {},
    "responseElements": None,
    "userIdentity": {"type": "SAMLUser"},
}
EVERY: dict[str, Record] = {
    "sign-in": SIGN_IN,
    "failure": FAILURE,
    "without a second factor": WITHOUT_MFA,
    "by SAML": BY_SAML,
    "of a user": OF_USER,
    "role by SAML": SAML_ROLE,
}


def _console(record: Record, outcome: str) -> bool:
    return record["eventName"] == "ConsoleLogin" and at(record, "responseElements.ConsoleLogin") == outcome


def _federated_user(record: Record) -> bool:
    return _console(record, "Success") and at(record, "userIdentity.type") == "FederatedUser"


def _saml(record: Record) -> bool:
    return sts(record, "AssumeRoleWithSAML")


def _failed(record: Record) -> bool:
    return record["eventName"] == "ConsoleLogin" and record.get("errorMessage") == "Failed authentication"


def _without_second_factor(record: Record) -> bool:
    # The rule says NO and AWS writes No: Sigma compares without case.
    return _console(record, "Success") and str(at(record, "additionalEventData.MFAUsed")).upper() == "NO"


def _spraying(record: Record) -> bool:
    # The rule then counts by account and region.
    counted = bool(record["recipientAccountId"] and record["awsRegion"]) if "recipientAccountId" in record else False
    return record.get("eventType") == "AwsConsoleSignIn" and _console(record, "Failure") and counted


def _without_saml(record: Record) -> bool:
    # The rule reads from additionalEventData without looking whether it is there.
    additional: dict[str, Any] = record["additionalEventData"]
    of_role = at(record, "userIdentity.type") == "AssumedRole"
    return record["eventName"] == "ConsoleLogin" and not of_role and not additional.get("SamlProviderArn")


RULES: dict[str, tuple[Callable[[Record], bool], set[str]]] = {
    "Elastic initial_access_signin_console_login_federated_user": (
        _federated_user,
        {"sign-in", "without a second factor", "by SAML"},
    ),
    "Sigma aws_susp_saml_activity": (_saml, {"role by SAML"}),
    "Sigma aws_cloudtrail_console_login_failed_authentication": (_failed, {"failure"}),
    "Sigma aws_cloudtrail_console_login_success_without_mfa": (_without_second_factor, {"without a second factor"}),
    "Panther aws_cloudtrail_password_spraying": (_spraying, {"failure"}),
    "Panther aws_console_login_without_saml": (
        _without_saml,
        {"sign-in", "failure", "without a second factor", "of a user"},
    ),
}


@pytest.mark.parametrize(("fires", "expected"), RULES.values(), ids=[name.replace(" ", ":") for name in RULES])
def test_a_rule_fires_where_it_should_and_nowhere_else(fires: Callable[[Record], bool], expected: set[str]) -> None:
    assert {name for name, record in EVERY.items() if fires(record)} == expected


NOT_YET: dict[str, Sequence[str]] = {
    "AssumeRoleWithSAML": [name for name in RULES if "saml_activity" in name],
}


@pytest.mark.parametrize("event", NOT_YET)
def test_an_event_of_the_gateway_s_own_takes_the_place_of_one_made_by_hand(event: str) -> None:
    """Once the exchange writes the event, its rules belong to test_detection_rules.py, with a scene of their own."""
    written = [
        path.name for path in Path(gateway.exchange.__path__[0]).rglob("*.py") if f'"{event}"' in path.read_text()
    ]

    assert written == [], f"make a scene of it, and move {', '.join(NOT_YET[event])}"
