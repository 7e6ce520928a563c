"""boto3 as the demo uses it: without the user's AWS settings, dated by the world's clock, each request seen."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import boto3
import botocore.auth
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config

from gateway.demo.narration import veiled
from gateway.demo.setting import REGION
from gateway.domain.clock import Clock

_FOREIGN_PREFIXES: Final = ("AWS_", "BOTO_")
_PROXIES: Final = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})
_OWN_ENVIRONMENT: Final = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
_CONFIG: Final = Config(
    proxies={},
    connect_timeout=5,
    read_timeout=10,
    retries={"total_max_attempts": 1},
    s3={"addressing_style": "path"},
)
_DATES: Final = "get_current_datetime"
_SECRET_PARAMETERS: Final = frozenset({"WebIdentityToken"})


class UnknownBotocore(Exception):
    """The botocore that is installed takes its dates from elsewhere; the message tells the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What AssumeRoleWithWebIdentity gave, as a client keeps it."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: datetime

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Credentials":
        """The member `Credentials` of STS's answer."""
        return cls(
            access_key_id=given["AccessKeyId"],
            secret_access_key=given["SecretAccessKey"],
            session_token=given["SessionToken"],
            expiration=given["Expiration"],
        )

    def shown(self) -> Mapping[str, str]:
        """What may be printed of them."""
        return {
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": veiled(self.secret_access_key),
            "SessionToken": veiled(self.session_token),
            "Expiration": f"{self.expiration:%Y-%m-%dT%H:%M:%SZ}",
        }


@contextmanager
def own_environment() -> Iterator[None]:
    """No profile, key, endpoint or proxy of the user's reaches boto3 inside; all is as before afterwards."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(_FOREIGN_PREFIXES) or name.lower() in _PROXIES:
            del os.environ[name]
    os.environ.update(_OWN_ENVIRONMENT)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def dated_by(clock: Clock) -> Iterator[None]:
    """Inside, boto3 signs with the clock's dates.

    A client has no setting for its date: botocore's signers call `get_current_datetime`, which their module imports
    from `botocore.compat` (botocore 1.40.50 and newer). That one name of that one module is exchanged, and put back.
    Raises UnknownBotocore.
    """
    real = getattr(botocore.auth, _DATES, None)
    if real is None:
        raise UnknownBotocore("this botocore is too old for the demo; run pip install --upgrade boto3")

    def dated(remove_tzinfo: bool = True) -> datetime:  # noqa: FBT001, FBT002  botocore's own signature
        now = clock.now()
        return now.replace(tzinfo=None) if remove_tzinfo else now

    setattr(botocore.auth, _DATES, dated)
    try:
        yield
    finally:
        setattr(botocore.auth, _DATES, real)


class SeenRequests:
    """Remembers the last request of a client, as it went out."""

    def __init__(self) -> None:
        self._last: AWSPreparedRequest | None = None

    def watch(self, client: Any) -> None:
        client.meta.events.register("before-send", self._seen)

    def header(self, name: str) -> str:
        """A header of the last request; empty where it had none."""
        value: str | bytes = "" if self._last is None else self._last.headers.get(name, "")
        return value.decode("latin-1") if isinstance(value, bytes) else value

    def told(self) -> str:
        """The last request as lines to read: method and URL, its form, how it was signed."""
        if self._last is None:
            return ""
        lines = [f"{self._last.method} {self._last.url}"]
        if self.header("Content-Type").startswith("application/x-www-form-urlencoded"):
            lines += [f"{name}={value}" for name, value in _form(self._last.body)]
        if self.header("Authorization"):
            scope = self.header("Authorization").partition("Credential=")[2].partition(",")[0]
            signature = self.header("Authorization").partition("Signature=")[2]
            lines.append(f"signed {self.header('X-Amz-Date')} by {scope}")
            lines.append(
                f"X-Amz-Security-Token={veiled(self.header('X-Amz-Security-Token'))}  Signature={veiled(signature)}"
            )
        return "\n".join(lines)

    def _seen(self, request: AWSPreparedRequest, **_: Any) -> None:
        self._last = request


def sts_client(endpoint: str, seen: SeenRequests, credentials: Credentials | None = None) -> Any:
    """A client of STS; without credentials it can do what is not signed."""
    return _client("sts", endpoint, seen, credentials)


def s3_client(endpoint: str, seen: SeenRequests, credentials: Credentials) -> Any:
    return _client("s3", endpoint, seen, credentials)


def _client(service: str, endpoint: str, seen: SeenRequests, credentials: Credentials | None) -> Any:
    session: Any = boto3.session.Session(
        aws_access_key_id=None if credentials is None else credentials.access_key_id,
        aws_secret_access_key=None if credentials is None else credentials.secret_access_key,
        aws_session_token=None if credentials is None else credentials.session_token,
        region_name=REGION,
    )
    client = session.client(service, endpoint_url=endpoint, config=_CONFIG)
    seen.watch(client)
    return client


def _form(body: Any) -> Iterator[tuple[str, str]]:
    text = body.decode("ascii") if isinstance(body, bytes) else str(body)
    for name, value in parse_qsl(text):
        yield name, veiled(value) if name in _SECRET_PARAMETERS else value
