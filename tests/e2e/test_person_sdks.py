"""SDKs in a person's name: JavaScript's fromSSO, boto3's older profiles, and programs that know only an endpoint."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.people import chromium, sign_in
from tests.e2e.process import Process, free_port
from tests.e2e.server import Gateway
from tests.e2e.sidecar.clients import by_javascript

ACCOUNT = "111122223333"
ALICE = f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
START = "https://gateway.invalid.awsapps.com/start"
WHO = "import boto3, sys; print(boto3.Session(profile_name=sys.argv[1]).client('sts').get_caller_identity()['Arn'])"


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory, gateway: Gateway, canaries: Canaries) -> Mapping[str, str]:
    """Alice's tokens, by the device grant: she approves it in a browser, once for all tests here."""
    oidc = boto3.client(
        "sso-oidc",
        endpoint_url=f"{gateway.url}/sso-oidc",
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED),
    )
    registered = oidc.register_client(clientName="a test", clientType="public", scopes=["sso:account:access"])
    known = {name: registered[name] for name in ("clientId", "clientSecret")}
    started = oidc.start_device_authorization(**known, startUrl=START)
    _approve(tmp_path_factory.mktemp("chromium"), started["verificationUriComplete"])
    given = oidc.create_token(**known, grantType=DEVICE, deviceCode=started["deviceCode"])
    oidc.close()
    for name in ("accessToken", "refreshToken"):
        canaries.add(name, given[name])
    return {**known, "accessToken": given["accessToken"], "refreshToken": given["refreshToken"]}


def _approve(folder: Path, address: str) -> None:
    with chromium(folder) as browser:
        page = browser.new_page()
        sign_in(page, address)
        page.get_by_role("button", name="Approve").click()
        page.get_by_role("heading", name="Approved").wait_for()


@pytest.fixture
def profiles(gateway: Gateway, tokens: Mapping[str, str]) -> None:
    """Both kinds of profile, and what `aws sso login` leaves in the cache for each."""
    role = f"sso_account_id = {ACCOUNT}\nsso_role_name = Analyst\nregion = us-east-1\nservices = gateway\n"
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(
        f"[profile session]\nsso_session = gateway\n{role}"
        f"[profile older]\nsso_start_url = {START}\nsso_region = us-east-1\n{role}"
        f"[sso-session gateway]\nsso_start_url = {START}\nsso_region = us-east-1\n"
        "sso_registration_scopes = sso:account:access\n"
        f"[services gateway]\nsso =\n  endpoint_url = {gateway.url}/sso\n"
        f"sso_oidc =\n  endpoint_url = {gateway.url}/sso-oidc\nsts =\n  endpoint_url = {gateway.url}\n"
    )
    for key in ("gateway", START):
        _cache(key, tokens)


def _cache(key: str, tokens: Mapping[str, str]) -> None:
    path = Path(os.environ["HOME"]) / ".aws/sso/cache" / f"{hashlib.sha1(key.encode()).hexdigest()}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {
        **tokens,
        "startUrl": START,
        "region": "us-east-1",
        "expiresAt": _in(3_000),
        "registrationExpiresAt": _in(86_400),
    }
    path.write_text(json.dumps(kept))


