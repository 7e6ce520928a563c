"""AssumeRole: a user or a session of a role opens a session of another role, in its own account or across accounts.

    signature -> what the caller is -> tags and source identity that it brings -> both sides' policies -> duration
    -> session policies -> Grant -> Session and credentials -> audit

Source: AWS STS API Reference, "AssumeRole"; IAM User Guide, "Passing session tags" and "Monitor and control actions".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.domain.arn import RoleArn
from gateway.domain.assumption import OpenedSession, RoleRequest
from gateway.domain.errors import DurationTooLong, InvalidTags, MfaRefused
from gateway.domain.grant import Grant, SignIn, StatementId
from gateway.domain.principal import PrincipalType
from gateway.domain.role import Role
from gateway.exchange import audit_identities, audit_parameters
from gateway.exchange.assume_role import DEFAULT_DURATION, duration_within
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.deciding import context_of, refused, refused_outright
from gateway.exchange.opening import open_granted
from gateway.exchange.parts import Parts
from gateway.exchange.proof import Proof, SignedCall, proven_to_sts
from gateway.exchange.request_keys import Value
from gateway.exchange.session_policies import session_policies
from gateway.policy.document import Policy
from gateway.policy.evaluate import Decision, evaluate_assumption
from gateway.policy.query import PrincipalReference, Query
from gateway.roles.statements import SET_SOURCE_IDENTITY, TAG_SESSION

ASSUME_ROLE: Final = "sts:AssumeRole"
_CHAINED_MAXIMUM: Final = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class _Carried:
    """What the new session carries: what the request asks for, over what the caller's session hands on."""

    tags: Mapping[str, str]
    transitive: frozenset[str]
    requested: Mapping[str, str]
    requested_transitive: frozenset[str]
    inherited: Mapping[str, str]
    source_identity: str | None


def assume_role(parts: Parts, request: RoleRequest, call: SignedCall, entry: AuditEntry) -> OpenedSession:
    """Open a session for whoever signed. Raises RequestError, AuthenticationError, AccessDenied, ServiceError."""
    entry.request_parameters = audit_parameters.role_parameters(request)
    proof = proven_to_sts(parts, call, entry)
    arn = request.session.role_arn or ""
    entry.concerns(RoleArn.parse(arn))
    if proof.principal.type is PrincipalType.FEDERATED_USER:
        raise refused_outright(parts, proof, ASSUME_ROLE, arn, "a federated user may assume no role")
    if request.serial_number is not None or request.mfa_code:
        raise MfaRefused
    carried = _carried(parts, request, proof)
    role = parts.catalog.role_by_arn(arn)
    allowed_by = _allowed(parts, request, proof, role, carried)
    if role is None:
        raise AssertionError("a role that is not there trusts nobody")
    entry.details["allowedBy"] = list(allowed_by)
    grant = Grant(
        role=role,
        sign_in=_sign_in(proof),
        session_name=request.session.session_name or "",
        duration=_duration(role, request.session.duration, proof),
        allowed_by=allowed_by,
        tags=carried.tags,
        transitive_tag_keys=carried.transitive,
        source_identity=carried.source_identity,
        session_policies=session_policies(request.session, role.arn.account, parts.catalog),
    )
    session, credentials = open_granted(parts, grant, proof.now)
    opened = OpenedSession(credentials=credentials, principal=session.principal)
    entry.session_id = session.principal.session_id
    entry.succeeded(audit_identities.opened_role_session(opened))
    return opened


def _carried(parts: Parts, request: RoleRequest, proof: Proof) -> _Carried:
    """Raises InvalidTags; ActionDenied: another source identity than the session's own."""
    session = proof.session
    handed_on = frozenset() if session is None else session.transitive_tag_keys
    inherited = {key: value for key, value in proof.principal.tags.items() if key in handed_on}
    taken = {key.lower() for key in inherited}
    if any(key.lower() in taken for key in request.tags):
        raise InvalidTags(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session."
        )
    own = proof.principal.source_identity
    if own is not None and request.source_identity not in {None, own}:
        arn = request.session.role_arn or ""
        raise refused_outright(
            parts, proof, SET_SOURCE_IDENTITY, arn, "the session's source identity cannot be changed"
        )
    return _Carried(
        tags={**request.tags, **inherited},
        transitive=request.transitive_tag_keys | inherited.keys(),
        requested=request.tags,
        requested_transitive=request.transitive_tag_keys,
        inherited=inherited,
        source_identity=own or request.source_identity,
    )


