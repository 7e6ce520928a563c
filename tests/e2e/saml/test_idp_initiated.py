"""Sign-ins that begin at the identity provider: a page that uses nothing up, read by people and by saml2aws."""

import base64
from dataclasses import dataclass

import httpx
import pytest
from lxml import etree, html
from playwright.sync_api import Page, expect

from tests.e2e.canaries import Canaries
from tests.e2e.saml.pages import portal_is_closed, sign_in_at
from tests.e2e.saml.saml_gateway import ANALYST, QUICK, SamlGateway, provider_arn, remember_answer
from tests.e2e.server import error_of
from tests.servers.lemonldap import LemonLdap
from tests.servers.saml import ROLE
from tests.servers.simplesamlphp import SimpleSamlPhp

_HAS_CLASS = "contains(concat(' ', normalize-space(@class), ' '), ' {} ')"


@dataclass(frozen=True)
class Account:
    """What saml2aws makes of one account of the page."""

    name: str
    roles: dict[str, str]


def destination(saml_response: str) -> str:
    """Where saml2aws posts an answer to: the response's own Destination."""
    return str(etree.fromstring(base64.b64decode(saml_response)).get("Destination"))


def accounts(page: str) -> list[Account]:
    """The page as saml2aws reads it: `fieldset > div.saml-account`, in it `div.saml-account-name` and each `label[for]`."""
    found = html.fromstring(page).xpath(f"//fieldset/div[{_HAS_CLASS.format('saml-account')}]")
    return [
        Account(
            "".join(one.xpath(f".//div[{_HAS_CLASS.format('saml-account-name')}]//text()")),
            {label.get("for"): label.text_content() for label in one.iter("label")},
        )
        for one in found
    ]


def _unsolicited(name: str, gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries, person: str = "alice") -> str:
    answer = ssp.answer(ssp.unsolicited(gateway.entity_id(name)), gateway.acs(name), person)
    return remember_answer(canaries, answer.saml_response)


@pytest.mark.parametrize("name", ["ssp", "ssp-sealed"])
def test_saml2aws_finds_the_accounts_and_uses_the_same_answer(
    name: str, saml_gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries
) -> None:
    answer = _unsolicited(name, saml_gateway, ssp, canaries)

    page = httpx.post(destination(answer), data={"SAMLResponse": answer})
    twice = httpx.post(destination(answer), data={"SAMLResponse": answer})
    (account,) = accounts(page.text)
    assumed = saml_gateway.assume_with_saml(name, answer)

    assert (page.status_code, twice.status_code) == (200, 200)
    assert "111122223333" in account.name
    assert account.roles == {ANALYST: "Analyst", QUICK: "Quick"}
    assert assumed.status_code == 200, assumed.text


def test_the_page_shows_the_roles_alone_that_the_provider_names(
    saml_gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries
) -> None:
    answer = _unsolicited("ssp-roles", saml_gateway, ssp, canaries)
    assert f"{QUICK},{provider_arn('ssp-roles')}" in base64.b64decode(answer).decode()
    assert ROLE in base64.b64decode(answer).decode()

    (account,) = accounts(httpx.post(destination(answer), data={"SAMLResponse": answer}).text)
    refused = saml_gateway.assume_with_saml("ssp-roles", answer)
    other = _unsolicited("ssp-roles", saml_gateway, ssp, canaries)
    assumed = saml_gateway.assume_with_saml("ssp-roles", other, RoleArn=QUICK, DurationSeconds="900")

    assert account.roles == {QUICK: "Quick"}
    assert refused.status_code in (400, 403)
    assert assumed.status_code == 200, assumed.text


def test_a_person_chooses_a_role_by_a_click_and_the_answer_is_used_up(
    page: Page, saml_gateway: SamlGateway, ssp: SimpleSamlPhp
) -> None:
    posted: list[str] = []
    page.on(
        "request", lambda sent: posted.append(sent.post_data or "") if sent.url == saml_gateway.acs("ssp") else None
    )
    sign_in_at(page, ssp.unsolicited(saml_gateway.entity_id("ssp")), "alice")
    page.wait_for_url(saml_gateway.acs("ssp"))
    assert len(posted) == 1
    other = page.context.new_page()
    portal_is_closed(other, saml_gateway)
    other.close()

    page.get_by_label("Analyst").check()
    page.get_by_role("button", name="Sign in").click()

    page.wait_for_url(f"{saml_gateway.url}/portal*")
    expect(page.get_by_text("Analyst").first).to_be_visible()


def test_where_it_is_not_allowed_the_page_refuses_and_the_api_does_not(
    saml_gateway: SamlGateway, lemon: LemonLdap, canaries: Canaries
) -> None:
    answer = lemon.answer(lemon.unsolicited(saml_gateway.entity_id("lemon")), saml_gateway.acs("lemon")).saml_response
    remember_answer(canaries, answer)

    refused = httpx.post(destination(answer), data={"SAMLResponse": answer})
    assumed = saml_gateway.assume_with_saml("lemon", answer)

    assert refused.status_code in (400, 403)
    assert accounts(refused.text) == []
    assert assumed.status_code == 200, assumed.text


def test_somebody_without_roles_is_shown_none(
    saml_gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries
) -> None:
    answer = _unsolicited("ssp", saml_gateway, ssp, canaries, "bob")

    page = httpx.post(destination(answer), data={"SAMLResponse": answer})

    assert [account for account in accounts(page.text) if account.roles] == []


def test_a_click_by_another_site_chooses_nothing(
    saml_gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries
) -> None:
    """Login CSRF: with somebody else's answer in it, the page of another site must not get past the question."""
    answer = _unsolicited("ssp", saml_gateway, ssp, canaries)
    form = {"SAMLResponse": answer, "roleIndex": ANALYST}

    clicked = httpx.post(saml_gateway.acs("ssp"), data=form, headers={"Origin": "https://evil.test"})
    without_token = httpx.post(saml_gateway.acs("ssp"), data=form)

    assert clicked.status_code != 303
    assert without_token.status_code != 303
    assert "portal=" not in clicked.headers.get("set-cookie", "") + without_token.headers.get("set-cookie", "")
    assert saml_gateway.assume_with_saml("ssp", answer).status_code == 200


def test_the_same_answer_again_after_its_use_shows_no_page(
    saml_gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries
) -> None:
    answer = _unsolicited("ssp", saml_gateway, ssp, canaries)
    assert saml_gateway.assume_with_saml("ssp", answer).status_code == 200

    again = saml_gateway.assume_with_saml("ssp", answer)

    assert error_of(again) == (400, "InvalidIdentityToken")
