"""A sidecar that all share, with every kind of role and endpoint; and the way to start others."""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.openid_provider import OpenIdProvider
from tests.e2e.server import ANALYST, QUICK, Gateway
from tests.e2e.sidecar.running import Sidecar

StartSidecar = Callable[..., Sidecar]


@pytest.fixture(scope="module")
def token_file(tmp_path_factory: pytest.TempPathFactory, token: str) -> Path:
    path = tmp_path_factory.mktemp("workload") / "token"
    path.write_text(token)
    return path


@pytest.fixture(scope="module")
def sidecar(
    tmp_path_factory: pytest.TempPathFactory,
    installed: Installation,
    canaries: Canaries,
    gateway: Gateway,
    token_file: Path,
) -> Iterator[Sidecar]:
    """The default role, one of 15 minutes, and IMDS."""
    running = Sidecar(
        tmp_path_factory.mktemp("sidecar"),
        installed,
        canaries,
        gateway=gateway.url,
        roles=[ANALYST, f"quick={QUICK}"],
        token_file=token_file,
        words=["--imds", "--session-name", "etl-0"],
    )
    with running:
        yield running
    assert running.leaks() == []


@pytest.fixture
def start_sidecar(
    tmp_path: Path, installed: Installation, canaries: Canaries, provider: OpenIdProvider
) -> Iterator[StartSidecar]:
    numbers = itertools.count()
    started: list[Sidecar] = []
    with ExitStack() as running:

        def start(gateway: str, **options: Any) -> Sidecar:
            folder = tmp_path / f"sidecar-{next(numbers)}"
            folder.mkdir()
            token_file = folder / "token"
            token_file.write_text(provider.id_token("alice"))
            options = {"roles": [ANALYST], "token_file": token_file, **options}
            started.append(running.enter_context(Sidecar(folder, installed, canaries, gateway=gateway, **options)))
            return started[-1]

        yield start
    assert [one.leaks() for one in started if one.leaks()] == []


@pytest.fixture
def workload(monkeypatch: pytest.MonkeyPatch, gateway: Gateway) -> Callable[[dict[str, str]], None]:
    """Give this process, and what it starts, the environment of a workload's container."""

    def given(environment: dict[str, str]) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", gateway.url)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

    assert "AWS_ACCESS_KEY_ID" not in os.environ
    return given
