"""Opening a session of a role, in the one order of its steps, whatever door the identity came through.

    evidence -> Identity (connector) -> role -> trust (roles.catalog) -> duration -> session policies -> Grant
    -> Session and credentials (sessions.issuer) -> audit

Nothing is minted before every check has passed, and nothing leaves before its audit line is written.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from gateway.domain.arn import RoleArn
from gateway.domain.assumption import AssumedRole, PasswordRequest, SessionRequest, WebIdentityRequest
from gateway.domain.errors import DurationTooLong, InvalidParameter, RoleAssumptionDenied
from gateway.domain.grant import Grant, SessionPolicy, SignIn
from gateway.domain.identity import Identity
from gateway.domain.origin import RequestOrigin
from gateway.domain.role import Role
from gateway.exchange import audit_identities, audit_parameters
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.live_policies import parsed
from gateway.exchange.opening import open_granted
from gateway.exchange.parts import Parts
from gateway.exchange.password_login import password_identity
from gateway.exchange.session_name import session_name_of
from gateway.exchange.session_policies import session_policies
from gateway.roles.decision import AssumptionRequest, Refusal, TrustDecision
from gateway.roles.identity_keys import carried, carried_values
from gateway.roles.statements import ASSUME_ROLE

DEFAULT_DURATION: Final = 3_600
_TOLD_ROLES: Final = 10
_NO_KEYS: Final[Mapping[str, tuple[str, ...]]] = {}


async def with_web_identity(
    parts: Parts, request: WebIdentityRequest, origin: RequestOrigin, entry: AuditEntry
) -> AssumedRole:
    """AssumeRoleWithWebIdentity: the token's identity, then the session that it may open.

    Raises RequestError, IdentityError, RoleAssumptionDenied, ServiceError.
    """
    begin(entry, request.session)
    if request.provider_id is not None:
        raise InvalidParameter(
            "ProviderId is for OAuth 2.0 access tokens, which are not accepted; leave it out and send an ID token",
            parameter="ProviderId",
        )
    verifier, unverified = parts.registry.web_identity(request.token)
    entry.details["provider"] = verifier.name
    identity = await verifier.verify(unverified)
    return open_session(parts, identity, request.session, origin, entry)


def begin(entry: AuditEntry, session: SessionRequest) -> None:
    """What is known of AssumeRoleWithWebIdentity before the token is looked at."""
    entry.user_identity = audit_identities.unverified_web_identity()
    entry.request_parameters = audit_parameters.session_parameters(session)
    if session.role_arn is not None:
        entry.concerns(RoleArn.parse(session.role_arn))


async def with_password(
    parts: Parts, request: PasswordRequest, origin: RequestOrigin, entry: AuditEntry
) -> AssumedRole:
    """AssumeRoleWithLDAPIdentity: the directory's word on name and password, then the session that they may open.

    Raises RequestError, IdentityError, RoleAssumptionDenied, ServiceError.
    """
    entry.user_identity = audit_identities.unverified_person()
    entry.request_parameters = audit_parameters.session_parameters(request.session)
    if request.session.role_arn is not None:
        entry.concerns(RoleArn.parse(request.session.role_arn))
    connector = parts.registry.password(request.provider)
    identity = await password_identity(parts, connector, request.username, request.password, origin, entry)
    return open_session(parts, identity, request.session, origin, entry)


def open_session(
    parts: Parts,
    identity: Identity,
    request: SessionRequest,
    origin: RequestOrigin,
    entry: AuditEntry,
    *,
    sign_in_id: str | None = None,
) -> AssumedRole:
    """The session that a proven identity asks for: every door's sign-in ends here.

    sign_in_id: of a sign-in that several sessions come of; None: this session is all that comes of it.
    """
    return opened(parts, granted(parts, identity, request, origin, entry), identity, entry, sign_in_id=sign_in_id)


def granted(
    parts: Parts, identity: Identity, request: SessionRequest, origin: RequestOrigin, entry: AuditEntry
) -> Grant:
    """Permission for the session that is asked for: nothing is minted yet.

    Raises InvalidParameter, RoleAssumptionDenied, DurationTooLong, MalformedPolicyDocument.
    """
    now = parts.clock.now()
    told(entry, identity)
    asked = AssumptionRequest(
        session_name=request.session_name or session_name_of(identity.username),
        source_ip=origin.source_ip,
        secure_transport=origin.secure_transport,
    )
    role = _role(parts, identity, request, asked, now)
    if request.role_arn is None:  # whoever read a role's name has told of it already
        entry.concerns(role.arn)
        entry.user_identity = audit_identities.identity(identity, role.arn.account)
    decision = parts.catalog.may_assume(role, identity, asked, now)
    if not decision.allowed:
        raise _denied(identity, decision.cause)
    entry.details["allowedBy"] = list(decision.allowed_by)
    return _grant(parts, role, identity, request, asked, decision)


def opened(
    parts: Parts, grant: Grant, identity: Identity, entry: AuditEntry, *, sign_in_id: str | None = None
) -> AssumedRole:
    """The session that was granted, told in the audit log before it is handed out. Raises PackedPolicyTooLarge."""
    if sign_in_id is not None:
        grant = replace(grant, sign_in=replace(grant.sign_in, session_id=sign_in_id))
    session, credentials = open_granted(parts, grant, parts.clock.now())
    assumed = AssumedRole(credentials=credentials, principal=session.principal, identity=identity)
    record_opened(entry, assumed)
    return assumed


def told(entry: AuditEntry, identity: Identity) -> None:
    """Who came, in the record."""
    entry.details["userName"] = identity.username
    entry.user_identity = audit_identities.identity(identity, entry.recipient_account)


def record_opened(entry: AuditEntry, assumed: AssumedRole) -> None:
    """The record of an opened session. Raises AuditUnavailable."""
    entry.session_id = assumed.principal.session_id
    entry.succeeded(audit_identities.opened_session(assumed))


def _role(parts: Parts, identity: Identity, request: SessionRequest, asked: AssumptionRequest, now: datetime) -> Role:
    """The role that is asked for, or the only one that the identity may assume."""
    if request.role_arn is not None:
        role = parts.catalog.role_by_arn(request.role_arn)
        if role is None:
            # Told as a refusal is: whether a role exists is nobody's business who may not assume it.
            raise _denied(identity, f"there is no role {request.role_arn}")
        return role
    choices = parts.catalog.roles_of(identity, now, asked)
    if not choices:
        raise _denied(identity, "RoleArn is left out, and the identity may assume no role")
    if len(choices) > 1:
        told = ", ".join(str(choice.role.arn) for choice in choices[:_TOLD_ROLES])
        more = f" and {len(choices) - _TOLD_ROLES} more" if len(choices) > _TOLD_ROLES else ""
        raise InvalidParameter(
            f"RoleArn is left out, and the identity may assume several roles; send one of {told}{more}",
            parameter="RoleArn",
        )
    return choices[0].role


def _grant(
    parts: Parts,
    role: Role,
    identity: Identity,
    request: SessionRequest,
    asked: AssumptionRequest,
    decision: TrustDecision,
) -> Grant:
    policies = session_policies(request, role.arn.account, parts.catalog)
    carried = _carried(parts, role, identity, policies)
    return Grant(
        role=role,
        sign_in=SignIn(provider=identity.provider, subject=identity.subject, user_name=identity.username),
        session_name=asked.session_name or session_name_of(identity.username),
        duration=_within_sign_in(identity, _duration(role, request, identity), parts.clock.now()),
        allowed_by=decision.allowed_by,
        tags=decision.tags,
        transitive_tag_keys=decision.transitive_tag_keys,
        source_identity=decision.source_identity,
        session_policies=policies,
        condition_keys={**decision.condition_keys, **carried} if carried else decision.condition_keys,
    )


def _carried(
    parts: Parts, role: Role, identity: Identity, policies: tuple[SessionPolicy, ...]
) -> Mapping[str, tuple[str, ...]]:
    """What the session's policies ask of the identity, which nobody sees again. Raises RoleAssumptionDenied."""
    keys = parts.catalog.carried_keys(role)
    if policies:
        keys = keys.union(*(carried(one.named_keys) for one in parsed(policies) or ()))
    if not keys:
        return _NO_KEYS
    try:
        return carried_values(identity, keys, role.arn.account)
    except Refusal as refusal:
        raise _denied(identity, refusal.cause) from None


