"""A configuration as a tree that knows the line of every key and value."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gateway.settings.faults import Place


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `text` is what was written; `secret` marks a value that came through `${...}`.

    `unresolved` marks a reference that gave no value: that is told once, and nothing more is said about the value.
    """

    place: Place
    value: str | int | float | bool | None = field(repr=False)
    text: str = field(repr=False)
    secret: bool = False
    unresolved: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    place: Place
    items: list["Node"]


@dataclass(frozen=True, slots=True)
class Section:
    """Keys and their values; `entries` keeps the order of the file."""

    place: Place
    entries: dict[str, "Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """`place` is the key's own line."""

    place: Place
    node: "Node"


Node: TypeAlias = Scalar | Listing | Section
Way: TypeAlias = tuple[str | int, ...]


def dotted(way: Way) -> str:
    """A way as faults show it: `mappings[1].roles[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in way).removeprefix(".")


def twice(first: Place, second: Place) -> str:
    """The message of a key that is set at two places."""
    where = f"line {first.line}" if first.file == second.file else f"{first.file}:{first.line}"
    return f"set twice; first at {where}: remove one of them"


def plain(node: Node) -> Any:
    """The tree as dictionaries, lists and scalars."""
    if isinstance(node, Section):
        return {key: plain(entry.node) for key, entry in node.entries.items()}
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    return node.value


def entries_of(node: Node | None) -> dict[str, Entry]:
    """The keys of a section; none of whatever else (that it is something else is told by the model)."""
    return node.entries if isinstance(node, Section) else {}


def child(node: Node | None, *keys: str) -> Node | None:
    """The node under `keys`, or None."""
    for key in keys:
        entry = entries_of(node).get(key)
        if entry is None:
            return None
        node = entry.node
    return node


def items_of(node: Node | None) -> list[Node]:
    return node.items if isinstance(node, Listing) else []


def text_of(node: Node | None) -> str | None:
    """The text of a scalar that is one; None of numbers, nothing, unresolved references, lists and sections."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) and not node.unresolved else None
