"""Patterns with `*` and `?`, matched in linear time: no pattern of an attacker's makes a decision slow.

A pattern is a sequence of runs with a `*` between each two; a run is a sequence of texts with a `?` between each two.
The leftmost place of each run in turn is always the best one, so nothing is ever tried again. No regular expressions:
theirs backtrack.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from gateway.policy.context import RequestContext
from gateway.policy.variables import Token, Variable, Wild, resolve_text

Matches = Callable[[str, RequestContext], bool]
Run = tuple[str, ...]
_Open = list[list[str | Variable]]
"""A run with variables in its texts."""

_ARN_PARTS: Final = 6
_ARN_PREFIX: Final = "arn:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One pattern, compiled: every text that it matches begins with `prefix` and ends with `suffix`.

    An `exact` one matches `prefix` alone.
    """

    matches: Matches
    prefix: str = ""
    suffix: str = ""
    exact: bool = False


def glob(tokens: Sequence[Token]) -> Pattern:
    """A pattern for whole texts; its variables take their values when a text is matched."""
    if any(isinstance(token, Variable) for token in tokens):
        return Pattern(matches=_dynamic(tokens), prefix=_literal(tokens[:1]), suffix=_literal(tokens[-1:]))
    matches = _static(_runs(token for token in tokens if not isinstance(token, Variable)))
    exact = not any(isinstance(token, Wild) for token in tokens)
    return Pattern(matches=matches, prefix=_literal(tokens[:1]), suffix=_literal(tokens[-1:]), exact=exact)


def arn(tokens: Sequence[Token]) -> Pattern | None:
    """A pattern for ARNs, whose wildcards end with the part that they stand in; the last part holds all the rest.

    None where it can be no ARN's: fewer than six parts, and no variable that could stand for some of them.
    """
    parts = _parts(tokens)
    if len(parts) < _ARN_PARTS:
        return _arn_of_few_parts(tokens)
    whole = glob(tokens)
    if all(isinstance(token, str) for part in parts[:-1] for token in part):
        # The parts before the last are literal, so the last one begins where the pattern says.
        return whole
    matchers = [glob(part).matches for part in parts]

    def matches(text: str, context: RequestContext) -> bool:
        given = text.split(":", _ARN_PARTS - 1)
        return len(given) == _ARN_PARTS and all(
            match(part, context) for match, part in zip(matchers, given, strict=True)
        )

    return Pattern(matches=matches, prefix=whole.prefix, suffix=whole.suffix)


def is_arn(text: str) -> bool:
    return text.startswith(_ARN_PREFIX) and text.count(":") >= _ARN_PARTS - 1


def match_runs(runs: Sequence[Run], text: str) -> bool:
    """Whether `text` is the runs with anything between them. Linear in the text for runs of bounded length."""
    at = _end_at(runs[0], text, 0)
    if at < 0 or len(runs) == 1:
        return at == len(text)
    for run in runs[1:-1]:
        at = _end_after(run, text, at)
        if at < 0:
            return False
    last = runs[-1]
    start = len(text) - _length(last)
    return start >= at and _end_at(last, text, start) >= 0


def _arn_of_few_parts(tokens: Sequence[Token]) -> Pattern | None:
    everything = all(token is Wild.MANY for token in tokens)
    if not tokens or not (everything or any(isinstance(token, Variable) for token in tokens)):
        return None
    inner = glob(tokens)
    return Pattern(
        matches=lambda text, context: is_arn(text) and inner.matches(text, context),
        prefix=inner.prefix,
        suffix=inner.suffix,
    )


