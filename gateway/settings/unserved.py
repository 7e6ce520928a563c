"""Settings that are checked and not yet acted on: nobody shall believe in a guard that is not there."""

from collections.abc import Iterator
from typing import Final

from gateway.settings.faults import Fault, Place, fault_at
from gateway.settings.tree import Node, Section, child, entries_of

_SECTION_KEYS: Final = {
    "browser_session": "has no browser sign-in yet",
    "throttle": "takes no passwords yet",
}
_PROVIDER_KEYS: Final = {
    "client_secret": "has no browser sign-in yet",
    "scopes": "has no browser sign-in yet",
}
_NO_EFFECT: Final = "the setting has no effect"


def unserved_settings(root: Section) -> Iterator[Fault]:
    """A warning for each such setting that is written."""
    yield from _written(child(root, "gateway"), "gateway", _SECTION_KEYS)
    for name, entry in entries_of(child(root, "providers")).items():
        yield from _written(entry.node, f"providers.{name}", _PROVIDER_KEYS)
    for name, entry in entries_of(child(root, "services")).items():
        yield _warning(entry.place, f"services.{name}", "does not answer for resource servers yet")


def _written(section: Node | None, key: str, reasons: dict[str, str]) -> Iterator[Fault]:
    for name, entry in entries_of(section).items():
        if name in reasons:
            yield _warning(entry.place, f"{key}.{name}", reasons[name])


def _warning(place: Place, key: str, reason: str) -> Fault:
    return fault_at(place, key, f"this version {reason}; {_NO_EFFECT}")
