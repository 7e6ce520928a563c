"""The files of a configuration folder as one tree.

Sections are joined at their second level, so one file may hold `roles` of one team and the next file those of another;
the lists of `mappings` are joined in the order of the files' names. Everything else stands in one file only.
"""

from collections.abc import Collection, Iterable

from gateway.settings.faults import Fault, fault_at
from gateway.settings.tree import Entry, Listing, Node, Scalar, Section, twice


def merged(roots: Iterable[Node], sections: Collection[str], faults: list[Fault]) -> Section | None:
    """One tree of all documents, or None where none is a section.

    `sections`: names that may stand without a value, as `users:` does once all below it is commented out. A key set
    twice is a fault that names both places.
    """
    joined: Section | None = None
    for root in roots:
        if not isinstance(root, Section):
            faults.append(fault_at(root.place, "", "must be sections: `gateway:`, `accounts:`, `providers:`, ..."))
            continue
        if joined is None:
            joined = Section(root.place, {})
        for name, entry in root.entries.items():
            if name not in sections or not _is_void(entry.node):
                _join(joined.entries, name, entry, faults)
    return joined


def _join(into: dict[str, Entry], name: str, entry: Entry, faults: list[Fault]) -> None:
    known = into.get(name)
    if known is None:
        into[name] = Entry(entry.place, _emptied(entry.node))
        known = into[name]
        if not isinstance(known.node, Section | Listing):
            return
    if isinstance(known.node, Section) and isinstance(entry.node, Section):
        for key, value in entry.node.entries.items():
            first = known.node.entries.setdefault(key, value)
            if first is not value:
                faults.append(fault_at(value.place, f"{name}.{key}", twice(first.place, value.place)))
    elif isinstance(known.node, Listing) and isinstance(entry.node, Listing):
        known.node.items.extend(entry.node.items)
    else:
        faults.append(fault_at(entry.place, name, twice(known.place, entry.place)))


def _is_void(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _emptied(node: Node) -> Node:
    # The joined tree has containers of its own: an alias elsewhere may share the file's.
    if isinstance(node, Section):
        return Section(node.place, {})
    return Listing(node.place, []) if isinstance(node, Listing) else node
