"""Which kind of user store each provider is; only kinds that there are go on to the models."""

from gateway.settings.faults import Fault, fault_at, nearest, shown
from gateway.settings.models.document import PROVIDER_TYPES
from gateway.settings.tree import Entry, Section, child, entries_of, text_of


def spoken_providers(root: Section, faults: list[Fault]) -> Section:
    """The tree without providers of other types, each of which becomes a fault."""
    section = root.entries.get("providers")
    if section is None or not isinstance(section.node, Section):
        return root
    spoken = {name: entry for name, entry in section.node.entries.items() if _is_spoken(name, entry, faults)}
    providers = Entry(section.place, Section(section.node.place, spoken))
    return Section(root.place, {**root.entries, "providers": providers})


def _is_spoken(name: str, provider: Entry, faults: list[Fault]) -> bool:
    kind = text_of(child(provider.node, "type"))
    if kind is None or kind in PROVIDER_TYPES:
        return True
    place = entries_of(provider.node)["type"].place
    message = f"unknown type {shown(kind)}{nearest(kind, PROVIDER_TYPES)}"
    faults.append(fault_at(place, f"providers.{name}.type", message))
    return False
