"""Every page that the portal has, by name: who looks at it, and the way there."""

from collections.abc import Callable, Mapping

from playwright.sync_api import BrowserContext, Page

from tests.e2e.portal.conftest import Portal

NOBODY: tuple[str, ...] = ()
ANALYST, AUDITOR, EVERYWHERE = ("analysts",), ("auditors",), ("everywhere", "analysts")


def at(path: str) -> Callable[[Page, Portal], None]:
    def go(page: Page, portal: Portal) -> None:
        page.goto(f"{portal.url}{path}")

    return go


def starred(page: Page, portal: Portal) -> None:
    """The list with a favourite."""
    page.goto(f"{portal.url}/portal")
    button = page.get_by_role("button", name="Star Analyst", exact=True)
    if button.count():
        button.click()
        page.get_by_role("button", name="Unstar Analyst").first.wait_for()
    page.goto(f"{portal.url}/portal")


def credentials(page: Page, portal: Portal) -> None:
    page.goto(f"{portal.url}/portal/roles/111122223333/Analyst")
    page.get_by_role("button", name="Get credentials").click()
    page.get_by_role("timer").wait_for()


def refused(page: Page, portal: Portal) -> None:
    """The refusals, one of which is there."""
    page.goto(f"{portal.url}/portal/roles/111122223333/Nothing")
    page.goto(f"{portal.url}/oidc/workforce/callback?state=forged")
    page.goto(f"{portal.url}/portal/gateway/refusals")


Way = Callable[[Page, Portal], None]
PAGES: Mapping[str, tuple[tuple[str, ...] | None, Way]] = {
    "login": (None, at("/login")),
    "signed-out": (None, at("/login?signed_out=1")),
    "password": (None, at("/login/corp?next=/portal&refused=login")),
    "refusal": (ANALYST, at("/portal/roles/111122223333/Nothing")),
    "roles": (ANALYST, starred),
    "no-roles": (NOBODY, at("/portal")),
    "two-hundred-roles": (EVERYWHERE, at("/portal")),
    "role": (ANALYST, at("/portal/roles/111122223333/Analyst")),
    "credentials": (ANALYST, credentials),
    "access": (ANALYST, at("/portal/access")),
    "access-answered": (ANALYST, at("/portal/access?role=Engineer")),
    "sign-ins": (ANALYST, at("/portal/sign-ins")),
    "gateway": (AUDITOR, at("/portal/gateway")),
    "gateway-access": (AUDITOR, at("/portal/gateway/access")),
    "gateway-refusals": (AUDITOR, refused),
    "device": (ANALYST, at("/device")),
}
"""Groups of whoever looks; None: nobody has signed in."""

_WHO = {"roles": "ana", "sign-ins": "bea"}


def open_page(name: str, context: BrowserContext, portal: Portal) -> Page:
    """For alice, or, where the page is of favourites or sign-ins, for somebody who has a few."""
    groups, way = PAGES[name]
    if groups is not None:
        portal.sign_in(context, *groups, sub=_WHO.get(name, "alice"))
    page = context.new_page()
    way(page, portal)
    return page
