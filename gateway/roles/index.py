"""Which of many statements could match an identity at all, without looking at each of them.

A statement that asks for one of some values of a key can only match somebody who has one of them: such a condition is
an anchor, and each statement is filed under the values of one anchor, the one that it shares with the fewest others.
The index only preselects; the policy engine alone decides.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")

_GLOB: Final = re.compile(r"[*?]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A necessary condition: some value of `key` is one of `texts`, or begins with one of `prefixes`.

    `issuer` is the path of the only issuer whose people have that key; `key` is a condition key in lower case.
    """

    issuer: str
    key: str
    texts: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()

    def places(self) -> Iterable["_Place"]:
        yield from ((self.issuer, self.key, text, True) for text in self.texts)
        yield from ((self.issuer, self.key, prefix, False) for prefix in self.prefixes)


_Place = tuple[str, str, str, bool]
"""Issuer, key, value, and whether the value is whole."""


def anchor(issuer: str, key: str, globs: Iterable[str], *, literal: bool) -> Anchor:
    """The anchor of one condition. `literal`: `*` and `?` of the values stand for themselves."""
    texts, prefixes = set(), set()
    for glob in globs:
        wild = None if literal else _GLOB.search(glob)
        if wild is None:
            texts.add(glob)
        else:
            prefixes.add(glob[: wild.start()])
    return Anchor(issuer=issuer, key=key, texts=frozenset(texts), prefixes=frozenset(prefixes))


class _Bucket:
    """Positions filed under the values of one key; prefixes are found by the few lengths that they have."""

    __slots__ = ("lengths", "prefixes", "texts")

    def __init__(self) -> None:
        self.texts: dict[str, list[int]] = {}
        self.prefixes: dict[str, list[int]] = {}
        self.lengths: list[int] = []

    def add(self, position: int, chosen: Anchor) -> None:
        for text in chosen.texts:
            self.texts.setdefault(text, []).append(position)
        for prefix in chosen.prefixes:
            self.prefixes.setdefault(prefix, []).append(position)
        self.lengths = sorted({*self.lengths, *map(len, chosen.prefixes)})

    def positions(self, values: Iterable[str]) -> Iterable[int]:
        for value in values:
            yield from self.texts.get(value, ())
            for length in self.lengths:
                if length > len(value):
                    break
                yield from self.prefixes.get(value[:length], ())


class Index(Generic[Item]):
    """Items filed by their anchors; an item without any is a candidate for everybody."""

    __slots__ = ("_always", "_buckets", "_items")

    def __init__(self, entries: Sequence[tuple[Item, Sequence[Anchor]]]) -> None:
        self._items = tuple(item for item, _ in entries)
        self._always: list[int] = []
        self._buckets: Mapping[str, dict[str, _Bucket]] = {}
        shared = Counter(place for _, anchors in entries for one in anchors for place in one.places())
        buckets: defaultdict[str, dict[str, _Bucket]] = defaultdict(dict)
        for position, (_, anchors) in enumerate(entries):
            if not anchors:
                self._always.append(position)
                continue
            chosen = min(anchors, key=lambda one: max((shared[place] for place in one.places()), default=0))
            buckets[chosen.issuer].setdefault(chosen.key, _Bucket()).add(position, chosen)
        self._buckets = dict(buckets)

    def keys(self) -> frozenset[str]:
        """All condition keys that `preselect` may ask the values of."""
        return frozenset(key for buckets in self._buckets.values() for key in buckets)

    def preselect(self, issuer: str, values: Callable[[str], Iterable[str]]) -> list[Item]:
        """The items that could match somebody of `issuer`, in their order. `values`: of a key, what that person has."""
        found = set(self._always)
        for key, bucket in self._buckets.get(issuer, {}).items():
            found.update(bucket.positions(values(key)))
        return [self._items[position] for position in sorted(found)]
