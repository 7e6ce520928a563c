"""With JavaScript off the portal does its work: roles, search, credentials in every form, favourites, sign-ins."""

import json
import re

from playwright.sync_api import Page, expect

from tests.e2e.portal.conftest import Opened, Portal
from tests.e2e.portal.pages import open_page


def test_the_essentials_need_no_script(opened: Opened, portal: Portal) -> None:
    with opened(java_script_enabled=False) as context:
        portal.sign_in(context, "everywhere", "analysts", sub="without-scripts")
        page = context.new_page()
        page.goto(f"{portal.url}/portal")
        page.get_by_label("Find a role").fill("ledger reader prod")
        page.get_by_role("button", name="Find").click()
        expect(page.locator(".rows > li")).to_have_count(1)
        page.get_by_role("button", name="Star LedgerReaderProd").click()
        expect(page.get_by_role("heading", name="Favourites")).to_be_visible()
        page.get_by_role("button", name="Unstar LedgerReaderProd").first.click()
        expect(page.get_by_role("heading", name="Favourites")).to_have_count(0)
        page.get_by_role("link", name="Analyst", exact=True).click()
        expect(page.get_by_text("May never")).to_be_visible()
        page.get_by_label("They last").select_option(label="15 minutes")
        page.get_by_role("button", name="Get credentials").click()
        _every_form_is_shown(page)
        expect(page.get_by_role("button", name="Copy")).to_have_count(0)
        expect(page.locator("#ends")).to_have_text(re.compile(r"They end at \d{4}-\d\d-\d\d \d\d:\d\d UTC"))
        page.get_by_role("button", name="Get fresh ones").click()
        _every_form_is_shown(page)


def _every_form_is_shown(page: Page) -> None:
    first = page.locator("#bash")
    expect(first).to_be_visible()
    secret = re.findall(r"AWS_SECRET_ACCESS_KEY='([^']*)'", first.inner_text())[0]
    for label, name in {"fish": "fish", "PowerShell": "powershell", "Credentials file": "file", "JSON": "json"}.items():
        page.get_by_text(label, exact=True).click()
        expect(page.locator(f"#{name}")).to_be_visible()
        expect(first).to_be_hidden()
        assert secret in page.locator(f"#{name}").inner_text()
    assert json.loads(page.locator("#json").inner_text())["SecretAccessKey"] == secret


def test_a_sign_in_is_ended_and_a_person_signs_out_without_a_script(opened: Opened, portal: Portal) -> None:
    with opened(java_script_enabled=False) as context:
        portal.sign_in(context, "analysts", sub="of-several")
        page = open_page("sign-ins", context, portal)
        page.goto(f"{portal.url}/portal/sign-ins")
        page.get_by_role("button", name="End this sign-in").click()
        expect(page.get_by_text("You are signed out.")).to_be_visible()
        page = open_page("roles", context, portal)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("You are signed out.")).to_be_visible()
        page.goto(f"{portal.url}/portal")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_why_a_role_is_not_there_is_told_without_a_script(opened: Opened, portal: Portal) -> None:
    with opened(java_script_enabled=False) as context:
        page = open_page("access", context, portal)
        page.get_by_label("Role", exact=True).fill("data-platform/Engineer")
        page.get_by_role("button", name="Find out").click()
        expect(page.get_by_text("mappings[1] needs group engineers")).to_be_visible()
