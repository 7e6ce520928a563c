"""Every page that the portal has, by name: who looks at it, and the way there."""

from collections.abc import Callable, Mapping

from playwright.sync_api import BrowserContext, Page

from gateway.domain.errors import SignInRefused
from gateway.doors.portal.views import saml, sign_in
from gateway.exchange.people.roles import PersonsRole
from gateway.exchange.people.saml import RoleOffer
from gateway.web.responses import Answer
from tests.e2e.portal.conftest import Portal

NOBODY: tuple[str, ...] = ()
ANALYST, AUDITOR, EVERYWHERE = ("analysts",), ("auditors",), ("everywhere", "analysts")
TWENTY, LONG = ("twenty",), ("long",)
_LONGEST_NAME = "/portal/roles/222233334445/" + "AVeryLongNameOfARoleWithoutAnyPlaceToBreak" + "x" * 22


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


def on_the_way(answer: Callable[[str], Answer]) -> Callable[[Page, Portal], None]:
    """A page that a SAML provider is a part of. `answer`: of where the provider is, which lets the browser stay."""

    def go(page: Page, portal: Portal) -> None:
        here, provider = f"{portal.url}/saml/adfs/slo", f"{portal.url}/their/slo"
        answered = answer(provider)
        headers = {name.decode(): value.decode() for name, value in answered.headers}
        page.route(here, lambda route: route.fulfill(status=answered.status, body=answered.body, headers=headers))
        page.route(f"{provider}*", lambda route: route.fulfill(status=204))
        # Not its end: a page that leaves by itself never comes to it.
        page.goto(here, wait_until="commit")
        page.get_by_role("heading", level=1).wait_for()

    return go


def _offered(*names: tuple[str, str, str]) -> Callable[[str], Answer]:
    roles = tuple(
        PersonsRole(
            account=account,
            account_alias=alias,
            role=role,
            arn=f"arn:aws:iam::{account}:role/{role}",
            maximum=3_600,
        )
        for alias, account, role in names
    )
    offer = RoleOffer(person="Alice of a company with a name of its own", roles=roles)
    return lambda _: saml.choose_role(offer, action="/saml/adfs/acs", carried={"SAMLResponse": "x"}, headers=())


def _refused_answer(_: str) -> Answer:
    return sign_in.refusal(
        message=str(SignInRefused(cause="of a test")), status=400, request_id="00000000-0000-0000-0000-000000000000"
    )


_LONG = ("data-platform-of-the-whole-company", "111122223333", "A" + "VeryLongNameOfARole" * 3)
_ROLES = (("data-platform", "111122223333", "Analyst"), ("data-platform", "111122223333", "Auditor"), _LONG)


Way = Callable[[Page, Portal], None]
PAGES: Mapping[str, tuple[tuple[str, ...] | None, Way]] = {
    "login": (None, at("/login")),
    "signed-out": (None, at("/login?signed_out=1")),
    "password": (None, at("/login/corp?next=/portal&refused=login")),
    "refusal": (ANALYST, at("/portal/roles/111122223333/Nothing")),
    "roles": (ANALYST, starred),
    "no-roles": (NOBODY, at("/portal")),
    "two-hundred-roles": (EVERYWHERE, at("/portal")),
    "twenty-roles": (TWENTY, at("/portal")),
    "long-names": (LONG, at("/portal")),
    "long-role": (LONG, at(_LONGEST_NAME)),
    "signs-role": (LONG, at("/portal/roles/222233334445/%2B%3D%2C.%40-_%2B%3D%2C.%40-_")),
    "role": (ANALYST, at("/portal/roles/111122223333/Analyst")),
    "credentials": (ANALYST, credentials),
    "access": (ANALYST, at("/portal/access")),
    "access-answered": (ANALYST, at("/portal/access?role=Engineer")),
    "sign-ins": (ANALYST, at("/portal/sign-ins")),
    "gateway": (AUDITOR, at("/portal/gateway")),
    "gateway-access": (AUDITOR, at("/portal/gateway/access")),
    "gateway-refusals": (AUDITOR, refused),
    "device": (ANALYST, at("/device")),
    "saml-roles": (None, on_the_way(_offered(*_ROLES))),
    "saml-no-roles": (None, on_the_way(_offered())),
    "saml-leaving-by-form": (None, on_the_way(lambda to: saml.carried_on(to, {"SAMLRequest": "x"}, ()))),
    "saml-leaving": (None, on_the_way(lambda to: saml.signed_out(to, ((b"refresh", f"0; url={to}".encode()),)))),
    "saml-refused": (None, on_the_way(_refused_answer)),
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
