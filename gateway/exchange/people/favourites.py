"""The roles that a person wants to have at hand: one record a person, which follows them into every browser."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from gateway.domain.errors import InvalidParameter
from gateway.exchange.parts import Parts
from gateway.exchange.people.signed_in import SignedIn

MAXIMUM: Final = 50
_KIND: Final = "favourites"
_LIFE: Final = timedelta(days=400)
"""From the last change."""


async def favourites(parts: Parts, signed_in: SignedIn) -> frozenset[str]:
    """`ACCOUNT/ROLE`, each. Raises StateUnavailable, KeyringUnavailable."""
    records, key = parts.people.records, _key(signed_in)
    kept = await records.get(_KIND, key)
    if kept is None:
        return frozenset()
    # They live longer than any key of the keyring.
    await records.keep_up(_KIND, key, kept, parts.clock.now() + _LIFE)
    return frozenset(kept.content["roles"])


async def add(parts: Parts, signed_in: SignedIn, role: str) -> None:
    """`role`: one of the person's. Raises InvalidParameter, StateUnavailable."""
    before = await favourites(parts, signed_in)
    if role not in before and len(before) >= MAXIMUM:
        raise InvalidParameter(f"There is room for {MAXIMUM} favourites; take one away first", parameter="add")
    await _keep(parts, signed_in, before | {role})


async def remove(parts: Parts, signed_in: SignedIn, role: str) -> None:
    """Raises StateUnavailable."""
    await _keep(parts, signed_in, await favourites(parts, signed_in) - {role})


async def _keep(parts: Parts, signed_in: SignedIn, roles: Collection[str]) -> None:
    # Of two changes at once one may be lost: a star, which the person sees and sets again.
    content = {"roles": sorted(roles)}
    await parts.people.records.put(_KIND, _key(signed_in), content, parts.clock.now() + _LIFE)


def _key(signed_in: SignedIn) -> str:
    identity = signed_in.identity
    return f"{identity.provider}\0{identity.issuer}\0{identity.subject}"
