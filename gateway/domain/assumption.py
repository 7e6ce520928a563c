"""What is asked of STS by whoever wants a role, and what comes back."""

from dataclasses import dataclass, field

from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.identity import Identity, UnverifiedToken
from gateway.domain.principal import Principal


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
class AssumedRole:
    """An opened session: its credentials, who it is, and the identity that it came from."""

    credentials: TemporaryCredentials
    principal: Principal
    identity: Identity
