"""What is asked of the catalog, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.domain.grant import StatementId
from gateway.domain.role import Role
from gateway.domain.values import quickly_made


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumptionRequest:
    """What is known of a request to assume a role beside the identity; what is None is absent for every condition.

    `source_identity` is one that the caller asks for; an identity may bring its own.
    """

    session_name: str | None = None
    source_identity: str | None = None
    source_ip: str | None = None
    secure_transport: bool | None = None


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class TrustDecision:
    """Whether one identity may assume one role, and what the session then carries.

    `allowed_by`: `mappings[N]` and `trust_policy.Statement[N]`, in the configuration's order. `cause`: one line on a
    refusal for the audit log, empty where allowed. All else is empty where refused. `condition_keys`: what later
    requests of the session are judged with (`<issuer>:sub`, `:aud`, `:amr`, `aws:federatedprovider`), in lower case.
    """

    allowed: bool
    allowed_by: tuple[StatementId, ...] = ()
    cause: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tag_keys: frozenset[str] = frozenset()
    source_identity: str | None = None
    condition_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChoice:
    """One role that an identity may assume, and what grants it."""

    role: Role
    allowed_by: tuple[StatementId, ...]


class Refusal(Exception):
    """Ends a decision; `may_assume` turns it into a TrustDecision with this cause, `carried_values` lets it out."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause
