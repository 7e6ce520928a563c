"""Real servers, started once: the installed gateway and the OpenID Connect provider in front of it."""

import itertools
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page
from types_boto3_sts.type_defs import AssumeRoleWithWebIdentityResponseTypeDef as Assumed

from tests.e2e.aws import Assume, remember, sts_client
from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation, build_wheel, install
from tests.e2e.openid_provider import OpenIdProvider, StartProvider
from tests.e2e.people import chromium, fresh_page
from tests.e2e.process import Process
from tests.e2e.server import ANALYST, Gateway, StartGateway

TWO_HOURS = 7_200


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failed test what the servers said."""
    report = yield
    if report.failed:
        report.sections += [(process.name, process.told()) for process in Process.running]
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several processes (`-n 2 --dist loadgroup`) one runs all of a folder: its servers are started once.

    A file of this folder is a group of its own. The directories' tests run by themselves: they compare times, and
    Samba's ports are fixed.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.xdist_group(item.path.relative_to(here).parts[0]))


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """A program that did not get ready has no test that would end it."""
    yield
    for process in list(Process.running):
        process.kill()


@pytest.fixture(scope="session")
def canaries() -> Canaries:
    """Every secret of this run."""
    return Canaries()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel as `pip install sts-gateway` gives it."""
    return install(wheel, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory, canaries: Canaries) -> Iterator[OpenIdProvider]:
    """The provider that all share: it stays up, and its keys stay."""
    with OpenIdProvider(tmp_path_factory.mktemp("provider"), canaries) as running:
        yield running


@pytest.fixture(scope="session")
def past_provider(tmp_path_factory: pytest.TempPathFactory, canaries: Canaries) -> Iterator[OpenIdProvider]:
    """A provider for which it is two hours ago."""
    with OpenIdProvider(tmp_path_factory.mktemp("past-provider"), canaries, clock_shift=-TWO_HOURS) as running:
        yield running


@pytest.fixture(scope="session")
def gateway(
    tmp_path_factory: pytest.TempPathFactory,
    installed: Installation,
    canaries: Canaries,
    provider: OpenIdProvider,
    past_provider: OpenIdProvider,
) -> Iterator[Gateway]:
    """The gateway that all share."""
    running = Gateway(
        tmp_path_factory.mktemp("shared") / "gateway",
        installed,
        canaries,
        issuer=provider.issuer,
        client_secret=provider.client_secret,
        past_issuer=past_provider.issuer,
    )
    with running:
        yield running
    # At the end of the run, when all of its secrets are known.
    assert running.leaks() == [], f"{running.folder} shows secrets"


@pytest.fixture
def start_provider(tmp_path: Path, canaries: Canaries) -> Iterator[StartProvider]:
    """Start a provider that the test may turn, freeze and end."""
    numbers = itertools.count(1)
    with ExitStack() as running:
        yield lambda **options: running.enter_context(
            OpenIdProvider(tmp_path / f"provider-{next(numbers)}", canaries, **options)
        )


@pytest.fixture
def start_gateway(tmp_path: Path, installed: Installation, canaries: Canaries) -> Iterator[StartGateway]:
    """Start a gateway of the test's own, for a provider that may not be up."""
    started: list[Gateway] = []
    with ExitStack() as running:

        def start(provider: OpenIdProvider, *, like: Gateway | None = None, **options: str) -> Gateway:
            """`like`: one that has ended, of which this is the next start."""
            gateway = Gateway(
                tmp_path / f"gateway-{len(started)}" if like is None else like.folder,
                installed,
                canaries,
                issuer=provider.issuer,
                client_secret=provider.client_secret,
                port=None if like is None else like.port,
                **options,
            )
            started.append(gateway)
            return running.enter_context(gateway)

        yield start
    assert [gateway.leaks() for gateway in started if gateway.leaks()] == []


@pytest.fixture(scope="module")
def token(provider: OpenIdProvider) -> str:
    """An ID token of alice, which lasts five minutes."""
    return provider.id_token("alice")


@pytest.fixture
def aws_gateway(gateway: Gateway, aws_environment: Callable[[Gateway], None]) -> Gateway:
    """The shared gateway, to which AWS's clients are pointed."""
    aws_environment(gateway)
    return gateway


@pytest.fixture
def assume(aws_gateway: Gateway, canaries: Canaries) -> Assume:
    """AssumeRoleWithWebIdentity by boto3; by default alice's role and session name."""

    def call(token: str, **parameters: Any) -> Assumed:
        with sts_client() as sts:
            asked = {"RoleArn": ANALYST, "RoleSessionName": "alice", **parameters}
            answer = sts.assume_role_with_web_identity(WebIdentityToken=token, **asked)
        remember(canaries, answer["Credentials"]["SecretAccessKey"], answer["Credentials"]["SessionToken"])
        return answer

    return call


@pytest.fixture(autouse=True)
def aws_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Gateway], None]:
    """Nothing of this machine's AWS settings reaches a client; gives the way to point them at a gateway.

    The home is fresh because the commands keep credentials of others in ~/.aws/cli/cache.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return lambda gateway: monkeypatch.setenv("AWS_ENDPOINT_URL_STS", gateway.url)


@pytest.fixture
def gateway_of_its_own(start_gateway: StartGateway, provider: OpenIdProvider) -> Gateway:
    """A gateway that the test may end."""
    return start_gateway(provider)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    with fresh_page(browser) as page:
        yield page
