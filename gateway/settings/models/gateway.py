"""The section `gateway`: the server itself."""

import re
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, SecretStr, WithJsonSchema, model_validator

from gateway.settings.configuration import AuditFailure
from gateway.settings.models.section import SectionModel
from gateway.settings.values import (
    Duration,
    FilePath,
    ListenText,
    Network,
    PublicUrl,
    Region,
    ThrottleText,
    between,
    host_and_port,
)
from gateway.state.open import check_address
from gateway.state.store import UnusableStore

_DAY: Final = 86400
_STATE: Final = re.compile(r"memory:|sqlite:////.+|(?:redis|rediss|redis\+sentinel)://[^\s/]+(?:/\S*)?", re.ASCII)


def _state(value: SecretStr) -> SecretStr:
    # The address of a Redis may hold its password: it is never echoed.
    try:
        check_address(value.get_secret_value())
    except UnusableStore as error:
        raise ValueError(str(error)) from None
    return value


def _listen(value: str) -> str:
    if host_and_port(value)[1] is None:
        raise ValueError("names no port; write HOST:PORT: 127.0.0.1:9090")
    return value


class TlsSection(SectionModel):
    certificate: FilePath = Field(description="PEM file of the gateway's certificate and its chain.")
    private_key: FilePath = Field(description="PEM file of the certificate's private key.")


class AuditSection(SectionModel):
    path: str = Field(
        default="-", min_length=1, description="Where audit lines go: `-` is standard output, else a file."
    )
    on_failure: AuditFailure = Field(
        default=AuditFailure.REFUSE,
        description="When a line cannot be written: `refuse` the request, or `drop` the line and count it.",
    )


class BrowserSessionSection(SectionModel):
    idle: Annotated[Duration, between(60, _DAY)] = Field(
        default=3600, description="After so long without a request a person signs in again."
    )
    absolute: Annotated[Duration, between(60, 7 * _DAY)] = Field(
        default=43200, description="After so long a person signs in again in any case."
    )

    @model_validator(mode="after")
    def _idle_ends_first(self) -> Self:
        if self.idle > self.absolute:
            raise ValueError("idle is longer than absolute and would never end a session; lower idle")
        return self


class ThrottleSection(SectionModel):
    per_user: ThrottleText = Field(
        default="5/15m", description="Failed password logins of one name, after which the next is refused."
    )
    per_address: ThrottleText = Field(
        default="100/15m", description="Failed password logins from one address, after which the next is refused."
    )


class GatewaySection(SectionModel):
    public_url: PublicUrl = Field(
        description="What clients, browsers and identity providers see: scheme, host and port, no path. "
        "http only on loopback."
    )
    region: Region = Field(default="us-east-1", description="The region in the gateway's own ARNs.")
    keyring: FilePath = Field(
        description="File of the keys that seal session tokens and sign ID tokens; see `sts-gateway keys generate`."
    )
    state: Annotated[
        SecretStr, AfterValidator(_state), WithJsonSchema({"type": "string", "pattern": f"^(?:{_STATE.pattern})$"})
    ] = Field(
        default=SecretStr("memory:"),
        json_schema_extra={"default": "memory:"},
        description="Where facts shared by workers and replicas stand: `memory:` (one worker), `sqlite:////PATH`, "
        "`redis://`, `rediss://` or `redis+sentinel://`.",
    )
    trusted_proxies: tuple[Network, ...] = Field(
        default=(), description="Networks (CIDR) whose X-Forwarded-* headers count; everybody else's are ignored."
    )
    tls: TlsSection | None = Field(default=None, description="The gateway's own TLS; without it a proxy ends TLS.")
    internal_listen: Annotated[ListenText, AfterValidator(_listen)] | None = Field(
        default=None, description="HOST:PORT of a listener of its own for /authz, /metrics and /readyz."
    )
    audit: AuditSection = Field(default=AuditSection(), description="The audit log: one JSON object a line.")
    browser_session: BrowserSessionSection = Field(
        default=BrowserSessionSection(), description="How long a person's sign-in in the browser lasts."
    )
    throttle: ThrottleSection = Field(
        default=ThrottleSection(), description="Failed logins with a password, as ATTEMPTS/DURATION."
    )
