"""Who signed a request, proven: scope, time, key, signature, in this order; and the policies that count for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.domain.errors import UnknownAccessKey
from gateway.domain.origin import RequestOrigin
from gateway.domain.principal import Principal
from gateway.domain.session import Session
from gateway.exchange import audit_identities
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.live_policies import PolicySets
from gateway.exchange.parts import Parts
from gateway.sessions.authenticator import Claimant
from gateway.sigv4.request import HttpRequest, parse
from gateway.sigv4.rules import SERVICE_RULES, SigningRules
from gateway.sigv4.scope import check_scope
from gateway.sigv4.signed_request import SignedRequest
from gateway.sigv4.verify import check_time, verify

_TOLD: Final = "the audit log's userIdentity"
STS: Final = "sts"
GATEWAY: Final = "gateway"
"""The service that the gateway's own `/v1` API is signed for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCall:
    """A signed request as a door has it. `body_sha256`: lower-case hex; None where nobody here has seen the body."""

    http: HttpRequest
    body_sha256: str | None
    origin: RequestOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A signature that holds: whose it is, since when, and what counts for them. `role_tags`: the role's own tags."""

    signed: SignedRequest
    claimant: Claimant
    sets: PolicySets
    role_tags: Mapping[str, str]
    origin: RequestOrigin
    now: datetime

    @property
    def principal(self) -> Principal:
        return self.claimant.principal

    @property
    def session(self) -> Session | None:
        return self.claimant.session


def proven_to_sts(parts: Parts, call: SignedCall, entry: AuditEntry) -> Proof:
    """Whoever signed a request of STS's own, in any region's name. Raises as `proven`."""
    return proven(parts, call, entry, service=STS, region=None, rules=SERVICE_RULES)


def proven_to_gateway(parts: Parts, call: SignedCall, entry: AuditEntry) -> Proof:
    """Whoever signed a request of the gateway's own API, in any region's name. Raises as `proven`."""
    return proven(parts, call, entry, service=GATEWAY, region=None, rules=SERVICE_RULES)


def proven(
    parts: Parts, call: SignedCall, entry: AuditEntry, *, service: str, region: str | None, rules: SigningRules
) -> Proof:
    """Whoever signed. `region` None takes any.

    Raises MalformedSignedRequest, AuthenticationError; StateUnavailable where it is not known what is revoked.
    """
    now = parts.clock.now()
    signed = parse(call.http)
    check_scope(signed.scope, service=service, region=region)
    check_time(signed, now)
    claimant = parts.authenticator.claimant(signed.access_key_id, signed.session_token, now)
    key = parts.signing_keys.of(claimant.secret_access_key, signed.scope)
    verify(signed, key, rules, body_sha256=call.body_sha256)
    tell_signer(parts, claimant, entry)
    # After the signature: whoever only knows a session's id learns nothing of its state.
    parts.revocations.check(claimant.principal)
    sets = parts.policies.sets_of(claimant)
    if sets is None:
        raise UnknownAccessKey(cause="the session's role or user is not configured any more")
    return Proof(
        signed=signed,
        claimant=claimant,
        sets=sets,
        role_tags=role_tags(parts, claimant.session),
        origin=call.origin,
        now=now,
    )


def tell_signer(parts: Parts, claimant: Claimant, entry: AuditEntry) -> None:
    """Write into the record who signed."""
    told = claimant.found_out.get(_TOLD)
    if told is None:
        told = claimant.found_out[_TOLD] = audit_identities.principal(
            claimant.principal,
            provider=_provider(parts, claimant.principal),
            user_arn=None if claimant.session is None else claimant.session.user_arn,
        )
    entry.user_identity = told
    entry.recipient_account = claimant.principal.account
    entry.session_id = claimant.principal.session_id


def role_tags(parts: Parts, session: Session | None) -> Mapping[str, str]:
    """The tags of the session's role itself."""
    role = None if session is None or session.role_arn is None else parts.catalog.role_by_arn(session.role_arn)
    return {} if role is None else role.tags


def _provider(parts: Parts, principal: Principal) -> str | None:
    """ARN of the provider that the person of a session came from; its bare name where it is not configured any more."""
    if principal.provider is None:
        return None
    return parts.registry.provider_arn(principal.provider, principal.account) or principal.provider
