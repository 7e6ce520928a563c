"""Authenticating for a resource server that verifies by itself: it shows a signed request that it received.

    the server's signature -> its entry, by name -> gateway:Authenticate on the entry's ARN
    -> the shown scope is the entry's, its time is now -> the shown signature -> revocation -> whom the entry serves
    -> principal, policies and, where no other entry could be signed for by it, the signing key

What the server saw of a request, it may verify again: the key of one session, day, region and service, and no more. A
key id and a token alone prove nothing, and give nothing.
"""

from datetime import datetime, timedelta
from typing import Final

from gateway.actions.action import ServiceAction
from gateway.domain.arn import service_arn
from gateway.domain.authentication import Authenticated, AuthenticatedPrincipal, ShownRequest
from gateway.domain.errors import (
    AuthenticationError,
    PresignedUrlExpired,
    RequestError,
    ScopeMismatch,
    ShownRequestRefused,
    UnknownAccessKey,
)
from gateway.domain.principal import Principal
from gateway.domain.service import Service
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.deciding import allowed, is_allowed, refused_outright
from gateway.exchange.live_policies import PolicySets
from gateway.exchange.parts import Parts
from gateway.exchange.proof import Proof, SignedCall, proven_to_gateway, role_tags
from gateway.exchange.request_keys import principal_keys
from gateway.policy.document import canonical
from gateway.sessions.authenticator import Claimant
from gateway.sigv4.scope import CredentialScope, check_scope
from gateway.sigv4.string_to_sign import StringToSign, check_signature, read_string_to_sign
from gateway.sigv4.verify import check_not_early, check_not_late

AUTHENTICATE: Final = "gateway:Authenticate"
POLICIES_LIVE: Final = timedelta(seconds=60)
NEVER: Final = frozenset({"sts", "sso", "sso-oauth", "signin", "gateway"})
"""Services for which nobody else gets a key: with it, a server could act for its callers at the gateway itself."""
_A_DAY: Final = timedelta(days=1)


def authenticate(parts: Parts, shown: ShownRequest, call: SignedCall, entry: AuditEntry) -> Authenticated:
    """Who signed the shown request, and what its server needs to judge them.

    Raises AuthenticationError, AccessDenied, RequestError, ServiceError for the caller itself; ShownRequestRefused for
    what is shown.
    """
    entry.request_parameters = {"service": shown.service, "accessKeyId": shown.access_key_id}
    proof = proven_to_gateway(parts, call, entry)
    service = _own_entry(parts, proof, shown.service)
    try:
        answer = _authenticated(parts, shown, service, proof.now)
    except (AuthenticationError, RequestError) as error:
        raise ShownRequestRefused(error) from None
    entry.details["authenticated"] = answer.principal.arn
    entry.succeeded({"arn": answer.principal.arn, "signingKeyGiven": answer.signing_key is not None})
    return answer


def may_authenticate_somewhere(parts: Parts, proof: Proof) -> None:
    """Raise ActionDenied where the caller may authenticate for no entry at all."""
    for service in parts.services.values():
        arn = _arn(parts, service)
        if _is_own(parts, proof, service) and is_allowed(proof, ServiceAction(name=AUTHENTICATE, resource=arn)):
            return
    raise refused_outright(parts, proof, AUTHENTICATE, "*", "the caller may authenticate for no entry of `services`")


def _own_entry(parts: Parts, proof: Proof, name: str) -> Service:
    """The entry of this name, where the caller may authenticate for it. An unknown one is told as a denied one is."""
    service = parts.services.get(name)
    arn = service_arn(parts.region, proof.principal.account, name)
    if service is None:
        raise refused_outright(parts, proof, AUTHENTICATE, arn, "there is no such entry of `services`")
    if not _is_own(parts, proof, service):
        cause = "the entry has no account of its own, or is another account's; set services.NAME.account"
        raise refused_outright(parts, proof, AUTHENTICATE, arn, cause)
    allowed(parts, proof, ServiceAction(name=AUTHENTICATE, resource=_arn(parts, service)))
    return service


