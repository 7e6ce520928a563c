"""What a person does at the pages of the identity providers and of the gateway."""

from playwright.sync_api import Page, expect

from tests.e2e.saml.saml_gateway import SamlGateway
from tests.servers import simplesamlphp

_PASSWORDS = {name: person.password for name, person in simplesamlphp.PEOPLE.items()}


def sign_in_at(page: Page, url: str, person: str) -> None:
    """Open the URL and fill in the login form of whichever identity provider it leads to."""
    page.goto(url)
    page.locator("input[name=username], input[name=user]").fill(person)
    page.locator("input[type=password]").fill(_PASSWORDS.get(person, person))
    page.locator("button[type=submit]").first.click()


def sign_in_to_portal(page: Page, gateway: SamlGateway, name: str, person: str) -> None:
    sign_in_at(page, f"{gateway.front}/login/{name}", person)
    page.wait_for_url(f"{gateway.front}/portal")
    expect(page.get_by_role("heading", name="Your roles")).to_be_visible()


def portal_is_closed(page: Page, gateway: SamlGateway) -> None:
    page.goto(f"{gateway.front}/portal")
    assert page.url.startswith(f"{gateway.front}/login"), page.url
