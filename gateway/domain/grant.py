"""Permission for one identity to open one session of a role."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

from gateway.domain.identity import Identity
from gateway.domain.role import Role

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
class Grant:
    """Made by the exchange only, after every check. `duration` is in seconds.

    Of `session_policies` one must allow what the session does, and the role's policies must allow it too.
    """

    role: Role
    identity: Identity
    session_name: str
    duration: int
    allowed_by: tuple[StatementId, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tag_keys: frozenset[str] = frozenset()
    source_identity: str | None = None
    session_policies: tuple[SessionPolicy, ...] = ()
    condition_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