def _in(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def _remember(canaries: Canaries, given: Mapping[str, Any]) -> None:
    canaries.add("secret", given["secretAccessKey"])
    canaries.add("session token", given["sessionToken"])


@pytest.mark.parametrize("profile", ["session", "older"])
def test_boto3_gives_a_person_their_role_by_either_kind_of_profile(profiles: None, profile: str) -> None:
    # A process of its own: botocore looks for the home once, when it is imported.
    asked = subprocess.run([sys.executable, "-c", WHO, profile], capture_output=True, text=True, check=False)

    assert asked.stdout.strip() == ALICE, asked.stderr


@pytest.mark.parametrize("profile", ["session", "older"])
@pytest.mark.parametrize("name", ["fromSSO", "fromIni"])
def test_javascript_gives_a_person_their_role_by_either_kind_of_profile(
    profiles: None, gateway: Gateway, canaries: Canaries, monkeypatch: pytest.MonkeyPatch, profile: str, name: str
) -> None:
    # Its clients take a profile's `services` of AWS_PROFILE alone, whatever `profile` the provider is given.
    monkeypatch.setenv("AWS_PROFILE", profile)

    given = by_javascript(name, profile=profile)
    monkeypatch.delenv("AWS_PROFILE")

    assert "error" not in given, given
    _remember(canaries, given)
    assert _caller(gateway, given) == ALICE


def test_javascript_renews_a_token_that_is_close_to_its_end(
    profiles: None,
    gateway: Gateway,
    canaries: Canaries,
    tokens: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Here the endpoints come from the environment. Last with these tokens: the refresh token is used up."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", f"{gateway.url}/sso")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO_OIDC", f"{gateway.url}/sso-oidc")
    cached = next(
        path
        for path in (Path(os.environ["HOME"]) / ".aws/sso/cache").iterdir()
        if path.stem == hashlib.sha1(b"gateway").hexdigest()
    )
    cached.write_text(json.dumps({**json.loads(cached.read_text()), "expiresAt": _in(60)}))

    given = by_javascript("fromSSO", profile="session")

    assert "error" not in given, given
    _remember(canaries, given)
    after = json.loads(cached.read_text())
    for name in ("accessToken", "refreshToken"):
        canaries.add(name, after[name])
    assert after["refreshToken"] != tokens["refreshToken"]
    assert _caller(gateway, given) == ALICE


def _caller(gateway: Gateway, given: Mapping[str, Any]) -> str:
    # A session of its own: boto3 keeps the profiles that its first one found.
    client = boto3.Session().client(
        "sts",
        endpoint_url=gateway.url,
        aws_access_key_id=given["accessKeyId"],
        aws_secret_access_key=given["secretAccessKey"],
        aws_session_token=given["sessionToken"],
    )
    arn: str = client.get_caller_identity()["Arn"]
    client.close()
    return arn


@pytest.fixture
def signed_in(tmp_path: Path, installed: Installation, gateway: Gateway, canaries: Canaries) -> Mapping[str, str]:
    """The environment of a person who has run `sts-gateway login`."""
    environment = {**installed.environment(), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    command: list[str | Path] = [installed.command, "login", "--url", gateway.url]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as login:
        assert login.stderr is not None
        told = login.stderr.readline().split()
        _approve(tmp_path / "chromium", f"{told[1]}?user_code={told[-1]}")
        assert "You are signed in." in login.stderr.read()
    for path in (tmp_path / "cache" / "sts-gateway").glob("*.json"):
        kept = json.loads(path.read_text())["tokens"]
        canaries.add("access token", kept["access"])
        canaries.add("refresh token", kept["refresh"])
    return environment


def test_a_program_that_knows_only_an_endpoint_gets_a_persons_role(
    signed_in: Mapping[str, str],
    installed: Installation,
    gateway: Gateway,
    canaries: Canaries,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = free_port()
    words = ["credentials", "--url", gateway.url, "--role", "data-platform/Analyst", "--serve", str(port)]
    serving = Process("serving", [installed.command, *words], folder=tmp_path, environment=signed_in)
    with serving:
        lines = serving.until(lambda: [line for line in serving.out.splitlines() if line][1:] and serving.out, "lines")
        told = dict(line.removeprefix("export ").split("=", 1) for line in lines.splitlines())
        told = {name: value.strip("'") for name, value in told.items()}
        canaries.add("authorization token", told["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
        assert told["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == f"http://127.0.0.1:{port}/v1/credentials"
        serving.until(lambda: _ready(port), "it is ready")
        for name, value in told.items():
            monkeypatch.setenv(name, value)

        given = by_javascript("fromHttp")
        _remember(canaries, given)

        assert _caller(gateway, given) == ALICE
        assert httpx.get(told["AWS_CONTAINER_CREDENTIALS_FULL_URI"]).status_code == 401
        assert canaries.leaks(serving.err) == []
        serving.send(signal.SIGINT)
        assert serving.ended() == 0


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_who_is_not_signed_in_is_told_so_and_nothing_is_served(
    installed: Installation, gateway: Gateway, tmp_path: Path
) -> None:
    words = ["credentials", "--url", gateway.url, "--role", f"{ACCOUNT}/Analyst", "--serve", str(free_port())]
    ended = installed.run(*words, environment={"HOME": str(tmp_path)})

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "run `sts-gateway login --url" in ended.stderr
