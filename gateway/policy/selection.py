"""Action and Resource elements, and their Not... forms: which names a statement selects."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.policy.context import RequestContext
from gateway.policy.patterns import Pattern, arn, glob
from gateway.policy.variables import Source, Wild

Selects = Callable[[str, RequestContext], bool]

_ACTION: Final = re.compile(r"\*|(?:\*|[A-Za-z0-9-]{1,64}):[A-Za-z0-9_.*?-]{1,128}")
_WITHOUT_VENDOR: Final = re.compile(r"[^:]*|:.*", re.DOTALL)
_RESOURCE: Final = re.compile(r"arn:[a-z0-9-]+:[A-Za-z0-9-]+:", re.ASCII)
_EVERYTHING: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The names of one element as written; `excluded` where it stands for all others (NotAction, NotResource)."""

    written: tuple[str, ...]
    excluded: bool
    patterns: tuple[Pattern, ...] = field(compare=False, repr=False)
    selects: Selects = field(compare=False, repr=False)


def actions(sources: Sequence[Source]) -> Selection:
    """Patterns for actions in lower case: actions are case-insensitive. Raises MalformedPolicyDocument."""
    for source in sources:
        if not _ACTION.fullmatch(source.text):
            if _WITHOUT_VENDOR.fullmatch(source.text):
                raise source.fault("names an action without a vendor; write it as s3:GetObject")
            raise source.fault("is no action such as s3:GetObject or s3:Get*")
    lowered = [Source(text=one.text.lower(), path=one.path, has_variables=False) for one in sources]
    return _selection(sources, [glob(source.pattern()) for source in lowered])


def resources(sources: Sequence[Source]) -> Selection:
    """Patterns for ARNs, and `*` for everything. Raises MalformedPolicyDocument."""
    return _selection(sources, [_resource(source) for source in sources])


def others(selection: Selection) -> Selection:
    """Everything but what `selection` names."""
    selects = selection.selects
    return Selection(
        written=selection.written,
        excluded=True,
        patterns=(),
        selects=lambda text, context: not selects(text, context),
    )


def _resource(source: Source) -> Pattern:
    tokens = source.pattern()
    if tokens == (Wild.MANY,):
        return glob(tokens)
    # IAM refuses a partition or a service that is not written out.
    pattern = arn(tokens) if _RESOURCE.match(source.text) else None
    if pattern is None:
        raise source.fault('must be "*" or an ARN with six parts: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE')
    return pattern


def _selection(sources: Sequence[Source], patterns: Sequence[Pattern]) -> Selection:
    return Selection(
        written=tuple(source.text for source in sources),
        excluded=False,
        patterns=tuple(patterns),
        selects=_selects(patterns),
    )


def _selects(patterns: Sequence[Pattern]) -> Selects:
    if len(patterns) == 1:
        return patterns[0].matches
    exact = frozenset(pattern.prefix for pattern in patterns if pattern.exact)
    matchers = tuple(pattern.matches for pattern in patterns if not pattern.exact)
    if not matchers:
        return lambda text, _: text in exact
    return lambda text, context: text in exact or any(matches(text, context) for matches in matchers)
