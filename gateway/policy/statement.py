"""One statement, compiled: whether it is about a query."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.policy.conditions import Condition
from gateway.policy.principals import Principals
from gateway.policy.query import Query
from gateway.policy.selection import Selection
from gateway.policy.variables import Variable, keys_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`statement_id` is `NAME.Statement[N]` of its policy. What is None does not narrow the statement."""

    statement_id: str
    allows: bool
    """Whether its Effect is Allow."""
    sid: str | None
    principals: Principals | None = field(hash=False)
    excludes_principals: bool
    """The element is NotPrincipal."""
    actions: Selection
    resources: Selection | None
    conditions: tuple[Condition, ...]
    needs: tuple[Variable, ...] = field(default=(), compare=False, repr=False)
    """Of an Allow, the variables of what it excepts: where one of them has no value, it allows nothing."""

    @property
    def effect(self) -> str:
        return _EFFECT[self.allows]

    @property
    def condition_keys(self) -> frozenset[str]:
        """As written."""
        return frozenset(condition.key for condition in self.conditions)

    @property
    def variable_keys(self) -> frozenset[str]:
        """The keys, in lower case, of its variables, should its document be of a version that has them."""
        texts = [value for condition in self.conditions for value in condition.values]
        resources = () if self.resources is None else self.resources.written
        return frozenset(key for text in (*texts, *resources) for key in keys_in(text))

    def matches(self, query: Query) -> bool:
        return self.matches_folded(query.action.lower(), query)

    def matches_folded(self, action: str, query: Query) -> bool:
        """As `matches`; `action` is the query's in lower case."""
        context = query.context
        if not self.actions.selects(action, context):
            return False
        if self.resources is not None and not self.resources.selects(query.resource, context):
            return False
        if self.principals is not None and not self.names(query):
            return False
        for condition in self.conditions:
            if not condition.holds(context):
                return False
        for variable in self.needs:  # noqa: SIM110  as above
            if variable.value(context) is None:
                return False
        return True

    def names(self, query: Query) -> bool:
        """Whether the caller is one whom the statement is about."""
        if self.principals is None:
            return True
        if not self.excludes_principals:
            return self.principals.names_some_of(query.principal)
        # Of a caller who is partly named, an Allow is about less and a Deny about more.
        if self.allows:
            return not self.principals.names_some_of(query.principal)
        return not self.principals.names_all_of(query.principal)

    def written(self) -> dict[str, Any]:
        """The statement as a document has it, in one form whatever form it was written in."""
        blocks: dict[str, dict[str, Any]] = {}
        for condition in self.conditions:
            blocks.setdefault(condition.operator, {})[condition.key] = _single(condition.values)
        elements = {
            "Sid": self.sid,
            "Effect": self.effect,
            _PRINCIPAL[self.excludes_principals]: None if self.principals is None else _written(self.principals),
            _ACTION[self.actions.excluded]: _single(self.actions.written),
            **({} if self.resources is None else {_RESOURCE[self.resources.excluded]: _single(self.resources.written)}),
            "Condition": blocks or None,
        }
        return {name: value for name, value in elements.items() if value is not None}


def _written(principals: Principals) -> Any:
    if isinstance(principals.written, Mapping):
        return {kind: _single(names) for kind, names in principals.written.items()}
    return principals.written


def _single(texts: tuple[str, ...]) -> Any:
    return texts[0] if len(texts) == 1 else list(texts)


_EFFECT: Final = {True: "Allow", False: "Deny"}
_PRINCIPAL: Final = {False: "Principal", True: "NotPrincipal"}
_ACTION: Final = {False: "Action", True: "NotAction"}
_RESOURCE: Final = {False: "Resource", True: "NotResource"}
