"""The condition keys of a signed request: who signs, how, from where and when.

Source: IAM User Guide, "AWS global condition context keys". A key whose value is not known is absent.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.domain.clock import utc_text
from gateway.domain.origin import RequestOrigin
from gateway.domain.principal import Principal, PrincipalType
from gateway.policy.context import RequestContext
from gateway.roles.condition_keys import PROVIDER
from gateway.roles.identity_keys import PREFIXES, USERNAME

Value = str | Sequence[str]

# `aws:PrincipalType` has words of its own.
_PRINCIPAL_TYPES: Mapping[PrincipalType, str] = {
    PrincipalType.USER: "User",
    PrincipalType.ASSUMED_ROLE: "AssumedRole",
    PrincipalType.FEDERATED_USER: "FederatedUser",
}
_MFA = "mfa"
_OWN_KEYS = "the condition keys of whoever signs"


def request_context(
    principal: Principal,
    role_tags: Mapping[str, str],
    origin: RequestOrigin,
    now: datetime,
    requested: Mapping[str, Value],
    found_out: dict[str, Any] | None = None,
) -> RequestContext:
    """All keys of one request. `role_tags`: the role's own; `requested`: what the request itself fills.

    The request's keys come first, so that none of them can stand in for one that tells who signs. `found_out` keeps
    those of whoever signs for the next request.
    """
    kept: dict[str, Any] = {} if found_out is None else found_out
    own = kept.get(_OWN_KEYS)
    if own is None:
        own = kept[_OWN_KEYS] = _folded(principal_keys(principal, role_tags))
    asked = _folded({**requested, **_circumstances(origin, now)})
    if own.keys().isdisjoint(asked):
        return RequestContext(values={**asked, **own})
    return RequestContext(
        values=_folded({**requested, **principal_keys(principal, role_tags), **_circumstances(origin, now)})
    )


def _circumstances(origin: RequestOrigin, now: datetime) -> dict[str, Value | None]:
    return {
        "aws:SourceIp": origin.source_ip,
        "aws:UserAgent": origin.user_agent,
        "aws:SecureTransport": None if origin.secure_transport is None else str(origin.secure_transport).lower(),
        "aws:CurrentTime": utc_text(now),
        "aws:EpochTime": str(int(now.timestamp())),
    }


def _folded(values: Mapping[str, Value | None]) -> Mapping[str, tuple[str, ...]]:
    return RequestContext.of({key: value for key, value in values.items() if value is not None}).values


def principal_tags(principal: Principal, role_tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of whoever signs. `role_tags`: the role's own."""
    # A session tag overrides a role's tag of the same key, whatever the case (IAM User Guide, "Session tags").
    tags = {key.lower(): (key, value) for key, value in (*role_tags.items(), *principal.tags.items())}
    return dict(tags.values())


def principal_keys(principal: Principal, role_tags: Mapping[str, str]) -> dict[str, Value | None]:
    """The keys that tell who signs, the same for each of their requests; None for those without a value."""
    session = principal.type is not PrincipalType.USER
    return {
        **principal.condition_keys,
        **{f"aws:PrincipalTag/{key}": value for key, value in principal_tags(principal, role_tags).items()},
        "aws:PrincipalArn": principal.identity_arn,
        "aws:PrincipalAccount": principal.account,
        "aws:PrincipalType": _PRINCIPAL_TYPES[principal.type],
        "aws:userid": principal.unique_id,
        # AWS has none for a session of a role; MinIO has, and it is carried where a policy of the session asks for it.
        USERNAME: principal.condition_keys.get(USERNAME) if session else principal.user_name,
        "aws:SourceIdentity": principal.source_identity,
        PROVIDER: principal.provider,
        "aws:TokenIssueTime": None if principal.issued_at is None else utc_text(principal.issued_at),
        # Absent for long-lived keys (IAM User Guide, "aws:MultiFactorAuthPresent").
        "aws:MultiFactorAuthPresent": str(signed_in_with_mfa(principal)).lower() if principal.session_id else None,
    }


def signed_in_with_mfa(principal: Principal) -> bool:
    """Whether the provider said that the person of the session had a second factor."""
    # `ldap:amr` and `saml:amr` are attributes that anybody may have named so.
    keys = [key for key in principal.condition_keys if key.endswith(":amr") and not key.startswith(PREFIXES)]
    return any(_MFA in principal.condition_keys[key] for key in keys)
