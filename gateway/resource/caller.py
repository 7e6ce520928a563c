"""Who signed the request that is being served, and what more they may do."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from gateway.actions.action import ServiceAction
from gateway.domain.authentication import AuthenticatedPrincipal
from gateway.domain.errors import ActionDenied, MissingAuthentication
from gateway.policy.caution import Unknown, evaluate_cautiously
from gateway.policy.context import RequestContext
from gateway.policy.decision import Decision
from gateway.policy.document import Policy
from gateway.policy.evaluate import evaluate
from gateway.policy.query import Query

Value = str | Sequence[str]
PolicySets = tuple[tuple[Policy, ...], ...]
_NO_KEYS: Final[Mapping[str, Value]] = {}
CURRENT: Final[ContextVar["Caller | None"]] = ContextVar("gateway_caller", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A proven caller of this one request. `keys`: the condition keys of caller and request, in lower case."""

    principal: AuthenticatedPrincipal
    policies: PolicySets = field(repr=False)
    keys: Mapping[str, Value] = field(repr=False)

    @property
    def arn(self) -> str:
        return self.principal.arn

    @property
    def account(self) -> str:
        return self.principal.account

    @property
    def session_name(self) -> str | None:
        return self.principal.session_name

    @property
    def source_identity(self) -> str | None:
        return self.principal.source_identity

    @property
    def tags(self) -> Mapping[str, str]:
        return self.principal.tags

    def allows(self, action: str, resource: str, keys: Mapping[str, Value] = _NO_KEYS) -> bool:
        """Whether the caller's policies allow `action` on `resource` (an ARN). `keys`: condition keys of your own."""
        return self.decide(action, resource, keys).allowed

    def require(self, action: str, resource: str, keys: Mapping[str, Value] = _NO_KEYS) -> None:
        """Return where the caller may; else raise ActionDenied, which the middleware answers with 403."""
        decision = self.decide(action, resource, keys)
        if not decision.allowed:
            raise ActionDenied(principal=self.arn, action=action, resource=resource, cause=decision.reason)

    def require_all(self, asked: ServiceAction, keys: Mapping[str, Value] = _NO_KEYS) -> None:
        """Return where the caller may do what a request means; else raise ActionDenied.

        What cannot be seen of it (an object's tags, say) counts against the caller.
        """
        decision = self._decided(asked, {**asked.context, **keys} if keys else asked.context)
        if not decision.allowed:
            raise ActionDenied(principal=self.arn, action=asked.name, resource=asked.resource, cause=decision.reason)

    def decide(self, action: str, resource: str, keys: Mapping[str, Value]) -> Decision:
        return self._decided(ServiceAction(name=action, resource=resource), keys)

    def _decided(self, asked: ServiceAction, keys: Mapping[str, Value]) -> Decision:
        # The server's own keys come first: none of them can stand in for one that tells who signs.
        own = {name.lower(): value for name, value in keys.items()}
        context = RequestContext.of({**own, **self.keys})
        identity, boundary, session = (*self.policies, None, None)[:3]
        query = Query(action=asked.name, resource=asked.resource, context=context)
        if asked.every_key or asked.unseen:
            below = asked.resource.removesuffix("*") if asked.every_key else None
            unknown = Unknown(keys=asked.unseen, resources_below=below)
            return evaluate_cautiously(query, unknown, identity=identity or (), boundary=boundary, session=session)
        return evaluate(query, identity=identity or (), boundary=boundary, session=session)


def require(action: str, resource: str, keys: Mapping[str, Value] = _NO_KEYS) -> None:
    """`Caller.require` of whoever signed the request that is being served behind SigV4Middleware.

    Raises ActionDenied; MissingAuthentication where no request is, or one of an open path.
    """
    caller = CURRENT.get()
    if caller is None:
        raise MissingAuthentication
    caller.require(action, resource, keys)
