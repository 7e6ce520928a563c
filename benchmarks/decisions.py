"""What one decision of trust costs among many mappings, as a ratio to one among ten.

    python benchmarks/decisions.py

A configuration of N mappings and N roles, distinct people in turn; two questions: may this person assume this role
(`AssumeRole...`), and which roles may this person assume (the portal). Interleaved rounds; medians of the rounds'
ratios of the processor's time. Bar: 1.5 times the cost of ten mappings, for 100, 1,000 and 10,000.
"""

import gc
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.domain.arn import RoleArn
from gateway.domain.identifiers import role_id
from gateway.domain.identity import Identity, ProviderType
from gateway.domain.role import Mapping, Role
from gateway.roles.catalog import Catalog
from gateway.roles.decision import AssumptionRequest

SIZES = (10, 100, 1_000, 10_000)
PEOPLE = 1_000
ROUNDS = 11
BAR = 1.5
NOW = datetime(2026, 5, 4, 10, 0, 0, tzinfo=UTC)
ACCOUNT = "111122223333"
ISSUER = "https://login.example.com"
REQUEST = AssumptionRequest(session_name="somebody", source_ip="192.0.2.7", secure_transport=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    catalog: Catalog
    asked: Sequence[tuple[Role, Identity]]


def world(size: int) -> World:
    roles = [role(number) for number in range(size)]
    catalog = Catalog.compile(
        roles=roles,
        mappings=[mapping(number) for number in range(size)],
        issuers={"workforce": ISSUER},
        policies={},
    )
    # Spread over the whole configuration: the last mapping must cost what the first does.
    places = [number * 7_919 % size for number in range(PEOPLE)]
    return World(catalog=catalog, asked=[(roles[place], person(number, place)) for number, place in enumerate(places)])


def role(number: int) -> Role:
    name = f"Role{number}"
    arn = RoleArn(account=ACCOUNT, path="/", name=name)
    return Role(name=f"lake/{name}", arn=arn, role_id=role_id(ACCOUNT, name), maximum_duration=3_600)


def mapping(number: int) -> Mapping:
    """By turns a group, a claim's whole value and a claim's beginning."""
    asks = (
        {"groups": frozenset({f"team-{number}"})},
        {"claims": {"project": (f"project-{number}",)}},
        {"claims": {"path": (f"/teams/{number}/*",)}},
    )[number % 3]
    return Mapping(mapping_id=f"mappings[{number}]", provider="workforce", roles=(f"lake/Role{number}",), **asks)


def person(number: int, place: int) -> Identity:
    """Somebody whom exactly one mapping means."""
    return Identity(
        provider="workforce",
        provider_type=ProviderType.OIDC,
        issuer=ISSUER,
        subject=f"user-{number}",
        audience="sts.amazonaws.com",
        username=f"user-{number}",
        groups=frozenset({"everybody", f"floor-{number % 9}", f"team-{place}"}),
        claims={"sub": f"user-{number}", "project": f"project-{place}", "path": f"/teams/{place}/members/{number}"},
    )


def may_assume(one: World) -> None:
    for asked, identity in one.asked:
        if not one.catalog.may_assume(asked, identity, REQUEST, NOW).allowed:
            raise SystemExit(f"{asked.name} is refused")


def roles_of(one: World) -> None:
    for asked, identity in one.asked:
        if [choice.role for choice in one.catalog.roles_of(identity, NOW, REQUEST)] != [asked]:
            raise SystemExit(f"{asked.name} is not the one role")


def timed(run: Callable[[World], None], one: World) -> float:
    started = time.process_time()
    run(one)
    return time.process_time() - started


def measure(name: str, run: Callable[[World], None], worlds: Sequence[World]) -> bool:
    for one in worlds:
        run(one)
    rounds = [[timed(run, one) for one in worlds] for _ in range(ROUNDS)]
    base = statistics.median(taken[0] for taken in rounds) / PEOPLE * 1e6
    ratios = [statistics.median(taken[at] / taken[0] for taken in rounds) for at in range(1, len(worlds))]
    told = ", ".join(f"{size:,} mappings {ratio:4.2f}" for size, ratio in zip(SIZES[1:], ratios, strict=True))
    print(f"{name:<24} ten mappings {base:4.1f} us | {told} (bar {BAR})")
    return max(ratios) <= BAR


def main() -> int:
    worlds = [world(size) for size in SIZES]
    gc.collect()
    gc.disable()
    kept = [measure("one role", may_assume, worlds), measure("all roles of a person", roles_of, worlds)]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
