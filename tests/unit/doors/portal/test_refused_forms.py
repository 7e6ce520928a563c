"""A form that no page of this person's sent is refused, and leaves a line in the audit log."""

from typing import Any

import pytest

from gateway.domain.errors import AuditUnavailable
from tests.fakes.people_world import Browser, PeopleWorld

PAGES = {
    "/logout": {},
    "/portal/credentials": {"of": "111122223333/Analyst"},
    "/device": {"user_code": "BCDF-GHJK", "answer": "approve"},
}


@pytest.mark.parametrize(("page", "fields"), PAGES.items(), ids=PAGES)
async def test_a_form_without_the_sessions_token_is_recorded(
    browser: Browser, world: PeopleWorld, page: str, fields: dict[str, str]
) -> None:
    await world.sign_in(browser)
    answer = await browser.submit(page, {**fields, "form_token": "x"})
    assert answer.status_code == 403
    (event,) = world.events("SubmitForm")
    assert (event["eventSource"], event["readOnly"]) == ("signin.amazonaws.com", False)
    assert event["requestParameters"] == {"page": page}
    assert event["errorCode"] == "InvalidRequestException"
    assert event["additionalEventData"]["cause"] == "the form's token is not this session's"
    assert event["requestID"] == answer.headers["x-amzn-requestid"]


async def test_a_form_of_another_site_is_recorded_without_its_fields(browser: Browser, world: PeopleWorld) -> None:
    answer = await browser.submit("/login/workforce", {"password": "canary"}, origin="https://evil.example")
    assert answer.status_code == 403
    (event,) = world.events("SubmitForm")
    assert event["requestParameters"] == {"page": "/login/*"}
    assert "canary" not in str(event)


async def test_a_form_to_another_host_is_recorded(world: PeopleWorld) -> None:
    async with world.browser("https://10.0.0.7") as browser:
        assert (await browser.submit("/logout", {})).status_code == 403
    assert len(world.events("SubmitForm")) == 1


async def test_a_form_of_a_session_that_has_ended_is_answered_with_a_page_that_leads_on(
    browser: Browser, world: PeopleWorld
) -> None:
    """A redirect would end at the provider's, where `form-action` lets no form lead: the browser would show nothing."""
    await world.sign_in(browser)
    world.clock.move(hours=2)
    answer = await browser.submit("/portal/credentials", {"of": "111122223333/Analyst", "form_token": "x"})
    assert answer.status_code == 403
    assert "Your sign-in has ended; sign in again" in answer.text
    assert 'href="/portal"' in answer.text


async def test_a_form_that_holds_leaves_no_such_line(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    await browser.get("/portal")
    assert world.events("SubmitForm") == []


async def test_where_no_line_can_be_written_the_form_is_refused_all_the_same(
    browser: Browser, world: PeopleWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.sign_in(browser)

    def full(_: object) -> None:
        raise AuditUnavailable(cause="the disk is full")

    monkeypatch.setattr(world.audit, "write", full)
    assert (await browser.submit("/logout", {"form_token": "x"})).status_code == 503
    monkeypatch.undo()
    assert (await browser.get("/portal")).status_code == 200


async def test_a_form_larger_than_any_of_ours_is_told_so(browser: Browser, world: PeopleWorld) -> None:
    await world.sign_in(browser)
    assert (await browser.submit("/portal/credentials", {"of": "x" * 70_000})).status_code == 413


async def test_a_page_is_asked_for_as_it_answers(browser: Browser) -> None:
    assert (await browser.put("/portal")).status_code == 405


@pytest.mark.parametrize(("path", "told"), [(b"/portal/\xe9", "/portal/%E9"), (b"/portal/%C3%A9", "/portal/%C3%A9")])
async def test_whoever_comes_by_another_name_is_sent_on_whatever_the_path_holds(
    world: PeopleWorld, path: bytes, told: str
) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any: ...

    scope = {"type": "http", "method": "GET", "path": "/portal", "raw_path": path, "query_string": b"a=\xff&b=%20"}
    await world.gateway.app({**scope, "headers": [(b"host", b"10.0.0.7")]}, receive, send)

    assert sent[0]["status"] == 303
    assert dict(sent[0]["headers"])[b"location"].decode().endswith(f".example.com{told}?a=%FF&b=%20")
