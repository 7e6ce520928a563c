"""Reading a document's elements: the right type at each place, and the path to whatever is not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.domain.errors import MalformedPolicyDocument
from gateway.policy.json_text import Number, Repeated
from gateway.policy.variables import Source

MAXIMUM_TEXT_LENGTH: Final = 10_000
"""Characters of one text; the longest ARN has 2,048."""

_LONGEST_NUMBER: Final = 40
_CLOSE: Final = 0.8
_LARGEST: Final = 10**_LONGEST_NUMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads the elements of one document. `has_variables`: what the document's version says of `${`."""

    has_variables: bool

    def texts(self, value: Any, path: str) -> tuple[Source, ...]:
        """One text, or a list of some. Raises MalformedPolicyDocument."""
        return tuple(self._source(text_of(item, at), at) for item, at in _items(value, path))

    def scalars(self, value: Any, path: str) -> tuple[Source, ...]:
        """As `texts`, with numbers and booleans as JSON writes them."""
        return tuple(self._source(_scalar(item, at), at) for item, at in _items(value, path))

    def _source(self, text: str, path: str) -> Source:
        return Source(text=text, path=path, has_variables=self.has_variables)


def step(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def members(value: Any, path: str) -> Mapping[str, Any]:
    """The members of an object, each named once. Raises MalformedPolicyDocument."""
    if not isinstance(value, Mapping):
        raise MalformedPolicyDocument(path, "must be an object")
    if isinstance(value, Repeated):
        raise MalformedPolicyDocument(path, f"has {shown(value.key)} twice")
    for name in value:
        if not isinstance(name, str) or isinstance(name, Number):
            raise MalformedPolicyDocument(path, f"has {shown(str(name))}, which is no text, for a key")
        text_of(name, path)
    return value


def known_members(value: Any, path: str, known: Collection[str]) -> Mapping[str, Any]:
    """As `members`, where all names are known ones, in their exact case."""
    found = members(value, path)
    for name in found:
        if name not in known:
            raise MalformedPolicyDocument(step(path, name), f"is no element of a policy{nearest(name, known)}")
    return found


def nearest(name: str, known: Collection[str]) -> str:
    """What to write instead, for the end of a message."""
    import difflib  # noqa: PLC0415  for faults alone, of which a server has none

    folded = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name[:_LONGEST_NUMBER].lower(), folded, n=1, cutoff=_CLOSE)
    return f"; write {folded[close[0]]}" if close else ""


def text_of(value: Any, path: str) -> str:
    if not isinstance(value, str) or isinstance(value, Number):
        raise MalformedPolicyDocument(path, "must be text")
    if len(value) > MAXIMUM_TEXT_LENGTH:
        raise MalformedPolicyDocument(path, f"is longer than {MAXIMUM_TEXT_LENGTH} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise MalformedPolicyDocument(path, "holds a lone surrogate") from None
    return value


def shown(text: str) -> str:
    return text if len(text) <= _LONGEST_NUMBER else f"{text[:_LONGEST_NUMBER]}..."


def _items(value: Any, path: str) -> Sequence[tuple[Any, str]]:
    if not isinstance(value, list | tuple):
        return [(value, path)]
    if not value:
        raise MalformedPolicyDocument(path, "is an empty list; name something, or leave the element out")
    return [(item, f"{path}[{number}]") for number, item in enumerate(value)]


def _scalar(value: Any, path: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and -_LARGEST < value < _LARGEST:
        return str(value)
    if isinstance(value, Number) and len(value) <= _LONGEST_NUMBER:
        return str(value)
    if isinstance(value, str) and not isinstance(value, Number):
        return text_of(value, path)
    raise MalformedPolicyDocument(path, "must be text, a number of ordinary size, true or false")
