"""`${env:NAME}` and `${file:PATH}` inside values; every other `${...}` is left to whom it belongs."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.settings.faults import Fault, fault_at, shown
from gateway.settings.source import VALUE_LIMIT, Unreadable, read_text
from gateway.settings.tree import Entry, Listing, Node, Scalar, Section

# IAM's own variables (`${aws:username}`, `${*}`) begin otherwise and stay untouched. `$${env:` writes `${env:`.
_REFERENCE: Final = re.compile(r"(\$?)\$\{(env|file):([^}]*)\}")
_OPEN: Final = re.compile(r"(?<!\$)\$\{(?:env|file):[^}]*\Z")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_RELATIVE: Final = "name a file that the gateway's user may read; its path counts from the folder of the configuration"
_TOTAL_LIMIT: Final = 16 * 1024 * 1024
SECRET_KEYS: Final = frozenset(
    {"client_secret", "bind_password", "secret", "secret_access_key", "private_key", "proxy_token"}
)


class _Unset(Exception):
    """A reference that gives no value; the message is the fault's."""


class Interpolator:
    """Replaces references in a tree, and marks as secret what came in so and what stands under a secret's key.

    `files` are those that were read; `secrets` the texts that may be shown to nobody.
    """

    def __init__(self, environment: Mapping[str, str], faults: list[Fault]) -> None:
        self._environment = environment
        self._faults = faults
        self._texts: dict[Path, str] = {}
        self._done: dict[tuple[int, bool], Node] = {}
        self._total = 0
        self.secrets: set[str] = set()

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(self._texts)

    def expand(self, node: Node, key: str = "", *, secret: bool = False) -> Node:
        """The same tree with references replaced; a node that several aliases share is expanded once."""
        known = self._done.get((id(node), secret))
        if known is None:
            known = self._done[id(node), secret] = self._expanded(node, key, secret=secret)
        return known

    def section(self, node: Section, key: str = "", *, secret: bool = False) -> Section:
        """A section with references replaced in all that stands below it; the root of a configuration is one."""
        self._note_secrets_in_keys(node)
        entries = {
            name: Entry(
                entry.place,
                self.expand(entry.node, f"{key}.{name}" if key else name, secret=secret or name in SECRET_KEYS),
            )
            for name, entry in node.entries.items()
        }
        return Section(node.place, entries)

    def _expanded(self, node: Node, key: str, *, secret: bool) -> Node:
        if isinstance(node, Section):
            return self.section(node, key, secret=secret)
        if isinstance(node, Listing):
            items = [self.expand(item, f"{key}[{at}]", secret=secret) for at, item in enumerate(node.items)]
            return Listing(node.place, items)
        expanded = self._scalar(node, key)
        if secret and expanded.text:
            self.secrets.add(expanded.text)
            return replace(expanded, secret=True)
        return expanded

    def _note_secrets_in_keys(self, section: Section) -> None:
        # `{id: X, secret:hunter2}`, the blank forgotten, makes a key that holds the secret.
        for name in section.entries:
            head, _, rest = name.partition(":")
            if rest and head in SECRET_KEYS:
                self.secrets.add(rest)

    def _scalar(self, node: Scalar, key: str) -> Scalar:
        if not isinstance(node.value, str) or "${" not in node.value:
            return node
        if _OPEN.search(node.value):
            self._faults.append(fault_at(node.place, key, "`${env:` or `${file:` without its closing `}`"))
            return Scalar(node.place, node.value, node.text, unresolved=True)
        came_in: list[str] = []

        def replaced(match: re.Match[str]) -> str:
            escaped, kind, name = match.groups()
            if escaped:
                return match.group()[1:]
            came_in.append(self._value(kind, name, node.place.file))
            return came_in[-1]

        try:
            text = _REFERENCE.sub(replaced, node.value)
        except _Unset as problem:
            self._faults.append(fault_at(node.place, key, str(problem)))
            return Scalar(node.place, node.value, node.text, unresolved=True)
        self.secrets.update(came_in)
        return Scalar(node.place, text, text, secret=bool(came_in))

    def _value(self, kind: str, name: str, origin: Path) -> str:
        text = self._variable(name) if kind == "env" else self._file(name, origin)
        if _UNPRINTABLE.search(text):
            raise _Unset(f"${{{kind}:...}} gives a control character or bytes that are no text")
        self._total += len(text)
        if self._total > _TOTAL_LIMIT:
            raise _Unset("`${...}` values of more than 16 MiB in all")
        return text

    def _variable(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise _Unset("`${env:NAME}` takes the name of an environment variable: letters, digits and _")
        value = self._environment.get(name)
        if value is None:
            raise _Unset(f"the environment variable {name} is not set; set it, or write the value here")
        return value

    def _file(self, name: str, origin: Path) -> str:
        path = (origin.parent / name).absolute()
        if path not in self._texts:
            try:
                self._texts[path] = read_text(path, VALUE_LIMIT).rstrip("\r\n")
            except Unreadable as error:
                raise _Unset(f"cannot read {shown(str(path))}: {error.reason}; {_RELATIVE}") from None
        return self._texts[path]
