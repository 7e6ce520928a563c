"""Ways to a role that lead over another session: which configured roles and users may call AssumeRole for it.

Asked of the policy engine as a real AssumeRole is, both sides' policies included, with only what is known beforehand:
who the caller is. What else the policies ask for is told as the way's conditions.

Work is bounded: callers whose policies say the same about AssumeRole are asked about once where they are many, and only
where the role's trust policy or their own policies can mean each other.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.domain.role import Role
from gateway.domain.user import User
from gateway.exchange.assumers import (
    ANY_SESSION,
    ASSUME_ROLE,
    KNOWN,
    KNOWN_OF_MANY,
    PRINCIPAL_ARN,
    Behaviour,
    Caller,
    behaviours_of,
    concerns,
)
from gateway.policy.context import RequestContext
from gateway.policy.document import Policy
from gateway.policy.evaluate import Decision, PrincipalReference, Query, evaluate_assumption
from gateway.policy.loosening import Loosened, open_conditions
from gateway.policy.principals import Principals, Reach
from gateway.policy.statement import Statement
from gateway.roles.catalog import Catalog

_ASKED_ONE_BY_ONE: Final = 20
_SHOWN: Final = 10
_A_SESSION: Final = ":assumed-role/"
_VARIABLE: Final = "${"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """`who` may assume `role`, all `conditions` met, by `statements` of both sides."""

    role: Role
    who: str
    conditions: tuple[str, ...]
    statements: tuple[str, ...]
    compared: str
    """What `conditions` say, whatever the order of statements and their numbers."""


class Chaining:
    """All configured roles and users, by what their policies say about AssumeRole."""

    def __init__(self, catalog: Catalog, users: Iterable[User]) -> None:
        """Raises MalformedPolicyDocument."""
        self._catalog = catalog
        self._behaviours = behaviours_of(catalog, users)
        self._by_name: dict[str, tuple[Behaviour, Caller]] = {}
        self._by_account: defaultdict[str, list[Behaviour]] = defaultdict(list)
        self._by_target: defaultdict[str, list[Behaviour]] = defaultdict(list)
        self._anywhere: list[Behaviour] = []
        for behaviour in self._behaviours:
            for caller in behaviour.callers:
                self._by_name.update(dict.fromkeys(caller.names, (behaviour, caller)))
                if caller.session is not None:
                    self._by_name[caller.session] = (behaviour, caller)
            self._by_account[behaviour.account].append(behaviour)
            if behaviour.targets is None:
                self._anywhere.append(behaviour)
            for target in behaviour.targets or ():
                self._by_target[target].append(behaviour)

    def ways_to(self, role: Role) -> tuple[Way, ...]:
        """By name of who may; many callers alike are one way."""
        trust = self._catalog.trust_of(role).stated.policies
        principals = [one.principals for policy in trust for one in policy.statements if _admits(one)]
        if not principals:
            return ()
        asked = _Asked(
            role=role, trust={known: Loosened.of(trust, ASSUME_ROLE, known) for known in (KNOWN, KNOWN_OF_MANY)}
        )
        ways = [
            way
            for behaviour, callers in self._candidates(role, trust, principals)
            for way in asked.ways_of(behaviour, callers)
        ]
        return tuple(sorted(ways, key=lambda way: way.who))

    def _candidates(
        self, role: Role, trust: Sequence[Policy], principals: Sequence[Principals | None]
    ) -> Iterator[tuple[Behaviour, Sequence[Caller]]]:
        """Those named one by one, then those of named accounts whose own policies may mean the role."""
        named: dict[str, tuple[Behaviour, Caller]] = {}
        # Whom a Deny names is not as the others are, beside whom they would be asked about only once.
        about = (one for policy in trust for one in policy.statements if concerns(one))
        for name in sorted({name for one in about for name in _told_apart(one)}):
            found = self._named(name)
            if found is not None:
                named.setdefault(found[1].who, found)
        yield from ((behaviour, [caller]) for behaviour, caller in named.values())
        accounts = {account for one in principals if one is not None for account in one.accounts}
        wide = any(_admits_all(one) for policy in trust for one in policy.statements if _admits(one))
        arn = str(role.arn)
        pool = [*self._by_target.get(arn, ()), *(one for one in self._anywhere if one.may_mean(arn))]
        if wide:
            # Whom the trust policy of its own account admits needs no policy of its own.
            pool += self._by_account[role.arn.account]
        for behaviour in {id(one): one for one in pool}.values():
            if wide or behaviour.account in accounts:
                yield behaviour, [caller for caller in behaviour.callers if caller.who not in named]

    def _named(self, name: str) -> tuple[Behaviour, Caller] | None:
        if name in self._by_name:
            return self._by_name[name]
        # A trust policy may name one session: its caller is the role, under that one name.
        role_sessions, slash, session_name = name.rpartition("/")
        found = self._by_name.get(f"{role_sessions}/{ANY_SESSION}") if slash else None
        if found is None:
            return None
        behaviour, caller = found
        who = f"{caller.who}, session {session_name}"
        return behaviour, replace(caller, who=who, names=caller.names | {name}, session=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One role whose trust policy is asked about callers."""

    role: Role
    trust: Mapping[frozenset[str], Loosened]

    def ways_of(self, behaviour: Behaviour, callers: Sequence[Caller]) -> Iterator[Way]:
        if len(callers) <= _ASKED_ONE_BY_ONE:
            yield from (way for one in callers if (way := self._way(behaviour, one, KNOWN, one.who)))
            return
        shown = ", ".join(caller.who for caller in callers[:_SHOWN])
        who = f"{shown} and {len(callers) - _SHOWN} more"
        way = self._way(behaviour, callers[0], KNOWN_OF_MANY, who)
        if way is not None:
            yield way

    def _way(self, behaviour: Behaviour, caller: Caller, known: frozenset[str], who: str) -> Way | None:
        identity, trust = behaviour.identity[known], self.trust[known]
        boundary = None if behaviour.boundary is None else behaviour.boundary[known]
        query = Query(
            action=ASSUME_ROLE, resource=str(self.role.arn), context=_context(caller, known), principal=_named(caller)
        )
        decision = self._decision(query, identity, boundary, trust)
        if not decision.allowed:
            return None
        sets = [one for one in (trust, identity, boundary) if one is not None]
        trusting, own, within = (
            [] if one is None else [_about(query.resource, each) for each in one.as_written(decision.matched)]
            for one in (trust, identity, boundary)
        )
        # At home whoever is named, and not only their account, needs no policy of their own.
        naming = [one for one in trusting if self.role.arn.account == caller.account and _names(one, query)]
        ways = [ways for ways in ([naming], [trusting, own]) if all(ways)]
        matched, asked = _easiest(ways, known)
        denies = [statement for one in sets for statement in one.may_deny(query)]
        denies += [one for one in trust.written.values() if not one.allows and _names_a_session(one, caller)]
        excepting = _excepting(trusting, caller, known)
        compared = [_compared(one, known) for several in ways for one in several] if asked else []
        return Way(
            role=self.role,
            who=who,
            conditions=(
                *(text for text in (asked, _alternatives(within, known)) if text),
                *(f"unless {one.statement_id.removeprefix(behaviour.place)} denies" for one in denies),
                *(f"unless {one.statement_id} excepts the session" for one in excepting),
            ),
            compared=json.dumps([compared, _compared(within, known), sorted(map(_content, (*denies, *excepting)))]),
            statements=tuple(
                dict.fromkeys(one.statement_id.removeprefix(behaviour.place) for one in (*matched, *within))
            ),
        )

    def _decision(self, query: Query, identity: Loosened, boundary: Loosened | None, trust: Loosened) -> Decision:
        return evaluate_assumption(
            query,
            identity=identity.policies,
            boundary=None if boundary is None else boundary.policies,
            session=None,
            trust=trust.policies,
            owner=self.role.arn.account,
        )


