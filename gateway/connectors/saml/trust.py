"""Whom the gateway believes at one SAML identity provider, and who it is there itself: plain values, no library."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

NAME_ID: Final = "NameID"
"""In place of an attribute's name: the subject's NameID, which is no attribute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeNames:
    """Under which Name (never FriendlyName) the attributes stand; `username` and `email` may be NAME_ID instead."""

    username: str = "uid"
    groups: str = "memberOf"
    email: str = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlTrust:
    """One identity provider's answers to this service provider.

    `issuer`: the identity provider's entityID. `certificates`: those it may sign with, DER, one of them at least (more
    while it changes keys). `entity_id`: ours, what Audience must name. `acs_url`: what Recipient and Destination must
    be. `private_key`: PEM, opens encrypted assertions; None: none is taken.
    """

    provider: str
    issuer: str
    certificates: tuple[bytes, ...]
    entity_id: str
    acs_url: str
    private_key: str | None = field(default=None, repr=False)
    attributes: AttributeNames
    max_authentication_age: timedelta
