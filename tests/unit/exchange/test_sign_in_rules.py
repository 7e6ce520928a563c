"""Public detection rules about sign-ins with a browser and by SAML, over what the exchange records.

Sources and wording of the rules are as in test_detection_rules.py.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import GatewayError
from tests.fakes.people_world import CALLBACK, people_world
from tests.fakes.saml_people import SamlPeople
from tests.fakes.saml_world import SamlWorld
from tests.unit.exchange.people.people_of_corp import HERE, Corp, corp
from tests.unit.exchange.recorded_events import Record
from tests.unit.exchange.test_detection_rules import at, sts

Scene = Callable[[Path], Awaitable[Record]]


async def person_signs_in_with_a_second_factor(folder: Path) -> Record:
    with people_world(folder) as world:
        async with world.browser() as browser:
            sent = await world.begin(browser)
            await browser.get(CALLBACK, params=world.allow(sent, amr=["pwd", "mfa"]))
        return world.audit.last


async def callback_is_refused(folder: Path) -> Record:
    with people_world(folder) as world:
        async with world.browser() as browser:
            await browser.get(CALLBACK, params={"code": "x", "state": "x" * 43})
        return world.audit.last


async def person_signs_in_with_a_password(folder: Path) -> Record:
    with corp(folder) as made:
        await made.enters()
        return made.world.audit.last


async def wrong_password_is_refused(folder: Path) -> Record:
    with corp(folder) as made:
        with suppress(GatewayError):
            await made.people.sign_in_with_password("corp", "alice", "wrong", HERE)
        return made.world.audit.last


async def person_takes_credentials(folder: Path) -> Record:
    with corp(folder) as made:
        await made.takes(await made.enters())
        return made.world.audit.last


async def credentials_are_refused(folder: Path) -> Record:
    with corp(folder) as made:
        await _refused(made)
        return made.world.audit.last


async def _refused(made: Corp) -> None:
    with suppress(GatewayError):
        await made.takes(await made.enters(), "Engineer")


async def person_signs_in_by_saml(folder: Path) -> Record:
    people = SamlPeople(folder)
    async with people.browser() as browser:
        await people.sign_in(browser)
    return people.audit.last


async def assertion_opens_a_role(folder: Path) -> Record:
    world = SamlWorld(folder)
    await world.assume_with()
    return world.audit.last


EVERY: tuple[Scene, ...] = (
    person_signs_in_with_a_second_factor,
    callback_is_refused,
    person_signs_in_with_a_password,
    wrong_password_is_refused,
    person_takes_credentials,
    credentials_are_refused,
    person_signs_in_by_saml,
    assertion_opens_a_role,
)


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
    counted = bool(record.get("recipientAccountId") and record["awsRegion"])
    return record.get("eventType") == "AwsConsoleSignIn" and _console(record, "Failure") and counted


def _without_saml(record: Record) -> bool:
    # The rule reads from additionalEventData without looking whether it is there.
    additional: dict[str, Any] = record["additionalEventData"]
    of_role = at(record, "userIdentity.type") == "AssumedRole"
    return record["eventName"] == "ConsoleLogin" and not of_role and not additional.get("SamlProviderArn")


RULES: dict[str, tuple[Callable[[Record], bool], set[Scene]]] = {
    "Elastic initial_access_signin_console_login_federated_user": (
        _federated_user,
        {person_signs_in_with_a_second_factor, person_signs_in_with_a_password, person_signs_in_by_saml},
    ),
    "Sigma aws_susp_saml_activity": (_saml, {assertion_opens_a_role}),
    "Sigma aws_cloudtrail_console_login_failed_authentication": (
        _failed,
        {callback_is_refused, wrong_password_is_refused},
    ),
    "Sigma aws_cloudtrail_console_login_success_without_mfa": (
        _without_second_factor,
        {person_signs_in_with_a_password, person_signs_in_by_saml},
    ),
    "Panther aws_cloudtrail_password_spraying": (_spraying, {callback_is_refused, wrong_password_is_refused}),
    "Panther aws_console_login_without_saml": (
        _without_saml,
        {
            person_signs_in_with_a_second_factor,
            callback_is_refused,
            person_signs_in_with_a_password,
            wrong_password_is_refused,
        },
    ),
}


@pytest.mark.parametrize("scene", EVERY, ids=lambda scene: scene.__name__)
async def test_a_rule_fires_where_it_should_and_nowhere_else(scene: Scene, tmp_path: Path) -> None:
    record = await scene(tmp_path)
    fired = {name for name, (fires, _) in RULES.items() if fires(record)}
    assert fired == {name for name, (_, on) in RULES.items() if scene in on}


async def test_credentials_of_a_sign_in_are_told_as_identity_center_does(tmp_path: Path) -> None:
    record = await person_takes_credentials(tmp_path)
    assert (record["eventSource"], record["eventName"]) == ("sso.amazonaws.com", "GetRoleCredentials")
    assert (record["eventType"], record["readOnly"]) == ("AwsServiceEvent", True)
    assert record["serviceEventDetails"] == {"role_name": "Analyst", "account_id": "111122223333"}
    assert record["requestParameters"] is None
    identity = record["userIdentity"]
    assert (identity["type"], identity["accountId"]) == ("IdentityCenterUser", "111122223333")
    assert identity["onBehalfOf"] == {
        "userId": "uuid-alice",
        "identityStoreArn": "arn:aws:identitystore::111122223333:identitystore/corp",
    }
    assert identity["credentialId"] == record["sessionId"]
    assert at(record, "responseElements.credentials.accessKeyId").startswith("ASIA")
    assert record["additionalEventData"]["userName"] == "alice"


async def test_credentials_that_are_refused_are_told_with_the_role_that_was_asked_for(tmp_path: Path) -> None:
    record = await credentials_are_refused(tmp_path)
    assert record["serviceEventDetails"] == {"role_name": "Engineer", "account_id": "111122223333"}
    assert (record["errorCode"], record["eventType"]) == ("ForbiddenException", "AwsServiceEvent")
    assert record["userIdentity"]["userName"] == "alice"
