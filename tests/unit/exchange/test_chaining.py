"""Ways to a role by way of another one: both sides' policies are asked, and what is left open is told."""

import time
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.arn import RoleArn
from gateway.domain.identifiers import role_id
from gateway.domain.role import PolicyReference
from gateway.exchange.catalogue import access
from gateway.exchange.chaining import Chaining
from gateway.settings.compiled import catalog_of
from tests.fakes.gateway_world import GatewayWorld
from tests.unit.exchange.test_assume_signed import AWAY, HOME, SECTIONS, assume, base
from tests.unit.roles.made import catalog, role, trust_policy

ACCOUNT = "111122223333"


def arn(name: str, account: str = ACCOUNT, kind: str = "role") -> str:
    return f"arn:aws:iam::{account}:{kind}/{name}"


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def may(
    action: str = "sts:AssumeRole", resource: str | list[str] = "*", effect: str = "Allow", **more: Any
) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def trusts(principal: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", **more}


def source(*statements: dict[str, Any], name: str = "lake/Source", **changed: Any) -> Any:
    reference = PolicyReference(name="assume", document=policy(*statements)) if statements else None
    return role(name, policies=(reference,) if reference else (), **changed)


def foreign(name: str, account: str, **changed: Any) -> Any:
    own = name.partition("/")[2]
    return role(name, arn=RoleArn(account=account, path="/", name=own), role_id=role_id(account, own), **changed)


def ways(*roles: Any, trust: Any, **target: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    wanted = role("lake/Target", trust_policy=trust_policy(*(trust if isinstance(trust, list) else [trust])), **target)
    made = catalog(roles=[*roles, wanted])
    return [(way.who, "; ".join(way.conditions), way.statements) for way in Chaining(made, ()).ways_to(wanted)]


BOTH = ("trust_policy.Statement[0]", "assume.Statement[0]")
TRUST_ALONE = ("trust_policy.Statement[0]",)
CASES: dict[str, tuple[tuple[dict[str, Any], ...], Any, list[tuple[str, str, tuple[str, ...]]]]] = {
    "the account is named and the role may": ((may(),), trusts({"AWS": ACCOUNT}), [("role lake/Source", "", BOTH)]),
    "the account is named and the role may not": ((may("s3:*"),), trusts({"AWS": ACCOUNT}), []),
    "the account is named and the role has no policy": ((), trusts({"AWS": ACCOUNT}), []),
    "the role is named": ((), trusts({"AWS": arn("Source")}), [("role lake/Source", "", TRUST_ALONE)]),
    "the role is named, and denied itself": ((may(effect="Deny"),), trusts({"AWS": arn("Source")}), []),
    "another role is named": ((may(),), trusts({"AWS": arn("Other")}), []),
    "another resource": ((may(resource=arn("Other")),), trusts({"AWS": ACCOUNT}), []),
    "this very resource": ((may(resource=arn("Target")),), trusts({"AWS": ACCOUNT}), [("role lake/Source", "", BOTH)]),
    "one session is named": (
        (),
        trusts({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/Source/alice"}),
        [("role lake/Source, session alice", "", TRUST_ALONE)],
    ),
    "an id is named": ((), trusts({"AWS": role_id(ACCOUNT, "Source")}), [("role lake/Source", "", TRUST_ALONE)]),
    "everybody is named": (
        (), trusts("*"), [("role lake/Source", "", TRUST_ALONE), ("role lake/Target", "", TRUST_ALONE)],
    ),
    "everybody with an id, and the account, whose role has no policy": (
        (),
        [trusts("*", Condition={"StringEquals": {"sts:ExternalId": "x"}}), trusts({"AWS": ACCOUNT})],
        [
            ("role lake/Source", "sts:ExternalId StringEquals x", TRUST_ALONE),
            ("role lake/Target", "sts:ExternalId StringEquals x", TRUST_ALONE),
        ],
    ),
    "one session is denied": (
        (may(),),
        [
            trusts({"AWS": ACCOUNT}),
            trusts({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/Source/bob"}, "Deny"),
        ],
        [("role lake/Source", "unless trust_policy.Statement[1] denies", BOTH)],
    ),
    "one session is excepted": (
        (may(),),
        {
            "Effect": "Allow",
            "NotPrincipal": {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/Source/bob"},
            "Action": "sts:AssumeRole",
        },
        [("role lake/Source", "unless trust_policy.Statement[0] excepts the session", BOTH)],
    ),
    "a session of another role is denied": (
        (may(),),
        [
            trusts({"AWS": ACCOUNT}),
            trusts({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/Source2/bob"}, "Deny"),
        ],
        [("role lake/Source", "", BOTH)],
    ),
    "the role is named, whose own policy asks for more": (
        (may(Condition={"StringEquals": {"sts:ExternalId": "x"}}),),
        trusts({"AWS": arn("Source")}),
        [("role lake/Source", "", TRUST_ALONE)],
    ),
    "the role is named with an id, and its own policy asks for an address": (
        (may(Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}),),
        [
            trusts({"AWS": arn("Source")}, Condition={"StringEquals": {"sts:ExternalId": "x"}}),
            trusts({"AWS": ACCOUNT}),
        ],
        [
            (
                "role lake/Source",
                "sts:ExternalId StringEquals x or aws:SourceIp IpAddress 192.0.2.0/24",
                ("trust_policy.Statement[0]", "trust_policy.Statement[1]", "assume.Statement[0]"),
            )
        ],
    ),
    "the trust policy denies": (
        (may(),), [trusts({"AWS": ACCOUNT}), trusts({"AWS": arn("Source")}, "Deny")], [],
    ),
    "an external id": (
        (may(),),
        trusts({"AWS": ACCOUNT}, Condition={"StringEquals": {"sts:ExternalId": ["a", "b"]}}),
        [("role lake/Source", "sts:ExternalId StringEquals a or b", BOTH)],
    ),
    "conditions of both": (
        (may(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),),
        trusts({"AWS": ACCOUNT}, Condition={"StringEquals": {"sts:ExternalId": "a"}}),
        [("role lake/Source", "sts:ExternalId StringEquals a; aws:MultiFactorAuthPresent Bool true", BOTH)],
    ),
    "a pattern of callers that fits": (
        (may(),),
        trusts({"AWS": ACCOUNT}, Condition={"ArnLike": {"aws:PrincipalArn": arn("Sou*")}}),
        [("role lake/Source", "", BOTH)],
    ),
    "a pattern of callers that does not fit": (
        (may(),), trusts({"AWS": ACCOUNT}, Condition={"ArnLike": {"aws:PrincipalArn": arn("ci-*")}}), [],
    ),
    "a Deny that may hold": (
        (may(),),
        [trusts({"AWS": ACCOUNT}), trusts("*", "Deny", Condition={"Null": {"sts:ExternalId": "true"}})],
        [("role lake/Source", "unless trust_policy.Statement[1] denies", BOTH)],
    ),
    "a variable in the resource": (
        (may(resource=arn("${aws:PrincipalTag/next}")),),
        trusts({"AWS": ACCOUNT}),
        [("role lake/Source", f"resource {arn('${aws:PrincipalTag/next}')}", BOTH)],
    ),
    "a variable in another resource than the one that is meant": (
        (may(resource=[arn("${aws:PrincipalTag/next}", AWAY), arn("Targe?")]),),
        trusts({"AWS": ACCOUNT}),
        [("role lake/Source", "", BOTH)],
    ),
    "a variable with a default that is meant": (
        (may(resource=arn("${aws:PrincipalTag/next, 'Target'}")),),
        trusts({"AWS": ACCOUNT}),
        [("role lake/Source", "resource " + arn("${aws:PrincipalTag/next, 'Target'}"), BOTH)],
    ),
    "everything but this resource": (
        ({"Effect": "Allow", "Action": "sts:*", "NotResource": arn("Target")},), trusts({"AWS": ACCOUNT}), [],
    ),
    "another action": ((may(),), {**trusts({"AWS": ACCOUNT}), "Action": "sts:TagSession"}, []),
    "one of two without a condition": (
        (may(), may(Condition={"Bool": {"aws:SecureTransport": "true"}})),
        trusts({"AWS": ACCOUNT}),
        [("role lake/Source", "", (*BOTH, "assume.Statement[1]"))],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "trust", "expected"), CASES.values(), ids=CASES)
def test_a_role_may_assume_another_where_both_sides_let_it(
    statements: tuple[dict[str, Any], ...], trust: Any, expected: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    assert ways(source(*statements), trust=trust) == expected


def test_across_accounts_both_must_allow_even_where_the_role_is_named() -> None:
    allowing = foreign("away/A", AWAY, policies=(PolicyReference(name="assume", document=policy(may())),))
    silent = foreign("away/B", AWAY)

    found = ways(allowing, silent, trust=trusts({"AWS": [arn("A", AWAY), arn("B", AWAY)]}))

    assert found == [("role away/A", "", BOTH)]


def test_the_boundary_of_the_caller_limits() -> None:
    boundary = PolicyReference(name="bound", document=policy(may("s3:*")))

    assert ways(source(may(), permissions_boundary=boundary), trust=trusts({"AWS": ACCOUNT})) == []


def test_inline_policies_are_named_without_their_owner() -> None:
    reference = PolicyReference(name="roles.lake/Source.policies[0]", document=policy(may()))

    ((_, _, statements),) = ways(role("lake/Source", policies=(reference,)), trust=trusts({"AWS": ACCOUNT}))

    assert statements == ("trust_policy.Statement[0]", "policies[0].Statement[0]")


async def test_every_way_that_is_listed_without_a_condition_is_one_that_the_server_takes(tmp_path: Path) -> None:
    world = GatewayWorld(tmp_path, **SECTIONS)
    made = catalog_of(world.configuration)
    by_role = {
        one.name: {way.who for way in Chaining(made, world.configuration.users).ways_to(one) if not way.conditions}
        for one in made.roles
    }

    taken = set()
    credentials = await base(world)
    for one in made.roles:
        try:
            assume(world, credentials, str(one.arn))
            taken.add(one.name)
        except Exception:
            continue
    assert {name for name, who in by_role.items() if "role home/Base" in who} == taken
    assert {"home/Named", "away/Guest"} <= taken
    assert by_role["home/OfUser"] == {"user home/ci"}


def test_access_lists_them_after_the_trust_policy_with_users(tmp_path: Path) -> None:
    world = GatewayWorld(tmp_path, **SECTIONS)
    made = catalog_of(world.configuration)
    wanted = made.role_by_name("home/External")
    assert wanted is not None

    rows = access(made, [wanted], world.configuration.users)

    assert [(row.who, row.conditions) for row in rows] == [
        (f"AWS {HOME}", "Action sts:AssumeRole; sts:ExternalId StringEquals x-1"),
        *(
            (who, "sts:ExternalId StringEquals x-1")
            for who in sorted(
                [*(f"role {one.name}" for one in made.roles if one.name.startswith("home/")), "user home/ci"]
            )
        ),
    ]


def many(count: int) -> list[Any]:
    shared = PolicyReference(name="assume", document=policy(may()))
    return [
        role(f"lake/R{number:05}", policies=(shared,), trust_policy=trust_policy(trusts({"AWS": ACCOUNT})))
        for number in range(count)
    ]


def test_many_callers_alike_are_one_way() -> None:
    made = catalog(roles=many(200))

    (way,) = Chaining(made, ()).ways_to(made.roles[0])

    assert way.who.startswith("role lake/R00000, role lake/R00001, ")
    assert way.who.endswith("and 190 more")


def test_many_callers_alike_are_told_without_those_whom_a_deny_names() -> None:
    roles = many(30)
    denied = [arn("R00000"), arn("R00007")]
    wanted = role("lake/Target", trust_policy=trust_policy(trusts({"AWS": ACCOUNT}), trusts({"AWS": denied}, "Deny")))

    (way,) = Chaining(catalog(roles=[*roles, wanted]), ()).ways_to(wanted)

    assert way.who.startswith("role lake/R00001, ")
    assert way.who.endswith("and 18 more")
    assert "R00007" not in way.who


def test_a_denied_session_of_one_of_many_callers_is_told_with_its_role() -> None:
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/R00007/bob"
    wanted = role("lake/Target", trust_policy=trust_policy(trusts({"AWS": ACCOUNT}), trusts({"AWS": session}, "Deny")))

    found = Chaining(catalog(roles=[*many(30), wanted]), ()).ways_to(wanted)

    told = {way.who: way.conditions for way in found}
    assert len(told) == 2
    assert told["role lake/R00007"] == ("unless trust_policy.Statement[1] denies",)


def test_a_session_that_alone_is_excepted_from_a_deny_is_told_among_many_callers() -> None:
    names = [ACCOUNT, arn("R00007"), f"arn:aws:sts::{ACCOUNT}:assumed-role/R00007/alice"]
    deny = {"Effect": "Deny", "NotPrincipal": {"AWS": names}, "Action": "sts:AssumeRole"}
    wanted = role("lake/Target", trust_policy=trust_policy(trusts({"AWS": ACCOUNT}), deny))

    found = Chaining(catalog(roles=[*many(30), wanted]), ()).ways_to(wanted)

    assert [way.who for way in found] == ["role lake/R00007, session alice"]


def test_thousands_of_roles_that_may_all_assume_each_other_are_listed_in_seconds() -> None:
    made = catalog(roles=many(3000))

    started = time.process_time()
    rows = access(made)

    assert len(rows) == 2 * 3000
    assert time.process_time() - started < 6
