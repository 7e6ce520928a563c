"""People of a directory: the password's form in a real browser, and `login --ldap` on a real terminal."""

import json
import os
import re
import secrets
import select
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import boto3
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.ldap.directory_gateway import DirectoryGateway
from tests.e2e.openid_provider import OpenIdProvider
from tests.servers.slapd import Slapd, group, member, person

PASSWORD = {name: f"canary-{secrets.token_urlsafe(30)}" for name in ("alice", "bob")}
PATIENCE = 20


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    data = [person(name, password) for name, password in PASSWORD.items()]
    data.append(group("everybody", *map(member, PASSWORD)))
    with Slapd(tmp_path_factory.mktemp("directory") / "slapd", data="".join(data), policy=False) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory,
    installed: Installation,
    canaries: Canaries,
    provider: OpenIdProvider,
    directory: Slapd,
) -> Iterator[DirectoryGateway]:
    for name, password in PASSWORD.items():
        canaries.add(f"password of {name}", password)
    folder = tmp_path_factory.mktemp("with-passwords") / "gateway"
    with DirectoryGateway(folder, installed, canaries, provider, directory) as running:
        yield running
    assert running.leaks() == [], f"{running.folder} shows secrets"


def fill(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_person_of_the_directory_signs_in_at_the_form(page: Page, gateway: DirectoryGateway) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{gateway.url}/portal")
    page.get_by_role("link", name="corp").click()
    fill(page, "alice", PASSWORD["alice"])

    page.wait_for_url(f"{gateway.url}/portal")
    expect(page.get_by_text("Researcher").first).to_be_visible()
    # Neither an address, nor what the page shows, nor going back and forth has the password.
    page.go_back()
    page.go_forward()
    page.reload()
    assert page.url == f"{gateway.url}/portal"
    assert [url for url in asked if PASSWORD["alice"] in url] == []
    assert PASSWORD["alice"] not in page.content()


def test_what_was_typed_wrongly_is_told_at_the_form_and_the_next_try_goes_on(
    page: Page, gateway: DirectoryGateway
) -> None:
    page.goto(f"{gateway.url}/login/corp")
    fill(page, "bob", "not-bobs-password")
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    assert "not-bobs-password" not in page.content() + page.url

    fill(page, "bob", PASSWORD["bob"])

    page.wait_for_url(f"{gateway.url}/portal")
    expect(page.get_by_text("Researcher").first).to_be_visible()


def test_a_form_of_another_site_signs_nobody_in(page: Page, gateway: DirectoryGateway) -> None:
    """An attacker's page that signs the victim in as the attacker: what they upload then is the attacker's."""
    fields = f'<input name="username" value="bob"><input name="password" value="{PASSWORD["bob"]}">'
    form = f'<form method="post" action="{gateway.url}/login/corp">{fields}<button>Go</button></form>'
    page.route("http://evil.test/", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto("http://evil.test/")
    with page.expect_response(f"{gateway.url}/login/corp") as answer:
        page.get_by_role("button", name="Go").click()

    assert answer.value.status in (400, 403)
    page.goto(f"{gateway.url}/portal")
    assert "/login" in page.url


class Terminal:
    """A program that has a terminal of its own, as a person's shell gives it."""

    def __init__(self, command: list[str | Path], environment: Mapping[str, str]) -> None:
        self._master, slave = os.openpty()
        # getpass asks the controlling terminal, whatever the standard streams are.
        words = ["setsid", "--ctty", "--wait", *command]
        self._child = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=dict(environment))
        os.close(slave)
        self.shown = ""

    def answer(self, prompt: str, typed: str) -> None:
        self._read_until(lambda: self.shown.endswith(prompt))
        os.write(self._master, f"{typed}\n".encode())

    def ended(self) -> int:
        self._read_until(lambda: self._child.poll() is not None)
        os.close(self._master)
        return self._child.returncode

    def _read_until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, self.shown
            if select.select([self._master], [], [], 0.05)[0]:
                try:
                    self.shown += os.read(self._master, 4096).decode()
                except OSError:  # the program has let go of its terminal
                    time.sleep(0.01)


@pytest.fixture
def home(installed: Installation, tmp_path: Path) -> Mapping[str, str]:
    return {
        **installed.environment(),
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "AWS_CONFIG_FILE": str(tmp_path / "aws-config"),
    }


def test_a_password_is_asked_on_the_terminal_and_shown_nowhere(
    installed: Installation, gateway: DirectoryGateway, home: Mapping[str, str], canaries: Canaries
) -> None:
    command: list[str | Path] = [installed.command, "login", "--url", gateway.url, "--ldap", "corp"]
    terminal = Terminal(command, home)
    terminal.answer("Name: ", "alice")
    terminal.answer("Password: ", PASSWORD["alice"])

    assert terminal.ended() == 0, terminal.shown
    assert "You are signed in." in terminal.shown
    assert PASSWORD["alice"] not in terminal.shown
    _remember_tokens(home, canaries)
    given = json.loads(_run(installed, home, "credentials", "--url", gateway.url, "--role", "data-platform/Researcher"))
    for name in ("SecretAccessKey", "SessionToken"):
        canaries.add(name, given[name])
    sts = boto3.Session().client(
        "sts",
        endpoint_url=gateway.url,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    assert sts.get_caller_identity()["Arn"] == "arn:aws:sts::111122223333:assumed-role/Researcher/alice"
    sts.close()
    changed = _run(installed, home, "configure", "--url", gateway.url, "--credential-process", "--yes")
    assert "+[profile data-platform-Researcher]" in changed


def test_a_wrong_password_is_one_line_and_leaves_nothing(
    installed: Installation, gateway: DirectoryGateway, home: Mapping[str, str], tmp_path: Path
) -> None:
    command: list[str | Path] = [
        installed.command, "login", "--url", gateway.url, "--ldap", "corp", "--username", "bob",
    ]  # fmt: skip
    terminal = Terminal(command, home)
    terminal.answer("Password: ", "not-bobs-password")

    assert terminal.ended() == 1
    said = [line for line in terminal.shown.splitlines() if line.strip()]
    assert len(said) == 2, terminal.shown
    assert re.match(r"sts-gateway login: .*(name|password)", said[-1], re.IGNORECASE)
    assert list((tmp_path / "cache").rglob("*.json")) == []


def test_a_provider_that_nobody_has_is_told_before_anything_is_asked(
    installed: Installation, gateway: DirectoryGateway, home: Mapping[str, str]
) -> None:
    terminal = Terminal([installed.command, "login", "--url", gateway.url, "--ldap", "crop"], home)

    assert terminal.ended() == 1
    told = f"no provider crop signs people in; {gateway.url}/login has those that do"
    assert terminal.shown.strip() == f"sts-gateway login: {gateway.url}: {told}"


def _remember_tokens(home: Mapping[str, str], canaries: Canaries) -> None:
    (kept,) = Path(home["XDG_CACHE_HOME"]).rglob("*.json")
    tokens = json.loads(kept.read_text())["tokens"]
    canaries.add("access token", tokens["access"])
    canaries.add("refresh token", tokens["refresh"])
    assert kept.stat().st_mode & 0o777 == 0o600


def _run(installed: Installation, home: Mapping[str, str], *words: str) -> str:
    ended = subprocess.run(
        [installed.command, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=dict(home),
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
