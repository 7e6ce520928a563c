"""Signing in by SAML in a browser: begun here, or at the provider and finished by a click."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.gateway_world import ACCOUNT, ANALYST, ENGINEER
from tests.fakes.people_world import URL, Browser
from tests.fakes.saml_identity_provider import SamlIdentityProvider, encoded
from tests.fakes.saml_people import ACS_PATH, LOGIN, SamlPeople, hidden_fields
from tests.fakes.saml_world import AWS, PRINCIPAL, metadata_xml

SETTINGS = "allow_idp_initiated: true"


@pytest.fixture
def people(tmp_path: Path) -> SamlPeople:
    return SamlPeople(tmp_path)


@pytest.fixture
def unasked(tmp_path: Path) -> SamlPeople:
    """Whose provider's own page may begin sign-ins."""
    return SamlPeople(tmp_path, SETTINGS)


async def test_a_person_signs_in_and_finds_their_roles(people: SamlPeople) -> None:
    async with people.browser() as browser:
        answer = await people.sign_in(browser)
        portal = await browser.get(answer.headers["location"])

    assert answer.headers["location"] == "/portal"
    assert portal.status_code == 200
    assert "Analyst" in portal.text
    record = people.events("ConsoleLogin")[-1]
    assert record["responseElements"] == {"ConsoleLogin": "Success"}
    assert record["additionalEventData"]["SamlProviderArn"] == PRINCIPAL
    assert record["userIdentity"]["type"] == "FederatedUser"


async def test_the_request_is_signed_and_asks_for_an_answer_at_our_address(people: SamlPeople) -> None:
    async with people.browser() as browser:
        asked = await people.begin(browser)

    assert f"{asked.address.scheme}://{asked.address.netloc}{asked.address.path}" == "https://idp.example/sso"
    assert list(asked.query) == ["SAMLRequest", "RelayState", "SigAlg", "Signature"]
    assert f'AssertionConsumerServiceURL="{URL}{ACS_PATH}"' in asked.document
    assert f"{URL}/saml/corp/metadata</saml:Issuer>" in asked.document


async def test_the_one_cookie_that_binds_the_sign_in_comes_with_the_providers_post(people: SamlPeople) -> None:
    async with people.browser() as browser:
        answer = await browser.get(LOGIN)

    cookies = answer.headers.get_list("set-cookie")
    assert [re.sub(r"=[^;]*", "", one, count=1) for one in cookies] == [
        "__Host-saml; Max-Age=900; Path=/; HttpOnly; SameSite=None; Secure"
    ]


async def test_on_the_way_to_a_page_of_ours_the_person_gets_there(people: SamlPeople) -> None:
    async with people.browser() as browser:
        answer = await people.sign_in(browser, path=f"{LOGIN}?next=/device%3Fuser_code%3DBCDF-GHJK")

    assert answer.headers["location"] == "/device?user_code=BCDF-GHJK"


async def test_the_session_ends_when_the_provider_says_so(people: SamlPeople) -> None:
    async with people.browser() as browser:
        await people.sign_in(browser, session_until=600)
        people.clock.move(seconds=601)
        answer = await browser.get("/portal")

    assert answer.status_code == 303


Turn = Callable[[dict[str, str]], dict[str, str]]
UNLIKE: dict[str, dict[str, Any]] = {
    "an answer to another request": {"in_response_to": "_another"},
    "an answer to none": {"in_response_to": None},
    "another confirmation": {"confirmation_in_response_to": "_another"},
    "no confirmation of the request": {"confirmation_in_response_to": None},
    "for another": {"audiences": (("https://other.example",),)},
}


@pytest.mark.parametrize("changes", UNLIKE.values(), ids=UNLIKE)
async def test_an_answer_that_is_not_to_this_request_signs_nobody_in(
    people: SamlPeople, changes: dict[str, Any]
) -> None:
    async with people.browser() as browser:
        asked = await people.begin(browser)
        answer = await people.post(browser, people.answer(asked, **changes))
        portal = await browser.get("/portal")

    assert (answer.status_code, portal.status_code) == (400, 303)
    assert "begin it again" in answer.text
    assert people.events("ConsoleLogin")[-1]["responseElements"] == {"ConsoleLogin": "Failure"}


