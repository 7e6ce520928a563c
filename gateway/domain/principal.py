"""Who signed a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.domain.values import quickly_made


class PrincipalType(StrEnum):
    """`userIdentity.type` of CloudTrail."""

    USER = "IAMUser"
    ASSUMED_ROLE = "AssumedRole"
    FEDERATED_USER = "FederatedUser"


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A proven caller: a session of a role, or a user with a long-lived key.

    `arn` is the session's or the user's ARN, `unique_id` what GetCallerIdentity calls UserId, `identity_arn` the ARN
    that policies and `aws:PrincipalArn` mean (a session's role). `condition_keys` are those that the sign-in left in
    the session (`<issuer>:sub`, ...), names in lower case.
    """

    type: PrincipalType
    arn: str
    identity_arn: str
    account: str
    unique_id: str
    access_key_id: str
    session_name: str | None = None
    session_id: str | None = None
    role_name: str | None = None
    user_name: str | None = None
    source_identity: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    provider: str | None = None
    subject: str | None = None
    condition_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
