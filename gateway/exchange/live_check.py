"""Whether providers and the state store answer, and whom a name means, before anybody signs in."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.connectors.connector import Examinable, Examination
from gateway.domain.errors import StateUnavailable
from gateway.state.store import Store

STATE: Final = "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom an operator asks about."""

    provider: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one provider, or the state store, had to say."""

    about: str
    examination: Examination


async def examined(providers: Sequence[Examinable], store: Store | None, person: Person | None) -> tuple[Found, ...]:
    """All at once, each within its own deadline. `store` None: there is none yet."""
    asked = [one.examine(person.name if person and person.provider == one.name else None) for one in providers]
    found = await asyncio.gather(*asked, _of_store(store))
    return tuple(
        Found(about=about, examination=one)
        for about, one in zip((*(one.name for one in providers), STATE), found, strict=True)
    )


async def _of_store(store: Store | None) -> Examination:
    if store is None:
        return Examination(answers=("the server makes it at its first start",))
    try:
        await store.ping()
    except StateUnavailable as fault:
        return Examination(faults=(f"{fault.cause}; correct gateway.state, or start the store",))
    return Examination(answers=("it answers",), lacks=await store.cautions())
