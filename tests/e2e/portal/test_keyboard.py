"""A person with a keyboard alone: everything is reached, seen where it is, and done."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.portal.conftest import Opened, Portal
from tests.e2e.portal.pages import PAGES, open_page

# Of radio buttons of one group the chosen one is reached; the arrows lead to the others.
_REACHABLE = """() => [...document.querySelectorAll('a[href], button, input, select, [tabindex="0"]')].filter((one) =>
  one.checkVisibility({visibilityProperty: true}) && one.type !== 'hidden' && !(one.type === 'radio' && !one.checked))
  .map((one, at) => { one.dataset.at = at; return one.outerHTML.slice(0, 120); })"""
_FOCUSED = """() => { const one = document.activeElement; const label = one.labels?.[0];
  const seen = one.type === 'radio' ? label : one; const box = seen.getBoundingClientRect();
  return {at: one.dataset.at ?? null, outline: parseFloat(getComputedStyle(seen).outlineWidth),
          inside: box.bottom > 0 && box.top < innerHeight && box.width > 0}; }"""


@pytest.mark.parametrize("name", sorted(PAGES.keys() - {"two-hundred-roles"}))
def test_the_tab_key_reaches_everything_and_shows_where_it_is(name: str, opened: Opened, portal: Portal) -> None:
    with opened() as context:
        page = open_page(name, context, portal)
        page.evaluate("document.activeElement?.blur()")
        wanted = page.evaluate(_REACHABLE)
        reached: set[int] = set()
        for _ in range(2 * len(wanted) + 4):
            page.keyboard.press("Tab")
            focused = page.evaluate(_FOCUSED)
            if focused["at"] is not None:
                reached.add(int(focused["at"]))
                assert focused["outline"] >= 2, wanted[int(focused["at"])]
                assert focused["inside"], wanted[int(focused["at"])]
        assert [one for at, one in enumerate(wanted) if at not in reached] == []


def test_credentials_are_taken_from_sign_in_to_copy_without_a_mouse(opened: Opened, portal: Portal) -> None:
    with opened(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = open_page("two-hundred-roles", context, portal)
        expect(page.get_by_label("Find a role")).to_be_focused()
        page.keyboard.type("data ana")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Analyst")).to_be_visible()
        _tab_to(page, "They last")
        page.keyboard.type("15")
        _tab_to(page, "Get credentials for Analyst")
        page.keyboard.press("Enter")
        expect(page.get_by_role("timer")).to_be_visible()
        _tab_to(page, "bash, zsh")
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        _tab_to(page, "Copy credentials for JSON")
        page.keyboard.press("Enter")
        given = json.loads(page.evaluate("navigator.clipboard.readText()"))
        assert given["AccessKeyId"].startswith("ASIA")


def test_the_first_stop_leads_past_the_bar_to_the_content(opened: Opened, portal: Portal) -> None:
    with opened() as context:
        page = open_page("roles", context, portal)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="To the content")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")


def test_two_keys_lead_to_the_search_from_anywhere_and_no_key_alone(opened: Opened, portal: Portal) -> None:
    with opened() as context:
        page = open_page("two-hundred-roles", context, portal)
        page.get_by_role("link", name="Access").focus()
        for key in "/kf":
            page.keyboard.press(key)
        expect(page.get_by_role("link", name="Access")).to_be_focused()
        page.keyboard.press("Control+k")
        expect(page.get_by_label("Find a role")).to_be_focused()
        page.keyboard.type("a/k")
        expect(page.get_by_label("Find a role")).to_have_value("a/k")


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called `name` has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "(document.activeElement.ariaLabel || document.activeElement.labels?.[0]?.textContent || '')"
        )
        if told == name:
            return
    pytest.fail(f"the Tab key does not lead to {name}")