def _allowed(
    parts: Parts, request: RoleRequest, proof: Proof, role: Role | None, carried: _Carried
) -> tuple[StatementId, ...]:
    """What allows each of the actions that the session needs. Raises ActionDenied.

    `role` None: there is none. Whether a role exists is nobody's business who may not assume it, be it told by words, a
    length or the time taken: it is judged as one that trusts nobody. Whoever may decode their account's messages sees
    more of its own roles.
    """
    arn = RoleArn.parse(request.session.role_arn or "")
    context = context_of(proof, _request_keys(request, {} if role is None else role.tags, carried))
    caller = _reference(proof)
    trust = () if role is None else parts.catalog.trust_of(role).stated.policies
    actions = [ASSUME_ROLE]
    if carried.tags:
        actions.append(TAG_SESSION)
    if carried.source_identity is not None:
        actions.append(SET_SOURCE_IDENTITY)
    allowing: dict[StatementId, None] = {}
    for action in actions:
        query = Query(action=action, resource=str(arn), context=context, principal=caller)
        decision = _decision(proof, query, trust, arn.account)
        if not decision.allowed:
            cause = decision.reason if role is not None else f"there is no role {arn}"
            if arn.account != proof.principal.account:
                # The caller's account decodes the message, and the role's tags and trust policy are another's.
                query = replace(query, context=context_of(proof, _request_keys(request, {}, carried)))
                decision = _decision(proof, query, (), arn.account)
            raise refused(parts, proof, query, decision, cause=cause)
        allowing |= dict.fromkeys(StatementId(statement.statement_id) for statement in decision.matched)
    return tuple(allowing)


def _decision(proof: Proof, query: Query, trust: Sequence[Policy], owner: str) -> Decision:
    return evaluate_assumption(
        query,
        identity=proof.sets.identity,
        boundary=proof.sets.boundary,
        session=proof.sets.session,
        trust=trust,
        owner=owner,
    )


def _request_keys(request: RoleRequest, role_tags: Mapping[str, str], carried: _Carried) -> dict[str, Value]:
    keys: dict[str, Value | None] = {
        "sts:ExternalId": request.external_id,
        "sts:RoleSessionName": request.session.session_name,
        "sts:SourceIdentity": carried.source_identity,
        "sts:TransitiveTagKeys": sorted(carried.requested_transitive),
        "aws:TagKeys": list(carried.requested),
        **{f"aws:RequestTag/{key}": value for key, value in carried.requested.items()},
    }
    # An inherited tag stands in for the role's own of that key before trust is asked (IAM User Guide, "Chaining roles
    # with session tags").
    tags = {key.lower(): (key, value) for key, value in (*role_tags.items(), *carried.inherited.items())}
    for key, value in tags.values():
        keys[f"iam:ResourceTag/{key}"] = keys[f"aws:ResourceTag/{key}"] = value
    return {key: value for key, value in keys.items() if value is not None}


def _reference(proof: Proof) -> PrincipalReference:
    principal = proof.principal
    own_id = principal.unique_id
    arns = {principal.arn, principal.identity_arn, own_id, own_id.partition(":")[0]}
    return PrincipalReference(account=principal.account, arns=frozenset(arns), federated=frozenset())


def _sign_in(proof: Proof) -> SignIn:
    principal, session = proof.principal, proof.session
    depth = 0 if session is None or session.role_arn is None else session.chain_depth + 1
    return SignIn(
        provider=principal.provider,
        subject=principal.subject,
        user_name=principal.user_name,
        session_id=principal.session_id,
        chain_depth=depth,
    )


def _duration(role: Role, requested: int | None, proof: Proof) -> int:
    """Raises DurationTooLong."""
    chained = proof.session is not None and proof.session.role_arn is not None
    if requested is None:
        return min(DEFAULT_DURATION, role.maximum_duration)
    if chained and requested > _CHAINED_MAXIMUM:
        raise DurationTooLong(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            requested=requested,
            maximum=_CHAINED_MAXIMUM,
        )
    return duration_within(role, requested)
