"""Whether a proven caller may do one thing now; a refusal carries a message that only the permitted can read."""

from collections.abc import Mapping
from typing import Final

from gateway.actions.action import ServiceAction
from gateway.domain.errors import ActionDenied
from gateway.exchange.parts import Parts
from gateway.exchange.proof import Proof
from gateway.exchange.request_keys import Value, request_context
from gateway.policy.caution import Unknown, evaluate_cautiously
from gateway.policy.context import RequestContext
from gateway.policy.decision import Decision
from gateway.policy.evaluate import evaluate
from gateway.policy.query import Query

_NO_KEYS: Final[Mapping[str, Value]] = {}
_ANYTHING: Final = "*"


def allowed(parts: Parts, proof: Proof, action: ServiceAction, keys: Mapping[str, Value] = _NO_KEYS) -> Decision:
    """The decision that allows `action` by the caller's own policies. `keys`: more of what the request fills.

    Raises ActionDenied.
    """
    query = Query(action=action.name, resource=action.resource, context=context_of(proof, {**action.context, **keys}))
    decision = _decision(proof, action, query)
    if not decision.allowed:
        raise refused(parts, proof, query, decision)
    return decision


def is_allowed(proof: Proof, action: ServiceAction) -> bool:
    """Whether the caller's own policies allow `action`, where one of several would do."""
    query = Query(action=action.name, resource=action.resource, context=context_of(proof, action.context))
    return _decision(proof, action, query).allowed


def _decision(proof: Proof, action: ServiceAction, query: Query) -> Decision:
    sets = proof.sets
    if action.every_key or action.unseen:
        below = action.resource.removesuffix("*") if action.every_key else None
        unknown = Unknown(keys=action.unseen, resources_below=below)
        return evaluate_cautiously(query, unknown, identity=sets.identity, boundary=sets.boundary, session=sets.session)
    return evaluate(query, identity=sets.identity, boundary=sets.boundary, session=sets.session)


def allowed_to_ask(parts: Parts, proof: Proof, action: str, keys: Mapping[str, Value] = _NO_KEYS) -> Decision:
    """The decision that allows an action of STS that concerns no resource. Raises ActionDenied."""
    # AWS STS API Reference: sessions of GetSessionToken and GetFederationToken may call little else of STS.
    if proof.session is not None and proof.session.role_arn is None:
        raise refused_outright(parts, proof, action, _ANYTHING, "a user's session may not call this action of STS")
    return allowed(parts, proof, ServiceAction(name=action, resource=_ANYTHING), keys)


def context_of(proof: Proof, keys: Mapping[str, Value]) -> RequestContext:
    """All condition keys of the caller's request."""
    found_out = proof.claimant.found_out
    return request_context(proof.principal, proof.role_tags, proof.origin, proof.now, keys, found_out)


def refused(parts: Parts, proof: Proof, query: Query, decision: Decision, *, cause: str | None = None) -> ActionDenied:
    """The refusal of a decision: a neutral text outside, the reason for the audit log, and the sealed message.

    cause: what the audit log has in place of the decision's own reason.
    """
    return ActionDenied(
        principal=proof.principal.arn,
        action=query.action,
        resource=query.resource,
        cause=cause or decision.reason,
        encoded_message=parts.messages.of_decision(proof.principal, query, decision, proof.now),
    )


def refused_outright(parts: Parts, proof: Proof, action: str, resource: str, cause: str) -> ActionDenied:
    """A refusal that no policy made: what the caller is, or asks, rules it out."""
    query = Query(action=action, resource=resource, context=context_of(proof, _NO_KEYS))
    return ActionDenied(
        principal=proof.principal.arn,
        action=action,
        resource=resource,
        cause=cause,
        encoded_message=parts.messages.of_refusal(proof.principal, query, proof.now),
    )
