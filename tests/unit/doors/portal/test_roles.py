"""The list of roles and a role's page: search, favourites, and what a role allows."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.fakes.gateway_world import ACCOUNT
from tests.fakes.people_world import Browser, PeopleWorld, form_of, people_world

ANALYST, ENGINEER = f"{ACCOUNT}/Analyst", f"{ACCOUNT}/Engineer"
STAR = "/portal/favourites"


@pytest.fixture
async def ana(browser: Browser, world: PeopleWorld) -> Browser:
    await world.sign_in(browser, "analysts", "engineers")
    return browser


async def starred(browser: Browser, **fields: str) -> httpx.Response:
    token = form_of(await browser.get("/portal"), STAR)["form_token"]
    return await browser.submit(STAR, {"form_token": token, **fields})


def told(page: httpx.Response) -> str:
    return re.sub(r"<[^>]*>", " ", page.text)


async def test_roles_are_searched_for_without_a_script(ana: Browser) -> None:
    found = await ana.get("/portal", params={"q": "lake ENG"})
    assert "/portal/roles/111122223333/Engineer" in found.text
    assert "/portal/roles/111122223333/Analyst" not in found.text
    nothing = await ana.get("/portal", params={"q": "nothing like it"})
    assert '<p id="nothing" class="quiet">' in nothing.text
    assert 'value="nothing like it"' in nothing.text


async def test_a_favourite_stands_first_in_every_browser_of_the_person(ana: Browser, world: PeopleWorld) -> None:
    answer = await starred(ana, add=ENGINEER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")
    async with world.browser() as another:
        await world.sign_in(another, "analysts", "engineers")
        page = await another.get("/portal")
    assert page.text.index("Favourites") < page.text.index("Unstar Engineer")
    assert page.text.count(f'name="remove" value="{ENGINEER}"') == 2
    await starred(ana, remove=ENGINEER)
    assert "Favourites" not in (await ana.get("/portal")).text


async def test_a_favourite_is_not_another_persons(ana: Browser, world: PeopleWorld) -> None:
    await starred(ana, add=ANALYST)
    async with world.browser() as another:
        sent = await world.begin(another)
        await another.get("/oidc/workforce/callback", params=world.allow(sent, sub="somebody else"))
        assert "Favourites" not in (await another.get("/portal")).text


async def test_a_favourite_whose_role_was_taken_away_is_not_shown(ana: Browser, world: PeopleWorld) -> None:
    await starred(ana, add=ENGINEER)
    async with world.browser() as another:
        await world.sign_in(another, "analysts")
        page = await another.get("/portal")
    assert "Engineer" not in page.text
    assert "Favourites" not in page.text


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("999999999999/Analyst", 403),
        (f"{ACCOUNT}/Nothing", 403),
        ("Analyst", 400),
        ("", 400),
        (f"{ACCOUNT}/a/b", 400),
        ("x" * 500, 400),
    ],
)
async def test_a_role_that_is_not_the_persons_is_no_favourite(role: str, status: int, ana: Browser) -> None:
    assert (await starred(ana, add=role)).status_code == status
    assert "Favourites" not in (await ana.get("/portal")).text


async def test_the_way_back_from_a_star_is_a_page_of_ours(ana: Browser) -> None:
    own = f"/portal/roles/{ACCOUNT}/Analyst"
    assert (await starred(ana, add=ANALYST, back=own)).headers["location"] == own
    for foreign in ("https://evil.example/portal", "//evil.example", "/logout", "/portal/\\evil"):
        assert (await starred(ana, add=ANALYST, back=foreign)).headers["location"] == "/portal"


async def test_a_star_needs_the_forms_token(ana: Browser) -> None:
    assert (await ana.submit(STAR, {"form_token": "x", "add": ANALYST})).status_code == 403
    answer = await ana.get(f"{STAR}?add={ANALYST}")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


async def test_there_is_room_for_fifty_favourites(tmp_path: Path) -> None:
    names = [f"Role{at:02}" for at in range(51)]
    roles = "\n".join(f"lake/{name}: {{}}" for name in names)
    mapping = f"- {{provider: workforce, groups: [analysts], roles: [{', '.join(f'lake/{name}' for name in names)}]}}"
    with people_world(tmp_path, roles=roles, mappings=mapping) as world:
        async with world.browser() as browser:
            await world.sign_in(browser)
            answers = [await starred(browser, add=f"{ACCOUNT}/{name}") for name in names]
            again = await starred(browser, add=f"{ACCOUNT}/Role00")
            page = await browser.get("/portal")
    assert [answer.status_code for answer in answers] == [*[303] * 50, 400]
    assert again.status_code == 303
    assert "room for 50 favourites" in answers[-1].text
    assert "Unstar Role49" in page.text


async def test_a_roles_page_tells_what_it_allows_and_by_what_it_is_the_persons(ana: Browser) -> None:
    page = await ana.get(f"/portal/roles/{ACCOUNT}/Engineer")
    words = " ".join(told(page).split())
    assert "May do anything with S3 on everything" in words
    assert "Within these limits, whatever stands above" in words
    assert "May read objects and list objects on the bucket lake and everything in it" in words
    assert "Given by mappings[1]" in words
    assert "Longest session 30 minutes" in words


async def test_a_session_lasts_as_long_as_was_chosen_and_no_longer_than_the_role_lets_it(
    ana: Browser, world: PeopleWorld
) -> None:
    page = await ana.get(f"/portal/roles/{ACCOUNT}/Analyst")
    offered = re.findall(r'<option value="(\d+)"( selected)?>([^<]*)', page.text)
    assert [(seconds, shown) for seconds, _, shown in offered] == [
        ("900", "15 minutes"),
        ("1800", "30 minutes"),
        ("3600", "1 hour"),
        ("7200", "2 hours"),
        ("14400", "4 hours"),
    ]
    assert [seconds for seconds, chosen, _ in offered if chosen] == ["3600"]
    fields = form_of(page, "/portal/credentials")
    taken = await ana.submit("/portal/credentials", {**fields, "duration": "7200"})
    assert 'data-left="7200"' in taken.text
    assert '<input type="hidden" name="duration" value="7200">' in taken.text
    too_long = await ana.submit("/portal/credentials", {**fields, "duration": "14401"})
    assert too_long.status_code == 400
    for wrong in ("899", "43201", "-900", "1e3", "٩٠٠", "9" * 40, ""):
        assert (await ana.submit("/portal/credentials", {**fields, "duration": wrong})).status_code == 400
    assert len([one for one in world.events("GetRoleCredentials") if "errorCode" not in one]) == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ACCOUNT}/Nothing", 403),
        ("999999999999/Analyst", 403),
        ("abc/Analyst", 400),
        (f"{ACCOUNT}/%00", 400),
        (f"{ACCOUNT}/Analyst/more", 404),
    ],
)
async def test_the_page_of_a_role_that_is_not_the_persons_is_refused(path: str, status: int, ana: Browser) -> None:
    page = await ana.get(f"/portal/roles/{path}")
    assert page.status_code == status
    assert "This did not work" in page.text


async def test_who_was_on_the_way_to_a_role_gets_there_after_signing_in(browser: Browser, world: PeopleWorld) -> None:
    wanted = f"/portal/roles/{ACCOUNT}/Analyst"
    first = await browser.get(wanted)
    assert first.headers["location"] == "/login?next=%2Fportal%2Froles%2F111122223333%2FAnalyst"
    sent = await world.begin(browser, "/login/workforce?next=%2Fportal%2Froles%2F111122223333%2FAnalyst")
    answer = await browser.get("/oidc/workforce/callback", params=world.allow(sent))
    assert answer.headers["location"] == wanted


@pytest.fixture
def many(tmp_path: Path) -> Iterator[PeopleWorld]:
    names = [f"Role{at:03}" for at in range(200)]
    roles = "\n".join(f"lake/{name}: {{}}" for name in names)
    mapping = f"- {{provider: workforce, groups: [analysts], roles: [{', '.join(f'lake/{name}' for name in names)}]}}"
    with people_world(tmp_path, roles=roles, mappings=mapping) as world:
        yield world


@pytest.fixture
async def busy(many: PeopleWorld) -> AsyncIterator[Browser]:
    async with many.browser() as browser:
        await many.sign_in(browser)
        yield browser


async def test_two_hundred_roles_and_all_that_the_page_needs_stay_under_sixty_kilobytes(busy: Browser) -> None:
    page = await busy.get("/portal")
    assert page.text.count("<li>") == 200
    files = [(await busy.get(path)).content for path in re.findall(r'(?:href|src)="(/portal\.[^"]*)"', page.text)]
    assert len(files) == 2
    assert len(page.content) + sum(map(len, files)) < 60_000
