"""A whole gateway with people in front of it: a provider with a token endpoint, a directory, and browsers."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from gateway.assembly.build import Gateway
from gateway.connectors.connector import Located
from gateway.connectors.registry import Registry
from gateway.domain.errors import ProviderUnreachable, RejectedLogin
from gateway.domain.identity import Identity, ProviderType
from gateway.exchange.exchange import Exchange
from tests.fakes.gateway_world import GatewayWorld
from tests.fakes.identity_provider import Answer, IdentityProvider

URL = "https://sts.example.com"
CLIENT_SECRET = "the-clients-secret"
CALLBACK = "/oidc/workforce/callback"


class Directory:
    """Takes alice's password `right`; is not there for the password `down`, and for looking up while `down` is set."""

    provider_type = ProviderType.LDAP
    last_error = None
    name = "corp"
    issuer = "ldap-provider/corp"

    def __init__(self) -> None:
        self.groups = frozenset({"analysts"})
        self.down = False
        self.refuses: str | None = None
        self.looked_up = 0

    @property
    def account_look_up(self) -> "Directory":
        return self

    async def look_up(self, person: Identity) -> Identity:
        self.looked_up += 1
        if self.down:
            raise ProviderUnreachable(provider=self.name, cause="nobody answers")
        if self.refuses is not None:
            raise RejectedLogin(cause=self.refuses, principal_key=person.username)
        # A look-up proves nothing anew: how and when somebody signed in is not for it to say.
        return replace(person, groups=self.groups, authenticated_at=None, amr=("looked up",))

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...

    async def locate(self, username: str, password: str) -> Any:
        if password == "down":
            raise ProviderUnreachable(provider=self.name, cause="nobody answers")
        if not password:
            raise RejectedLogin(cause="the password is empty", principal_key=username)
        return Typed(typed_key=username, principal_key=username, password=password)

    async def prove(self, located: Any) -> Identity:
        if (located.principal_key, located.password) != ("alice", "right"):
            raise RejectedLogin(cause="the directory refused", principal_key=located.principal_key)
        return Identity(
            provider=self.name,
            provider_type=ProviderType.LDAP,
            issuer=self.issuer,
            subject="uuid-alice",
            audience=self.issuer,
            username="alice",
            groups=self.groups,
        )

    async def authenticate(self, username: str, password: str) -> Identity:
        return await self.prove(await self.locate(username, password))


class Typed(Located):
    def __init__(self, *, typed_key: str, principal_key: str, password: str) -> None:
        super().__init__(typed_key=typed_key, principal_key=principal_key)
        object.__setattr__(self, "password", password)


class Browser(httpx.AsyncClient):
    """Keeps cookies, follows nothing by itself, and sends forms as browsers do."""

    async def submit(self, path: str, fields: Mapping[str, str], **headers: str) -> httpx.Response:
        given = {"origin": URL, "sec-fetch-site": "same-origin"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return await self.post(path, data=dict(fields), headers=given)


class PeopleWorld:
    """Two providers: `workforce`, an OpenID Connect issuer on loopback, and `other`, which has another issuer."""

    def __init__(
        self, folder: Path, provider: IdentityProvider, *, scopes: str = "[openid, profile, email]", **sections: str
    ) -> None:
        issuer = provider.issuer
        shared = f"type: oidc, issuer: '{issuer}', audiences: [sts.amazonaws.com], client_id: gateway, scopes: {scopes}"
        given = {
            "providers": f"workforce: {{{shared}, client_secret: {CLIENT_SECRET}, jwks_file: ./jwks.json}}\n"
            "other: {type: oidc, issuer: 'http://127.0.0.1:9', client_id: gateway, jwks_file: ./jwks.json}",
        }
        self.base = GatewayWorld(folder, **{**given, **sections})
        self.base.provider.issuer = issuer
        self.clock, self.audit = self.base.clock, self.base.audit
        self.provider = provider
        provider.configuration = {
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "authorization_response_iss_parameter_supported": True,
        }
        self.gateway = Gateway(self.base.configuration, clock=self.clock, audit=self.audit)

    def with_directory(self) -> Directory:
        """Beside the issuer a directory, of which all may be analysts."""
        directory = Directory()
        parts = self.gateway.exchange._parts
        connectors = [parts.registry.by_name("workforce"), directory]
        self.gateway.exchange = Exchange(replace(parts, registry=Registry(connectors)))
        return directory

    @asynccontextmanager
    async def browser(self, url: str = URL) -> AsyncIterator[Browser]:
        async with Browser(transport=httpx.ASGITransport(app=self.gateway.app), base_url=url) as browser:
            yield browser

    async def begin(self, browser: Browser, path: str = "/login/workforce") -> dict[str, str]:
        """Begin a sign-in; what the browser was sent to the provider with."""
        answer = await browser.get(path)
        assert answer.status_code == 303, answer.text
        address = urlsplit(answer.headers["location"])
        assert f"{address.scheme}://{address.netloc}{address.path}" == f"{self.provider.issuer}/authorize"
        return {name: values[0] for name, values in parse_qs(address.query).items()}

    def allow(self, sent: Mapping[str, str], *groups: str, **claims: Any) -> dict[str, str]:
        """The provider lets the person in: its token endpoint has their ID token, and this is its callback."""
        honest = {
            "aud": "gateway",
            "nonce": sent["nonce"],
            "groups": list(groups or ("analysts",)),
            "auth_time": int(self.clock.now().timestamp()),
        }
        token = self.base.provider.token(self.base.provider.claims(**{**honest, **claims}))
        self.provider.at["/token"] = Answer(body=json.dumps({"id_token": token, "token_type": "Bearer"}).encode())
        return {"code": "the-code", "state": sent["state"], "iss": self.provider.issuer}

    async def sign_in(self, browser: Browser, *groups: str, path: str = "/login/workforce") -> httpx.Response:
        sent = await self.begin(browser, path)
        answer = await browser.get(CALLBACK, params=self.allow(sent, *groups))
        assert answer.status_code == 303, answer.text
        return answer

    def events(self, name: str) -> list[Mapping[str, Any]]:
        return [record for record in self.audit.records if record["eventName"] == name]


@contextmanager
def people_world(folder: Path, **sections: str) -> Iterator[PeopleWorld]:
    with IdentityProvider().running() as provider:
        yield PeopleWorld(folder, provider, **sections)


def form_of(page: httpx.Response, action: str) -> dict[str, str]:
    """The hidden fields of the first form of a page that is sent to `action`."""
    form = re.search(rf'<form method="post" action="{re.escape(action)}"[^>]*>(.*?)</form>', page.text, re.DOTALL)
    assert form is not None, page.text
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form[1])
    return {name: unescape(value) for name, value in pairs}


def block_of(page: httpx.Response, name: str) -> str:
    """The text of the block of this id, which a person takes away."""
    block = re.search(rf'<pre id="{re.escape(name)}"[^>]*>(.*?)</pre>', page.text, re.DOTALL)
    assert block is not None, page.text
    return unescape(block[1])


def scripts_in(page: httpx.Response) -> list[str]:
    """Every beginning of a script, the version in our own left out."""
    return [re.sub(r"\?v=[0-9a-f]{12}", "", one) for one in re.findall(r"<script[^>]*>", page.text, re.IGNORECASE)]


OWN_SCRIPT = '<script src="/portal.js" defer>'
