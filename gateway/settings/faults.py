"""Faults of a configuration: where each stands, what is wrong, and what mends it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SHOWN_LENGTH: Final = 80
_COMPARED: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a file, counted from 1; line 0 is the file as a whole."""

    file: Path
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One mistake. `key` is the dotted way to it (`mappings[1].roles[0]`), empty for the file as a whole.

    `message` tells what is wrong and the mend, and never holds a secret or a value that came through `${...}`.
    """

    file: Path
    line: int
    key: str
    message: str

    def render(self, severity: str) -> str:
        """One line, `FILE:LINE: severity: KEY: message`, printable on any terminal; of a whole file without LINE."""
        key = f"{self.key}: " if self.key else ""
        line = f":{self.line}" if self.line else ""
        return _printable(f"{self.file}{line}: {severity}: {key}{self.message}")


class ConfigurationError(Exception):
    """A configuration that cannot be used. `faults` are all that was found, `warnings` what was seen besides."""

    def __init__(self, faults: Sequence[Fault], warnings: Sequence[Fault] = ()) -> None:
        super().__init__("; ".join(fault.render("error") for fault in faults))
        self.faults = tuple(faults)
        self.warnings = tuple(warnings)


class UnreadableConfiguration(ConfigurationError):
    """There is no configuration to judge: the path given to `--config` cannot be read."""


def fault_at(place: Place, key: str, message: str) -> Fault:
    return Fault(file=place.file, line=place.line, key=key, message=message)


def shown(value: str) -> str:
    """A value that is no secret, in quotes and cut to 80 characters."""
    return f"'{value}'" if len(value) <= _SHOWN_LENGTH else f"'{value[:_SHOWN_LENGTH]}...'"


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the known word closest to `word`, else the known words where they are few."""
    words = sorted(known)
    close = closest(word, words)
    if close is not None:
        return f"; did you mean {shown(close)}?"
    if not words:
        return "; none is configured"
    return f"; known: {', '.join(words)}" if len(words) <= 12 else ""


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` most likely is."""
    import difflib  # noqa: PLC0415  for faults alone, of which a server has none

    by_folded = {candidate.casefold(): candidate for candidate in _comparable(word, sorted(known))}
    close = difflib.get_close_matches(word.casefold()[:_SHOWN_LENGTH], by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def _comparable(word: str, known: Sequence[str]) -> Sequence[str]:
    # Closeness costs a microsecond a word, and one renamed account can make thousands of faults.
    if len(known) <= _COMPARED:
        return known
    return [candidate for candidate in known if candidate[:1].casefold() == word[:1].casefold()][:_COMPARED]


def _printable(text: str) -> str:
    # A newline or terminal escape inside a key must not forge a second finding.
    return "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in text)
