"""People: a real browser through a real provider, and AWS's own clients in a person's name."""

import base64
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from playwright.sync_api import Page, expect

from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.people import sign_in
from tests.e2e.process import free_port
from tests.e2e.server import Gateway

ACCOUNT = "111122223333"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
START = "https://gateway.invalid.awsapps.com/start"


@pytest.fixture
def client(gateway: Gateway) -> Callable[[str], Any]:
    def made(service: str) -> Any:
        path = {"sso": "sso", "sso-oidc": "sso-oidc"}[service]
        return boto3.client(
            service,
            endpoint_url=f"{gateway.url}/{path}",
            region_name="us-east-1",
            config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
        )

    return made


def test_a_person_signs_in_and_takes_credentials(page: Page, gateway: Gateway, canaries: Canaries) -> None:
    sign_in(page, f"{gateway.url}/portal")
    expect(page.get_by_role("heading", name="Your roles")).to_be_visible()
    page.get_by_role("button", name="Credentials for Analyst").click()
    given = json.loads(page.locator("#json").text_content() or "")
    for name in ("SecretAccessKey", "SessionToken"):
        canaries.add(name, given[name])
    sts = boto3.client(
        "sts",
        endpoint_url=gateway.url,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"
    page.goto(f"{gateway.url}/portal")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    assert "portal" not in {cookie["name"] for cookie in page.context.cookies(gateway.url)}


def test_a_browser_refuses_to_frame_a_page(page: Page, gateway: Gateway) -> None:
    page.route("http://evil.test/", lambda route: route.fulfill(body=f'<iframe src="{gateway.url}/login"></iframe>'))
    page.goto("http://evil.test/")
    page.wait_for_timeout(300)
    assert all("Sign in" not in frame.content() for frame in page.frames[1:] if "chrome-error" not in frame.url)


def test_a_form_of_another_site_does_nothing(page: Page, gateway: Gateway) -> None:
    sign_in(page, f"{gateway.url}/portal")
    form = f'<form method="post" action="{gateway.url}/logout"><button>Go</button></form>'
    page.route("http://evil.test/", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto("http://evil.test/")
    with page.expect_response(f"{gateway.url}/logout") as answer:
        page.get_by_role("button", name="Go").click()
    assert answer.value.status in (303, 403)  # without the Lax cookie nobody is signed in there
    page.goto(f"{gateway.url}/portal")
    expect(page.get_by_role("heading", name="Your roles")).to_be_visible()


def test_botocores_clients_get_credentials_by_the_device_grant(
    page: Page, gateway: Gateway, client: Callable[[str], Any], canaries: Canaries
) -> None:
    oidc, sso = client("sso-oidc"), client("sso")
    registered = oidc.register_client(clientName="a test", clientType="public", scopes=["sso:account:access"])
    known = {name: registered[name] for name in ("clientId", "clientSecret")}
    started = oidc.start_device_authorization(**known, startUrl=START)
    asked = {**known, "grantType": DEVICE, "deviceCode": started["deviceCode"]}
    with pytest.raises(oidc.exceptions.AuthorizationPendingException):
        oidc.create_token(**asked)
    with pytest.raises(oidc.exceptions.SlowDownException):
        oidc.create_token(**asked)
    sign_in(page, started["verificationUriComplete"])
    expect(page.get_by_text("nobody has verified this name")).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Approved")).to_be_visible()
    given = oidc.create_token(**asked)
    for name in ("accessToken", "refreshToken"):
        canaries.add(name, given[name])
    token = given["accessToken"]
    accounts = sso.list_accounts(accessToken=token)["accountList"]
    assert [one["accountId"] for one in accounts] == [ACCOUNT]
    pages = sso.get_paginator("list_account_roles").paginate(
        accessToken=token, accountId=ACCOUNT, PaginationConfig={"PageSize": 1}
    )
    roles = [one["roleName"] for part in pages for one in part["roleList"]]
    assert roles == ["Analyst", "Quick"]
    credentials = sso.get_role_credentials(accessToken=token, accountId=ACCOUNT, roleName="Analyst")["roleCredentials"]
    canaries.add("secret", credentials["secretAccessKey"])
    canaries.add("session token", credentials["sessionToken"])
    assert 0 < credentials["expiration"] / 1000 - time.time() <= 3_600
    with pytest.raises(ClientError, match="ForbiddenException"):
        sso.get_role_credentials(accessToken=token, accountId=ACCOUNT, roleName="Admin")
    sso.logout(accessToken=token)
    with pytest.raises(sso.exceptions.UnauthorizedException):
        sso.list_accounts(accessToken=token)
    with pytest.raises(oidc.exceptions.InvalidGrantException):
        oidc.create_token(**known, grantType="refresh_token", refreshToken=given["refreshToken"])


def test_a_profile_signs_in_serves_the_aws_command_and_is_refreshed(
    page: Page, gateway: Gateway, client: Callable[[str], Any], canaries: Canaries
) -> None:
    config = Path(os.environ["AWS_CONFIG_FILE"])
    config.write_text(
        f"""[profile person]
sso_session = gateway
sso_account_id = {ACCOUNT}
sso_role_name = Analyst
services = gateway
region = us-east-1
[sso-session gateway]
sso_start_url = {START}
sso_region = us-east-1
sso_registration_scopes = sso:account:access
[services gateway]
sso =
  endpoint_url = {gateway.url}/sso
sso_oidc =
  endpoint_url = {gateway.url}/sso-oidc
sts =
  endpoint_url = {gateway.url}
"""
    )
    oidc = client("sso-oidc")
    registered = oidc.register_client(clientName="a test", clientType="public")
    known = {name: registered[name] for name in ("clientId", "clientSecret")}
    started = oidc.start_device_authorization(**known, startUrl=START)
    sign_in(page, started["verificationUriComplete"])
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Approved")).to_be_visible()
    given = oidc.create_token(**known, grantType=DEVICE, deviceCode=started["deviceCode"])
    # What `aws sso login` leaves behind; the token is close to its end, so that it is refreshed.
    cached = Path(os.environ["HOME"]) / ".aws/sso/cache" / f"{hashlib.sha1(b'gateway').hexdigest()}.json"
    cached.parent.mkdir(parents=True)
    before = {
        **known,
        "startUrl": START,
        "region": "us-east-1",
        "accessToken": given["accessToken"],
        "refreshToken": given["refreshToken"],
        "expiresAt": _in(60),
        "registrationExpiresAt": _in(86_400),
    }
    cached.write_text(json.dumps(before))
    aws = [str(Path(sys.executable).with_name("aws"))]
    identity = subprocess.run(
        [*aws, "sts", "get-caller-identity", "--profile", "person"], capture_output=True, text=True, check=False
    )
    assert identity.returncode == 0, identity.stderr
    assert json.loads(identity.stdout)["Arn"].endswith("assumed-role/Analyst/alice")
    after = json.loads(cached.read_text())
    assert after["refreshToken"] != before["refreshToken"]
    for name in ("accessToken", "refreshToken"):
        canaries.add(name, after[name])
        canaries.add(name, given[name])
    # A process of its own: botocore looks for the home once, when it is imported.
    program = "import boto3; print(boto3.Session(profile_name='person').client('sts').get_caller_identity()['Account'])"
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert asked.stdout.strip() == ACCOUNT, asked.stderr


def _in(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def test_a_program_on_this_machine_gets_a_code_by_pkce(
    page: Page, gateway: Gateway, client: Callable[[str], Any], canaries: Canaries
) -> None:
    oidc = client("sso-oidc")
    registered = oidc.register_client(
        clientName="a test", clientType="public", redirectUris=["http://127.0.0.1/oauth/callback"]
    )
    verifier, port = secrets.token_urlsafe(48), free_port()
    redirect = f"http://127.0.0.1:{port}/oauth/callback"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = urlencode(
        {
            "response_type": "code",
            "client_id": registered["clientId"],
            "redirect_uri": redirect,
            "state": "the-state",
            "code_challenge_method": "S256",
            "code_challenge": challenge,
            "scopes": "sso:account:access",
        }
    )
    sign_in(page, f"{gateway.url}/authorize?{query}")
    page.route(f"{redirect}**", lambda route: route.fulfill(body="done"))
    with page.expect_request(f"{redirect}**") as called:
        page.get_by_role("button", name="Approve").click()
    told = parse_qs(urlsplit(called.value.url).query)
    assert told["state"] == ["the-state"]
    given = oidc.create_token(
        clientId=registered["clientId"],
        clientSecret=registered["clientSecret"],
        grantType="authorization_code",
        code=told["code"][0],
        redirectUri=redirect,
        codeVerifier=verifier,
    )
    canaries.add("access token", given["accessToken"])
    assert client("sso").list_accounts(accessToken=given["accessToken"])["accountList"]


def test_the_gateways_own_command_signs_in_and_gives_credentials(
    page: Page, gateway: Gateway, installed: Installation, canaries: Canaries, tmp_path: Path
) -> None:
    environment = installation_environment(installed, tmp_path)
    login = subprocess.Popen(
        [installed.command, "login", "--url", gateway.url], stderr=subprocess.PIPE, text=True, env=environment
    )
    with login:
        assert login.stderr is not None
        told = login.stderr.readline().split()
        sign_in(page, f"{told[1]}?user_code={told[-1]}")
        page.get_by_role("button", name="Approve").click()
        assert "You are signed in." in login.stderr.read()
    assert login.returncode == 0

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [installed.command, *words, "--url", gateway.url]
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, check=False
        )

    began = time.monotonic()
    given = json.loads(run("credentials", "--role", f"{ACCOUNT}/Analyst").stdout)
    first = time.monotonic() - began
    began = time.monotonic()
    again = run("credentials", "--role", f"{ACCOUNT}/Analyst")
    assert json.loads(again.stdout) == given, again.stderr
    print(f"credentials: {first:.3f} s, from the cache {time.monotonic() - began:.3f} s")
    for name in ("SecretAccessKey", "SessionToken"):
        canaries.add(name, given[name])
    refused = run("credentials")
    assert "name one role by --role: data-platform/Analyst, data-platform/Quick" in refused.stderr
    wrote = run("configure", "--credential-process", "--yes")
    assert wrote.returncode == 0, wrote.stderr
    assert "+[profile data-platform-Analyst]" in wrote.stdout
    program = "import boto3; print(boto3.Session(profile_name='data-platform-Analyst').client('sts').get_caller_identity()['Arn'])"
    path = f"{Path(installed.command).parent}:{environment['PATH']}"
    asked = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**environment, "PATH": path, "AWS_CONFIG_FILE": environment["AWS_CONFIG_FILE"]},
        check=False,
    )
    assert asked.stdout.strip() == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice", asked.stderr
    assert "Nothing changes." in run("configure", "--credential-process", "--yes").stderr


def installation_environment(installed: Installation, folder: Path) -> dict[str, str]:
    return {
        **installed.environment(),
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
