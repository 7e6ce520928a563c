"""The end of every sign-in with a browser: a portal session, told in the audit log as CloudTrail's ConsoleLogin."""

from dataclasses import dataclass, field
from typing import Final

from gateway.domain.arn import saml_provider_arn
from gateway.domain.identity import Identity
from gateway.domain.origin import RequestOrigin
from gateway.exchange import audit_identities
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.parts import Parts
from gateway.exchange.people import following, portal_sessions
from gateway.exchange.people.context import SIGN_IN_SOURCE
from gateway.exchange.people.portal_sessions import PortalSession
from gateway.wire.identity_center_faults import SIGN_IN_FAULTS

NAME: Final = "ConsoleLogin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A sign-in that is complete: the new session, and the page that the person was on the way to."""

    session: PortalSession
    return_to: str = field(repr=False)


def console_login(parts: Parts, origin: RequestOrigin, provider: str) -> AuditEntry:
    """The record of a sign-in by `provider`, which may be nobody's name."""
    entry = parts.trail.entry(origin, source=SIGN_IN_SOURCE, name=NAME, codes=SIGN_IN_FAULTS, metered=NAME)
    entry.event_type = "AwsConsoleSignIn"
    entry.read_only = False
    entry.recipient_account = parts.only_account
    entry.refusal = {NAME: "Failure"}
    known = parts.registry.by_name(provider) is not None
    entry.details = {
        "LoginTo": f"{parts.public_url}/portal",
        "MobileVersion": "No",
        "MFAUsed": "No",
        **({"provider": provider} if known else {}),
    }
    if parts.registry.saml(provider) is not None:
        # Detection rules look whether it is there; where several accounts are configured it is in none of them.
        entry.details["SamlProviderArn"] = saml_provider_arn(parts.only_account or "", provider)
    return entry


async def entered(
    parts: Parts, identity: Identity, entry: AuditEntry, *, provider_token: str | None = None
) -> PortalSession:
    """A session for a proven person. Raises SignInRefused, ServiceError."""
    signed_in = await following.begin(parts, identity, entry.origin, provider_token)
    entry.session_id = signed_in.sign_in_id
    entry.details |= {"userName": identity.username, "MFAUsed": "Yes" if "mfa" in identity.amr else "No"}
    # CloudTrail's word for whoever came from a provider to the console, which detection rules look for.
    entry.user_identity = {**audit_identities.identity(identity, None), "type": "FederatedUser"}
    entry.details["provider"] = identity.provider
    session = await portal_sessions.open_portal_session(parts.people, signed_in)
    entry.succeeded({NAME: "Success"})
    return session
