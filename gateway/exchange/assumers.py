"""Everybody configured who might call AssumeRole, grouped by what their policies say about it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.arn import session_arn
from gateway.domain.user import User
from gateway.exchange.live_policies import policies_of
from gateway.policy.context import RequestContext
from gateway.policy.document import Policy
from gateway.policy.loosening import Loosened
from gateway.policy.statement import Statement
from gateway.roles.catalog import Catalog

ASSUME_ROLE: Final = "sts:AssumeRole"
PRINCIPAL_ARN: Final = "aws:principalarn"
KNOWN_OF_MANY: Final = frozenset({"aws:principalaccount", "aws:principaltype"})
KNOWN: Final = KNOWN_OF_MANY | {PRINCIPAL_ARN}
ANY_SESSION: Final = "*"
_NOTHING_KNOWN: Final = RequestContext(values={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A role or a user as somebody who assumes roles. `names`: ARN and unique id."""

    who: str
    account: str
    kind: str
    arn: str
    names: frozenset[str]
    place: str
    """What the names of its own inline policies begin with."""
    session: str | None
    """ARN of any session of a role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Callers of one account whose policies say the same about AssumeRole."""

    callers: Sequence[Caller]
    identity: Mapping[frozenset[str], Loosened]
    """By the keys that are known."""
    boundary: Mapping[frozenset[str], Loosened] | None
    targets: frozenset[str] | None
    """The only ARNs that the identity policies can mean; None where patterns are among them."""

    @property
    def account(self) -> str:
        return self.callers[0].account

    @property
    def place(self) -> str:
        return self.callers[0].place

    def may_mean(self, arn: str) -> bool:
        """Whether some Allow of the identity policies could be about it."""
        return any(
            one.allows and (one.resources is None or one.resources.selects(arn, _NOTHING_KNOWN))
            for one in self.identity[KNOWN].statements
        )


def behaviours_of(catalog: Catalog, users: Iterable[User]) -> tuple[Behaviour, ...]:
    """Raises MalformedPolicyDocument: a user's policy."""
    groups: dict[str, tuple[list[Caller], Sequence[Policy], Sequence[Policy] | None]] = {}
    texts: dict[int, tuple[Policy, str]] = {}
    for caller, identity, boundary in _callers(catalog, users):
        sets = [[_about(policy, caller.place, texts) for policy in one or ()] for one in (identity, boundary)]
        key = json.dumps([caller.account, caller.kind, boundary is None, *sets])
        groups.setdefault(key, ([], identity, boundary))[0].append(caller)
    return tuple(_behaviour(callers, identity, boundary) for callers, identity, boundary in groups.values())


def _callers(
    catalog: Catalog, users: Iterable[User]
) -> Iterator[tuple[Caller, Sequence[Policy], Sequence[Policy] | None]]:
    for role in sorted(catalog.roles, key=lambda role: role.name):
        caller = Caller(
            who=f"role {role.name}",
            account=role.arn.account,
            kind="AssumedRole",
            arn=str(role.arn),
            names=frozenset({str(role.arn), role.role_id}),
            place=f"roles.{role.name}.",
            session=session_arn(role.arn.account, role.arn.name, ANY_SESSION),
        )
        yield caller, catalog.policies_of(role), catalog.boundary_of(role)
    for user in sorted(users, key=lambda user: user.name):
        caller = Caller(
            who=f"user {user.name}",
            account=user.account,
            kind="User",
            arn=user.arn,
            names=frozenset({user.arn, user.user_id}),
            place=f"users.{user.name}.",
            session=None,
        )
        yield caller, policies_of(user), None


def _about(policy: Policy, place: str, texts: dict[int, tuple[Policy, str]]) -> str:
    """What the policy says about AssumeRole, the same text for the same; one policy of many roles is read once."""
    if id(policy) not in texts:
        written = [one.written() for one in policy.statements if concerns(one)]
        # The policy is kept, so that no other one gets its id.
        texts[id(policy)] = (
            policy,
            json.dumps([policy.name.removeprefix(place), policy.version, written] if written else []),
        )
    return texts[id(policy)][1]


def concerns(statement: Statement) -> bool:
    """Whether a statement is about AssumeRole."""
    return statement.actions.selects(ASSUME_ROLE.lower(), _NOTHING_KNOWN)


def _behaviour(callers: Sequence[Caller], identity: Sequence[Policy], boundary: Sequence[Policy] | None) -> Behaviour:
    loosened = {known: Loosened.of(identity, ASSUME_ROLE, known) for known in (KNOWN, KNOWN_OF_MANY)}
    limits = None
    if boundary is not None:
        limits = {known: Loosened.of(boundary, ASSUME_ROLE, known) for known in (KNOWN, KNOWN_OF_MANY)}
    return Behaviour(callers=callers, identity=loosened, boundary=limits, targets=_targets(loosened[KNOWN].statements))


def _targets(statements: Iterable[Statement]) -> frozenset[str] | None:
    found: set[str] = set()
    for statement in statements:
        if not statement.allows:
            continue
        resources = statement.resources
        if resources is None or resources.excluded or not all(one.exact for one in resources.patterns):
            return None
        found.update(one.prefix for one in resources.patterns)
    return frozenset(found)
