"""What a request brings with it: the values of its condition keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """Condition keys in lower case with their values; a key without values is absent."""

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, mapping: Mapping[str, str | Sequence[str]]) -> "RequestContext":
        """`mapping`: key in any case to its value, a sequence where the key is multivalued.

        Raises ValueError: two keys that differ only by case, of which a condition could mean either.
        """
        values = {key.lower(): (value,) if isinstance(value, str) else tuple(value) for key, value in mapping.items()}
        if len(values) != len(mapping):
            raise ValueError("two condition keys differ only by case")
        if () in values.values():
            values = {key: several for key, several in values.items() if several}
        return cls(values=values)

    @classmethod
    def folded(cls, mapping: Mapping[str, str | Sequence[str]]) -> "RequestContext":
        """As `of`, of keys that are in lower case already."""
        values = {key: (value,) if isinstance(value, str) else tuple(value) for key, value in mapping.items()}
        empty = [key for key, several in values.items() if not several]
        for key in empty:
            del values[key]
        return cls(values=values)
