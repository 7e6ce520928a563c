"""The policies that count for a principal now: those of its role or user, and those that its session token holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.domain.grant import SessionPolicy
from gateway.domain.principal import PrincipalType
from gateway.domain.session import Session
from gateway.domain.user import User
from gateway.policy.document import Policy, PolicyKind, parse_policy
from gateway.roles.catalog import Catalog
from gateway.sessions.authenticator import Claimant

# Compiled, 2,048 characters may take 100 KiB, and whoever may open a session may write a thousand of them.
_CACHED_DOCUMENTS: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySets:
    """Sets of which each must allow. `boundary` and `session` None: there is none, which narrows nothing."""

    identity: Sequence[Policy]
    boundary: Sequence[Policy] | None = None
    session: Sequence[Policy] | None = None


class LivePolicies:
    """Looks up policies of one configuration. Touches no store."""

    __slots__ = ("_catalog", "_users")

    def __init__(self, catalog: Catalog, users: Iterable[User]) -> None:
        """Raises MalformedPolicyDocument."""
        self._catalog = catalog
        self._users: Mapping[str, tuple[Policy, ...]] = {user.arn: policies_of(user) for user in users}

    def sets_of(self, claimant: Claimant) -> PolicySets | None:
        """The sets of a proven caller; None where its role or user is not configured any more."""
        session = claimant.session
        if session is None:
            return PolicySets(identity=self._users.get(claimant.principal.arn, ()))
        if session.role_arn is None:
            return self._of_user_session(session)
        role = self._catalog.role_by_arn(session.role_arn)
        if role is None:
            return None
        return PolicySets(
            identity=self._catalog.policies_of(role),
            boundary=self._catalog.boundary_of(role),
            session=parsed(session.session_policies),
        )

    def _of_user_session(self, session: Session) -> PolicySets | None:
        policies = self._users.get(session.user_arn or "")
        if policies is None:
            return None
        given = parsed(session.session_policies)
        # Whom a user vouches for may do what both allow; without a session policy that is nothing.
        federated = session.principal.type is PrincipalType.FEDERATED_USER
        return PolicySets(identity=policies, session=given or () if federated else given)


def policies_of(user: User) -> tuple[Policy, ...]:
    """What a user may do, compiled. Raises MalformedPolicyDocument."""
    return tuple(parse_policy(one.document, PolicyKind.IDENTITY, name=one.name) for one in user.policies)


def parsed(policies: tuple[SessionPolicy, ...]) -> tuple[Policy, ...] | None:
    """The session policies of a grant or a token, compiled; None where there are none."""
    return tuple(_document(one.document, one.arn or "session policy") for one in policies) if policies else None


@lru_cache(maxsize=_CACHED_DOCUMENTS)
def _document(text: str, name: str) -> Policy:
    # Parsed from a token that this gateway sealed, after it checked the document; equal texts mean equal policies.
    return parse_policy(text, PolicyKind.SESSION, name=name)
