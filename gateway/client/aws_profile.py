"""Lines of `~/.aws/config` by which AWS's own command and SDKs get a person's credentials from a gateway."""

import re
import shlex
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

# Current versions of the AWS CLI take only start URLs on hosts of AWS's; this one cannot exist and is never asked.
START_URL: Final = "https://gateway.invalid.awsapps.com/start"


def section_name(url: str) -> str:
    """What the sections of the gateway at `url` are called."""
    return re.sub(r"[^A-Za-z0-9-]", "-", f"sts-gateway-{urlsplit(url).netloc}")


def sso_session(url: str, region: str) -> Iterator[str]:
    """The sign-in that profiles share."""
    yield from (f"[sso-session {section_name(url)}]", f"sso_start_url = {START_URL}", f"sso_region = {region}")
    yield "sso_registration_scopes = sso:account:access"


def services(url: str) -> Iterator[str]:
    """Where the gateway's services are."""
    yield f"[services {section_name(url)}]"
    for service, path in (("sso", "/sso"), ("sso_oidc", "/sso-oidc"), ("sts", "")):
        yield from (f"{service} =", f"  endpoint_url = {url}{path}")


def sso_profile(profile: str, url: str, *, account: str, role: str, region: str) -> Iterator[str]:
    """A profile of a role by the shared sign-in."""
    yield f"[profile {profile}]"
    yield from (f"sso_session = {section_name(url)}", f"sso_account_id = {account}", f"sso_role_name = {role}")
    yield from (f"services = {section_name(url)}", f"region = {region}")


def process_profile(
    profile: str, url: str, *, account: str, role: str, region: str, ca_file: str | None = None
) -> Iterator[str]:
    """A profile of a role that calls `sts-gateway credentials`. `ca_file`: whole path; None: the system's CAs."""
    yield f"[profile {profile}]"
    trusting = "" if ca_file is None else f" --ca-file {shlex.quote(ca_file)}"
    yield f"credential_process = sts-gateway credentials --url {url} --role {account}/{role}{trusting}"
    yield from (f"services = {section_name(url)}", f"region = {region}")
