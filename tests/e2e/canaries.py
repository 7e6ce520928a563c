"""Every secret that a run of the tests makes, and the search for them where none may be."""

from urllib.parse import unquote

PIECE = 24
"""So many characters in a row give a secret away, wherever in it they stand."""


class Canaries:
    """Secrets to look for. A name tells which one was found, so that the report need not show it."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def add(self, name: str, secret: str) -> str:
        """Look for this one too; gives it back."""
        # A signed token's first segment is its header, which is the same for many and no secret.
        _, dot, rest = secret.partition(".")
        self._names[rest if dot else secret] = name
        return secret

    def leaks(self, text: str) -> list[str]:
        """Names of the secrets that `text` shows, whole or in a telling piece, as they are or percent-encoded."""
        shown = _pieces(text) | _pieces(unquote(text))
        return sorted({name for secret, name in self._names.items() if not shown.isdisjoint(_pieces(secret))})


def _pieces(text: str) -> set[str]:
    return {text[start : start + PIECE] for start in range(len(text) - PIECE + 1)}