def _told_apart(statement: Statement) -> frozenset[str]:
    """Whom a statement tells from others of their account by name."""
    if statement.principals is None:
        return frozenset()
    names = statement.principals.arns
    if statement.allows and not statement.excludes_principals:
        return names
    sessions = {name for name in names if _A_SESSION in name}
    roles = {f"{name.rpartition('/')[0]}/{ANY_SESSION}" for name in sessions}
    # The sessions that a Deny is about are told beside their role.
    return (names | roles) if statement.excludes_principals else (names - sessions) | roles


def _names(statement: Statement, query: Query) -> bool:
    principals = statement.principals
    if principals is None or statement.excludes_principals:
        return False
    return principals.reach(query.principal) > Reach.DELEGATED


def _about(arn: str, statement: Statement) -> Statement:
    """The statement without its resources, where one of them that has no variable is the ARN: it asks for no more."""
    resources = statement.resources
    if resources is None:
        return statement
    # Of NotResource there are no patterns.
    pairs = zip(resources.written, resources.patterns, strict=False)
    plain = (one for text, one in pairs if _VARIABLE not in text)
    meant = any(one.matches(arn, RequestContext(values={})) for one in plain)
    return replace(statement, resources=None) if meant else statement


def _names_a_session(statement: Statement, caller: Caller) -> bool:
    """Whether it is about some of a role's sessions, by their own ARNs."""
    return not statement.excludes_principals and _has_a_session(statement, caller)


