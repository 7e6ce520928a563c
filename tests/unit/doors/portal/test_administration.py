"""The administrator's view: who may see it, what it tells, and that nothing can be changed there."""

import asyncio
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.doors.portal.door import PAGES
from gateway.exchange import administration
from gateway.exchange.catalogue import AccessRow
from tests.fakes.people_world import Browser, PeopleWorld, form_of, people_world

VIEWS = ("/portal/gateway", "/portal/gateway/access", "/portal/gateway/refusals")
READ = "gateway:ReadConfiguration"


def sections(statement: str, *, boundary: str = "null") -> dict[str, str]:
    return {
        "roles": f"""
            lake/Analyst: {{}}
            lake/Auditor: {{policies: [see], permissions_boundary: {boundary}}}
            """,
        "policies": f"""
            see: {{Version: "2012-10-17", Statement: [{statement}]}}
            nothing: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "s3:*", Resource: "*"}}]}}
            """,
        "mappings": """
            - {provider: workforce, groups: [analysts], roles: [lake/Analyst]}
            - {provider: workforce, groups: [auditors], roles: [lake/Auditor], session_tags: {team: "{claims.team}"}}
            - {provider: workforce, claims: {sub: "*"}, roles: [lake/Analyst]}
            """,
        "users": "{}",
    }


HONEST = f"{{Effect: Allow, Action: '{READ}', Resource: 'arn:aws:gateway:us-east-1:111122223333:configuration'}}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PeopleWorld]:
    with people_world(tmp_path, **sections(HONEST)) as world:
        yield world


