"""Credentials from the portal: what they are, and who does not get them."""

import json

import pytest

from tests.fakes.gateway_world import ACCOUNT
from tests.fakes.people_world import OWN_SCRIPT, URL, Browser, PeopleWorld, block_of, form_of, scripts_in

PATH = "/portal/credentials"
ROLE = f"/portal/roles/{ACCOUNT}/Analyst"


async def test_a_role_gives_variables_and_json(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    page = await browser.submit(PATH, form_of(await browser.get(ROLE), PATH))
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    given = json.loads(block_of(page, "json"))
    assert given["Version"] == 1
    bash = block_of(page, "bash")
    assert f"export AWS_ACCESS_KEY_ID='{given['AccessKeyId']}'" in bash
    assert f"export AWS_SESSION_TOKEN='{given['SessionToken']}'" in bash
    assert f"set -gx AWS_SESSION_TOKEN '{given['SessionToken']}'" in block_of(page, "fish")
    assert f"$Env:AWS_SECRET_ACCESS_KEY = '{given['SecretAccessKey']}'" in block_of(page, "powershell")
    assert f"[lake-Analyst]\naws_access_key_id = {given['AccessKeyId']}\n" in block_of(page, "file")
    assert f"sso_account_id = {ACCOUNT}\nsso_role_name = Analyst\n" in block_of(page, "config-sso")
    assert "endpoint_url = https://sts.example.com/sso-oidc" in block_of(page, "config-sso")
    assert f"credentials --url {URL} --role {ACCOUNT}/Analyst" in block_of(page, "config-process")
    (event,) = world.events("GetRoleCredentials")
    assert event["responseElements"]["credentials"]["accessKeyId"] == given["AccessKeyId"]
    assert event["sessionId"] == world.events("ConsoleLogin")[0]["sessionId"]


@pytest.mark.parametrize("of", [f"{ACCOUNT}/Engineer", f"{ACCOUNT}/Nothing", "999999999999/Analyst"])
async def test_a_role_that_is_not_the_persons_is_refused_alike(of: str, browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    fields = {**form_of(await browser.get(ROLE), PATH), "of": of}
    page = await browser.submit(PATH, fields)
    assert page.status_code == 403
    assert "This role is not yours, or there is none of this name" in page.text
    assert world.events("GetRoleCredentials")[-1]["errorCode"] == "ForbiddenException"


async def test_a_link_mints_nothing(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    assert (await browser.get(f"{PATH}?of={ACCOUNT}/Analyst")).status_code == 405
    assert world.events("GetRoleCredentials") == []


@pytest.mark.parametrize(
    ("headers", "token"),
    [({"origin": "https://evil.example"}, None), ({"sec_fetch_site": "cross-site"}, None), ({}, "x"), ({}, "")],
)
async def test_a_form_that_is_not_the_sessions_is_refused(
    headers: dict[str, str], token: str | None, browser: Browser, world: PeopleWorld
) -> None:
    await world.sign_in(browser)
    fields = form_of(await browser.get(ROLE), PATH)
    if token is not None:
        fields["form_token"] = token
    assert (await browser.submit(PATH, fields, **headers)).status_code == 403
    assert world.events("GetRoleCredentials") == []


async def test_a_form_of_another_session_is_refused(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    fields = form_of(await browser.get(ROLE), PATH)
    await world.sign_in(browser)
    assert (await browser.submit(PATH, fields)).status_code == 403


async def test_roles_are_found_anew_at_each_use(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    fields = form_of(await browser.get(ROLE), PATH)
    # What a reload does: the mapping is gone.
    provider = world.base.configuration.providers["workforce"]
    del provider
    world.base.reload(
        providers=(world.base.folder / "gateway.yaml").read_text().split("providers:\n")[1].split("\naccounts:")[0],
        mappings="- {provider: workforce, groups: [nobody], roles: [lake/Analyst]}",
    )
    await world.gateway.take(world.base.configuration)
    assert "You may assume no role" in (await browser.get("/portal")).text
    assert (await browser.submit(PATH, fields)).status_code == 403
    await world.gateway.aclose()


async def test_what_the_provider_says_is_escaped(browser: Browser, world: PeopleWorld) -> None:
    sent = await world.begin(browser)
    claims = world.allow(sent, sub="<script>alert(1)</script>")
    await browser.get("/oidc/workforce/callback", params=claims)
    page = await browser.get("/portal")
    assert "&lt;script&gt;" in page.text
    assert scripts_in(page) == [OWN_SCRIPT]


async def test_a_person_of_two_hundred_groups_signs_in(browser: Browser, world: PeopleWorld) -> None:
    sent = await world.begin(browser)
    groups = ["analysts", *(f"department-{number:03}-of-the-whole-company" for number in range(200))]
    answer = await browser.get("/oidc/workforce/callback", params=world.allow(sent, *groups))
    assert answer.status_code == 303
    assert "Analyst" in (await browser.get("/portal")).text
