"""A person at a real browser signs in at real SAML identity providers, and out again, from either side."""

import json

import boto3
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.canaries import Canaries
from tests.e2e.saml.pages import portal_is_closed, sign_in_at, sign_in_to_portal
from tests.e2e.saml.saml_gateway import ACCOUNT, SamlGateway, remember_answer
from tests.servers.lemonldap import LemonLdap
from tests.servers.saml import IdentityProvider
from tests.servers.simplesamlphp import SimpleSamlPhp

PEOPLE = {"ssp": "alice", "ssp-sealed": "alice", "ssp-keyless": "alice", "lemon": "dwho", "lemon-sealed": "dwho"}


@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_signs_in_by_redirect_and_takes_credentials(
    name: str, page: Page, saml_gateway: SamlGateway, canaries: Canaries
) -> None:
    sign_in_to_portal(page, saml_gateway, name, PEOPLE[name])

    page.get_by_role("button", name="Credentials for Analyst").click()
    given = json.loads(page.locator("pre").filter(has_text="SecretAccessKey").inner_text())
    for secret in ("SecretAccessKey", "SessionToken"):
        canaries.add(secret, given[secret])

    sts = boto3.client(
        "sts",
        endpoint_url=saml_gateway.url,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/{PEOPLE[name]}"


@pytest.mark.parametrize("name", ["ssp", "lemon"])
def test_sign_out_at_the_portal_signs_out_at_the_provider(
    name: str, page: Page, saml_gateway: SamlGateway, ssp: SimpleSamlPhp, lemon: LemonLdap
) -> None:
    idp: IdentityProvider = {"ssp": ssp, "lemon": lemon}[name]
    sign_in_to_portal(page, saml_gateway, name, PEOPLE[name])

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_text("You are signed out.")).to_be_visible()
    assert page.url.startswith(saml_gateway.url)
    portal_is_closed(page, saml_gateway)
    page.goto(idp.unsolicited(saml_gateway.entity_id(name)))
    expect(page.locator("input[type=password]")).to_be_visible()


def test_without_a_key_pair_sign_out_ends_the_session_here_alone(page: Page, saml_gateway: SamlGateway) -> None:
    sign_in_to_portal(page, saml_gateway, "ssp-keyless", "alice")

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_text("You are signed out.")).to_be_visible()
    portal_is_closed(page, saml_gateway)
    page.goto(f"{saml_gateway.url}/login/ssp-keyless")
    page.wait_for_url(f"{saml_gateway.url}/portal")


def test_sign_out_at_simplesamlphp_ends_the_session_here(
    page: Page, saml_gateway: SamlGateway, ssp: SimpleSamlPhp
) -> None:
    sign_in_to_portal(page, saml_gateway, "ssp", "alice")

    page.goto(ssp.sign_out(f"{saml_gateway.url}/healthz"))

    page.wait_for_url(f"{saml_gateway.url}/healthz")
    portal_is_closed(page, saml_gateway)


def test_sign_out_at_lemonldap_ends_the_session_here(page: Page, saml_gateway: SamlGateway, lemon: LemonLdap) -> None:
    sign_in_to_portal(page, saml_gateway, "lemon", "dwho")

    with page.expect_response(lambda answer: answer.url.startswith(f"{saml_gateway.url}/saml/lemon/slo")):
        page.goto(lemon.sign_out())

    portal_is_closed(page, saml_gateway)


def test_a_sign_out_at_one_provider_leaves_the_session_by_another_alone(
    page: Page, saml_gateway: SamlGateway, ssp: SimpleSamlPhp
) -> None:
    sign_in_at(page, ssp.unsolicited(saml_gateway.entity_id("ssp")), "alice")
    page.wait_for_url(saml_gateway.acs("ssp"))
    sign_in_to_portal(page, saml_gateway, "lemon", "dwho")

    page.goto(ssp.sign_out(f"{saml_gateway.url}/healthz"))

    page.goto(f"{saml_gateway.url}/portal")
    expect(page.get_by_role("heading", name="Your roles")).to_be_visible()


def test_the_page_that_was_asked_for_is_the_one_that_opens(page: Page, saml_gateway: SamlGateway) -> None:
    page.goto(f"{saml_gateway.url}/device")
    page.get_by_role("link", name="ssp", exact=True).click()
    sign_in_at(page, page.url, "alice")

    page.wait_for_url(f"{saml_gateway.url}/device*")


def test_an_answer_that_another_browser_asked_for_signs_nobody_in(
    page: Page, saml_gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries
) -> None:
    """Otherwise somebody could sign a victim's browser in as themselves, and read what the victim does there."""
    stranger = ssp.answer(f"{saml_gateway.url}/login/ssp", saml_gateway.acs("ssp"), "bob")
    remember_answer(canaries, stranger.saml_response)
    form = (
        f'<form method="post" action="{saml_gateway.acs("ssp")}">'
        f'<input type="hidden" name="SAMLResponse" value="{stranger.saml_response}">'
        f'<input type="hidden" name="RelayState" value="{stranger.relay_state}"><button>Go</button></form>'
    )
    page.route("http://127.0.0.1/evil", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto("http://127.0.0.1/evil")

    with page.expect_response(saml_gateway.acs("ssp")) as answer:
        page.get_by_role("button", name="Go").click()

    assert answer.value.status == 400
    portal_is_closed(page, saml_gateway)
