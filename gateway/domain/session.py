"""A session: what the session token carries."""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.grant import SessionPolicy
from gateway.domain.principal import Principal
from gateway.domain.values import quickly_made


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open session: its principal, the role by reference (ARN), session policies by value.

    `role_arn` is None for a session of a user, whose own policies then count; `user_arn` says whose.
    """

    principal: Principal
    role_arn: str | None
    user_arn: str | None = None
    issued_at: datetime
    expires_at: datetime
    session_policies: tuple[SessionPolicy, ...] = ()
    transitive_tag_keys: frozenset[str] = frozenset()
    chain_depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSession:
    """A session together with the secret its token held; made by whoever opened the token, kept by nobody."""

    session: Session
    secret_access_key: str = field(repr=False)