def told(text: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


@pytest.mark.parametrize("path", VIEWS)
async def test_only_who_may_assume_a_role_that_may_read_sees_it(
    path: str, browser: Browser, world: PeopleWorld
) -> None:
    assert (await browser.get(path)).status_code == 303
    await world.sign_in(browser, "analysts")
    page = await browser.get(path)
    assert page.status_code == 403
    assert f"None of your roles may call {READ}" in page.text
    assert 'href="/portal/gateway"' not in (await browser.get("/portal")).text
    assert world.events("ReadConfiguration")[-1]["errorCode"] == "ForbiddenException"
    await world.sign_in(browser, "auditors")
    assert (await browser.get(path)).status_code == 200
    assert 'href="/portal/gateway"' in (await browser.get("/portal")).text
    event = world.events("ReadConfiguration")[-1]
    assert (event["readOnly"], event["recipientAccountId"]) == (True, "111122223333")
    assert event["resources"][0]["ARN"] == "arn:aws:iam::111122223333:role/Auditor"


REFUSING = {
    "another action": sections("{Effect: Allow, Action: 's3:*', Resource: '*'}"),
    "another account": sections(
        f"{{Effect: Allow, Action: '{READ}', Resource: 'arn:aws:gateway:us-east-1:999999999999:configuration'}}"
    ),
    "an explicit deny": sections(f"{HONEST}, {{Effect: Deny, Action: 'gateway:*', Resource: '*'}}"),
    "a boundary that does not allow it": sections(HONEST, boundary="nothing"),
    "a second factor that was not shown": sections(
        f"{{Effect: Allow, Action: '{READ}', Resource: '*', Condition: {{Bool: {{aws:MultiFactorAuthPresent: 'true'}}}}}}"
    ),
    "a tag that the session would not have": sections(
        f"{{Effect: Allow, Action: '{READ}', Resource: '*', Condition: {{StringEquals: {{aws:PrincipalTag/team: ops}}}}}}"
    ),
    "another address": sections(
        f"{{Effect: Allow, Action: '{READ}', Resource: '*', Condition: {{IpAddress: {{aws:SourceIp: 203.0.113.0/24}}}}}}"
    ),
}


@pytest.mark.parametrize("changed", REFUSING.values(), ids=REFUSING.keys())
async def test_the_policies_of_the_role_decide_as_everywhere(changed: dict[str, str], tmp_path: Path) -> None:
    with people_world(tmp_path, **changed) as world:
        async with world.browser() as browser:
            await world.sign_in(browser, "auditors")
            assert (await browser.get("/portal/gateway")).status_code == 403


async def test_a_tag_that_the_session_would_have_counts(tmp_path: Path) -> None:
    with people_world(tmp_path, **REFUSING["a tag that the session would not have"]) as world:
        async with world.browser() as browser:
            sent = await world.begin(browser)
            await browser.get("/oidc/workforce/callback", params=world.allow(sent, "auditors", team="ops"))
            assert (await browser.get("/portal/gateway")).status_code == 200


async def test_providers_are_told_with_their_health_and_what_check_warns_of(
    browser: Browser, world: PeopleWorld
) -> None:
    await world.sign_in(browser, "auditors")
    page = told((await browser.get("/portal/gateway")).text)
    assert "workforce no error Type oidc" in page
    assert world.provider.issuer in page
    assert "Keys fetched 2026-03-01 12:00 UTC" in page
    assert "mappings[2]: lets in everybody of its provider" in page
    connector = world.gateway.exchange._parts.registry.by_name("other")
    connector._keys.last_error = "nobody answers"  # type: ignore[union-attr]
    assert "Last error nobody answers" in told((await browser.get("/portal/gateway")).text)


async def test_access_tells_who_may_assume_a_role_and_by_which_mapping(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser, "auditors")
    page = told((await browser.get("/portal/gateway/access")).text)
    assert "lake/Analyst Allow workforce group analysts none mappings[0]" in page
    assert "lake/Auditor Allow workforce group auditors none mappings[1]" in page
    one = told((await browser.get("/portal/gateway/access?role=lake/Auditor")).text)
    assert "mappings[1]" in one
    assert "mappings[0]" not in one
    assert "there is no such role" in (await browser.get("/portal/gateway/access?role=lake/Nothing")).text


async def test_nobody_waits_for_a_long_list_of_ways_to_roles(
    browser: Browser, world: PeopleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, listed = threading.Event(), threading.Event()

    def long_list(*_: object) -> tuple[AccessRow, ...]:
        asked.set()
        assert listed.wait(20)
        return ()

    monkeypatch.setattr(administration, "access", long_list)
    await world.sign_in(browser, "auditors")

    page = asyncio.create_task(browser.get("/portal/gateway/access"))
    assert await asyncio.to_thread(asked.wait, 20)
    assert (await browser.get("/portal")).status_code == 200
    listed.set()
    assert (await page).status_code == 200


async def test_a_refusal_is_found_by_its_request_id(browser: Browser, world: PeopleWorld) -> None:
    async with world.browser() as somebody:
        refused = await somebody.get("/oidc/workforce/callback?state=forged")
    request_id = refused.headers["x-amzn-requestid"]
    assert request_id in refused.text
    await world.sign_in(browser, "auditors")
    page = told((await browser.get(f"/portal/gateway/refusals?request={request_id}")).text)
    assert "ConsoleLogin" in page
    assert "Cause the state is unknown, used or too old" in page
    assert request_id in told((await browser.get("/portal/gateway/refusals")).text)
    assert "No refusal of this id" in (await browser.get("/portal/gateway/refusals?request=another")).text


async def test_a_request_that_was_answered_is_no_refusal(browser: Browser, world: PeopleWorld) -> None:
    answer = await world.sign_in(browser, "auditors")
    request_id = answer.headers["x-amzn-requestid"]
    assert "No refusal of this id" in (await browser.get(f"/portal/gateway/refusals?request={request_id}")).text


async def test_refusals_outlive_a_reload(browser: Browser, world: PeopleWorld) -> None:
    refused = await browser.get("/oidc/workforce/callback?state=forged")
    await world.gateway.take(world.base.configuration)
    await world.sign_in(browser, "auditors")
    page = await browser.get(f"/portal/gateway/refusals?request={refused.headers['x-amzn-requestid']}")
    assert "the state is unknown" in page.text
    await world.gateway.aclose()


async def test_another_workers_refusal_is_found_in_the_audit_logs_file(tmp_path: Path) -> None:
    """Each worker remembers its own; what they share is the file."""
    log = tmp_path / "audit.jsonl"
    log.write_text(
        '{"eventName":"AssumeRole","requestID":"of-another-worker","errorCode":"AccessDenied",'
        '"additionalEventData":{"cause":"the role denies it"}}\n'
        '{"eventName":"AssumeRole","requestID":"one-that-worked"}\n'
    )
    gateway = f"public_url: https://sts.example.com\nkeyring: ./keyring.json\naudit: {{path: {log}}}"
    with people_world(tmp_path, gateway=gateway, **sections(HONEST)) as world:
        async with world.browser() as browser:
            await world.sign_in(browser, "auditors")
            page = await browser.get("/portal/gateway/refusals?request=of-another-worker")
            assert "the role denies it" in page.text
            worked = await browser.get("/portal/gateway/refusals?request=one-that-worked")
            assert "No refusal of this id" in worked.text


async def test_nothing_can_be_changed_there(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser, "auditors")
    token = form_of(await browser.get("/portal"), "/logout")["form_token"]
    for path in VIEWS:
        assert set(PAGES[path]) == {"GET"}
        assert (await browser.submit(path, {"form_token": token})).status_code == 405
        forms = re.findall(r'<form method="post" action="([^"]*)"', (await browser.get(path)).text)
        assert forms == ["/logout"]


async def test_without_an_audit_line_nothing_is_shown(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser, "auditors")
    world.audit.full = True
    for path in VIEWS:
        assert (await browser.get(path)).status_code == 503
