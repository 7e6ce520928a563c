"""Values that are made quickly are still frozen, slotted, keyword-only and equal."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from gateway.domain.values import quickly_made


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    name: str
    size: int = 1
    tags: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    name: str
    size: int = 1
    tags: dict[str, str] = field(default_factory=dict, repr=False)


def test_fields_and_defaults_are_those_of_the_class() -> None:
    made = Quick(name="a", size=2)

    assert (made.name, made.size, made.tags) == ("a", 2, {})
    assert made == Quick(name="a", size=2)
    assert made != Quick(name="b", size=2)
    assert repr(made) == "Quick(name='a', size=2)"
    assert type(made) is Quick


def test_each_gets_a_default_of_its_own() -> None:
    assert Quick(name="a").tags is not Quick(name="b").tags


def test_it_is_frozen_and_has_no_room_for_more() -> None:
    made = Quick(name="a")

    with pytest.raises(FrozenInstanceError):
        made.name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del made.name
    assert not hasattr(made, "__dict__")


@pytest.mark.parametrize(("positional", "named"), [((), {}), (("a",), {}), ((), {"name": "a", "colour": "blue"})])
def test_what_the_usual_class_refuses_is_refused_alike(positional: tuple[str, ...], named: dict[str, str]) -> None:
    told = []
    for cls in (Quick, Usual):
        with pytest.raises(TypeError) as refused:
            cls(*positional, **named)  # type: ignore[arg-type]
        told.append(str(refused.value).replace("Quick", "Usual"))

    assert told[0] == told[1]


def test_it_is_replaced_copied_and_pickled_as_ever() -> None:
    made = Quick(name="a", tags={"k": "v"})

    assert replace(made, name="b") == Quick(name="b", tags={"k": "v"})
    assert copy.deepcopy(made) == made
    assert pickle.loads(pickle.dumps(made)) == made
