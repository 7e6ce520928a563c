"""The section `services`: resource servers in front of which the gateway decides."""

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from gateway.settings.models.section import SectionModel
from gateway.settings.values import AccountAlias, Flag, HostAndPort, Region, Text

_URL: Final = re.compile(r"https?://[^\s?#@]+", re.ASCII)
_WORD: Final = r"^[A-Za-z0-9$_.-]{1,64}$"
Word = Annotated[str, StringConstraints(pattern=_WORD)]


def _shared_secret(value: SecretStr) -> SecretStr:
    """An empty one, of a variable that is set to nothing, would be proven by whoever sends none."""
    text = value.get_secret_value()
    if not text or not text.isascii() or any(letter <= " " or letter == "\x7f" for letter in text):
        raise ValueError("empty, or not printable ASCII without spaces; write ${env:NAME} or ${file:PATH} of it")
    return value


def _endpoint(value: str) -> str:
    if not _URL.fullmatch(value):
        raise ValueError("not a store's address; write http://HOST:PORT or https://HOST")
    return value


SharedSecret = Annotated[SecretStr, AfterValidator(_shared_secret)]


class _ServiceSection(SectionModel):
    hosts: tuple[HostAndPort, ...] = Field(min_length=1, description="HOST or HOST:PORT under which clients call it.")
    proxy: Literal["envoy", "nginx", "traefik"] = Field(
        default="envoy", description="The one dialect in which the proxy asks `/authz`."
    )
    proxy_token: SharedSecret | None = Field(
        default=None, description="What the proxy proves itself with (X-Gateway-Proxy-Token)."
    )
    account: AccountAlias | None = Field(
        default=None, description="Alias of the account in the ARNs of its resources; needed where there are several."
    )
    region: Region | None = Field(default=None, description="The one region accepted in signatures; default any.")
    principals: tuple[AccountAlias, ...] = Field(
        default=(), description="Aliases of the accounts whose callers it serves; default all."
    )
    share_signing_key: Flag = Field(
        default=False, description="Let servers that share region and service verify by one derived key."
    )


class UpstreamSection(SectionModel):
    endpoint: Annotated[Text, AfterValidator(_endpoint)] = Field(description="URL of the store behind the proxy.")
    region: Region = Field(default="us-east-1", description="Region that the store's signatures name.")
    access_key_id: Text = Field(description="The gateway's own key at the store.")
    secret_access_key: SharedSecret = Field(description="Secret of that key.")
    host: HostAndPort | None = Field(
        default=None, description="Host header that the proxy sends to the store; default the client's own."
    )


class S3Section(_ServiceSection):
    type: Literal["s3"] = Field(description="S3's REST interface.")
    upstream: UpstreamSection | None = Field(
        default=None, description="A store that knows nothing of the gateway: requests are signed anew for it."
    )


class ExecuteApiSection(_ServiceSection):
    type: Literal["execute-api"] = Field(description="An HTTP API, judged as `execute-api:Invoke`.")
    id: Word = Field(description="Id of the API in its ARNs.")
    stage: Word = Field(default="$default", description="Stage in its ARNs.")


class JsonSection(_ServiceSection):
    type: Literal["json"] = Field(description="An AWS JSON service: the action stands in X-Amz-Target.")
    service: Word = Field(description="Its name in signatures and actions: `dynamodb`.")


ServiceSection = Annotated[S3Section | ExecuteApiSection | JsonSection, Field(discriminator="type")]
