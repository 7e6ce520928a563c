"""A whole gateway with a SAML identity provider, and browsers that come by it."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from gateway.assembly.build import Gateway
from gateway.connectors.saml.encoding import inflated
from tests.fakes.people_world import URL, Browser
from tests.fakes.saml_identity_provider import encoded
from tests.fakes.saml_world import IDP, SamlWorld

LOGIN = "/login/corp"
ACS_PATH = "/saml/corp/acs"
SLO_PATH = "/saml/corp/slo"


class SamlPeople:
    """`settings`: keys of the provider; `logout`: where it signs people out, by `logout_binding`."""

    def __init__(
        self,
        folder: Path,
        settings: str = "",
        *,
        logout: str | None = f"{IDP}/slo",
        logout_binding: str = "HTTP-Redirect",
        **sections: str,
    ) -> None:
        self.world = SamlWorld(folder, settings, logout=logout, logout_binding=logout_binding, **sections)
        self.clock, self.audit, self.idp = self.world.clock, self.world.audit, self.world.saml
        self.gateway = Gateway(self.world.configuration, clock=self.clock, audit=self.audit)

    @asynccontextmanager
    async def browser(self, url: str = URL) -> AsyncIterator[Browser]:
        async with Browser(transport=httpx.ASGITransport(app=self.gateway.app), base_url=url) as browser:
            yield browser

    async def begin(self, browser: Browser, path: str = LOGIN) -> "Asked":
        """Begin a sign-in; what the browser was sent to the provider with."""
        answer = await browser.get(path)
        assert answer.status_code == 303, answer.text
        return Asked(answer.headers["location"])

    def answer(self, asked: "Asked", *groups: str, signed: str = "a", **changes: Any) -> dict[str, str]:
        """The form that the provider's page sends."""
        facts = self.world.facts(*groups, **{"in_response_to": asked.request_id, **changes})
        return {"SAMLResponse": encoded(self.idp.response(facts, signed=signed)), "RelayState": asked.relay_state}

    async def post(self, browser: Browser, fields: Mapping[str, str], path: str = ACS_PATH) -> httpx.Response:
        """As the provider's page sends it: from another site."""
        headers = {"origin": IDP, "sec-fetch-site": "cross-site"}
        return await browser.post(path, data=dict(fields), headers=headers)

    async def sign_in(self, browser: Browser, *groups: str, path: str = LOGIN, **changes: Any) -> httpx.Response:
        asked = await self.begin(browser, path)
        answer = await self.post(browser, self.answer(asked, *groups, **changes))
        assert answer.status_code == 303, answer.text
        return answer

    def events(self, name: str) -> list[Mapping[str, Any]]:
        return [record for record in self.audit.records if record["eventName"] == name]


class Asked:
    """An address at the provider with a request of the gateway's."""

    def __init__(self, address: str) -> None:
        self.address = urlsplit(address)
        self.raw_query = self.address.query
        self.query = {name: values[0] for name, values in parse_qs(self.address.query).items()}
        name = "SAMLRequest" if "SAMLRequest" in self.query else "SAMLResponse"
        self.document = inflated(self.query[name]).decode()

    @property
    def relay_state(self) -> str:
        return self.query["RelayState"]

    @property
    def request_id(self) -> str:
        found = re.search(r' ID="([^"]+)"', self.document)
        assert found is not None
        return found[1]


def hidden_fields(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of a page with one form."""
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {name: unescape(value) for name, value in pairs}