def _parts(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens of each part of an ARN. Only colons of the policy's own text part it, never those of a value."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if not isinstance(token, str):
            parts[-1].append(token)
            continue
        pieces = token.split(":", _ARN_PARTS - len(parts))
        for number, piece in enumerate(pieces):
            if number:
                parts.append([])
            if piece:
                parts[-1].append(piece)
    return parts


def _literal(tokens: Sequence[Token]) -> str:
    return "".join(token for token in tokens if isinstance(token, str))


def _runs(tokens: Iterable[str | Wild]) -> tuple[Run, ...]:
    runs: list[list[str]] = [[""]]
    for token in tokens:
        if token is Wild.MANY:
            runs.append([""])
        elif token is Wild.ONE:
            runs[-1].append("")
        else:
            runs[-1][-1] += str(token)
    # `**` is `*`.
    kept = [run for at, run in enumerate(runs) if run != [""] or at in {0, len(runs) - 1}]
    return tuple(tuple(run) for run in kept)


def _static(runs: Sequence[Run]) -> Matches:
    if any(len(run) > 1 for run in runs) or len(runs) > 2:
        return lambda text, _: match_runs(runs, text)
    if len(runs) == 1:
        ((whole,),) = runs
        return lambda text, _: text == whole
    ((start,), (end,)) = runs
    if not end:
        return partial(_begins, start)
    least = len(start) + len(end)
    return lambda text, _: len(text) >= least and text.startswith(start) and text.endswith(end)


def _begins(start: str, text: str, _context: RequestContext) -> bool:
    return text.startswith(start)


def _dynamic(tokens: Sequence[Token]) -> Matches:
    """As `_static`: the runs are laid out once, and only the variables' texts are put in for each match."""
    begins = _literal(tokens[:1])
    layout = _layout(tokens)

    def matches(text: str, context: RequestContext) -> bool:
        if not text.startswith(begins):
            return False
        runs = []
        for run in layout:
            filled = run if isinstance(run, tuple) else _filled(run, context)
            if filled is None:
                return False
            runs.append(filled)
        return match_runs(runs, text)

    return matches


def _layout(tokens: Sequence[Token]) -> list[Run | _Open]:
    runs: list[list[list[str | Variable]]] = [[[]]]
    for token in tokens:
        if token is Wild.MANY:
            runs.append([[]])
        elif token is Wild.ONE:
            runs[-1].append([])
        elif not isinstance(token, Wild):
            runs[-1][-1].append(token)
    return [run if any(map(_is_open, run)) else tuple("".join(map(str, piece)) for piece in run) for run in runs]


def _is_open(piece: Iterable[str | Variable]) -> bool:
    return any(isinstance(one, Variable) for one in piece)


def _filled(run: _Open, context: RequestContext) -> Run | None:
    """None where a variable has no value: the pattern means nothing for this request."""
    pieces = []
    for piece in run:
        text = resolve_text(piece, context)
        if text is None:
            return None
        pieces.append(text)
    return tuple(pieces)


def _length(run: Run) -> int:
    return len(run[0]) if len(run) == 1 else sum(map(len, run)) + len(run) - 1


def _end_at(run: Run, text: str, at: int) -> int:
    """Where the run ends that begins at `at`; negative where it does not stand there."""
    for piece in run:
        if not text.startswith(piece, at):
            return -1
        at += len(piece) + 1
    return at - 1


def _end_after(run: Run, text: str, at: int) -> int:
    """Where the run ends whose leftmost place is not before `at`; negative where it has none."""
    if len(run) == 1:
        found = text.find(run[0], at)
        return found if found < 0 else found + len(run[0])
    return _end_after_with_gaps(run, text, at)


def _end_after_with_gaps(run: Run, text: str, at: int) -> int:
    """As `_end_after`, by Shift-And: bit i of `state` says that the run's first i + 1 characters end here.

    R. Baeza-Yates, G. Gonnet, "A new approach to text searching" (1992). One step a character, whatever the run is.
    """
    length = _length(run)
    gaps, places, position = 0, dict[str, int](), 0
    for number, piece in enumerate(run):
        if number:
            gaps |= 1 << position
            position += 1
        for character in piece:
            places[character] = places.get(character, 0) | 1 << position
            position += 1
    state, complete = 0, 1 << (length - 1)
    for end in range(at, len(text)):
        state = ((state << 1) | 1) & (places.get(text[end], 0) | gaps)
        if state & complete:
            return end + 1
    return -1
