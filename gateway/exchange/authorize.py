"""Deciding a request to a resource server: who signed, what it means, whether policies allow each of its actions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.actions.action import ServiceAction
from gateway.actions.registry import actions_of
from gateway.domain.service import Service, ServiceType
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.authorization import Authorization
from gateway.exchange.deciding import allowed, refused_outright
from gateway.exchange.parts import Parts
from gateway.exchange.proof import SignedCall, proven
from gateway.exchange.request_keys import principal_tags
from gateway.exchange.resigning import left_behind, refuse_chained_chunks, signed_anew
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES, SigningRules

_TOLD_ACTIONS: Final = 20
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_READING: Final = ("Get", "List", "Describe", "Head", "BatchGet", "Query", "Scan", "Select")
_RULES: Final[Mapping[ServiceType, SigningRules]] = {ServiceType.S3: S3_RULES}


def service_request(
    parts: Parts, call: SignedCall, service: Service, body: bytes | None, entry: AuditEntry
) -> Authorization:
    """Whether a resource server shall do what the signed request asks. `body` None: nobody here has seen it.

    Raises MalformedSignedRequest, AuthenticationError, UnmappedRequest, ActionDenied, ServiceError.
    """
    rules = _RULES.get(service.type, SERVICE_RULES)
    proof = proven(parts, call, entry, service=service.signing_name, region=service.region, rules=rules)
    if service.upstream is not None:
        refuse_chained_chunks(proof.signed)
    actions = actions_of(service, call.http, body)
    tell_actions(entry, call.http.method, actions)
    if service.principals and proof.principal.account not in service.principals:
        cause = f"the service {service.name} does not serve this account"
        raise refused_outright(parts, proof, actions[0].name, actions[0].resource, cause)
    age = {"s3:signatureAge": str(max(0, int((proof.now - proof.signed.timestamp).total_seconds() * 1_000)))}
    decisions = tuple(allowed(parts, proof, action, age) for action in actions)
    entry.details["allowedBy"] = sorted({one.statement_id for decision in decisions for one in decision.matched})
    replaced = () if service.upstream is None else signed_anew(proof.signed, service.upstream, proof.now)
    entry.succeeded()
    return Authorization(
        principal=proof.principal,
        actions=actions,
        decisions=decisions,
        tags=principal_tags(proof.principal, proof.role_tags),
        replaced=replaced,
        removed=left_behind(replaced) if replaced else (),
    )


def tell_actions(entry: AuditEntry, method: str, actions: Sequence[ServiceAction]) -> None:
    """Write into the record what is asked for."""
    entry.event_name = actions[0].name.partition(":")[2]
    entry.request_parameters = _told(actions)
    entry.concerns_data(read_only=_reads(method, actions))


def _reads(method: str, actions: Sequence[ServiceAction]) -> bool:
    """Whether nothing can be changed by it, told by the method, or where all are POST by the actions' verbs."""
    return method in _SAFE_METHODS or all(one.name.partition(":")[2].startswith(_READING) for one in actions)


def _told(actions: Sequence[ServiceAction]) -> dict[str, Any]:
    """A bulk deletion may have a thousand actions: the first ones, and how many there are."""
    told = [{"action": one.name, "resource": one.resource} for one in actions[:_TOLD_ACTIONS]]
    return {"actions": told} if len(actions) <= _TOLD_ACTIONS else {"actions": told, "actionCount": len(actions)}
