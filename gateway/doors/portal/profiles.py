"""The texts that people take away: credentials in every form that a shell, a file or a program reads."""

import json
from collections.abc import Mapping
from typing import Final

from gateway.client import aws_profile, shells
from gateway.domain.credentials import TemporaryCredentials
from gateway.exchange.people.roles import PersonsRole

# Of a store the configuration knows the hosts at most, and neither the scheme nor who reaches them.
_STORE: Final = (
    "# A store behind the gateway (take the # away):",
    "# s3 =",
    "#   endpoint_url = https://STORE",
)


def profile_name(role: PersonsRole) -> str:
    return f"{role.account_alias}-{role.role}"


def shell(credentials: TemporaryCredentials, public_url: str, region: str, *, name: str) -> str:
    """Lines to paste. `name`: one of `shells.SET`."""
    return shells.exported(_variables(credentials, public_url), name, region=region)


def credentials_file(credentials: TemporaryCredentials, role: PersonsRole) -> str:
    """A profile of `~/.aws/credentials`."""
    return "\n".join(
        (
            f"[{profile_name(role)}]",
            f"aws_access_key_id = {credentials.access_key_id}",
            f"aws_secret_access_key = {credentials.secret_access_key}",
            f"aws_session_token = {credentials.session_token}",
        )
    )


def process_output(credentials: TemporaryCredentials) -> str:
    """JSON, as a `credential_process` prints it."""
    return json.dumps(
        {
            "Version": 1,
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": f"{credentials.expiration:%Y-%m-%dT%H:%M:%SZ}",
        },
        indent=2,
    )


def sso_config(role: PersonsRole, public_url: str, region: str) -> str:
    """`~/.aws/config` for `aws sso login`."""
    return "\n".join(
        (
            *aws_profile.sso_profile(
                profile_name(role), public_url, account=role.account, role=role.role, region=region
            ),
            "",
            *aws_profile.sso_session(public_url, region),
            "",
            *aws_profile.services(public_url),
            *_STORE,
        )
    )


def process_config(role: PersonsRole, public_url: str, region: str) -> str:
    """`~/.aws/config` for a machine with `sts-gateway`."""
    return "\n".join(
        (
            *aws_profile.process_profile(
                profile_name(role), public_url, account=role.account, role=role.role, region=region
            ),
            "",
            *aws_profile.services(public_url),
            *_STORE,
        )
    )


def _variables(credentials: TemporaryCredentials, public_url: str) -> Mapping[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_ENDPOINT_URL_STS": public_url,
    }