def _has_a_session(statement: Statement, caller: Caller) -> bool:
    if caller.session is None or statement.principals is None:
        return False
    return any(name.startswith(caller.session.removesuffix(ANY_SESSION)) for name in statement.principals.arns)


def _excepting(trusting: Sequence[Statement], caller: Caller, known: frozenset[str]) -> list[Statement]:
    """Those that admit all of a role's sessions but some, where no other one admits them all as they come."""
    excepting = [one for one in trusting if one.excludes_principals and _has_a_session(one, caller)]
    plain = [one for one in trusting if one not in excepting and not open_conditions(one, known)]
    return [] if plain else excepting


def _easiest(ways: Sequence[Sequence[Sequence[Statement]]], known: frozenset[str]) -> tuple[Sequence[Statement], str]:
    """Of ways, each of sets that must all allow: the one that needs nothing more, or all of them as alternatives."""
    asked = ["; ".join(text for one in way if (text := _alternatives(one, known))) for way in ways]
    if "" in asked:
        return [one for several in ways[asked.index("")] for one in several], ""
    return [one for way in ways for several in way for one in several], " or ".join(dict.fromkeys(asked))


def _alternatives(statements: Sequence[Statement], known: frozenset[str]) -> str:
    """What is left to be met so that one of `statements` allows; nothing where one of them needs nothing more."""
    asked = [open_conditions(one, known) for one in statements]
    if not asked or not all(asked):
        return ""
    return " or ".join("; ".join(one) for one in asked)


def _compared(statements: Sequence[Statement], known: frozenset[str]) -> list[list[str]]:
    """As `_alternatives`, in one order."""
    asked = [sorted(open_conditions(one, known)) for one in statements]
    return sorted(asked) if all(asked) else []


def _content(statement: Statement) -> str:
    return json.dumps({**statement.written(), "Sid": None}, sort_keys=True)


def _context(caller: Caller, known: frozenset[str]) -> RequestContext:
    values = {PRINCIPAL_ARN: caller.arn, "aws:principalaccount": caller.account, "aws:principaltype": caller.kind}
    return RequestContext.of({key: value for key, value in values.items() if key in known})


def _named(caller: Caller) -> PrincipalReference:
    session = set() if caller.session is None else {caller.session}
    return PrincipalReference(account=caller.account, arns=caller.names | session, federated=frozenset())


def _admits(statement: Statement) -> bool:
    return statement.allows and concerns(statement)


def _admits_all(statement: Statement) -> bool:
    return statement.excludes_principals or statement.principals is None or statement.principals.everybody
