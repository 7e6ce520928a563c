"""Permissions to open a session."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

from gateway.domain.role import Role
from gateway.domain.user import User
from gateway.domain.values import quickly_made

StatementId = NewType("StatementId", str)
"""Which statement allowed or denied: `mappings[2]`, or `trust_policy.Statement[0]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    """A document that narrows one session below its role: canonical JSON, and the ARN where `PolicyArns` named it.

    It travels in the session token by value, so that a later change of configuration cannot widen a session.
    """

    document: str
    arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """The sign-in that a session comes of, at its beginning or several roles ago.

    `session_id` is None for a new one: one sign-in and all that comes of it has one id. `chain_depth`: how many roles
    were assumed before this one. All but the depth is None where a long-lived key began the chain.
    """

    provider: str | None = None
    subject: str | None = None
    user_name: str | None = None
    session_id: str | None = None
    chain_depth: int = 0


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Permission to open one session of a role. Made by the exchange only, after every check. `duration`: seconds.

    Of `session_policies` one must allow what the session does, and the role's policies must allow it too.
    """

    role: Role
    sign_in: SignIn
    session_name: str
    duration: int
    allowed_by: tuple[StatementId, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tag_keys: frozenset[str] = frozenset()
    source_identity: str | None = None
    session_policies: tuple[SessionPolicy, ...] = ()
    condition_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGrant:
    """Permission for a user to open a session of its own: temporary keys (GetSessionToken), or, where `federated_name`
    is given, keys for somebody whom it vouches for (GetFederationToken). `duration`: seconds.
    """

    user: User
    duration: int
    federated_name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    session_policies: tuple[SessionPolicy, ...] = ()
