"""Condition blocks, compiled: operators and keys must all hold, of a key's values any.

Sources: IAM User Guide, "Condition operators", "Conditions with multiple context keys or values" and "Multivalued
context keys".
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

from gateway.domain.errors import MalformedPolicyDocument
from gateway.policy.context import RequestContext
from gateway.policy.elements import Reader, members, nearest, step
from gateway.policy.operators import OPERATORS, OneOf, Test
from gateway.policy.variables import Source

Holds = Callable[[RequestContext], bool]
_Together = Callable[[str, Test, bool], Holds]

_NULL: Final = "Null"
_IF_EXISTS: Final = "IfExists"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator on one key, both as written, with its values as texts."""

    operator: str
    key: str
    values: tuple[str, ...]
    holds: Holds = field(compare=False, repr=False)


def compile_conditions(block: Any, path: str, reader: Reader) -> tuple[Condition, ...]:
    """Raises MalformedPolicyDocument."""
    return tuple(
        condition
        for operator, keys in members(block, path).items()
        for condition in _of_operator(operator, keys, step(path, operator), reader)
    )


def is_negated(operator: str) -> bool:
    """Whether a condition of this full name holds where no value matches."""
    of_values = operator.rpartition(":")[2].removesuffix(_IF_EXISTS)
    return of_values in OPERATORS and OPERATORS[of_values].negated


def _of_operator(operator: str, keys: Any, path: str, reader: Reader) -> Iterator[Condition]:
    compile_values = _COMPILERS.get(operator)
    if compile_values is None:
        raise MalformedPolicyDocument(path, f"is no condition operator{nearest(operator, _COMPILERS)}")
    found = members(keys, path)
    if not found:
        raise MalformedPolicyDocument(path, "names no condition key; name one, or leave the operator out")
    for key, values in found.items():
        if not key:
            raise MalformedPolicyDocument(path, "has a condition key without a name")
        sources = reader.scalars(values, step(path, key))
        texts = tuple(source.text for source in sources)
        yield Condition(operator=operator, key=key, values=texts, holds=compile_values(key.lower(), sources))


# Small objects in place of closures, which are eight objects each: of the conditions of ten thousand mappings none is
# in the processor's cache when it is asked, and fetching it costs more than asking it.


@dataclass(frozen=True, slots=True)
class _Is:
    key: str
    text: str

    def __call__(self, context: RequestContext) -> bool:
        return self.text in context.values.get(self.key, ())


@dataclass(frozen=True, slots=True)
class _IsOneOf:
    key: str
    texts: OneOf

    def __call__(self, context: RequestContext) -> bool:
        return not self.texts.isdisjoint(context.values.get(self.key, ()))


@dataclass(frozen=True, slots=True)
class _SomeMatches:
    key: str
    test: Test

    def __call__(self, context: RequestContext) -> bool:
        for value in context.values.get(self.key, ()):  # noqa: SIM110  a generator costs more than the values
            if self.test(value, context):
                return True
        return False


@dataclass(frozen=True, slots=True)
class _NoneMatches:
    key: str
    test: Test

    def __call__(self, context: RequestContext) -> bool:
        for value in context.values.get(self.key, ()):  # noqa: SIM110  as above
            if self.test(value, context):
                return False
        return True


def _some(key: str, test: Test) -> Holds:
    if not isinstance(test, OneOf):
        return _SomeMatches(key, test)
    return _Is(key, *test) if len(test) == 1 else _IsOneOf(key, test)


def _one_value(key: str, test: Test, negated: bool) -> Holds:  # noqa: FBT001  a row of the operators' table
    """Without a set operator; where the key is multivalued all the same, some value must match (negated: none)."""
    return _NoneMatches(key, test) if negated else _some(key, test)


def _any_value(key: str, test: Test, negated: bool) -> Holds:  # noqa: FBT001
    """False where the key is absent, negated or not."""
    if not negated:
        return _some(key, test)
    return lambda context: not all(test(value, context) for value in context.values.get(key, ()))


def _all_values(key: str, test: Test, negated: bool) -> Holds:  # noqa: FBT001
    """True too where the key is absent or has nothing but empty texts, AWS's "null data set"."""

    def holds(context: RequestContext) -> bool:
        values = context.values.get(key, ())
        return not any(values) or all(test(value, context) is not negated for value in values)

    return holds


def _compiler(name: str, together: _Together) -> Callable[[str, tuple[Source, ...]], Holds]:
    operator = OPERATORS[name]
    return lambda key, sources: together(key, operator.compile(sources), operator.negated)


def _if_exists(
    compile_values: Callable[[str, tuple[Source, ...]], Holds],
) -> Callable[[str, tuple[Source, ...]], Holds]:
    def compiled(key: str, sources: tuple[Source, ...]) -> Holds:
        inner = compile_values(key, sources)
        return lambda context: key not in context.values or inner(context)

    return compiled


def _null(key: str, sources: tuple[Source, ...]) -> Holds:
    """`true` asks for the key's absence, `false` for its presence."""
    wanted = set()
    for source in sources:
        if source.text.lower() not in _ABSENT:
            raise source.fault("must be true (the key is absent) or false (the key is there)")
        wanted.add(_ABSENT[source.text.lower()])
    return lambda context: (key not in context.values) in wanted


_ABSENT: Final = {"true": True, "false": False}
_TOGETHER: Final[Mapping[str, _Together]] = {
    "": _one_value,
    "ForAllValues:": _all_values,
    "ForAnyValue:": _any_value,
}
_COMPILERS: Final[Mapping[str, Callable[[str, tuple[Source, ...]], Holds]]] = {
    _NULL: _null,
    **{
        f"{prefix}{name}": _compiler(name, together)
        for (prefix, together), name in product(_TOGETHER.items(), OPERATORS)
    },
    **{
        f"{prefix}{name}{_IF_EXISTS}": _if_exists(_compiler(name, together))
        for (prefix, together), name in product(_TOGETHER.items(), OPERATORS)
    },
}
"""Every operator under every full name that a policy may give it."""
