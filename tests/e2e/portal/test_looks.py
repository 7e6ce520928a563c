"""Every page at three widths, light and dark: nothing sticks out, and axe-core finds no fault. Pictures are kept."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.portal.conftest import SCHEMES, WIDTHS, Opened, Portal
from tests.e2e.portal.pages import PAGES, open_page

AXE = (Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("(tags) => axe.run(document, {runOnly: tags})", RULES)
    assert len(found["passes"]) > 10, "axe has looked at nothing"
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_everybody_can_use_it(name: str, opened: Opened, portal: Portal, pictures: Path) -> None:
    # Trusted Types stop axe's own innerHTML too: its judgement needs a page without our policy, which others look at.
    with opened(bypass_csp=True) as context:
        page = open_page(name, context, portal)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                page.screenshot(path=pictures / f"{name}-{scheme}-{width}.png", full_page=name != "two-hundred-roles")
                assert page.evaluate("document.scrollingElement.scrollWidth") <= width, f"{width} {scheme}"
                assert violations(page) == [], f"{width} {scheme}"


# WCAG 1.4.12: what whoever reads with difficulty sets.
_SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }"""
# What is cut off and cannot be scrolled to; a name that is cut stands whole elsewhere.
_CUT = """() => [...document.querySelectorAll('main *, nav *, button')].filter((one) =>
  one.checkVisibility() && one.clientWidth && !one.matches('.unseen, .person, legend, pre, input, select, option, progress') &&
  getComputedStyle(one).overflowX !== 'auto' && one.scrollWidth > one.clientWidth + 1 &&
  getComputedStyle(one).display !== 'inline').map((one) => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("name", sorted(PAGES.keys() - {"two-hundred-roles"}))
def test_a_page_with_spaced_text_still_fits(name: str, opened: Opened, portal: Portal) -> None:
    with opened(bypass_csp=True) as context:
        page = open_page(name, context, portal)
        page.add_style_tag(content=_SPACED)
        for width in (320, 768):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width
            assert page.evaluate(_CUT) == []


@pytest.mark.parametrize("name", ["role", "saml-roles", "gateway"])
def test_a_page_in_the_systems_own_colours_shows_what_is_chosen(
    name: str, opened: Opened, portal: Portal, pictures: Path
) -> None:
    with opened(bypass_csp=True, forced_colors="active") as context:
        page = open_page(name, context, portal)
        page.screenshot(path=pictures / f"{name}-forced-colours.png", full_page=True)
        chosen = page.locator(".tabs input:checked + label, nav [aria-current]")
        others = page.locator(".tabs input:not(:checked) + label, nav a:not([aria-current])")
        ground = "all => all.map(one => getComputedStyle(one).backgroundColor)"
        assert not set(chosen.evaluate_all(ground)) & set(others.evaluate_all(ground))


def test_nothing_moves_for_whoever_wants_no_motion(opened: Opened, portal: Portal) -> None:
    with opened(reduced_motion="reduce") as context:
        page = open_page("roles", context, portal)
        lasts = "all => all.map(one => getComputedStyle(one)).map(one => one.transitionDuration + one.animationName)"
        assert set(page.locator("*").evaluate_all(lasts)) == {"0snone"}


@pytest.mark.parametrize("name", ["roles", "role", "credentials", "gateway-access", "login", "long-role", "sign-ins"])
def test_a_page_at_twice_the_size_of_text_still_fits(name: str, opened: Opened, portal: Portal) -> None:
    """WCAG 1.4.4 and 1.4.10: at 200 % and 320 CSS pixels nothing is lost and nothing scrolls sideways."""
    with opened(bypass_csp=True) as context:
        page = open_page(name, context, portal)
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 320
        page.set_viewport_size({"width": 768, "height": 900})
        page.add_style_tag(content="html { font-size: 200%; }")
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 768
