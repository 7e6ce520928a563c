"""The demo as a user has it who installed the wheel with its extra, away from the source tree."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.installation import Installation, install
from tests.e2e.process import Process, free_port

# Any text that long may be a secret: an AWS secret has 40 characters, tokens have more.
SECRET = re.compile(r"[\w+/-]{40,}|eyJ[\w-]+\.[\w-]+")
PUBLIC = re.compile(r"code_challenge=\S+|\S+/aws4_request")


@pytest.fixture(scope="module")
def with_demo(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel as `pip install 'sts-gateway[demo]'` gives it."""
    return install(wheel, tmp_path_factory.mktemp("with-demo"), extra="demo")


def test_the_demo_tells_its_whole_story_and_shows_no_secret(with_demo: Installation) -> None:
    told = with_demo.run("demo")

    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stderr == ""
    for word in ("AssumeRoleWithWebIdentity", "GetCallerIdentity", "AccessDenied", "ExpiredToken"):
        assert word in told.stdout
    assert SECRET.findall(PUBLIC.sub("", told.stdout)) == []


def test_the_demo_without_its_extra_says_what_to_install(installed: Installation) -> None:
    told = installed.run("demo")

    assert (told.returncode, told.stdout) == (1, "")
    assert "pip install 'sts-gateway[demo]'" in told.stderr


@pytest.fixture
def serving(with_demo: Installation, tmp_path: Path) -> Iterator[tuple[Process, str]]:
    port = free_port()
    command: list[str | Path] = [with_demo.command, "demo", "--serve", "--port", str(port)]
    with Process("demo", command, folder=tmp_path / "demo", environment=with_demo.environment()) as running:
        yield running, f"http://127.0.0.1:{port}"


def test_the_demo_world_stays_up_until_it_is_ended(serving: tuple[Process, str]) -> None:
    running, url = serving
    running.until(lambda: "/portal" in running.out, "it says where to look")

    page = httpx.get(url, follow_redirects=True)

    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    assert [person for person in ("Ana", "Ben", "Carla") if person not in page.text] == []
    running.send(signal.SIGINT)
    assert running.ended() == 0
