"""AWS credentials of whoever runs a command: from the environment, or from a profile of the AWS CLI's files.

Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers": environment variables first, unless a
profile is named; then `~/.aws/credentials` over `~/.aws/config`; then the profile's `credential_process`.
"""

import configparser
import json
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_PROCESS_SECONDS: Final = 60.0
_KEY: Final = re.compile(r"[!-~]+", re.ASCII)


class NoCredentials(Exception):
    """No credentials were found, or what was found is none; the message names the mend and no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCredentials:
    """A key pair, and the session token where it is a temporary one."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False, default=None)


def find(environment: Mapping[str, str], *, profile: str | None = None) -> AwsCredentials:
    """The credentials that the AWS CLI would use. `profile` None: the environment's. Raises NoCredentials."""
    if profile is None and environment.get("AWS_ACCESS_KEY_ID") and environment.get("AWS_SECRET_ACCESS_KEY"):
        return _credentials(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            environment.get("AWS_SESSION_TOKEN"),
            of="the environment",
        )
    name = profile or environment.get("AWS_PROFILE") or "default"
    section = _profile(environment, name)
    if section.get("aws_access_key_id") and section.get("aws_secret_access_key"):
        return _credentials(
            section["aws_access_key_id"],
            section["aws_secret_access_key"],
            section.get("aws_session_token"),
            of=f"the profile {name!r}",
        )
    if section.get("credential_process"):
        return _of_process(section["credential_process"], name)
    raise NoCredentials(
        f"no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the profile {name!r} keys or a "
        "credential_process"
    )


def _profile(environment: Mapping[str, str], name: str) -> dict[str, str]:
    folder = Path(environment.get("HOME") or "~") / ".aws"
    config = Path(environment.get("AWS_CONFIG_FILE") or folder / "config")
    shared = Path(environment.get("AWS_SHARED_CREDENTIALS_FILE") or folder / "credentials")
    in_config = _section(config, name if name == "default" else f"profile {name}")
    return {**in_config, **_section(shared, name)}


def _section(path: Path, name: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(default_section="\0", strict=False)
    try:
        parser.read_string(path.expanduser().read_text(encoding="utf-8"))
    except (FileNotFoundError, RuntimeError):  # of the latter kind: a user without a home
        return {}
    except (OSError, UnicodeDecodeError, configparser.Error):
        raise NoCredentials(f"{path}: cannot be read as a file of AWS profiles") from None
    return dict(parser[name]) if parser.has_section(name) else {}


def _of_process(command: str, name: str) -> AwsCredentials:
    try:
        ended = subprocess.run(  # noqa: S603  the user's own profile names it, as for every AWS tool
            shlex.split(command), capture_output=True, check=True, timeout=_PROCESS_SECONDS
        )
        told: dict[str, Any] = json.loads(ended.stdout)
        given = str(told["AccessKeyId"]), str(told["SecretAccessKey"]), told.get("SessionToken")
    except (OSError, ValueError, KeyError, TypeError, subprocess.SubprocessError):
        raise NoCredentials(f"the credential_process of the profile {name!r} gave no credentials") from None
    return _credentials(*given, of=f"the credential_process of the profile {name!r}")


def _credentials(access_key_id: str, secret_access_key: str, session_token: object, *, of: str) -> AwsCredentials:
    """Raises NoCredentials. Key and token become headers, and what is told of a header that cannot be sent holds it."""
    token = str(session_token) if session_token else None
    if not _KEY.fullmatch(access_key_id) or not _KEY.fullmatch(token or "-"):
        raise NoCredentials(f"the access key or the session token of {of} holds a blank, a newline or another alphabet")
    return AwsCredentials(access_key_id=access_key_id, secret_access_key=secret_access_key, session_token=token)
