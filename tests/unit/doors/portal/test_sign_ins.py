"""The page of a person's sign-ins, and the end of one."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from gateway.doors.portal.views.frame import Signed
from gateway.doors.portal.views.sign_ins import agent_told, sign_ins_page
from gateway.exchange.people.seen import SeenSignIn
from tests.fakes.people_world import Browser, PeopleWorld, form_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEEN = SeenSignIn(
    id="",
    provider="workforce",
    begun=NOW,
    ends=NOW,
    last_used=NOW,
    address="192.0.2.7",
    client="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    browser=True,
    programs=("a program",),
    credentials_until=NOW,
    current=False,
    groups_as_of=NOW,
)
PAGE, END = "/portal/sign-ins", "/portal/sign-ins/end"


async def test_a_person_sees_their_sign_ins_and_which_one_this_is(browser: Browser, world: PeopleWorld) -> None:
    async with world.browser() as another:
        await world.sign_in(another)
        await world.sign_in(browser)
        page = await browser.get(PAGE)
    assert page.text.count("Browser, by workforce") == 2
    assert page.text.count("this one") == 1
    assert "End all others" in page.text


async def test_ending_all_others_leaves_this_one(browser: Browser, world: PeopleWorld) -> None:
    async with world.browser() as another:
        await world.sign_in(another)
        await world.sign_in(browser)
        form = form_of(await browser.get(PAGE), END)
        assert form["sign_in"] == "others"
        answer = await browser.submit(END, form)
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
        assert (await another.get("/portal")).status_code == 303
    page = await browser.get(PAGE)
    assert page.text.count("Browser, by workforce") == 1
    assert "End all others" not in page.text


async def test_ending_this_one_signs_out(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    answer = await browser.submit(END, form_of(await browser.get(PAGE), END))
    assert answer.headers["location"] == "/login?signed_out=1"
    assert (await browser.get("/portal")).status_code == 303


async def test_a_sign_in_of_somebody_else_is_not_ended(browser: Browser, world: PeopleWorld) -> None:
    async with world.browser() as another:
        sent = await world.begin(another)
        await another.get("/oidc/workforce/callback", params=world.allow(sent, sub="somebody else"))
        theirs = form_of(await another.get(PAGE), END)["sign_in"]
        await world.sign_in(browser)
        mine = form_of(await browser.get(PAGE), END)
        assert (await browser.submit(END, {**mine, "sign_in": theirs})).status_code == 400
        assert (await another.get("/portal")).status_code == 200


async def test_a_link_or_a_foreign_form_ends_nothing(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    form = form_of(await browser.get(PAGE), END)
    assert (await browser.get(END)).status_code == 405
    assert (await browser.submit(END, {**form, "form_token": "x"})).status_code == 403
    assert (await browser.submit(END, form, origin="https://evil.example")).status_code == 403
    assert (await browser.get("/portal")).status_code == 200


def test_of_many_sign_ins_the_newest_are_shown_and_the_one_that_asks() -> None:
    many = [replace(SEEN, id=f"of-{at}", current=at == 45) for at in range(50)]
    page = sign_ins_page(Signed(person="alice", form_token="t", administers=False), many)
    text = page.body.decode()
    assert re.findall(r'name="sign_in" value="of-(\d+)"', text) == [*map(str, range(30)), "45"]
    assert "And 19 older ones." in text
    assert len(page.body) < 40_000


def test_a_browser_is_told_by_its_name() -> None:
    edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML) Chrome/126.0 Safari/537.36 Edg/126.0"
    assert agent_told(edge) == "Edge on Windows"
    assert agent_told("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0") == "Firefox on Linux"
    assert agent_told("aws-cli/2.17 Python/3.11") == "aws-cli/2.17 Python/3.11"
    assert re.fullmatch("curl/8", agent_told("curl/8"))
