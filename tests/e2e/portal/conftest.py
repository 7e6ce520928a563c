"""The installed gateway with people in front of it, real Chromium, and a provider that says whatever a test wants."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.e2e.installation import Installation
from tests.e2e.process import Process, free_port
from tests.fakes.identity_provider import Answer, IdentityProvider

WIDTHS = (360, 768, 1_440)
SCHEMES = ("light", "dark")
_CONFIGURATION = Path(__file__).parent / "portal.yaml"
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


class Portal(Process):
    """A running gateway, and its provider's word on whoever signs in."""

    def __init__(self, folder: Path, installation: Installation, issuer: IdentityProvider) -> None:
        self.issuer = issuer
        issuer.configuration = {
            "authorization_endpoint": f"{issuer.issuer}/authorize",
            "token_endpoint": f"{issuer.issuer}/token",
            "authorization_response_iss_parameter_supported": True,
        }
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        made = installation.run("keys", "generate", "--keyring", folder / "keyring.json")
        assert made.returncode == 0, made.stderr
        words = _words(range(200))
        roles = "".join(f"  {account}/{role}: {{policies: [read-lake]}}\n" for account, role in words)
        names = [f"{account}/{role}" for account, role in words]
        text = _CONFIGURATION.read_text().replace("  # MANY ROLES\n", roles)
        text = text.replace("MANY-NAMES", ", ".join(names)).replace("TWENTY-NAMES", ", ".join(names[::10]))
        (folder / "gateway.yaml").write_text(text)
        environment = installation.environment(PUBLIC_URL=self.url, ISSUER=issuer.issuer)
        serve = [installation.command, "serve", "--config", folder / "gateway.yaml", "--port", str(port)]
        super().__init__("portal", serve, folder=folder, environment=environment)
        self.until(self._is_ready, "it is ready")

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def sign_in(self, context: BrowserContext, *groups: str, **claims: Any) -> None:
        """A session of somebody whom the provider says to have these groups and claims, in this browser."""
        agent = claims.pop("user_agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
        with httpx.Client(base_url=self.url, headers={"user-agent": agent}) as client:
            begun = client.get("/login/workforce")
            sent = {name: values[0] for name, values in parse_qs(urlsplit(begun.headers["location"]).query).items()}
            honest = {"aud": "portal", "nonce": sent["nonce"], "groups": list(groups)}
            token = self.issuer.token(self.issuer.claims(**{**honest, **claims}))
            self.issuer.at["/token"] = Answer(body=json.dumps({"id_token": token, "token_type": "Bearer"}).encode())
            callback = {"code": "the-code", "state": sent["state"], "iss": self.issuer.issuer}
            answer = client.get("/oidc/workforce/callback", params=callback)
            assert answer.headers.get("location") == "/portal", answer.text
            context.add_cookies([{"name": "portal", "value": client.cookies["portal"], "url": self.url}])


def _words(numbers: range) -> list[tuple[str, str]]:
    """Two hundred roles as a company has them: an area, a kind of work, and a stage."""
    areas = ("Billing", "Catalog", "Delivery", "Fraud", "Inventory", "Ledger", "Media", "Orders", "Pricing", "Search")
    works = ("Analyst", "Auditor", "Deployer", "Maintainer", "Reader")
    stages = ("Prod", "Stage", "Test", "Lab")
    accounts = ("shop-one", "shop-two", "shop-three", "shop-four")
    return [(accounts[at % 4], f"{areas[at // 20]}{works[at // 4 % 5]}{stages[at % 4]}") for at in numbers]


@pytest.fixture(scope="session")
def issuer() -> Iterator[IdentityProvider]:
    with IdentityProvider().running() as running:
        yield running


@pytest.fixture(scope="session")
def portal(
    tmp_path_factory: pytest.TempPathFactory, installed: Installation, issuer: IdentityProvider
) -> Iterator[Portal]:
    with Portal(tmp_path_factory.mktemp("portal"), installed, issuer) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_OPTIONS)
        yield browser
        browser.close()


Opened = Callable[..., Any]


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Opened]:
    """Opens a browser window of its own; what its pages complain of fails the test."""
    complaints: list[str] = []

    @contextmanager
    def open_one(**options: Any) -> Iterator[BrowserContext]:
        context = chromium.new_context(viewport={"width": 1_440, "height": 900}, **options)
        context.set_default_timeout(10_000)
        context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        try:
            yield context
        finally:
            context.close()

    yield open_one
    # A refusal's page is answered with its own status, which the console tells of as of a file that is missing.
    assert [told for told in complaints if "Failed to load resource" not in told] == []


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: what continuous integration keeps, else a folder of this run."""
    kept = os.environ.get("STS_GATEWAY_ARTIFACTS")
    folder = Path(kept) / "portal" if kept else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