async def test_another_providers_key_signs_nobody_in(people: SamlPeople) -> None:
    async with people.browser() as browser:
        asked = await people.begin(browser)
        facts = people.world.facts(in_response_to=asked.request_id)
        forged = encoded(SamlIdentityProvider(label="evil").response(facts))
        answer = await people.post(browser, {"SAMLResponse": forged, "RelayState": asked.relay_state})

    assert answer.status_code == 400


async def test_an_answer_is_good_once(people: SamlPeople) -> None:
    async with people.browser() as browser:
        asked = await people.begin(browser)
        fields = people.answer(asked)
        answers = await asyncio.gather(*(people.post(browser, fields) for _ in range(20)))

    assert sorted(one.status_code for one in answers) == [303] + [400] * 19


async def test_the_assertion_of_a_sign_in_opens_nothing_more(people: SamlPeople) -> None:
    async with people.browser() as browser:
        first, second = await people.begin(browser), await people.begin(browser)
        fields = people.answer(first, assertion_id="_one")
        assert (await people.post(browser, fields)).status_code == 303
        again = people.answer(second, assertion_id="_one")
        answer = await people.post(browser, again)

    assert answer.status_code == 400
    assert "used before" in people.events("ConsoleLogin")[-1]["additionalEventData"]["cause"]


async def test_two_tabs_may_sign_in_at_once(people: SamlPeople) -> None:
    async with people.browser() as browser:
        first, second = await people.begin(browser), await people.begin(browser)
        answers = [await people.post(browser, people.answer(one)) for one in (second, first)]

    assert [one.status_code for one in answers] == [303, 303]


async def test_an_attackers_answer_in_a_victims_browser_is_nobodys(people: SamlPeople) -> None:
    async with people.browser() as attacker, people.browser() as victim:
        fields = people.answer(await people.begin(attacker))
        await people.begin(victim)
        answer = await people.post(victim, fields)

    assert answer.status_code == 400
    assert "another browser" in people.events("ConsoleLogin")[-1]["additionalEventData"]["cause"]


async def test_a_sign_in_is_too_old_after_ten_minutes(people: SamlPeople) -> None:
    async with people.browser() as browser:
        asked = await people.begin(browser)
        people.clock.move(minutes=10)
        answer = await people.post(browser, people.answer(asked))

    assert answer.status_code == 400


async def test_without_the_setting_nobody_comes_unasked(people: SamlPeople) -> None:
    async with people.browser() as browser:
        answer = await people.post(browser, {"SAMLResponse": people.world.assertion()})

    assert answer.status_code == 400


async def offered(people: SamlPeople, browser: Browser, *groups: str, relay_state: str | None = None) -> Any:
    fields = {"SAMLResponse": str(people.world.assertion(*(groups or ("analysts", "engineers"))))}
    if relay_state is not None:
        fields["RelayState"] = relay_state
    return await people.post(browser, fields)


async def test_who_comes_unasked_gets_a_page_of_roles_in_aws_markup_and_no_session(unasked: SamlPeople) -> None:
    async with unasked.browser() as browser:
        page = await offered(unasked, browser)
        portal = await browser.get("/portal")

    assert page.status_code == 200
    assert portal.status_code == 303
    # What saml2aws looks for: "fieldset > div.saml-account", in it "div.saml-account-name" and labels with `for`.
    fieldset = re.search(r"<fieldset>(.*)</fieldset>", page.text, re.DOTALL)
    assert fieldset is not None
    assert re.sub(r"<legend>.*?</legend>", "", fieldset[1]).startswith('<div class="saml-account">')
    assert f'<div class="saml-account-name">Account: lake ({ACCOUNT})</div>' in page.text
    assert re.findall(r'<label for="([^"]+)"[^>]*>([^<]+)</label>', page.text) == [
        (ANALYST, "Analyst"),
        (ENGINEER, "Engineer"),
    ]
    assert f'<input type="radio" name="roleIndex" value="{ANALYST}"' in page.text


