"""One decision of trust in its order: which mappings grant, what the session carries, whether all of that may be."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from gateway.domain.arn import issuer_path, oidc_provider_arn
from gateway.domain.grant import StatementId
from gateway.domain.identity import Identity, ProviderType
from gateway.domain.role import Role
from gateway.policy.context import RequestContext
from gateway.policy.document import Statement
from gateway.policy.evaluate import PrincipalReference, Query, evaluate_statements
from gateway.roles.claim_values import Value
from gateway.roles.condition_keys import Facts, session_keys, values_of
from gateway.roles.decision import Refusal, TrustDecision
from gateway.roles.session_tags import session_tags
from gateway.roles.statements import ASSUME_ROLE, SET_SOURCE_IDENTITY, TAG_SESSION, MappingStatement
from gateway.roles.trust import RoleTrust

_REMEMBERED: Final = 1_024
_FOLDED: Final = {provider_type: action.lower() for provider_type, action in ASSUME_ROLE.items()}


def judge(
    trust: RoleTrust, candidates: Sequence[MappingStatement], values: Mapping[str, Value], facts: Facts
) -> TrustDecision:
    """The decision of allowing. `candidates`: the role's mappings that could match, `values`: all keys they ask for.

    Mappings are judged before the session's tags are known, which come from those that grant; no mapping asks for a
    tag. The trust policy is judged with the tags. Raises Refusal.
    """
    if facts.role is not trust.role:
        facts = replace(facts, role=trust.role)
    granting = granting_mappings(candidates, values, facts)
    if not granting and not trust.stated.statements:
        raise Refusal(f"no mapping gives {trust.role.name} to this identity of {facts.identity.provider}")
    carried = with_session(granting, facts)
    return TrustDecision(
        allowed=True,
        allowed_by=_allowing(trust, granting, values, carried),
        tags=carried.tags,
        transitive_tag_keys=carried.transitive_tag_keys,
        source_identity=carried.source_identity,
        condition_keys=session_keys(facts.identity, trust.role.arn.account),
    )


def _allowing(
    trust: RoleTrust, granting: Sequence[MappingStatement], values: Mapping[str, Value], facts: Facts
) -> tuple[StatementId, ...]:
    """What allows assuming the role, once all that the session needs is allowed. Raises Refusal."""
    stated = trust.stated
    # Without a trust policy the mappings that grant have just been found to allow the first action, and alone count.
    if not stated.statements and not facts.tags and facts.source_identity is None:
        return tuple(dict.fromkeys([one.mapping_id for one in granting]))
    names = {id(one.statement): one.mapping_id for one in granting}
    mapped = [one.statement for one in granting]
    assume, *carry = needed_actions(facts)
    context = RequestContext.of({**values, **values_of(stated.readers, facts)})
    allowing: Sequence[Statement] = mapped
    if stated.statements:
        allowing = _allowed(assume, [*mapped, *stated.statements], context, facts)
    for action in carry:
        _allowed(action, [*mapped, *stated.statements], context, facts)
    return tuple(dict.fromkeys(names.get(id(one), StatementId(one.statement_id)) for one in allowing))


def granting_mappings(
    candidates: Sequence[MappingStatement], values: Mapping[str, Value], facts: Facts
) -> tuple[MappingStatement, ...]:
    """Those of `candidates` whose statement allows."""
    action, context = _FOLDED[facts.identity.provider_type], RequestContext.folded(values)
    return tuple([one for one in candidates if one.allows(action, context)])


def with_session(granting: Sequence[MappingStatement], facts: Facts) -> Facts:
    """`facts` with what the session would carry. Raises Refusal: contradictory tags, another source identity."""
    identity = facts.identity
    if not (identity.session_tags or identity.transitive_tag_keys or any(one.tags for one in granting)):
        source_identity = facts.request.source_identity or identity.source_identity
        if source_identity is None:
            return facts
    carried = session_tags(((one.mapping_id, one.tags) for one in granting), identity)
    asked = facts.request.source_identity
    if asked is not None and identity.source_identity not in {None, asked}:
        raise Refusal("the request asks for another source identity than the identity provider set")
    source_identity = asked or identity.source_identity
    if not carried.tags and source_identity is None:
        return facts
    return replace(facts, tags=carried.tags, transitive_tag_keys=carried.transitive, source_identity=source_identity)


def needed_actions(facts: Facts) -> list[str]:
    """Assuming the role comes first; carrying tags and a source identity are permissions of their own."""
    actions = [ASSUME_ROLE[facts.identity.provider_type]]
    if facts.tags:
        actions.append(TAG_SESSION)
    if facts.source_identity is not None:
        actions.append(SET_SOURCE_IDENTITY)
    return actions


def query(action: str, context: RequestContext, facts: Facts) -> Query:
    """The question that trust statements answer. `facts` names the role."""
    if facts.role is None:
        raise ValueError("trust is asked about one role")
    return Query(
        action=action, resource=str(facts.role.arn), context=context, principal=_principal(facts.identity, facts.role)
    )


def _principal(identity: Identity, role: Role) -> PrincipalReference:
    if identity.provider_type is ProviderType.OIDC:
        return _of_issuer(role.arn.account, identity.issuer)
    return _of_provider(role.arn.account, identity.provider_type, identity.provider)


@lru_cache(maxsize=_REMEMBERED)
def _of_provider(account: str, provider_type: ProviderType, name: str) -> PrincipalReference:
    federated = frozenset({f"arn:aws:iam::{account}:{provider_type}-provider/{name}"})
    return PrincipalReference(account=None, arns=frozenset(), federated=federated)


@lru_cache(maxsize=_REMEMBERED)
def _of_issuer(account: str, issuer: str) -> PrincipalReference:
    # The provider as the role's own account knows it: another account's provider is another principal.
    federated = frozenset({oidc_provider_arn(account, issuer), issuer_path(issuer)})
    return PrincipalReference(account=None, arns=frozenset(), federated=federated)


def _allowed(
    action: str, statements: Sequence[Statement], context: RequestContext, facts: Facts
) -> Sequence[Statement]:
    decision = evaluate_statements(query(action, context, facts), statements)
    if not decision.allowed:
        raise Refusal(f"{action}: {decision.reason}")
    return decision.matched
