"""People who come by SAML, in Identity Center's API: as everybody else, until their provider signs them out."""

from pathlib import Path

import pytest

from gateway.domain.credentials import TemporaryCredentials
from gateway.exchange.proof import SignedCall
from tests.fakes.gateway_world import ACCOUNT, IDENTITY_FORM, ORIGIN, sha256
from tests.fakes.saml_people import SamlPeople
from tests.unit.doors.identity_center.test_door import approve, ask, poll, register, start
from tests.unit.doors.portal.test_saml_logout import query_of, request_xml, say


@pytest.fixture
def people(tmp_path: Path) -> SamlPeople:
    return SamlPeople(tmp_path)


async def test_a_program_gets_credentials_and_loses_its_token_when_the_provider_signs_the_person_out(
    people: SamlPeople,
) -> None:
    async with people.browser() as browser, people.browser() as messenger:
        client = await register(browser)
        started = await start(browser, client)
        await people.sign_in(browser, path=f"/login/corp?next=/device%3Fuser_code%3D{started['userCode']}")
        assert "Approved" in (await approve(browser, started["userCode"])).text
        given = (await poll(browser, client, started["deviceCode"])).json()
        role = {"account_id": ACCOUNT, "role_name": "Analyst"}
        answer = await ask(browser, "federation/credentials", given["accessToken"], **role)
        await say(messenger, query_of(people, request_xml(people)))
        after = await ask(browser, "federation/credentials", given["accessToken"], **role)

    assert answer.json()["roleCredentials"]["accessKeyId"].startswith("ASIA")
    assert after.status_code == 401
    # As with AWS, signing out is no revocation: what was handed out lives on.
    given = answer.json()["roleCredentials"]
    credentials = TemporaryCredentials(
        access_key_id=given["accessKeyId"],
        secret_access_key=given["secretAccessKey"],
        session_token=given["sessionToken"],
        expiration=people.clock.now(),
    )
    http = people.world.signed(credentials, body=IDENTITY_FORM)
    call = SignedCall(http=http, body_sha256=sha256(IDENTITY_FORM), origin=ORIGIN)
    assert people.gateway.exchange.caller_identity(call).account == ACCOUNT
    (vended,) = [one for one in people.events("GetRoleCredentials") if "errorCode" not in one]
    assert vended["additionalEventData"]["provider"] == "corp"


async def test_tokens_end_with_the_providers_session(people: SamlPeople) -> None:
    async with people.browser() as browser:
        client = await register(browser)
        started = await start(browser, client)
        await people.sign_in(browser, session_until=600)
        await approve(browser, started["userCode"])
        given = (await poll(browser, client, started["deviceCode"])).json()
        people.clock.move(seconds=601)
        after = await ask(browser, "assignment/accounts", given["accessToken"])

    assert given["expiresIn"] <= 600
    assert after.status_code == 401
