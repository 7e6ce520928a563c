"""How the script speaks: numbered steps, what was sent, what came back; a secret by its first four characters."""

import json
from collections.abc import Mapping
from typing import Any, Final, TextIO

_LABEL: Final = 9
_BOLD: Final = "1"
_DIM: Final = "2"
_GREEN: Final = "32"
_RED: Final = "31"


def veiled(secret: str) -> str:
    """The first four characters of a secret, and a sign that more follows."""
    return f"{secret[:4]}..."


def colour_wanted(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Colour is for terminals that can show it, and for people who have not said no (no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


class Narrator:
    """Writes the story to a stream as it happens."""

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        self._stream: Final = stream
        self._colour: Final = colour
        self._step = 0

    def title(self, text: str) -> None:
        self._line(self._in(_BOLD, text))

    def step(self, text: str) -> None:
        """Begin a step."""
        self._step += 1
        self._line()
        self._line(self._in(_BOLD, f"{self._step}. {text}"))

    @property
    def current(self) -> int:
        """The number of the step that was begun last; 0 before the first."""
        return self._step

    def sent(self, text: str) -> None:
        self._told("sent", text)

    def back(self, text: str) -> None:
        self._told("back", text)

    def audit(self, text: str) -> None:
        """What the gateway's audit log says of it."""
        self._told("audit", text)

    def note(self, text: str) -> None:
        self._told("", text)

    def values(self, values: Mapping[str, Any]) -> None:
        """Names and values, a line each."""
        width = max(map(len, values), default=0)
        for name, value in values.items():
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            self._told("", f"{name:<{width}}  {shown}")

    def done(self, text: str) -> None:
        """End a step that did what it says."""
        self._told("ok", text, _GREEN)

    def failed(self, text: str) -> None:
        self._told("FAILED", text, _RED)

    def _told(self, label: str, text: str, colour: str = _DIM) -> None:
        first, *rest = text.splitlines() or [""]
        self._line(f"   {self._in(colour, f'{label:<{_LABEL}}')}{first}")
        for line in rest:
            self._line(f"   {'':<{_LABEL}}{line}")

    def _line(self, text: str = "") -> None:
        print(text.rstrip(), file=self._stream, flush=True)

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and text.strip() else text
