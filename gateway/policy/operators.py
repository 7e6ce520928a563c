"""The condition operators, one row of a table each: how its values compare with one value of a request.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators". A test tells whether one value of the request
matches some value of the policy; a negated operator is the same test, the other way round.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeVar

from gateway.policy import scalars
from gateway.policy.context import RequestContext
from gateway.policy.patterns import Matches, arn, glob
from gateway.policy.variables import Source, Token, Variable, resolve_text

Test = Matches
"""Whether one value of the request matches; the context is there for variables."""

Compile = Callable[[Sequence[Source]], Test]
"""Raises MalformedPolicyDocument for a value that the operator cannot compare with."""


Read = TypeVar("Read")


class OneOf(frozenset[str]):
    """The test that asks for one of some whole texts: what sets can do, it can say of all values of a key at once."""

    __slots__ = ()

    def __call__(self, given: str, _context: RequestContext) -> bool:
        return given in self


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """`negated`: holds where the test finds nothing, and so where the key is absent."""

    compile: Compile
    negated: bool = False


def _texts(fold: Callable[[str], str]) -> Compile:
    def compiled(values: Sequence[Source]) -> Test:
        read = [value.plain() for value in values]
        dynamic = [tokens for tokens in read if _has_variable(tokens)]
        literal = frozenset(fold("".join(map(str, tokens))) for tokens in read if not _has_variable(tokens))
        if not dynamic:
            return OneOf(literal) if fold is _exactly else lambda given, _: fold(given) in literal

        def test(given: str, context: RequestContext) -> bool:
            wanted = (resolve_text(tokens, context) for tokens in dynamic)
            folded = fold(given)
            return folded in literal or any(text is not None and fold(text) == folded for text in wanted)

        return test

    return compiled


def _has_variable(tokens: Sequence[Token]) -> bool:
    return any(isinstance(token, Variable) for token in tokens)


def _globs(values: Sequence[Source]) -> Test:
    patterns = [glob(value.pattern()) for value in values]
    if all(pattern.exact for pattern in patterns):
        return OneOf(pattern.prefix for pattern in patterns)
    return _any([pattern.matches for pattern in patterns])


def _arns(values: Sequence[Source]) -> Test:
    patterns = []
    for value in values:
        pattern = arn(value.pattern())
        if pattern is None:
            raise value.fault("is no ARN, which has six parts: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE")
        patterns.append(pattern.matches)
    return _any(patterns)


def _any(tests: Sequence[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda given, context: any(test(given, context) for test in tests)


def _compared(
    compare: Callable[[Any, Any], bool], read: Callable[[str], Decimal | bytes | None], problem: str
) -> Compile:
    """Operators without variables and wildcards, whose values are read before they are compared."""

    def compiled(values: Sequence[Source]) -> Test:
        wanted = _read(values, read, problem)

        def test(given: str, _context: RequestContext) -> bool:
            value = read(given)
            return value is not None and any(compare(value, one) for one in wanted)

        return test

    return compiled


def _addresses(values: Sequence[Source]) -> Test:
    networks = _read(values, scalars.network, "is no address range such as 203.0.113.0/24 or 2001:db8::/32")

    def test(given: str, _context: RequestContext) -> bool:
        found = scalars.address(given)
        return found is not None and scalars.within(found, networks)

    return test


def _booleans(values: Sequence[Source]) -> Test:
    for value in values:
        tokens = value.plain()
        if not _has_variable(tokens) and "".join(map(str, tokens)).lower() not in _BOOLEANS:
            raise value.fault("must be true or false")
    test = _texts(str.lower)(values)
    return lambda given, context: test(given, context) and given.lower() in _BOOLEANS


def _read(values: Sequence[Source], read: Callable[[str], Read | None], problem: str) -> list[Read]:
    wanted = []
    for value in values:
        found = read(value.text)
        if found is None:
            raise value.fault(problem)
        wanted.append(found)
    return wanted


_BOOLEANS: Final = frozenset({"true", "false"})
_NO_NUMBER: Final = "is no number such as 10 or 0.5"
_NO_DATE: Final = "is no date such as 2026-03-01T12:00:00Z, nor seconds since 1970"
_NO_BYTES: Final = "is no base64"


def _exactly(text: str) -> str:
    return text


def _numbers(compare: Callable[[Any, Any], bool]) -> Compile:
    return _compared(compare, scalars.number, _NO_NUMBER)


def _dates(compare: Callable[[Any, Any], bool]) -> Compile:
    return _compared(compare, scalars.moment, _NO_DATE)


OPERATORS: Final[Mapping[str, Operator]] = {
    "StringEquals": Operator(compile=_texts(_exactly)),
    "StringNotEquals": Operator(compile=_texts(_exactly), negated=True),
    "StringEqualsIgnoreCase": Operator(compile=_texts(str.lower)),
    "StringNotEqualsIgnoreCase": Operator(compile=_texts(str.lower), negated=True),
    "StringLike": Operator(compile=_globs),
    "StringNotLike": Operator(compile=_globs, negated=True),
    "NumericEquals": Operator(compile=_numbers(operator.eq)),
    "NumericNotEquals": Operator(compile=_numbers(operator.eq), negated=True),
    "NumericLessThan": Operator(compile=_numbers(operator.lt)),
    "NumericLessThanEquals": Operator(compile=_numbers(operator.le)),
    "NumericGreaterThan": Operator(compile=_numbers(operator.gt)),
    "NumericGreaterThanEquals": Operator(compile=_numbers(operator.ge)),
    "DateEquals": Operator(compile=_dates(operator.eq)),
    "DateNotEquals": Operator(compile=_dates(operator.eq), negated=True),
    "DateLessThan": Operator(compile=_dates(operator.lt)),
    "DateLessThanEquals": Operator(compile=_dates(operator.le)),
    "DateGreaterThan": Operator(compile=_dates(operator.gt)),
    "DateGreaterThanEquals": Operator(compile=_dates(operator.ge)),
    "Bool": Operator(compile=_booleans),
    "BinaryEquals": Operator(compile=_compared(operator.eq, scalars.octets, _NO_BYTES)),
    "IpAddress": Operator(compile=_addresses),
    "NotIpAddress": Operator(compile=_addresses, negated=True),
    # ArnEquals and ArnLike behave identically.
    "ArnEquals": Operator(compile=_arns),
    "ArnNotEquals": Operator(compile=_arns, negated=True),
    "ArnLike": Operator(compile=_arns),
    "ArnNotLike": Operator(compile=_arns, negated=True),
}
