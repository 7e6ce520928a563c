"""Secrets that are valid and loosely kept: written out where everybody reads, meant as references, easily guessed."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.settings.faults import Fault, fault_at
from gateway.settings.interpolation import SECRET_KEYS
from gateway.settings.tree import Listing, Node, Scalar, Section, child, entries_of, text_of

_SHORTEST_TOKEN: Final = 16
_REFERENCES: Final = ("${env:", "${file:")
# Of these alone `${...}` is the language's own: policy variables.
_POLICIES: Final = frozenset({"policies", "trust_policy", "permissions_boundary"})
_STATE: Final = "gateway.state"
_NO_SECRET: Final = "gateway.tls.private_key"  # noqa: S105  a path that is named as SAML's key is
_WRITTEN_OUT: Final = (
    "a secret is written out, in a file that everybody on this machine may read; write ${env:NAME} or ${file:PATH} in "
    "its place, or let its user alone read the file (chmod 0600)"
)
_NO_REFERENCE: Final = "`${...}` stands as it is here; a value from elsewhere is ${env:NAME} or ${file:PATH}"
_GUESSED: Final = f"under {_SHORTEST_TOKEN} characters, which can be guessed; make one by `openssl rand -hex 32`"


def loose_secrets(written: Section, root: Section) -> Iterator[Fault]:
    """A warning for each; `written` is the tree before its references were replaced, `root` the one after."""
    for key, name, node in _scalars(written, "", ""):
        text = text_of(node) or ""
        if "${" in text and not any(reference in text for reference in _REFERENCES):
            yield fault_at(node.place, key, _NO_REFERENCE)
        elif _is_secret(key, name, text) and _open_to_everybody(node.place.file):
            yield fault_at(node.place, key, _WRITTEN_OUT)
    for name, entry in entries_of(child(root, "services")).items():
        token = child(entry.node, "proxy_token")
        if token is not None and 0 < len(text_of(token) or "") < _SHORTEST_TOKEN:
            yield fault_at(token.place, f"services.{name}.proxy_token", _GUESSED)


def _scalars(node: Node, key: str, name: str) -> Iterator[tuple[str, str, Scalar]]:
    """Dotted key, last key and scalar of everything below a node but policies."""
    if isinstance(node, Scalar):
        yield key, name, node
    elif isinstance(node, Listing):
        for at, item in enumerate(node.items):
            yield from _scalars(item, f"{key}[{at}]", name)
    else:
        for below, entry in node.entries.items():
            if below not in _POLICIES:
                yield from _scalars(entry.node, f"{key}.{below}" if key else below, below)


def _is_secret(key: str, name: str, text: str) -> bool:
    if not text or any(reference in text for reference in _REFERENCES):
        return False
    if key == _STATE:
        credentials = text.partition("://")[2].rpartition("@")[0]
        return bool(credentials.partition(":")[2]) or "password=" in text
    return name in SECRET_KEYS and key != _NO_SECRET


def _open_to_everybody(file: Path) -> bool:
    try:
        may_enter = all(folder.stat().st_mode & stat.S_IXOTH for folder in file.absolute().parents)
        return may_enter and bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False
