"""The form for a directory's password."""

import pytest

from tests.fakes.people_world import URL, Browser, PeopleWorld, form_of

FORM = "/login/corp"


@pytest.fixture(autouse=True)
def directory(world: PeopleWorld) -> None:
    world.with_directory()


async def filled(browser: Browser, password: str = "right") -> dict[str, str]:
    page = await browser.get(FORM)
    assert page.status_code == 200
    return {**form_of(page, FORM), "username": "alice", "password": password}


async def test_a_password_signs_in_and_is_answered_with_303(browser: Browser, world: PeopleWorld) -> None:
    answer = await browser.submit(FORM, await filled(browser))
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")
    assert "Your roles" in (await browser.get("/portal")).text
    assert world.events("ConsoleLogin")[-1]["responseElements"] == {"ConsoleLogin": "Success"}


async def test_a_wrong_password_is_answered_with_303_and_told_on_the_form(browser: Browser, world: PeopleWorld) -> None:
    answer = await browser.submit(FORM, await filled(browser, "wrong"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/login/corp?next=%2Fportal&refused=login")
    assert "The name or the password is wrong" in (await browser.get(answer.headers["location"])).text
    assert (await browser.get("/portal")).status_code == 303
    event = world.events("ConsoleLogin")[-1]
    assert event["errorMessage"] == "Failed authentication"
    assert "wrong" not in str(event["requestParameters"])


async def test_after_too_many_failures_the_right_password_is_refused_too(browser: Browser) -> None:
    for _ in range(5):
        await browser.submit(FORM, await filled(browser, "wrong"))
    answer = await browser.submit(FORM, await filled(browser))
    assert answer.headers["location"].endswith("refused=login")


@pytest.mark.parametrize(
    ("headers", "changed"),
    [
        ({"origin": "https://evil.example"}, {}),
        ({"origin": "null"}, {}),
        ({"sec_fetch_site": "cross-site"}, {}),
        ({"sec_fetch_site": "same-site"}, {}),
        ({}, {"form_token": ""}),
        ({}, {"form_token": "another.browsers.token"}),
    ],
    ids=["foreign origin", "null origin", "cross-site", "same-site", "no token", "wrong token"],
)
async def test_a_form_of_another_site_is_refused(
    headers: dict[str, str], changed: dict[str, str], browser: Browser, world: PeopleWorld
) -> None:
    answer = await browser.submit(FORM, {**await filled(browser), **changed}, **headers)
    assert answer.status_code == 403
    assert world.events("ConsoleLogin") == []


async def test_a_form_of_another_browser_is_refused(browser: Browser, world: PeopleWorld) -> None:
    async with world.browser() as attacker:
        fields = await filled(attacker)
    await browser.get(FORM)
    assert (await browser.submit(FORM, fields)).status_code == 403


async def test_a_form_is_too_old_after_an_hour(browser: Browser, world: PeopleWorld) -> None:
    fields = await filled(browser)
    world.clock.move(minutes=61)
    assert (await browser.submit(FORM, fields)).status_code == 403


async def test_a_form_is_sent_as_a_form(browser: Browser) -> None:
    answer = await browser.post(FORM, json={"username": "alice"}, headers={"origin": URL})
    assert answer.status_code == 400


async def test_the_only_provider_is_gone_straight_to_but_not_after_signing_out(
    browser: Browser, world: PeopleWorld
) -> None:
    assert "corp" in (await browser.get("/login")).text
    world.gateway.exchange.people._parts.registry._by_name.pop("workforce")
    assert (await browser.get("/login")).headers["location"] == "/login/corp?next=%2Fportal"
    assert (await browser.get("/login?signed_out=1")).status_code == 200


async def test_a_directory_that_is_down_is_told_on_the_form(browser: Browser) -> None:
    answer = await browser.submit(FORM, await filled(browser, "down"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/login/corp?next=%2Fportal&refused=unreachable")
    assert "The directory does not answer" in (await browser.get(answer.headers["location"])).text


async def test_the_page_of_a_provider_that_nobody_has_answers_400(browser: Browser) -> None:
    """`sts-gateway login --ldap` asks for no password then."""
    assert (await browser.get("/login/crop")).status_code == 400
    assert (await browser.get(FORM)).status_code == 200
