"""What a change of configuration gives and takes: the same listing of both sides, compared.

Everything is listed piece by piece (one group, one claim's glob, one principal; one action on one resource), so that
neither another order nor another way of writing the same counts as a change. Pieces that change alike are told as one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from gateway.domain.role import Role
from gateway.domain.service import Service
from gateway.domain.user import User
from gateway.exchange.catalogue import alternatives, told_duration
from gateway.exchange.chaining import Chaining
from gateway.exchange.listing import Piece, pieces_of_boundary, pieces_of_policies, ways_to
from gateway.exchange.live_policies import policies_of
from gateway.roles.catalog import Catalog

GAINS: Final = "gains"
LOSES: Final = "loses"
_NO_BOUNDARY: Final = "whatever its policies allow (no permissions boundary)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two configurations. `providers`: name to what is believed of it, in phrases."""

    catalog: Catalog
    users: Sequence[User]
    providers: Mapping[str, Sequence[str]]
    services: Sequence[Service] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`who` gains or loses `what`. `by`: the mappings or policies that say so now, or said so before."""

    change: str
    who: str
    what: str
    by: str


def impact(old: Side, new: Side) -> tuple[Change, ...]:
    """Every difference, by who it is about: first what is lost. Raises MalformedPolicyDocument: a user's policy."""
    before, after = _listed(old), _listed(new)
    lost = _changes(LOSES, [piece for key, piece in before.items() if key not in after])
    gained = _changes(GAINS, [piece for key, piece in after.items() if key not in before])
    return tuple(sorted([*lost, *gained], key=lambda one: (one.who, one.change == GAINS, one.what)))


def _listed(side: Side) -> dict[tuple[object, ...], Piece]:
    chaining = Chaining(side.catalog, side.users)
    pieces = chain(
        _of_providers(side),
        *(_of_role(side.catalog, role, chaining) for role in side.catalog.roles),
        *(_of_user(user) for user in side.users),
        *(_of_service(service) for service in side.services),
    )
    listed: dict[tuple[object, ...], Piece] = {}
    for piece in pieces:
        listed.setdefault(piece.key, piece)
    return listed


def _of_providers(side: Side) -> Iterator[Piece]:
    for name, taken in side.providers.items():
        yield from (Piece(who=f"people of {name}", actions=phrase) for phrase in taken)


def _of_role(catalog: Catalog, role: Role, chaining: Chaining) -> Iterator[Piece]:
    who = f"role {role.name}"
    yield from ways_to(catalog, role, chaining)
    yield Piece(who=who, actions=f"ARN {role.arn}")
    yield Piece(who=who, actions=f"sessions of at most {told_duration(role.maximum_duration)}")
    for key, value in role.tags.items():
        yield Piece(who=who, actions=f"tag {key}={value}")
    yield from pieces_of_policies(who, catalog.policies_of(role))
    boundary = catalog.boundary_of(role)
    if boundary is None:
        yield Piece(who=who, actions=_NO_BOUNDARY)
    else:
        yield from pieces_of_boundary(who, boundary)


def _of_user(user: User) -> Iterator[Piece]:
    who = f"user {user.name}"
    yield Piece(who=who, actions=f"ARN {user.arn}")
    for key in user.access_keys:
        yield Piece(who=who, actions=f"access key {key.access_key_id}")
    yield from pieces_of_policies(who, policies_of(user))


def _of_service(service: Service) -> Iterator[Piece]:
    who = f"service {service.name}"
    for account in sorted(service.principals):
        yield Piece(who=f"callers of account {account}", actions=f"served by {who}")
    if not service.principals:
        yield Piece(who="callers of every account", actions=f"served by {who}")
    for host in service.hosts:
        yield Piece(who=who, actions=f"requests to {host}")
    told = service.api_arn or f"requests of {service.signing_name}"
    yield Piece(who=who, actions=f"{told}, signed for {service.region or 'any region'}")
    if service.account is not None:
        yield Piece(who=who, actions=f"account {service.account}")
    if service.share_signing_key:
        yield Piece(who=who, actions="signing keys that servers of other entries may hold")


def _changes(change: str, pieces: Iterable[Piece]) -> Iterator[Change]:
    """Actions alike in all else are told together, then resources alike in all else."""
    by_resource: defaultdict[_Alike, dict[str, list[Piece]]] = defaultdict(lambda: defaultdict(list))
    for piece in pieces:
        by_resource[piece.who, piece.told, piece.takes_away][piece.resource].append(piece)
    for (who, told, takes_away), resources in by_resource.items():
        alike: defaultdict[tuple[str, ...], list[Piece]] = defaultdict(list)
        for several in resources.values():
            alike[tuple(sorted(one.actions for one in several))] += several
        for actions, together in alike.items():
            on = sorted({one.resource for one in together if one.resource})
            yield Change(
                change=_OPPOSITE[change] if takes_away else change,
                who=who,
                what=f"{', '.join(actions)}{f' on {alternatives(on)}' if on else ''}{told}{_DENY[change] * takes_away}",
                by=", ".join(dict.fromkeys(one.by for one in together if one.by)),
            )


_Alike = tuple[str, str, bool]
_OPPOSITE: Final = {GAINS: LOSES, LOSES: GAINS}
_DENY: Final = {GAINS: " (a Deny begins)", LOSES: " (a Deny ends)"}