def _is_own(parts: Parts, proof: Proof, service: Service) -> bool:
    # What an account's administrator allows counts in that account alone: nobody gets another's keys by Action "*".
    return parts.account_of(service) == proof.principal.account


def _arn(parts: Parts, service: Service) -> str:
    return service_arn(parts.region, parts.account_of(service) or "", service.name)


def _authenticated(parts: Parts, shown: ShownRequest, service: Service, now: datetime) -> Authenticated:
    """Raises AuthenticationError and RequestError: all of them about the shown request."""
    text = read_string_to_sign(shown.string_to_sign)
    _check_scope(text.scope, service, now)
    _check_time(text, shown.expires, now)
    claimant = parts.authenticator.claimant(shown.access_key_id, shown.session_token, now)
    key = parts.signing_keys.of(claimant.secret_access_key, text.scope)
    check_signature((shown.string_to_sign,), shown.signature, key)
    parts.revocations.check(claimant.principal)
    sets = parts.policies.sets_of(claimant)
    if sets is None:
        raise UnknownAccessKey(cause="the session's role or user is not configured any more")
    if service.principals and claimant.principal.account not in service.principals:
        raise UnknownAccessKey(cause=f"the service {service.name} does not serve this account")
    expiration = claimant.principal.expires_at
    fresh_until = now + POLICIES_LIVE
    return Authenticated(
        principal=_principal(parts, claimant),
        policies=_documents(sets),
        expiration=expiration,
        policies_expire=fresh_until if expiration is None else min(fresh_until, expiration),
        signing_key=key if _may_hold_key(parts, service, text.scope.region) else None,
    )


def _check_scope(scope: CredentialScope, service: Service, now: datetime) -> None:
    if service.signing_name in NEVER:
        raise ScopeMismatch(
            f"No resource server is asked about requests to {service.signing_name}",
            part="service",
            given=scope.service,
            expected="another",
        )
    check_scope(scope, service=service.signing_name, region=service.region)
    days = {f"{now + by:%Y%m%d}" for by in (-_A_DAY, timedelta(0), _A_DAY)}
    if scope.date not in days:
        raise ScopeMismatch(
            "The credential scope's date is more than a day away",
            part="date",
            given=scope.date,
            expected=f"{now:%Y%m%d}",
        )


def _check_time(text: StringToSign, expires: int | None, now: datetime) -> None:
    check_not_early(text.timestamp, now)
    if expires is None:
        check_not_late(text.timestamp, now)
        return
    # The life of a presigned URL is signed, and cannot be read from here. A server that lies about it gets what it had
    # when the URL came: the scope's day bounds it.
    expired_at = text.timestamp + timedelta(seconds=expires)
    if now > expired_at:
        raise PresignedUrlExpired(expired_at=expired_at, now=now)


def _may_hold_key(parts: Parts, service: Service, region: str) -> bool:
    """Whether no other entry takes what the key can sign, or all that do share it."""
    alike = [
        one
        for one in parts.services.values()
        if one.signing_name == service.signing_name and one.region in {None, region}
    ]
    return len(alike) == 1 or all(one.share_signing_key for one in alike)


def _documents(sets: PolicySets) -> tuple[tuple[str, ...], ...]:
    given = (sets.identity, sets.boundary, sets.session)
    return tuple(tuple(canonical(policy) for policy in one) for one in given if one is not None)


def _principal(parts: Parts, claimant: Claimant) -> AuthenticatedPrincipal:
    principal: Principal = claimant.principal
    keys = principal_keys(principal, role_tags(parts, claimant.session))
    return AuthenticatedPrincipal(
        arn=principal.arn,
        account=principal.account,
        access_key_id=principal.access_key_id,
        session_name=principal.session_name,
        source_identity=principal.source_identity,
        tags=dict(principal.tags),
        condition_keys={name: value for name, value in keys.items() if value is not None},
        session_id=principal.session_id,
        role_name=principal.role_name,
        provider=principal.provider,
        subject=principal.subject,
        issued_at=principal.issued_at,
    )
