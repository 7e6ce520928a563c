"""The audit log: one JSON object a line, each written at once and whole, to a file or to standard output."""

import logging
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from gateway.domain.errors import AuditUnavailable

_LOG: Final = logging.getLogger("gateway.audit")
_STANDARD_OUTPUT: Final = 1
_MODE: Final = 0o600
_encode: Final = msgspec.json.Encoder().encode
# What could move a terminal's cursor, hide text or turn its direction: DEL and C1, format characters, separators.
_UNPRINTABLE: Final = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class AuditSink(Protocol):
    """Where audit lines go."""

    def write(self, record: Mapping[str, Any]) -> None:
        """Keep one record. Raises AuditUnavailable where it cannot be kept and must be."""
        ...


class AuditLog:
    """Appends lines to one file descriptor. `dropped` counts the lines that were lost because `refuse` is off.

    `on_failure` is called for each line that could not be written, lost or refused.
    """

    def __init__(self, descriptor: int, *, refuse: bool, path: Path | None = None) -> None:
        """`refuse`: a line that cannot be written raises; else it is dropped and counted. `path`: for `reopen`."""
        self._descriptor = descriptor
        self._path = path
        self._refuse = refuse
        self._torn = False
        self.dropped = 0
        self.on_failure: Callable[[], None] = _nothing

    @classmethod
    def open(cls, path: Path | None, *, refuse: bool) -> "AuditLog":
        """Append to `path`, made with mode 0600 where it is new; None: standard output. Raises OSError."""
        if path is None:
            return cls(_STANDARD_OUTPUT, refuse=refuse)
        return cls(_opened(path), refuse=refuse, path=path)

    def reopen(self) -> None:
        """Go on in the file that now stands at the path: whoever rotates logs has moved the old one away.

        Where it cannot be opened the old one is written on, and that is told.
        """
        if self._path is None:
            return
        try:
            descriptor = _opened(self._path)
        except OSError as error:
            _LOG.error("the audit log %s cannot be opened anew: %s", self._path, error.strerror)
            return
        self._torn = self._torn and os.path.samestat(os.fstat(descriptor), os.fstat(self._descriptor))
        self._descriptor, leaving = descriptor, self._descriptor
        os.close(leaving)

    def write(self, record: Mapping[str, Any]) -> None:
        """Append one line in one write, so that lines of several workers never mix. Raises AuditUnavailable."""
        self.write_line(line_of(record))

    def write_line(self, line: bytes) -> None:
        """As `write`, of a record that stands in its line already. Raises AuditUnavailable."""
        try:
            self._append(line)
        except OSError as error:
            self.on_failure()
            if self._refuse:
                raise AuditUnavailable(cause=f"the audit log cannot be written: {error.strerror}") from None
            self.dropped += 1

    def close(self) -> None:
        if self._descriptor != _STANDARD_OUTPUT:
            os.close(self._descriptor)

    def _append(self, line: bytes) -> None:
        # What a full disk cut off ends here, and the next line stays readable.
        rest = b"\n" + line if self._torn else line
        self._torn = False
        while rest:
            written = os.write(self._descriptor, rest)
            rest = rest[written:]
            self._torn = bool(rest)
        self._torn = False


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)


def _nothing() -> None:
    """What is called where nobody counts."""


def line_of(record: Mapping[str, Any]) -> bytes:
    """The record as one line of JSON that prints alike on every terminal and in every log viewer."""
    encoded = _encode(record)
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded + b"\n"
    # Such characters stand inside strings only, where JSON takes their escape for the same text.
    return _UNPRINTABLE.sub(_escaped, encoded.decode()).encode() + b"\n"


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
