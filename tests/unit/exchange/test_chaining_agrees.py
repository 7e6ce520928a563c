"""What `access` tells of ways over another session agrees with the engine, over many small configurations.

A caller whom the engine admits in some circumstances is listed; a way that is listed without a condition is one that the
engine takes in all circumstances.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from random import Random
from typing import Any

import pytest

from gateway.domain.arn import RoleArn, session_arn
from gateway.domain.identifiers import role_id, user_id
from gateway.domain.role import PolicyReference, Role
from gateway.domain.user import User
from gateway.exchange import chaining
from gateway.exchange.chaining import Chaining, Way
from gateway.exchange.live_policies import policies_of
from gateway.policy.context import RequestContext
from gateway.policy.evaluate import evaluate_assumption
from gateway.policy.query import PrincipalReference, Query
from gateway.roles.catalog import Catalog
from tests.unit.roles.made import catalog, role

HOME, AWAY = "111122223333", "444455556666"
ALIASES = {HOME: "lake", AWAY: "away"}
PATHS = {"R1": "/", "R2": "/team/", "R3": "/"}
ROLES = [RoleArn(account=account, path=path, name=name) for account, (name, path) in product(ALIASES, PATHS.items())]
USERS = {account: f"arn:aws:iam::{account}:user/u" for account in ALIASES}
SESSIONS = ("alice", "bob")
ACTIONS = ("sts:AssumeRole", "sts:*", "*", "sts:assume*", "sts:TagSession", "STS:ASSUMEROLE", "sts:AssumeRole?*")
NAMES = (
    *(HOME, AWAY, f"arn:aws:iam::{HOME}:root", *map(str, ROLES), *USERS.values()),
    *(f"arn:aws:sts::{HOME}:assumed-role/{name}/alice" for name in ("R1", "R2")),
    *(role_id(HOME, "R1"), role_id(AWAY, "R3"), user_id(HOME, "u")),
)
RESOURCES = (
    *("*", *map(str, ROLES), f"arn:aws:iam::{HOME}:*", "arn:aws:iam::*:role/R?", "arn:aws:iam::*:role/team/*"),
    *(f"arn:aws:iam::{HOME}:role/{name}" for name in ("${aws:PrincipalTag/t}", "R${aws:PrincipalTag/t}")),
)
CONDITIONS: tuple[dict[str, dict[str, Any]], ...] = (
    {"StringEquals": {"sts:ExternalId": "x"}},
    {"StringNotEquals": {"sts:ExternalId": "x"}},
    {"Null": {"sts:ExternalId": "true"}},
    {"StringEqualsIfExists": {"sts:ExternalId": "x"}},
    {"ArnLike": {"aws:PrincipalArn": [f"arn:aws:iam::{HOME}:*"]}},
    {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:R*"}},
    {"StringLike": {"AWS:principalarn": "*/team/*"}},
    {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:role/R1"}},
    {"Null": {"aws:PrincipalArn": "true"}},
    {"StringEquals": {"aws:PrincipalAccount": HOME}},
    {"StringNotEquals": {"aws:PrincipalAccount": HOME}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
    {"StringEquals": {"aws:PrincipalTag/t": "1"}},
    {"StringNotLike": {"aws:userid": "*:alice"}},
)


def statement(draw: Random) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": draw.choice(("Allow", "Allow", "Deny"))}
    made["NotAction" if draw.random() < 0.1 else "Action"] = draw.choices(ACTIONS, k=draw.randint(1, 2))
    if draw.random() < 0.4:
        made["Condition"] = draw.choice(CONDITIONS)
    return made


def document(draw: Random, element: str, names: Sequence[str]) -> dict[str, Any]:
    statements = []
    for _ in range(draw.randint(1, 3)):
        chosen: Any = draw.choices(names, k=draw.randint(1, 4))
        if element == "Principal":
            chosen = "*" if draw.random() < 0.15 else {"AWS": chosen}
        statements.append({**statement(draw), ("Not" if draw.random() < 0.25 else "") + element: chosen})
    return {"Version": draw.choice(("2012-10-17", "2012-10-17", "2008-10-17")), "Statement": statements}


def configuration(draw: Random) -> tuple[Catalog, tuple[User, ...]]:
    """Half of them with one policy for all, so that callers are alike."""
    shared = document(draw, "Resource", RESOURCES) if draw.random() < 0.5 else None

    def policies() -> tuple[PolicyReference, ...]:
        own = shared or document(draw, "Resource", RESOURCES)
        return (PolicyReference(name="own", document=own),) if draw.random() < 0.7 else ()

    def boundary() -> PolicyReference | None:
        bound = PolicyReference(name="bound", document=document(draw, "Resource", RESOURCES))
        return bound if draw.random() < 0.25 else None

    roles = [
        role(
            f"{ALIASES[arn.account]}/{arn.name}",
            arn=arn,
            role_id=role_id(arn.account, arn.name),
            policies=policies(),
            permissions_boundary=boundary(),
            trust_policy=document(draw, "Principal", NAMES),
        )
        for arn in ROLES
    ]
    users = tuple(
        User(
            name=f"{ALIASES[account]}/u",
            account=account,
            user_id=user_id(account, "u"),
            arn=arn,
            access_keys=(),
            policies=policies(),
        )
        for account, arn in USERS.items()
    )
    return catalog(roles=roles), users


def circumstances(kind: str, caller: PrincipalReference, arn: str, unique_id: str) -> Iterator[RequestContext]:
    own = {"aws:PrincipalArn": arn, "aws:PrincipalAccount": caller.account or "", "aws:PrincipalType": kind}
    for external, tag in product((None, "x", "y"), (None, "1", "R1", "R2")):
        more = {"aws:userid": unique_id, "sts:ExternalId": external, "aws:PrincipalTag/t": tag}
        yield RequestContext.of({key: value for key, value in {**own, **more}.items() if value is not None})


def callers(made: Catalog, users: Sequence[User]) -> Iterator[tuple[set[str], list[tuple[Any, ...]]]]:
    """What a caller is called in a list, and what the engine is asked with in each circumstance."""
    for one, session in product(made.roles, SESSIONS):
        own = f"{one.role_id}:{session}"
        arns = frozenset({session_arn(one.arn.account, one.arn.name, session), str(one.arn), one.role_id, own})
        caller = PrincipalReference(account=one.arn.account, arns=arns, federated=frozenset())
        sets = made.policies_of(one), made.boundary_of(one)
        contexts = circumstances("AssumedRole", caller, str(one.arn), own)
        yield {f"role {one.name}", f"role {one.name}, session {session}"}, [(caller, *sets, it) for it in contexts]
    for user in users:
        caller = PrincipalReference(
            account=user.account, arns=frozenset({user.arn, user.user_id}), federated=frozenset()
        )
        contexts = circumstances("User", caller, user.arn, user.user_id)
        yield {f"user {user.name}"}, [(caller, policies_of(user), None, it) for it in contexts]


def admitted(made: Catalog, target: Role, asked: tuple[Any, ...]) -> bool:
    caller, identity, boundary, context = asked
    return evaluate_assumption(
        Query(action="sts:AssumeRole", resource=str(target.arn), context=context, principal=caller),
        identity=identity,
        boundary=boundary,
        session=None,
        trust=made.trust_of(target).stated.policies,
        owner=target.arn.account,
    ).allowed


def told(way: Way) -> set[str]:
    """Whom a way is about: of several that are alike, each."""
    several, more, _ = way.who.partition(" and ")
    return set(several.split(", ")) if more else {way.who}


@pytest.mark.parametrize("alike", [20, 1], ids=["one by one", "together"])
@pytest.mark.parametrize("seed", range(60))
def test_the_list_agrees_with_the_engine(seed: int, alike: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chaining, "_ASKED_ONE_BY_ONE", alike)
    made, users = configuration(Random(seed))
    listing = Chaining(made, users)

    for target in made.roles:
        ways = listing.ways_to(target)
        for names, asked in callers(made, users):
            answers = [admitted(made, target, one) for one in asked]
            listed = [way for way in ways if told(way) & names]
            assert listed or not any(answers), (target.name, names)
            assert all(answers) or all(way.conditions for way in listed), (target.name, names)
