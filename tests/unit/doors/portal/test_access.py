"""Why a role is not the person's: the mapping that misses, and no more than that."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.people_world import Browser, PeopleWorld, people_world

SECTIONS = {
    "roles": """
        lake/Analyst: {}
        lake/Engineer: {}
        lake/Orphan: {}
        lake/Locked:
          trust_policy:
            Version: "2012-10-17"
            Statement:
              - {Effect: Deny, Principal: "*", Action: "sts:*",
                 Condition: {IpAddress: {aws:SourceIp: [198.51.100.0/24, 127.0.0.0/8, 192.0.2.0/24]}}}
        lake/Stated:
          trust_policy:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Principal: {Federated: "*"}, Action: "sts:AssumeRoleWithWebIdentity",
                 Condition: {StringEquals: {"aws:PrincipalTag/secret": "a-secret-condition"}}}
        """,
    "mappings": """
        - {provider: workforce, groups: [analysts], roles: [lake/Analyst, lake/Locked]}
        - {provider: workforce, groups: [engineers], require: {amr: [mfa]}, roles: [lake/Engineer]}
        - {provider: other, groups: [a-group-of-others], roles: [lake/Engineer]}
        """,
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PeopleWorld]:
    with people_world(tmp_path, **SECTIONS) as world:
        yield world


async def asked(browser: Browser, role: str) -> str:
    page = await browser.get("/portal/access", params={"role": role})
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", page.text).split())


@pytest.mark.parametrize(
    "question", ["Engineer", "lake/Engineer", "111122223333/Engineer", "arn:aws:iam::111122223333:role/Engineer"]
)
async def test_the_mapping_that_misses_is_named(question: str, browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    told = await asked(browser, question)
    assert "Not yours. What misses:" in told
    assert "mappings[1] needs group engineers; known groups: analysts; needs sign-in by mfa; amr is absent" in told
    assert "a-group-of-others" not in told


async def test_a_role_of_the_persons_is_told_with_what_grants_it(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    assert "It is yours, by mappings[0]." in await asked(browser, "Analyst")


async def test_a_denial_is_told_by_its_name_alone(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    told = await asked(browser, "Locked")
    assert "trust_policy.Statement[0] of the role denies it to you, whatever grants it" in told
    assert "198.51.100" not in told


async def test_what_a_trust_policy_asks_for_is_for_administrators(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    told = await asked(browser, "Stated")
    assert "trust_policy.Statement[0] of the role does not let you in" in told
    assert "a-secret-condition" not in told


async def test_a_role_that_nobody_gets_is_told_so(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    assert "no mapping names this role" in await asked(browser, "Orphan")


async def test_a_role_that_does_not_exist_is_told_so(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    told = await asked(browser, "<b>Nothing</b>")
    assert "No such role" in told
    assert "&lt;b&gt;Nothing&lt;/b&gt;" in told


async def test_the_person_sees_what_the_gateway_knows_of_them(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser, "analysts", "staff")
    page = await browser.get("/portal/access")
    assert page.text.index("<li>analysts</li>") < page.text.index("<li>staff</li>")


async def test_nobody_asks_without_signing_in(browser: Browser) -> None:
    assert (await browser.get("/portal/access?role=Engineer")).status_code == 303
