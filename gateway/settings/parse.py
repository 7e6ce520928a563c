"""From YAML text to a tree with places: bounded, without duplicates, and with YAML's surprises taken out."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import yaml

from gateway.settings.faults import Fault, Place, fault_at
from gateway.settings.tree import Entry, Listing, Node, Scalar, Section, Way, dotted, items_of, twice

_DEPTH_LIMIT: Final = 40
_NODE_LIMIT: Final = 500_000
_STRING_TAG: Final = "tag:yaml.org,2002:str"
_MERGE_KEY: Final = "<<"
# YAML 1.2's core schema, without its hexadecimal and octal numbers: dates, `yes`, `no` and 12:30:00 stay texts, so
# that `Version: 2012-10-17` and a tag `no` are what they look like.
_WORDS: Final = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    spelling: value
    for word, value in (("true", True), ("false", False))
    for spelling in (word, word.title(), word.upper())
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_QUOTED_IN_PROBLEM: Final = re.compile(r"'[^'\s]{2,}'")

_SIMPLE_KEY: Final = "while scanning a simple key"
_MEND: Final = "check quotes, colons and indentation"
_MENDS: Final = {
    "alphabetic or numeric": 'put a value that begins with * or & in quotes: "*"',
    "cannot start any token": "put a value that begins with @, % or ` in quotes, and indent with blanks, not tabs",
    "could not find expected ':'": "write KEY: VALUE, with a blank behind the colon",
    "mapping values are not allowed": "put a value that holds a colon and a blank in quotes, and check indentation",
    "tab character": "indent with blanks, not tabs",
}
"""What mends a problem that PyYAML tells in such words."""


def parse(text: str, file: Path, faults: list[Fault]) -> Node | None:
    """The tree of one YAML document; None, with a fault added to `faults`, where there is none to be had.

    Refused: a second document, tags, keys that are no plain text, a key twice, nesting beyond 40, more than 500,000
    values after aliases and merge keys (`<<`) are expanded, control characters.
    """
    try:
        with closing(_Events(text)) as events:
            return _Builder(events, file, faults).document()
    except _Unusable as error:
        faults.append(fault_at(error.place, "", str(error)))
    except yaml.YAMLError as error:
        faults.append(_syntax_fault(error, text, file))
    return None


# libyaml's parser where PyYAML was built with it: ten times as fast.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Events:
    def __init__(self, text: str) -> None:
        self._loader = _Loader(text)

    def next(self) -> Any:
        return self._loader.get_event()

    def close(self) -> None:
        self._loader.dispose()


class _Unusable(Exception):
    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


class _Builder:
    """Builds from parser events, not with PyYAML's composer: that one recurses without bound and loses duplicates."""

    def __init__(self, events: _Events, file: Path, faults: list[Fault]) -> None:
        self._events = events
        self._file = file
        self._faults = faults
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._count = 0

    def document(self) -> Node:
        self._events.next()
        event = self._events.next()
        if not isinstance(event, yaml.DocumentStartEvent):
            raise _Unusable(Place(file=self._file, line=0), "the file is empty; start with the section `gateway:`")
        root = self._node(self._events.next(), ())
        self._events.next()
        event = self._events.next()
        if isinstance(event, yaml.DocumentStartEvent):
            raise _Unusable(self._place(event), "a second document (`---`); put it into a file of its own in a folder")
        return root

    def _place(self, event: Any) -> Place:
        return Place(file=self._file, line=event.start_mark.line + 1)

    def _tell(self, place: Place, way: Way, message: str) -> None:
        self._faults.append(fault_at(place, dotted(way), message))

    def _node(self, event: Any, way: Way) -> Node:
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, place, way)
        if len(way) > _DEPTH_LIMIT:
            raise _Unusable(place, f"nested deeper than {_DEPTH_LIMIT} levels")
        before = self._count
        self._grow(1, place)
        if event.tag not in {None, "!", _STRING_TAG}:
            self._tell(place, way, "a YAML tag (`!...`); write the value without it")
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, place, way)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._listing(place, way)
        else:
            node = self._section(place, way)
        if event.anchor is not None:
            # Known only once complete, so an alias inside its own anchor finds nothing: no cycles.
            self._anchors[event.anchor] = (node, self._count - before)
        return node

    def _grow(self, nodes: int, place: Place) -> None:
        self._count += nodes
        if self._count > _NODE_LIMIT:
            raise _Unusable(place, f"more than {_NODE_LIMIT} values; split the file, or use fewer aliases")

    def _alias(self, event: Any, place: Place, way: Way) -> Node:
        known = self._anchors.get(event.anchor)
        if known is None:
            # The name is not echoed: an unquoted secret that begins with `*` reads as an alias.
            message = "an alias (`*name`) of an anchor that is not set before; quote a value that begins with *"
            self._tell(place, way, message)
            return Scalar(place, None, "")
        node, weight = known
        self._grow(weight, place)
        if len(way) + _height(node) > _DEPTH_LIMIT:
            raise _Unusable(place, f"nested deeper than {_DEPTH_LIMIT} levels")
        return node

    def _scalar(self, event: Any, place: Place, way: Way) -> Scalar:
        text: str = event.value
        if _CONTROL.search(text):
            self._tell(place, way, "a control character; write printable text")
            return Scalar(place, None, "")
        plain = event.implicit[0] and event.tag is None
        return Scalar(place, resolve(text) if plain else text, text)

    def _listing(self, place: Place, way: Way) -> Listing:
        events = enumerate(self._until(yaml.SequenceEndEvent))
        return Listing(place, [self._node(event, (*way, at)) for at, event in events])

    def _section(self, place: Place, way: Way) -> Section:
        entries: dict[str, Entry] = {}
        merged: list[Section] = []
        for event in self._until(yaml.MappingEndEvent):
            key = self._node(event, (*way, ""))
            name = key.text if isinstance(key, Scalar) else ""
            value = self._node(self._events.next(), (*way, name))
            if not isinstance(key, Scalar):
                self._tell(key.place, way, "a key that is a list or a section; keys are plain text")
            elif name == _MERGE_KEY:
                merged.extend(self._merged(value, key.place, way))
            elif name in entries:
                self._tell(key.place, (*way, name), twice(entries[name].place, key.place))
            else:
                entries[name] = Entry(key.place, value)
        for section in merged:
            self._grow(len(section.entries), section.place)
            for inherited, entry in section.entries.items():
                entries.setdefault(inherited, entry)
        return Section(place, entries)

    def _merged(self, value: Node, place: Place, way: Way) -> list[Section]:
        values = value.items if isinstance(value, Listing) else [value]
        sections = [item for item in values if isinstance(item, Section)]
        if len(sections) < len(values):
            self._tell(place, (*way, _MERGE_KEY), "takes a section, or a list of sections")
        return sections

    def _until(self, end: type) -> Iterator[Any]:
        while not isinstance(event := self._events.next(), end):
            yield event


