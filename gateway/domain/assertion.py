"""What a SAML identity provider asserts: as it arrived, what it must answer to, and what was proven of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NewType

from gateway.domain.identity import Identity

UnverifiedAssertion = NewType("UnverifiedAssertion", str)
"""The form parameter `SAMLResponse` or `SAMLAssertion` as sent, base64: nothing in it may be believed."""

CLOCK_SKEW_SECONDS: Final = 60
"""How far the identity provider's clock may be from ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solicitation:
    """What was asked of the identity provider.

    `in_response_to`: the ID of our request, which answer and confirmation must both name. None: nothing was asked (the
    API, and sign-ins that begin at the identity provider), and an answer that names a request is refused, since it
    belongs to somebody's browser.
    """

    in_response_to: str | None


UNSOLICITED = Solicitation(in_response_to=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameId:
    """The subject's name with what qualifies it, as the assertion has it. `format`: a URN, or as it was written."""

    value: str
    format: str
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePair:
    """One value of the Role attribute: a role, and the provider that it may be assumed by."""

    role_arn: str
    provider_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenAssertion:
    """One assertion whose signature and every condition hold. It may open one thing, which the exchange sees to.

    `identity.audience` is the confirmation's Recipient. `assertion_id` with `identity.issuer` is used once, and that is
    remembered until `used_until` (UTC), after which the assertion is refused as too old. `role_pairs` None: no Role
    attribute, which would narrow what may be assumed; an empty tuple: one that names no role. `session_duration`:
    seconds, 900 to 43200. `session_index` and `name_id` are what a logout request names. `certificate_sha256`: hex, of
    the identity provider's certificate that verified it, for the audit line.
    """

    identity: Identity
    assertion_id: str
    response_id: str
    used_until: datetime
    name_id: NameId
    role_pairs: tuple[RolePair, ...] | None = None
    role_session_name: str | None = None
    session_duration: int | None = None
    session_index: str | None = None
    session_not_on_or_after: datetime | None = None
    issued_at: datetime
    certificate_sha256: str
