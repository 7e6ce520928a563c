"""Whatever a provider, a program or an address says stays a text on every page: nothing runs and nothing is loaded."""

from contextlib import closing
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.portal.conftest import Opened, Portal

ATTACKS = [
    "<script>window.hacked=1</script>",
    '"><img src=x onerror=window.hacked=1>',
    "'><svg onload=window.hacked=1>",
    "</title></textarea></style><script>window.hacked=1</script>",
    "javascript:window.hacked=1",
    "<a href=javascript:window.hacked=1 id=hacked>x</a>",
    "\u202e<b id=hacked>\u2066</b>",
    "{{constructor.constructor('window.hacked=1')()}}${window.hacked=1}",
]
PAGES = (
    "/portal",
    "/portal/access",
    "/portal/sign-ins",
    "/portal/roles/111122223333/Analyst",
    "/portal/gateway",
    "/portal/gateway/access",
    "/portal/gateway/refusals",
)


def _inert(page: Page, portal: Portal) -> None:
    assert page.evaluate("window.hacked") is None
    assert page.locator("img, iframe, object, embed, style, base, [onerror], [onload], [style], #hacked").count() == 0
    sources = page.locator("script").evaluate_all("all => all.map(one => new URL(one.src).pathname)")
    assert sources == ["/portal.js"]
    links = page.locator("a").evaluate_all("all => all.map(one => one.href)")
    assert [link for link in links if not link.startswith(f"{portal.url}/")] == []


def _hostile_person(attack: str) -> dict[str, Any]:
    """Every claim that reaches a page or a record."""
    return {
        "sub": "".join(one for one in attack if one.isprintable()),  # another one is refused
        "email": attack,
        "email_verified": True,
        "preferred_username": attack,
        "name": attack,
        "amr": [attack, "mfa"],
        "acr": attack,
        "user_agent": attack.encode("utf-8", "replace")
        .decode("latin-1", "replace")
        .encode("ascii", "replace")
        .decode(),
    }


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_every_claim_and_group_is_inert_on_every_page(attack: str, opened: Opened, portal: Portal) -> None:
    with opened() as context:
        portal.sign_in(context, "auditors", attack, f"{attack}-more", **_hostile_person(attack))
        page = context.new_page()
        for path in PAGES:
            page.goto(f"{portal.url}{path}")
            assert page.locator(".person").inner_text().strip() != ""
            _inert(page, portal)
        page.goto(f"{portal.url}/portal/roles/111122223333/Analyst")
        page.get_by_role("button", name="Get credentials").click()
        _inert(page, portal)


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_whatever_stands_in_an_address_is_inert(attack: str, opened: Opened, portal: Portal) -> None:
    with opened() as context:
        portal.sign_in(context, "auditors")
        page = context.new_page()
        for path, name in {
            "/portal": "q",
            "/portal/access": "role",
            "/portal/gateway/access": "role",
            "/portal/gateway/refusals": "request",
            "/device": "user_code",
            "/login": "next",
        }.items():
            _sent(page, portal, path, name, attack)
            _inert(page, portal)


def test_a_programs_name_is_inert_where_it_asks_and_where_it_is_listed(opened: Opened, portal: Portal) -> None:
    attack = ATTACKS[1]
    with opened() as context:
        portal.sign_in(context, "auditors", sub="device-person")
        client = httpx.post(
            f"{portal.url}/sso-oidc/client/register",
            json={"clientName": attack, "clientType": "public", "scopes": ["sso:account:access"]},
        ).json()
        asked = httpx.post(
            f"{portal.url}/sso-oidc/device_authorization",
            json={
                "clientId": client["clientId"],
                "clientSecret": client["clientSecret"],
                "startUrl": "https://gateway.invalid.awsapps.com/start",
            },
        ).json()
        page = context.new_page()
        page.goto(asked["verificationUriComplete"])
        assert attack in page.locator("dl").inner_text()
        _inert(page, portal)
        page.get_by_role("button", name="Approve").click()
        httpx.post(
            f"{portal.url}/sso-oidc/token",
            json={
                "clientId": client["clientId"],
                "clientSecret": client["clientSecret"],
                "grantType": "urn:ietf:params:oauth:grant-type:device_code",
                "deviceCode": asked["deviceCode"],
            },
        ).raise_for_status()
        page.goto(f"{portal.url}/portal/sign-ins")
        assert attack in page.locator("main").inner_text()
        _inert(page, portal)


def test_a_refusal_that_quotes_an_attack_is_inert_for_the_administrator(opened: Opened, portal: Portal) -> None:
    attack = ATTACKS[0]
    httpx.get(
        portal.url,
        params={"Action": attack, "Version": "2011-06-15"},
        headers={"user-agent": attack},
    )
    httpx.get(f"{portal.url}/oidc/{attack}/callback", params={"state": attack, "error": attack})
    with opened() as context:
        portal.sign_in(context, "auditors")
        page = context.new_page()
        page.goto(f"{portal.url}/portal/gateway/refusals")
        _inert(page, portal)


def _sent(page: Page, portal: Portal, path: str, name: str, attack: str) -> None:
    page.goto(f"{portal.url}{path}?{urlencode({name: attack})}")


def test_a_script_cannot_turn_a_string_into_html_or_code(chromium: Browser, portal: Portal) -> None:
    """Trusted Types and the policy hold even against a fault in our own script."""
    context = chromium.new_context()
    with closing(context):
        portal.sign_in(context, "analysts")
        page = _opened_page(context, portal)
        for attack in (
            "document.body.innerHTML = '<img src=x>'",
            "document.write('<b>x</b>')",
            "new DOMParser().parseFromString('<b>x</b>', 'text/html')",
        ):
            told = page.evaluate(
                "(code) => { const one = document.createElement('script'); try { one.text = code; } "
                "catch (fault) { return fault.name; } document.body.append(one); return 'ran'; }",
                attack,
            )
            assert told == "TypeError"


def _opened_page(context: BrowserContext, portal: Portal) -> Page:
    page = context.new_page()
    page.goto(f"{portal.url}/portal")
    return page
