"""Frozen values that are made on the hot path: as frozen as before, and made in half the time."""

from dataclasses import MISSING, Field, fields
from typing import Any, Final, TypeVar

Value = TypeVar("Value")

_ABSENT: Final = object()


def quickly_made(cls: type[Value]) -> type[Value]:
    """Another `__init__` for a frozen, slotted, keyword-only dataclass; nothing else of the class changes.

    The usual one has to write past the frozen class's own refusal, one call a field. This one fills an object of an
    open class with the same slots, and closes it last.
    """
    known: tuple[Field[Any], ...] = fields(cls)  # type: ignore[arg-type]
    opened = type(f"Open{cls.__name__}", (), {"__slots__": tuple(one.name for one in known)})
    names: dict[str, Any] = {"_absent": _ABSENT, "_become": object.__setattr__, "_closed": cls, "_opened": opened}
    parameters, body = [], []
    for one in known:
        value = one.name
        if one.default is not MISSING:
            names[f"_{one.name}"] = one.default
            parameters.append(f"{one.name}=_{one.name}")
        elif one.default_factory is not MISSING:
            names[f"_{one.name}"] = one.default_factory
            parameters.append(f"{one.name}=_absent")
            value = f"_{one.name}() if {one.name} is _absent else {one.name}"
        else:
            parameters.append(one.name)
        body.append(f"    self.{one.name} = {value}")
    lines = [
        f"def __init__(self, *, {', '.join(parameters)}):",
        '    _become(self, "__class__", _opened)',
        *body,
        "    self.__class__ = _closed",
    ]
    # As `dataclasses` itself makes one: the text holds the names of the class's own fields, and nothing from outside.
    exec("\n".join(lines), names)  # noqa: S102
    made = names["__init__"]
    made.__qualname__, made.__annotations__ = f"{cls.__qualname__}.__init__", cls.__init__.__annotations__
    cls.__init__ = made  # type: ignore[method-assign]
    return cls