def _duration(role: Role, request: SessionRequest, identity: Identity) -> int:
    """Seconds of the session. Raises DurationTooLong."""
    if request.duration is None:
        return min(identity.session_duration or DEFAULT_DURATION, role.maximum_duration)
    if request.role_arn is None:
        # MinIO's clients name no role and send their token's own life.
        return min(request.duration, role.maximum_duration)
    return duration_within(role, request.duration)


def _within_sign_in(identity: Identity, duration: int, now: datetime) -> int:
    """AWS STS API Reference, AssumeRoleWithSAML: the lesser of DurationSeconds and SessionNotOnOrAfter."""
    if identity.ends_at is None:
        return duration
    left = int((identity.ends_at - now).total_seconds())
    if left <= 0:
        raise _denied(identity, "the provider has ended the sign-in")
    return min(duration, left)


def duration_within(role: Role, requested: int) -> int:
    """The seconds asked for. Raises DurationTooLong where the role allows fewer."""
    if requested > role.maximum_duration:
        raise DurationTooLong(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            requested=requested,
            maximum=role.maximum_duration,
        )
    return requested


def _denied(identity: Identity, cause: str) -> RoleAssumptionDenied:
    return RoleAssumptionDenied(action=ASSUME_ROLE[identity.provider_type], cause=cause)
