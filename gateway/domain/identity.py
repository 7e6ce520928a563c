"""Who an external user store says somebody is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from gateway.domain.arn import saml_authority
from gateway.domain.values import quickly_made

UnverifiedToken = NewType("UnverifiedToken", str)
"""A token as it arrived: nothing in it may be believed."""

VerifiedClaims = NewType("VerifiedClaims", Mapping[str, Any])
"""Claims whose signature, issuer, audience and times were checked. Only a connector's `verify` makes them."""


class ProviderType(StrEnum):
    OIDC = "oidc"
    SAML = "saml"
    LDAP = "ldap"


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One proven login. Made by connectors only.

    `claims` is the raw material that mappings and templates name by path; `groups` and `username` are already taken
    from where the provider's settings say they stand. Times are UTC. `session_tags`, `transitive_tag_keys` and
    `source_identity` are what the token itself asks for (AWS's claims), not yet allowed by anybody.
    """

    provider: str
    provider_type: ProviderType
    issuer: str
    subject: str
    audience: str
    username: str
    email: str | None = None
    groups: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=dict)
    authenticated_at: datetime | None = None
    amr: tuple[str, ...] = ()
    acr: str | None = None
    session_tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tag_keys: frozenset[str] = frozenset()
    source_identity: str | None = None
    subject_type: str | None = None
    """Of a SAML subject its NameID's format: `persistent`, `transient`, or any other as the whole URI."""
    only_roles: tuple[tuple[str, str], ...] | None = None
    """Pairs of role and provider ARN that the provider lists: none but these may be assumed. None: it lists none."""
    session_duration: int | None = None
    """Seconds that the provider wants sessions to last where nobody asks for others."""
    ends_at: datetime | None = None
    """When the provider ends the sign-in: nothing that comes of it lives longer."""
    notes: tuple[str, ...] = ()
    """What whoever reads the audit log should know of how the identity was made; never shown to the person."""

    @property
    def authority(self) -> str:
        """What the configuration calls whoever vouches: the issuer, or what stands for it with SAML."""
        return saml_authority(self.provider) if self.provider_type is ProviderType.SAML else self.issuer


def claim_at(claims: Mapping[str, Any], path: str) -> Any:
    """The value at a claim's path, or None where it is absent.

    A claim whose whole name is `path` wins (names such as `https://aws.amazon.com/tags` hold dots); else each dot
    steps into an object: `realm_access.roles`.
    """
    if path in claims:
        return claims[path]
    value: Any = claims
    for step in path.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value


def claim_texts(claims: Mapping[str, Any], path: str) -> tuple[str, ...]:
    """The claim at `path` as texts: a list gives its scalars, a scalar one text, an object or an absent claim none.

    Booleans read `true` and `false`, as JSON writes them.
    """
    value = claim_at(claims, path)
    values = value if isinstance(value, list | tuple) else (value,)
    return tuple(_text(item) for item in values if isinstance(item, str | int | float))


def _text(value: str | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
