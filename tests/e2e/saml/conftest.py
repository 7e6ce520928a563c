"""Two real SAML identity providers that nobody here wrote, and a gateway that trusts both."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.people import chromium, fresh_page
from tests.e2e.saml.saml_gateway import QUICK, SamlGateway, Trusted, provider_arn, remember_answer
from tests.servers import lemonldap as lemonldap_server
from tests.servers import santuario, simplesamlphp
from tests.servers.lemonldap import LemonLdap
from tests.servers.saml import AWS_ATTRIBUTES, ROLE, SigningPair, ecdsa_pair, rsa_pair
from tests.servers.simplesamlphp import SimpleSamlPhp

StartSamlGateway = Callable[..., SamlGateway]
TAGS = {
    f"{AWS_ATTRIBUTES}/RoleSessionName": ["nightly.job"],
    f"{AWS_ATTRIBUTES}/SourceIdentity": ["alice@example.test"],
    f"{AWS_ATTRIBUTES}/PrincipalTag:team": ["data"],
    f"{AWS_ATTRIBUTES}/TransitiveTagKeys": ["team"],
}
"""What AWS understands beside roles, as the provider `ssp-tags` tells it of everybody."""


@pytest.fixture(scope="session", autouse=True)
def everything_is_installed() -> None:
    """A server that is missing is a fault of the machine, and no reason to skip what it would have shown."""
    missing = [one.__name__ for one in (simplesamlphp, lemonldap_server, santuario) if not one.is_installed()]
    assert missing == [], "tests/e2e/needs.sh installs them"


@pytest.fixture(scope="session")
def own_pair() -> SigningPair:
    """The gateway's key pair at its providers."""
    return rsa_pair("sts-gateway")


@pytest.fixture(scope="session")
def ssp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleSamlPhp]:
    with SimpleSamlPhp(tmp_path_factory.mktemp("simplesamlphp") / "idp") as running:
        yield running


@pytest.fixture(scope="session")
def lemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LemonLdap]:
    with LemonLdap(tmp_path_factory.mktemp("lemonldap") / "idp") as running:
        yield running


@pytest.fixture(scope="session")
def elliptic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleSamlPhp]:
    """A provider whose certificate has an elliptic curve's key; its answers are signed by Santuario."""
    folder = tmp_path_factory.mktemp("elliptic") / "idp"
    with SimpleSamlPhp(folder, signer=ecdsa_pair("elliptic")) as running:
        yield running


@pytest.fixture(scope="session")
def saml_gateway(
    tmp_path_factory: pytest.TempPathFactory,
    installed: Installation,
    canaries: Canaries,
    own_pair: SigningPair,
    ssp: SimpleSamlPhp,
    lemon: LemonLdap,
    elliptic: SimpleSamlPhp,
) -> Iterator[SamlGateway]:
    """The gateway that all share, known to each provider by each of its names there."""
    trusted = {
        "ssp": Trusted(metadata=ssp.metadata, idp_initiated=True),
        "ssp-sealed": Trusted(metadata=ssp.metadata, idp_initiated=True),
        "ssp-keyless": Trusted(metadata=ssp.metadata, key=False),
        "ssp-roles": Trusted(metadata=ssp.metadata, idp_initiated=True),
        "ssp-tags": Trusted(metadata=ssp.metadata),
        "ssp-careless": Trusted(metadata=ssp.metadata),
        "ssp-strict": Trusted(metadata=ssp.metadata),
        "lemon": Trusted(metadata=lemon.metadata, groups=("timelords",)),
        "lemon-sealed": Trusted(metadata=lemon.metadata, groups=("timelords",)),
        "elliptic": Trusted(metadata=elliptic.metadata),
    }
    folder = tmp_path_factory.mktemp("saml") / "gateway"
    with SamlGateway(folder, installed, canaries, own_pair, trusted) as running:
        ssp.trust(
            running.partner("ssp"),
            running.partner("ssp-sealed", encrypted=True),
            running.partner("ssp-keyless", signed_requests=False),
            running.partner("ssp-roles", attributes={ROLE: [f"{QUICK},{provider_arn('ssp-roles')}"]}),
            running.partner("ssp-tags", attributes=TAGS),
            running.partner("ssp-careless", encrypted=True, sign_response=False),
            running.partner("ssp-strict", sign_assertion=False),
        )
        elliptic.trust(running.partner("elliptic", sign_response=False, sign_assertion=False))
        lemon.trust(running.partner("lemon"), running.partner("lemon-sealed", encrypted=True))
        yield running
    assert running.leaks() == [], f"{running.folder} shows secrets"


@pytest.fixture
def start_saml_gateway(
    tmp_path: Path, installed: Installation, canaries: Canaries, own_pair: SigningPair, ssp: SimpleSamlPhp
) -> Iterator[StartSamlGateway]:
    """Start a gateway of the test's own, which SimpleSAMLphp knows as the provider `ssp`."""
    started: list[SamlGateway] = []

    def start(*, like: SamlGateway | None = None, **options: str) -> SamlGateway:
        """`like`: one that has ended, of which this is the next start."""
        folder = tmp_path / f"saml-gateway-{len(started)}" if like is None else like.folder
        port = None if like is None else like.port
        trusted = {"ssp": Trusted(metadata=ssp.metadata, idp_initiated=True)}
        gateway = SamlGateway(folder, installed, canaries, own_pair, trusted, port=port, **options)
        started.append(gateway)
        ssp.trust(gateway.partner("ssp"))
        return gateway

    yield start
    for gateway in started:
        if gateway.alive:
            gateway.stop()
    assert [gateway.leaks() for gateway in started if gateway.leaks()] == []


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with chromium(tmp_path_factory.mktemp("chromium"), ignore_https_errors=True) as browser:
        yield browser


@pytest.fixture
def page(browser: BrowserContext, canaries: Canaries) -> Iterator[Page]:
    with fresh_page(browser) as page:
        page.on("request", lambda sent: _remember_answer(canaries, sent.post_data or ""))
        yield page
        for cookie in browser.cookies():
            canaries.add(f"cookie {cookie['name']}", cookie["value"])


def _remember_answer(canaries: Canaries, form: str) -> None:
    for assertion in parse_qs(form).get("SAMLResponse", []):
        remember_answer(canaries, assertion)