def _height(node: Node) -> int:
    """Levels below the node; an alias may not nest what its anchor's depth alone would allow."""
    below = [entry.node for entry in node.entries.values()] if isinstance(node, Section) else items_of(node)
    return 1 + max(map(_height, below)) if below else 0


def resolve(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _syntax_fault(error: yaml.YAMLError, text: str, file: Path) -> Fault:
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable")
    line = _line_of(error, text)
    # PyYAML quotes names of the text in some problems; what stands there may be a secret.
    told = _QUOTED_IN_PROBLEM.sub("'...'", problem)
    mend = next((mend for words, mend in _MENDS.items() if words in problem), _MEND)
    if line and "${" in "".join(text.splitlines()[line - 1 : line]):
        mend = 'inside [ ] and { } write references in quotes: "${env:NAME}"'
    return fault_at(Place(file=file, line=line), "", f"not YAML: {told}; {mend}")


def _line_of(error: yaml.YAMLError, text: str) -> int:
    """The line to look at, 0 where none is known."""
    problem, context = (getattr(error, name, None) for name in ("problem_mark", "context_mark"))
    # A key without its colon is noticed only in the line below.
    mark = context if getattr(error, "context", None) == _SIMPLE_KEY and context else problem or context
    if mark:
        return int(mark.line) + 1
    position = getattr(error, "position", None)
    return text.count("\n", 0, position) + 1 if isinstance(position, int) else 0
