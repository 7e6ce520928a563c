"""The configuration that a process begins with: the last good one of its files, and how the files looked when read."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.assembly.file_state import state_of
from gateway.settings.configuration import Configuration
from gateway.settings.faults import ConfigurationError
from gateway.settings.source import Unreadable, documents_of

FIXED: Final = ("public_url", "keyring", "state", "trusted_proxies", "tls", "internal_listen", "audit")
"""Settings of `gateway` that a running process was made with; its sessions are sealed for its `public_url`."""

Seen = dict[str, tuple[int, ...]]
"""Path to what tells one content of the file from another."""


class LastGood:
    """Read when the program starts, and read anew by whoever starts processes in its stead.

    A worker that replaces a dead one would otherwise begin with what stood in the files when the first was started, and
    grant what has been taken away since.
    """

    def __init__(self, path: Path, load: Callable[[Path], Configuration]) -> None:
        """`path`: as given to `--config`. Raises ConfigurationError."""
        self.path = path
        self._load = load
        before = look(path, ())
        self.configuration = load(path)
        self.seen = seen_when_read(before, look(path, self.configuration.sources))
        self._refused: Seen = {}

    def follow(self) -> None:
        """Take what the files hold where they have changed; what cannot be used is left aside, for a worker to tell."""
        before = look(self.path, self.configuration.sources)
        if before in (self.seen, self._refused):
            return
        try:
            configuration = self._load(self.path)
        except ConfigurationError:
            self._refused = before
            return
        self.configuration = kept(self.configuration, configuration)
        self.seen = seen_when_read(before, look(self.path, configuration.sources))


def look(path: Path, sources: Iterable[Path]) -> Seen:
    """How the documents at `path`, and files that they name, look now; Kubernetes swaps a link, editors the file."""
    try:
        documents = documents_of(path)
    except Unreadable:
        documents = ()
    return {str(one): state_of(one) for one in {*documents, *sources}}


def seen_when_read(before: Seen, after: Seen) -> Seen:
    """What changed while it was read may have been read half: as it was before, it is unlike what is seen next."""
    return {path: before.get(path, state) for path, state in after.items()}


def fixed_settings(now: Configuration, then: Configuration) -> list[str]:
    """Those of FIXED that differ."""
    return [name for name in FIXED if getattr(now.gateway, name) != getattr(then.gateway, name)]


def kept(now: Configuration, then: Configuration) -> Configuration:
    """`then` with what cannot change while a process runs as it is `now`."""
    fixed = {name: getattr(now.gateway, name) for name in FIXED}
    return replace(then, gateway=replace(then.gateway, **fixed))
