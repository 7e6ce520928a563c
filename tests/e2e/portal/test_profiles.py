"""The profiles that a role's page shows, copied as they are, work with boto3 and the `aws` command."""

import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.aws import AWS
from tests.e2e.installation import Installation
from tests.e2e.portal.conftest import Opened, Portal

ARN = re.compile(r"arn:aws:sts::222233334445:assumed-role/\+=,\.@-_\+=,\.@-_/\S+")
ROLE = "/portal/roles/222233334445/%2B%3D%2C.%40-_%2B%3D%2C.%40-_"
START = "https://gateway.invalid.awsapps.com/start"
# A program of its own, as botocore reads the environment once. Each is given the profile's name.
WHO = "import boto3, sys; print(boto3.Session(profile_name=sys.argv[1]).client('sts').get_caller_identity()['Arn'])"
STORE = """
import boto3, sys
session = boto3.Session(profile_name=sys.argv[1])
print(session.client("s3", aws_access_key_id="x", aws_secret_access_key="x").meta.endpoint_url)
"""
BEGIN = f"""
import boto3, json, sys
from botocore import UNSIGNED
from botocore.config import Config
oidc = boto3.Session(profile_name=sys.argv[1]).client("sso-oidc", config=Config(signature_version=UNSIGNED))
known = oidc.register_client(clientName="a test", clientType="public", scopes=["sso:account:access"])
known = {{name: known[name] for name in ("clientId", "clientSecret")}}
started = oidc.start_device_authorization(**known, startUrl="{START}")
print(json.dumps([known["clientId"], known["clientSecret"], started["deviceCode"], started["verificationUriComplete"]]), flush=True)
sys.stdin.readline()
token = oidc.create_token(**known, grantType="urn:ietf:params:oauth:grant-type:device_code", deviceCode=started["deviceCode"])
print(json.dumps([token["accessToken"], token["refreshToken"]]))
"""


@pytest.fixture
def person(opened: Opened, portal: Portal) -> Iterator[BrowserContext]:
    with opened() as context:
        portal.sign_in(context, "long", sub="profiles")
        yield context


@pytest.fixture
def environment(installed: Installation, tmp_path: Path) -> Mapping[str, str]:
    return installed.environment(
        HOME=str(tmp_path),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
        AWS_CONFIG_FILE=str(tmp_path / "config"),
        AWS_EC2_METADATA_DISABLED="true",
        AWS_MAX_ATTEMPTS="1",
    )


def _profile(person: BrowserContext, portal: Portal, block: str, environment: Mapping[str, str]) -> str:
    """Put the text of the page where AWS's programs read it, and nothing else. The profile's name."""
    page = person.new_page()
    page.goto(f"{portal.url}{ROLE}")
    text = page.locator(f"#{block}").text_content() or ""
    Path(environment["AWS_CONFIG_FILE"]).write_text(text)
    page.close()
    return re.findall(r"^\[profile (.*)\]$", text, re.MULTILINE)[0]


def _asked(*command: str | Path, environment: Mapping[str, str]) -> str:
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def _approve(person: BrowserContext, address: str) -> None:
    page = person.new_page()
    page.goto(address)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Approved")).to_be_visible()
    page.close()


def _both_are(profile: str, environment: Mapping[str, str]) -> None:
    assert ARN.fullmatch(_asked(sys.executable, "-c", WHO, profile, environment=environment))
    told = _asked(AWS, "sts", "get-caller-identity", "--profile", profile, "--output", "json", environment=environment)
    assert ARN.fullmatch(json.loads(told)["Arn"])


def test_the_profile_of_a_sign_in_names_every_endpoint(
    person: BrowserContext, portal: Portal, environment: Mapping[str, str], tmp_path: Path
) -> None:
    profile = _profile(person, portal, "config-sso", environment)
    begun = [sys.executable, "-c", BEGIN, profile]
    with subprocess.Popen(begun, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        client_id, secret, _, address = json.loads(program.stdout.readline())
        _approve(person, address)
        told, _ = program.communicate("\n", timeout=60)
    access, refresh = json.loads(told)
    (session,) = re.findall(r"^\[sso-session (.*)\]$", (tmp_path / "config").read_text(), re.MULTILINE)
    _as_signed_in(
        tmp_path / ".aws/sso/cache" / f"{hashlib.sha1(session.encode()).hexdigest()}.json",
        {"clientId": client_id, "clientSecret": secret, "accessToken": access, "refreshToken": refresh},
    )
    _both_are(profile, environment)


def _as_signed_in(path: Path, tokens: Mapping[str, str]) -> None:
    """What `aws sso login` leaves behind; the token is close to its end, so that it is refreshed."""
    ends, registration = (
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds)) for seconds in (60, 86_400)
    )
    kept = {"startUrl": START, "region": "us-east-1", "expiresAt": ends, "registrationExpiresAt": registration}
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**kept, **tokens}))


def test_the_profile_with_a_process_works_after_one_sign_in(
    person: BrowserContext, portal: Portal, environment: Mapping[str, str], installed: Installation
) -> None:
    profile = _profile(person, portal, "config-process", environment)
    command = [installed.command, "login", "--url", portal.url]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as login:
        assert login.stderr is not None
        words = login.stderr.readline().split()
        _approve(person, f"{words[1]}?user_code={words[-1]}")
        login.communicate(timeout=60)
    assert login.returncode == 0
    _both_are(profile, environment)


@pytest.mark.parametrize("block", ["config-sso", "config-process"])
def test_a_stores_address_is_written_where_the_profile_says(
    block: str, person: BrowserContext, portal: Portal, environment: Mapping[str, str]
) -> None:
    profile = _profile(person, portal, block, environment)
    config = Path(environment["AWS_CONFIG_FILE"])
    text = (
        config.read_text()
        .replace("# s3 =", "s3 =")
        .replace("#   endpoint_url = https://STORE", "  endpoint_url = https://s3.example.com")
    )
    config.write_text(text)
    assert _asked(sys.executable, "-c", STORE, profile, environment=environment) == "https://s3.example.com"
