"""Why a person does not see a role: the mapping that misses, and what it misses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.origin import RequestOrigin
from gateway.domain.role import Role
from gateway.exchange.explain import Explanation, explain
from gateway.exchange.parts import Parts
from gateway.exchange.people.roles import PersonsRole, asked_by, told
from gateway.exchange.people.signed_in import SignedIn
from gateway.roles.statements import TRUST_POLICY

_MOST_ROLES: Final = 5
_MOST_REASONS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One role that the question may mean: whether it is the person's, by what, or what keeps it from them."""

    role: PersonsRole
    allowed: bool
    granted_by: tuple[str, ...]
    reasons: tuple[str, ...]


def why_not(parts: Parts, signed_in: SignedIn, question: str, origin: RequestOrigin) -> Sequence[Answered]:
    """`question`: a role's name, `ACCOUNT/ROLE` with the account's number or alias, or its ARN; empty for no such role.

    Mappings are told with what they ask for. Of a role's trust policy no more is told than which statement decides:
    what it asks for is for administrators.
    """
    meant = [role for role in parts.catalog.roles if question in _names_of(role)][:_MOST_ROLES]
    request = asked_by(signed_in, origin)
    explained = explain(parts.catalog, signed_in.identity, request, parts.clock.now(), meant)
    return [_answered(one) for one in explained]


def _names_of(role: Role) -> set[str]:
    arn = role.arn
    return {arn.name, f"{arn.account}/{arn.name}", role.name, str(arn)}


def _answered(explanation: Explanation) -> Answered:
    decision = explanation.decision
    return Answered(
        role=told(explanation.role),
        allowed=decision.allowed,
        granted_by=decision.allowed_by,
        reasons=() if decision.allowed else tuple(_reasons(explanation))[:_MOST_REASONS],
    )


def _reasons(explanation: Explanation) -> Sequence[str]:
    decisive = [one for one in explanation.findings if one.matches]
    denies = [one for one in decisive if not one.allows]
    if denies:
        return [f"{denies[0].statement_id} of the role denies it to you, whatever grants it"]
    if decisive:
        return [f"{decisive[0].statement_id} grants it, but the session that it would open is refused"]
    missing = [one for one in explanation.findings if one.allows]
    # A mapping of another provider tells nothing to somebody who has mappings of their own.
    own = [one for one in missing if one.of_own_provider] or missing
    stated = [one for one in own if one.statement_id.startswith(TRUST_POLICY)]
    mapped = [str(one) for one in own if one not in stated]
    return mapped or [f"{one.statement_id} of the role does not let you in" for one in stated] or [_NOBODY]


_NOBODY: Final = "no mapping names this role: nobody who signs in may assume it"
