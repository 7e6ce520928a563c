"""Texts of a policy with their variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, `${*}`.

Only documents of version 2012-10-17 have variables; in older ones `${` is plain text (IAM User Guide, "Policy
variables"). A variable's value is text and never a pattern, whatever characters it holds.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.domain.errors import MalformedPolicyDocument
from gateway.policy.context import RequestContext


class Wild(Enum):
    """A wildcard, told apart from a character that only looks like one."""

    MANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """`key` in lower case; `default` stands in where the request has no such key."""

    key: str
    default: str | None

    def value(self, context: RequestContext) -> str | None:
        """None where the text has no meaning for this request: no value and no default, or several values."""
        values = context.values.get(self.key)
        if values is None:
            return self.default
        return values[0] if len(values) == 1 else None


Token = str | Variable | Wild

_OPENING: Final = "${"
_VARIABLE: Final = re.compile(r"\$\{(?:([*?$])|([^{}$,'*?]+)(?:,\s*'([^']*)'\s*)?)\}")
_WILD: Final = re.compile(r"([*?])")
_WILD_CHARACTERS: Final = frozenset("*?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One text of a policy as written, and where it stands. `has_variables`: what the document's version says."""

    text: str
    path: str
    has_variables: bool

    def plain(self) -> tuple[str | Variable, ...]:
        """The text, in which only variables mean something. Raises MalformedPolicyDocument."""
        pieces = [piece.group(1) if isinstance(piece, re.Match) else piece for piece in self._pieces()]
        return tuple(piece for piece in pieces if piece != "")

    def pattern(self) -> tuple[Token, ...]:
        """The text as a pattern with `*` and `?`, no two texts side by side. Raises MalformedPolicyDocument."""
        return tuple(_merged(self._wild_pieces()))

    def fault(self, problem: str) -> MalformedPolicyDocument:
        return MalformedPolicyDocument(self.path, problem)

    def _wild_pieces(self) -> Iterator[Token]:
        for piece in self._pieces():
            if isinstance(piece, str):
                yield from (Wild(part) if part in _WILD_CHARACTERS else part for part in _WILD.split(piece))
            else:
                # An escaped character is itself, never a wildcard.
                yield piece.group(1) if isinstance(piece, re.Match) else piece

    def _pieces(self) -> Iterator[str | Variable | re.Match[str]]:
        """Texts as written, variables, and escaped characters as the match whose first group they are."""
        at = 0
        while self.has_variables and (opening := self.text.find(_OPENING, at)) >= 0:
            match = _VARIABLE.match(self.text, opening)
            if match is None:
                raise self.fault("holds a ${ that begins no variable; write ${$}{ where the two characters are meant")
            yield self.text[at:opening]
            yield match if match[1] else Variable(key=match[2].strip().lower(), default=match[3])
            at = match.end()
        yield self.text[at:]


def keys_in(text: str) -> Iterator[str]:
    """The keys, in lower case, of the variables in `text`, taken from a document that has variables."""
    if "${" not in text:
        return iter(())
    return (match[2].strip().lower() for match in _VARIABLE.finditer(text) if match[2])


def resolve_text(tokens: Sequence[str | Variable], context: RequestContext) -> str | None:
    """The text with each variable's value in its place; None where one of them has none."""
    texts = []
    for token in tokens:
        text = token if isinstance(token, str) else token.value(context)
        if text is None:
            return None
        texts.append(text)
    return "".join(texts)


def _merged(tokens: Iterable[Token]) -> Iterator[Token]:
    pending: list[str] = []
    for token in tokens:
        if isinstance(token, str):
            pending.append(token)
            continue
        if text := "".join(pending):
            yield text
        pending.clear()
        yield token
    if text := "".join(pending):
        yield text
