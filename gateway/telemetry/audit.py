"""The audit log: one JSON object a line, each written whole, before what it tells of, to a file or standard output."""

import logging
import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from gateway.domain.errors import AuditUnavailable

_LOG: Final = logging.getLogger("gateway.audit")
_STANDARD_OUTPUT: Final = 1
_MODE: Final = 0o600
_NEWLINE: Final = ord("\n")
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


class Receipt:
    """One line on its way into the log. What it tells of is handed out once it is settled, and not before."""

    __slots__ = ("_log", "fault", "is_settled", "line")

    def __init__(self, log: "AuditLog", line: bytes) -> None:
        self._log = log
        self.line = line
        self.is_settled = False
        self.fault: str | None = None

    def settle(self) -> None:
        """Write the line, and all that wait with it, unless one of those had it written. Raises AuditUnavailable."""
        if not self.is_settled:
            self._log.write_waiting()
        if not self.is_settled:  # a fault that nobody foresaw broke off the write that it shared
            raise AuditUnavailable(cause="the audit log cannot be written: its write broke off")
        if self.fault is not None:
            raise AuditUnavailable(cause=f"the audit log cannot be written: {self.fault}")


class AuditLog:
    """Appends lines to one file descriptor. `dropped` counts the lines that were lost because `refuse` is off.

    `on_failure` is called for each line that could not be written, lost or refused. Lines of one moment may share a
    write, which costs a twentieth of minting otherwise: `take` each, then `settle` each. A crash between the two loses
    lines of requests that nobody has an answer to.
    """

    def __init__(self, descriptor: int, *, refuse: bool, path: Path | None = None) -> None:
        """`refuse`: a line that cannot be written raises; else it is dropped and counted. `path`: for `reopen`."""
        self._descriptor = descriptor
        self._path = path
        self._refuse = refuse
        self._torn = False
        self._waiting: list[Receipt] = []
        self._is_file = _is_file(descriptor)
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
        self._is_file = _is_file(descriptor)
        os.close(leaving)

    def write(self, record: Mapping[str, Any]) -> None:
        """Append one line, behind all that wait. Raises AuditUnavailable."""
        self.write_line(line_of(record))

    def write_line(self, line: bytes) -> None:
        """As `write`, of a record that stands in its line already. Raises AuditUnavailable."""
        self.take(line).settle()

    def take(self, line: bytes) -> Receipt:
        """A line that is written when it is settled, or any that is taken by then. One turn of the event loop, no more.

        Lines of several workers never mix: a file takes several in one write; a pipe, which is sure to keep no more
        than one of usual length together (PIPE_BUF), gets each in a write of its own.
        """
        receipt = Receipt(self, line)
        self._waiting.append(receipt)
        return receipt

    def write_waiting(self) -> None:
        """Write what was taken; the receipts know how it went."""
        waiting, self._waiting = self._waiting, []
        if self._is_file and waiting:
            self._write_together(waiting)
        else:
            for receipt in waiting:
                self._write_together([receipt])

    def close(self) -> None:
        self.write_waiting()
        if self._descriptor != _STANDARD_OUTPUT:
            os.close(self._descriptor)

    def _write_together(self, receipts: Sequence[Receipt]) -> None:
        lines = receipts[0].line if len(receipts) == 1 else b"".join([receipt.line for receipt in receipts])
        kept, fault = self._append(lines)
        for receipt in receipts:
            kept -= len(receipt.line)
            if kept < 0:
                self._lost(receipt, fault)
            receipt.is_settled = True

    def _lost(self, receipt: Receipt, fault: str) -> None:
        self.on_failure()
        if self._refuse:
            receipt.fault = fault
        else:
            self.dropped += 1

    def _append(self, lines: bytes) -> tuple[int, str]:
        """How many bytes were written, and why no more."""
        # What a full disk cut off ends here, and the next line stays readable.
        rest = b"\n" + lines if self._torn else lines
        while True:
            try:
                written = os.write(self._descriptor, rest)
            except OSError as error:
                return max(0, len(lines) - len(rest)), error.strerror or "the system says no more"
            if written == len(rest):
                self._torn = False
                return len(lines), ""
            self._torn = self._torn if written == 0 else rest[written - 1] != _NEWLINE
            rest = rest[written:]


def _is_file(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


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
