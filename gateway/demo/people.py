"""The three people of the demo world, as their issuer knows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can sign in. `name` is the subject of the ID token; `tags` go into AWS's claim for session tags."""

    name: str
    full_name: str
    work: str
    email: str
    groups: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


_ANA: Final = Person(
    name="ana",
    full_name="Ana Almeida",
    work="analyst",
    email="ana@demo.example",
    groups=("staff", "analysts"),
    tags=MappingProxyType({"team": "research"}),
)
_BEN: Final = Person(
    name="ben", full_name="Ben Okoro", work="engineer", email="ben@demo.example", groups=("staff", "engineers")
)
_CARLA: Final = Person(name="carla", full_name="Carla Rossi", work="visitor", email="carla@demo.example")

PEOPLE: Final[Mapping[str, Person]] = MappingProxyType({person.name: person for person in (_ANA, _BEN, _CARLA)})