async def test_the_page_uses_nothing_up_and_aws_clients_go_on_with_the_assertion(unasked: SamlPeople) -> None:
    assertion = unasked.world.assertion()
    async with unasked.browser() as browser:
        for _ in range(2):
            page = await unasked.post(browser, {"SAMLResponse": assertion})
            assert page.status_code == 200
        form = {
            "Action": "AssumeRoleWithSAML",
            "Version": "2011-06-15",
            "RoleArn": ANALYST,
            "PrincipalArn": PRINCIPAL,
            "SAMLAssertion": assertion,
        }
        granted = await browser.post("/", data=form)
        click = await browser.submit(ACS_PATH, {**hidden_fields(page), "roleIndex": ANALYST})

    assert granted.status_code == 200
    assert "<SubjectType>persistent</SubjectType>" in granted.text
    assert click.status_code == 400


async def test_the_click_signs_in_and_uses_the_assertion_up(unasked: SamlPeople) -> None:
    async with unasked.browser() as browser:
        page = await offered(unasked, browser)
        fields = {**hidden_fields(page), "roleIndex": ANALYST}
        first = await browser.submit(ACS_PATH, fields)
        portal = await browser.get("/portal")
        second = await browser.submit(ACS_PATH, fields)

    assert (first.status_code, first.headers["location"]) == (303, "/portal")
    assert (portal.status_code, second.status_code) == (200, 400)


async def test_a_click_on_a_role_that_may_not_be_had_uses_it_up_too(unasked: SamlPeople) -> None:
    async with unasked.browser() as browser:
        page = await offered(unasked, browser, "analysts")
        fields = hidden_fields(page)
        refused = await browser.submit(ACS_PATH, {**fields, "roleIndex": ENGINEER})
        again = await browser.submit(ACS_PATH, {**fields, "roleIndex": ANALYST})

    assert (refused.status_code, again.status_code) == (403, 400)
    assert "used before" in unasked.events("ConsoleLogin")[-1]["additionalEventData"]["cause"]


FORGED: dict[str, tuple[Turn, dict[str, str]]] = {
    "from another site": (lambda fields: fields, {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}),
    "another token": (lambda fields: {**fields, "form_token": "x"}, {}),
    "no token's text": (lambda fields: {**fields, "form_token": ""}, {}),
}


@pytest.mark.parametrize(("turn", "headers"), FORGED.values(), ids=FORGED)
async def test_a_click_that_is_not_the_persons_is_refused(
    unasked: SamlPeople, turn: Turn, headers: dict[str, str]
) -> None:
    async with unasked.browser() as browser:
        page = await offered(unasked, browser)
        fields = turn({**hidden_fields(page), "roleIndex": ANALYST})
        answer = await browser.submit(ACS_PATH, fields, **headers)

    assert answer.status_code == 403
    assert unasked.events("ConsoleLogin") == []


async def test_the_token_of_one_browser_or_assertion_is_none_of_anothers(unasked: SamlPeople) -> None:
    async with unasked.browser() as attacker, unasked.browser() as victim:
        taken = hidden_fields(await offered(unasked, attacker))
        own = hidden_fields(await offered(unasked, victim))
        for fields in (taken, {**own, "SAMLResponse": taken["SAMLResponse"]}):
            answer = await victim.submit(ACS_PATH, {**fields, "roleIndex": ANALYST})
            assert answer.status_code == 403


RELAYED = {
    "a page of ours": ("/device?user_code=BCDF-GHJK", "/device?user_code=BCDF-GHJK"),
    "another site": ("https://evil.example/", "/portal"),
    "another site without scheme": ("//evil.example/portal", "/portal"),
    "a backslash": ("/portal\\@evil.example", "/portal"),
    "a script": ("javascript:alert(1)", "/portal"),
    "nothing": (None, "/portal"),
}


