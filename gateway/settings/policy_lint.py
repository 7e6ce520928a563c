"""Statements of policies that can never have an effect: what they seem to allow is denied, or cannot be asked for."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.domain.errors import MalformedPolicyDocument
from gateway.policy.conditions import Condition
from gateway.policy.context import RequestContext
from gateway.policy.document import Policy, Statement, parse_policy
from gateway.policy.selection import Selection
from gateway.settings.faults import Fault, fault_at
from gateway.settings.policy_check import place_of, source_of, uses
from gateway.settings.tree import Section

_NOWHERE: Final = RequestContext(values={})
_SOME_VALUE: Final = "some value"
_VARIABLE: Final = "${"
_DENIED: Final = (
    "allows nothing: Statement[{covering}] denies all of it whatever the request; remove one of them, or give the Deny "
    "a condition"
)
_NULL: Final = "Null"
_ASKING: Final = frozenset({"StringEquals", "ForAnyValue:StringEquals", "ArnEquals", "BinaryEquals", "Bool"})
# Of these keys every request has one value at most; of others nothing is known.
_SINGLE: Final = ("aws:", "sts:", "s3:", "iam:")
_MULTIVALUED: Final = frozenset(
    {"aws:tagkeys", "aws:principalorgpaths", "aws:resourceorgpaths", "aws:calledvia", "aws:principalservicenameslist",
     "sts:transitivetagkeys", "s3:requestobjecttagkeys"}
)  # fmt: skip


def idle_statements(root: Section) -> Iterator[Fault]:
    """A warning for each statement that can never match, and each Allow that a Deny beside it covers whole."""
    for use in uses(root):
        source = source_of(use.node)
        if isinstance(source, Mapping) and not _could_be_idle(source):
            continue
        if source is None:
            continue
        try:
            policy = parse_policy(source, use.kind, name=use.key)
        except MalformedPolicyDocument:
            continue
        for number, message in _idle(policy):
            path = f"Statement[{number}]"
            yield fault_at(place_of(path, use.node) or use.place, f"{use.key}.{path}", message)


def _could_be_idle(document: Mapping[str, Any]) -> bool:
    """Whether the document is worth compiling once more: most have neither a Deny nor a key with two conditions."""
    written = document.get("Statement")
    statements = written if isinstance(written, list) else [written]
    return any(
        isinstance(one, Mapping) and (one.get("Effect") == "Deny" or len(_blocks(one)) > 1) for one in statements
    )


def _blocks(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    block = statement.get("Condition")
    return block if isinstance(block, Mapping) else {}


def _idle(policy: Policy) -> Iterator[tuple[int, str]]:
    absolute = [(number, one) for number, one in enumerate(policy.statements) if not one.allows and not one.conditions]
    for number, statement in enumerate(policy.statements):
        key = next(_impossible_keys(statement), None)
        if key is not None:
            yield number, f"can never match: its conditions on {key} contradict each other; remove or correct one"
            continue
        covering = next((at for at, deny in absolute if statement.allows and _covers(deny, statement)), None)
        if covering is not None:
            yield number, _DENIED.format(covering=covering)


def _covers(deny: Statement, allow: Statement) -> bool:
    if deny.principals is not None and (deny.excludes_principals or not deny.principals.everybody):
        return False
    if not _selects_all(deny.actions, allow.actions):
        return False
    if deny.resources is None or allow.resources is None:
        return deny.resources is None
    return _selects_all(deny.resources, allow.resources)


def _selects_all(wide: Selection, narrow: Selection) -> bool:
    """Whether every name of `narrow` is one of `wide`; False too where that is not plain to see."""
    if "*" in wide.written and not wide.excluded:
        return True
    if wide.excluded or narrow.excluded:
        return False
    # A pattern that matches another pattern letter by letter matches whatever that one stands for, as long as its own
    # `?` meets no `*` and no variable's text is taken for itself.
    texts = (*wide.written, *narrow.written)
    if any(_VARIABLE in text for text in texts) or any("?" in text for text in wide.written):
        return set(narrow.written) <= set(wide.written)
    return all(wide.selects(_spelt(text, wide), _NOWHERE) for text in narrow.written)


def _spelt(text: str, wide: Selection) -> str:
    # Actions are compared in lower case, ARNs as they are.
    return text if any(one.startswith("arn:") for one in wide.written) else text.lower()


def _impossible_keys(statement: Statement) -> Iterator[str]:
    by_key: defaultdict[str, list[Condition]] = defaultdict(list)
    for condition in statement.conditions:
        if not any(_VARIABLE in value for value in condition.values):
            by_key[condition.key.lower()].append(condition)
    return (key for key, conditions in by_key.items() if len(conditions) > 1 and _is_impossible(key, conditions))


def _is_impossible(key: str, conditions: Sequence[Condition]) -> bool:
    if all(one.holds(_NOWHERE) for one in conditions):
        return False
    present = RequestContext.of({key: _SOME_VALUE})
    if any(one.operator == _NULL and not one.holds(present) for one in conditions):
        return True
    if not key.startswith(_SINGLE) or key in _MULTIVALUED:
        return False
    # Where a condition lists the only values that the key may have, one of them must pass all the others.
    listed = next((one.values for one in conditions if one.operator in _ASKING), None)
    if listed is None:
        return False
    return not any(all(one.holds(RequestContext.of({key: value})) for one in conditions) for value in listed)
