"""Which settings name files: made absolute against the file they stand in, and looked for before anything starts."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.connectors.saml.settings import is_address
from gateway.settings.faults import Fault, fault_at, shown
from gateway.settings.tree import Entry, Scalar, Section, entries_of

_ANY: Final = "*"
_METADATA: Final = "metadata"
STANDARD_OUTPUT: Final = "-"
# Read at start: without them the gateway could not serve, or could not prove an identity.
NEEDED_FILES: Final = (
    ("gateway", "tls", "certificate"),
    ("gateway", "tls", "private_key"),
    ("providers", _ANY, "ca_file"),
    ("providers", _ANY, "jwks_file"),
    ("providers", _ANY, _METADATA),
    ("providers", _ANY, "metadata_certificate"),
    ("providers", _ANY, "certificate"),
)
# May come into being later: the keyring is generated, the audit log begun, a cluster's token rotated in place.
LATER_FILES: Final = (
    ("gateway", "keyring"),
    ("gateway", "audit", "path"),
    ("providers", _ANY, "bearer_token_file"),
)


def make_absolute(root: Section) -> None:
    """Replace every relative path in the tree by the one against its own file's folder."""
    for way in NEEDED_FILES + LATER_FILES:
        for section, name, _ in _found(root, way):
            entry = section.entries[name]
            node = entry.node
            if isinstance(node, Scalar) and isinstance(node.value, str) and not _is_no_path(node, name):
                path = str((node.place.file.parent / node.value).absolute())
                section.entries[name] = Entry(entry.place, replace(node, value=path))


def needed_files(root: Section) -> tuple[Path, ...]:
    """The files, absolute, whose change is a change of the configuration."""
    return _named(root, NEEDED_FILES)


def named_files(root: Section) -> tuple[Path, ...]:
    """Every file, absolute, that a setting names."""
    return _named(root, NEEDED_FILES + LATER_FILES)


def _named(root: Section, ways: tuple[tuple[str, ...], ...]) -> tuple[Path, ...]:
    return tuple(
        Path(node.value)
        for way in ways
        for section, name, _ in _found(root, way)
        if isinstance(node := section.entries[name].node, Scalar)
        and isinstance(node.value, str)
        and not _is_no_path(node, name)
    )


def unreadable(root: Section) -> Iterator[Fault]:
    """A fault for each needed file that is not there or may not be read."""
    for way in NEEDED_FILES:
        for section, name, key in _found(root, way):
            entry = section.entries[name]
            node = entry.node
            if not isinstance(node, Scalar) or not isinstance(node.value, str) or _is_no_path(node, name):
                continue
            problem = _problem(node.value)
            if problem:
                shown_path = "this file" if node.secret else shown(node.value)
                yield fault_at(entry.place, key, f"cannot read {shown_path}: {problem}")


def _problem(path: str) -> str | None:
    try:
        Path(path).stat()
    except PermissionError:
        return "permission denied; let the gateway's user enter its folder"
    except (OSError, ValueError):
        return "there is no such file; correct the path, which is relative to the configuration file"
    if not os.path.isfile(path):  # noqa: PTH113
        return "not a regular file; name one"
    return None if os.access(path, os.R_OK) else "permission denied; let the gateway's user read it"


def _is_no_path(node: Scalar, name: str) -> bool:
    text = str(node.value)
    if name == _METADATA and is_address(text):
        return True
    return node.unresolved or text in {"", STANDARD_OUTPUT} or "-----BEGIN" in text


def _found(root: Section, way: tuple[str, ...]) -> Iterator[tuple[Section, str, str]]:
    """Section, last key and dotted key of everything at `way`; `*` is any key."""
    sections = [(root, "")]
    for step in way[:-1]:
        sections = [
            (entry.node, f"{key}.{name}" if key else name)
            for section, key in sections
            for name, entry in section.entries.items()
            if step in {_ANY, name} and isinstance(entry.node, Section)
        ]
    for section, key in sections:
        if way[-1] in entries_of(section):
            yield section, way[-1], f"{key}.{way[-1]}"