@pytest.mark.parametrize(("relay_state", "arrives"), RELAYED.values(), ids=RELAYED)
async def test_relay_state_leads_to_our_pages_alone(unasked: SamlPeople, relay_state: str | None, arrives: str) -> None:
    async with unasked.browser() as browser:
        page = await offered(unasked, browser, relay_state=relay_state)
        answer = await browser.submit(ACS_PATH, {**hidden_fields(page), "roleIndex": ANALYST})

    assert answer.headers["location"] == arrives


async def test_what_the_provider_says_is_escaped(unasked: SamlPeople) -> None:
    attributes = {"uid": "<b>al</b>", "memberOf": "analysts"}
    async with unasked.browser() as browser:
        page = await unasked.post(browser, {"SAMLResponse": unasked.world.assertion(attributes=attributes)})

    assert "&lt;b&gt;al&lt;/b&gt;" in page.text
    assert "<b>al" not in page.text


@pytest.mark.parametrize("size", [0, 100_001])
async def test_an_answer_of_no_size_or_too_large_is_refused(people: SamlPeople, size: int) -> None:
    async with people.browser() as browser:
        answer = await people.post(browser, {"SAMLResponse": "A" * size})

    assert answer.status_code == 400


@pytest.mark.parametrize(("path", "status"), [("/saml/none/metadata", 404), ("/login/none", 400)])
async def test_a_provider_of_no_configuration_has_no_pages(people: SamlPeople, path: str, status: int) -> None:
    async with people.browser() as browser:
        answer = await browser.get(path)

    assert answer.status_code == status


async def test_a_get_signs_nobody_in(people: SamlPeople) -> None:
    async with people.browser() as browser:
        answer = await browser.get(ACS_PATH, params={"SAMLResponse": people.world.assertion()})

    assert answer.status_code == 405


async def test_another_provider_by_the_same_name_vouches_for_nobody_of_before(people: SamlPeople) -> None:
    async with people.browser() as browser:
        await people.sign_in(browser)
        other = people.world.saml
        (people.world.folder / "idp.xml").write_text(metadata_xml(other.certificate, issuer="https://other.example"))
        await people.gateway.take(people.world.load(**people.world.sections))
        portal = await browser.get("/portal")

    assert portal.status_code == 303


async def test_over_http_on_loopback_the_cookie_is_a_plain_one(tmp_path: Path) -> None:
    people = SamlPeople(tmp_path, gateway="public_url: http://127.0.0.1:8080\nkeyring: ./keyring.json")
    async with people.browser("http://127.0.0.1:8080") as browser:
        answer = await browser.get(LOGIN)

    assert (
        re.sub(r"=[^;]*", "", answer.headers["set-cookie"], count=1)
        == "saml; Max-Age=900; Path=/; HttpOnly; SameSite=Lax"
    )


async def test_an_end_of_the_roles_at_the_provider_narrows_the_portal(people: SamlPeople) -> None:
    attributes = {"uid": "alice", "memberOf": ("analysts", "engineers"), f"{AWS}Role": f"{ANALYST},{PRINCIPAL}"}
    async with people.browser() as browser:
        await people.sign_in(browser, attributes=attributes)
        portal = await browser.get("/portal")

    assert "Analyst" in portal.text
    assert "Engineer" not in portal.text


async def test_an_answer_at_another_providers_address_is_nobodys(tmp_path: Path) -> None:
    providers = "corp: {type: saml, metadata: ./idp.xml}\nother: {type: saml, metadata: ./idp.xml}"
    people = SamlPeople(tmp_path, providers=providers)
    async with people.browser() as browser:
        asked = await people.begin(browser)
        there = {
            "recipient": f"{URL}/saml/other/acs",
            "destination": f"{URL}/saml/other/acs",
            "audiences": ((f"{URL}/saml/other/metadata",),),
        }
        answer = await people.post(browser, people.answer(asked, **there), "/saml/other/acs")

    assert answer.status_code == 400
    assert "another provider" in people.events("ConsoleLogin")[-1]["additionalEventData"]["cause"]
