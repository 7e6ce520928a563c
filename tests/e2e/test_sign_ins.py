"""A person sees where they are signed in, ends one of them, and is signed out by doing nothing: in a real browser."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.canaries import Canaries
from tests.e2e.openid_provider import OpenIdProvider
from tests.e2e.people import chromium, sign_in
from tests.e2e.process import until
from tests.e2e.server import Gateway
from tests.servers.slapd import Slapd, changes, group, member, person

IDLE = 60
"""Seconds, and how long a directory's word counts."""
IN_FORCE = 10
SESSION = "portal"


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Slapd]:
    people = person("alice", "secret") + group("analysts", member("alice"))
    with Slapd(tmp_path / "slapd", data=people) as server:
        yield server


def caller(gateway: Gateway, given: dict[str, Any]) -> str:
    """Whom the gateway takes the credentials for, or the code of its refusal."""
    sts = boto3.client(
        "sts",
        endpoint_url=gateway.url,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        return str(sts.get_caller_identity()["Arn"])
    except ClientError as error:
        return str(error.response["Error"]["Code"])


class Terminal:
    """A program that signed in at the gateway with a directory's password."""

    def __init__(self, gateway: Gateway, canaries: Canaries) -> None:
        self.gateway = gateway
        grant = {"grantType": "urn:sts-gateway:password", "provider": "corp", "username": "alice", "password": "secret"}
        answer = httpx.post(f"{gateway.url}/sso-oidc/token", json=grant, timeout=30)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["accessToken"]
        canaries.add("accessToken", self.token)

    def takes(self) -> httpx.Response:
        return httpx.get(
            f"{self.gateway.url}/sso/federation/credentials",
            params={"account_id": "111122223333", "role_name": "Analyst"},
            headers={"x-amz-sso_bearer_token": self.token},
            timeout=30,
        )


def of_directory(answer: httpx.Response) -> dict[str, Any]:
    given = answer.json()["roleCredentials"]
    return {name[:1].upper() + name[1:]: value for name, value in given.items()}


def is_asked_to_sign_in(page: Page) -> None:
    expect(page.get_by_placeholder("Enter any login")).to_be_visible()


def with_session_of(browser: BrowserContext, cookies: list[Any]) -> None:
    """The browser as it is with these cookies of the gateway's alone: the provider knows nobody."""
    browser.clear_cookies()
    browser.add_cookies([cookie for cookie in cookies if cookie["name"] == SESSION])


def test_a_sign_in_is_seen_and_ended_by_its_person_and_by_idleness(
    tmp_path: Path,
    start_gateway: Callable[..., Gateway],
    provider: OpenIdProvider,
    canaries: Canaries,
    directory: Slapd,
) -> None:
    """And, in the same minute, by a directory in which the account was locked."""
    corp = {
        "providers": f"corp: {json.dumps(directory.settings())}",
        "mappings": "- {provider: corp, groups: [analysts], roles: [data-platform/Analyst]}",
    }
    of_corp = start_gateway(provider, sections=corp)
    terminal = Terminal(of_corp, canaries)
    answer = terminal.takes()
    assert answer.status_code == 200, answer.text
    taken = of_directory(answer)
    for name in ("SecretAccessKey", "SessionToken"):
        canaries.add(name, taken[name])
    assert caller(of_corp, taken).endswith(":assumed-role/Analyst/alice")
    directory.ldapmodify(changes(member("alice"), pwdAccountLockedTime="000001010000Z"))

    gateway = start_gateway(provider, settings=f"browser_session: {{idle: {IDLE}s, absolute: 12h}}")
    with chromium(tmp_path / "chromium") as browser:
        page = browser.new_page()
        sign_in(page, f"{gateway.url}/portal")
        page.get_by_role("button", name="Credentials for Analyst").click()
        given = json.loads(page.locator("#json").text_content() or "")
        for name in ("SecretAccessKey", "SessionToken"):
            canaries.add(name, given[name])
        assert caller(gateway, given).endswith(":assumed-role/Analyst/alice")
        there = browser.cookies(gateway.url)
        browser.clear_cookies()

        sign_in(page, f"{gateway.url}/portal/sign-ins")
        expect(page.get_by_text("this one")).to_have_count(1)
        page.get_by_role("button", name="End it").click()
        expect(page.get_by_role("button", name="End it")).to_have_count(0)
        began = time.monotonic()
        until(lambda: caller(gateway, given) == "InvalidClientTokenId", "the credentials are dead")
        assert time.monotonic() - began < IN_FORCE
        here = browser.cookies(gateway.url)

        with_session_of(browser, there)
        page.goto(f"{gateway.url}/portal")
        is_asked_to_sign_in(page)

        with_session_of(browser, here)
        page.goto(f"{gateway.url}/portal")
        expect(page.get_by_role("heading", name="Your roles")).to_be_visible()
        used = time.monotonic()
        time.sleep(IDLE + 1 - (time.monotonic() - used))
        page.get_by_role("button", name="Credentials for Analyst").click()
        expect(page.get_by_text("Your sign-in has ended; sign in again.")).to_be_visible()
        page.get_by_role("link", name="To the portal").click()
        is_asked_to_sign_in(page)

    assert (terminal.takes().status_code, terminal.takes().json()["__type"]) == (401, "UnauthorizedException")
    until(lambda: caller(of_corp, taken) == "InvalidClientTokenId", "what the sign-in gave is dead")
