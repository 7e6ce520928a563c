"""What a SAML identity provider says of signing out, once its signature holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.domain.assertion import NameId


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest:
    """The provider has signed somebody out. `session_indexes` empty: all sessions of this person."""

    issuer: str
    request_id: str
    name_id: NameId
    session_indexes: tuple[str, ...]
    relay_state: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutResponse:
    """The provider's answer to a request of ours."""

    in_response_to: str


LogoutMessage = LogoutRequest | LogoutResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLogout:
    """A message of a browser, nothing of it believed.

    By the query, `raw_query` is the message; by a form, `kind` is the parameter's name and `parameter` its value.
    """

    raw_query: bytes = field(default=b"", repr=False)
    kind: str | None = None
    parameter: str = field(default="", repr=False)
    relay_state: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where a browser takes a message of ours. `fields`: of a form, sent by POST; None: the address says all."""

    address: str = field(repr=False)
    fields: Mapping[str, str] | None = field(default=None, repr=False)
