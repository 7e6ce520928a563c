"""What is asked of STS by whoever wants a role, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.assertion import UnverifiedAssertion
from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.identity import Identity, UnverifiedToken
from gateway.domain.principal import Principal
from gateway.domain.signing_algorithm import SigningAlgorithm


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """The session that is wanted, each value within its shape and none of it allowed yet.

    `role_arn` None: the one role that the identity may assume. `session_name` None: made from the user name.
    `duration` in seconds, None: the role's default. `policy`: a session policy's JSON as sent; `policy_arns`: ARNs of
    managed policies that narrow the session too.
    """

    role_arn: str | None = None
    session_name: str | None = None
    duration: int | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebIdentityRequest:
    """AssumeRoleWithWebIdentity as sent. `provider_id` is for OAuth access tokens, which the gateway does not take."""

    token: UnverifiedToken = field(repr=False)
    session: SessionRequest
    provider_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRequest:
    """AssumeRoleWithLDAPIdentity as sent. `provider` None: the only one that takes passwords."""

    username: str
    password: str = field(repr=False)
    session: SessionRequest
    provider: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlRequest:
    """AssumeRoleWithSAML as sent. `principal_arn`: the provider, as the role's account knows it."""

    principal_arn: str
    assertion: UnverifiedAssertion = field(repr=False)
    session: SessionRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRequest:
    """AssumeRole as sent: the session, and what it shall carry. `mfa_code`: a one-time code came with the request."""

    session: SessionRequest
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tag_keys: frozenset[str] = frozenset()
    source_identity: str | None = None
    external_id: str | None = None
    serial_number: str | None = None
    mfa_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTokenRequest:
    """GetSessionToken as sent. `duration` in seconds."""

    duration: int | None = None
    serial_number: str | None = None
    mfa_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FederationRequest:
    """GetFederationToken as sent: `session` has no role; its name is the federated user's."""

    session: SessionRequest
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebIdentityTokenRequest:
    """GetWebIdentityToken as sent: an ID token of the gateway's own. `duration` in seconds, 60 to 3600."""

    audiences: tuple[str, ...]
    algorithm: SigningAlgorithm
    duration: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSession:
    """Credentials of a session, and who it is."""

    credentials: TemporaryCredentials
    principal: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """An ID token of the gateway's own, and its end in UTC."""

    token: str = field(repr=False)
    expiration: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedRole:
    """An opened session: its credentials, who it is, and the identity that it came from."""

    credentials: TemporaryCredentials
    principal: Principal
    identity: Identity
