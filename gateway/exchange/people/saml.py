"""People who come by SAML: a sign-in begun here is answered once, one begun at the provider waits for a click.

A transaction stands in the store under its RelayState, for ten minutes and one use, and is bound to the browser that
began it and to the provider: an answer that somebody else's browser brings is nobody's. What the provider sends without
having been asked opens nothing by itself, or a page anywhere could sign people in as whom it likes.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from gateway.connectors.connector import SamlProvider
from gateway.domain.arn import RoleArn
from gateway.domain.assertion import UNSOLICITED, ProvenAssertion, Solicitation, UnverifiedAssertion
from gateway.domain.errors import RoleAssumptionDenied, SignInRefused
from gateway.domain.logout import Departure, SentLogout
from gateway.domain.origin import RequestOrigin
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.once_only import use_up
from gateway.exchange.parts import Parts
from gateway.exchange.people import roles, saml_logout
from gateway.exchange.people.context import drawn, fingerprint, may_begin
from gateway.exchange.people.entering import Entered, console_login, entered
from gateway.exchange.people.portal_sessions import PortalSession
from gateway.exchange.people.roles import PersonsRole
from gateway.exchange.people.signed_in import SignedIn

_KIND: Final = "saml_transaction"
_LIFE: Final = timedelta(minutes=10)
_DENIED: Final = "sts:AssumeRoleWithSAML"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlAnswer:
    """What a browser brings from the provider, nothing of it believed. `browser`: the id that its cookie holds."""

    assertion: UnverifiedAssertion = field(repr=False)
    relay_state: str | None = field(repr=False)
    browser: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleOffer:
    """The roles of somebody who came without having begun here; nothing is used up, and nobody is signed in."""

    person: str
    roles: Sequence[PersonsRole]


class SamlPeople:
    """The use cases over one configuration."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def speaks(self, provider: str) -> bool:
        """Whether people of this provider come by SAML."""
        return self._parts.registry.saml(provider) is not None

    def service_metadata(self, provider: str) -> bytes:
        """The gateway's own metadata for the provider. Raises SignInRefused."""
        return self._provider(provider).service_metadata()

    async def begin(self, provider: str, return_to: str, browser: str, origin: RequestOrigin) -> str:
        """The provider's address. Raises SignInRefused, PolledTooFast, ProviderUnreachable, ServiceError."""
        chosen = self._provider(provider)
        await may_begin(self._parts.people, origin)
        relay_state = drawn()
        request_id, address = await chosen.begin(relay_state)
        content = {
            "provider": provider,
            "browser": fingerprint(browser),
            "return_to": return_to,
            "request": request_id,
        }
        await self._parts.people.records.put(_KIND, relay_state, content, self._parts.clock.now() + _LIFE)
        return address

    async def answered(self, provider: str, answer: SamlAnswer, origin: RequestOrigin) -> Entered | RoleOffer:
        """A session where the sign-in was begun here; else the roles to choose from.

        Raises IdentityError, ServiceError, recorded already.
        """
        with console_login(self._parts, origin, provider) as entry:
            chosen = self._provider(provider)
            # Taken before anything is judged: whatever comes of it, no answer brings this state a second time.
            state = answer.relay_state
            kept = await self._parts.people.records.take(_KIND, state) if state else None
            if kept is None:
                return await self._offer(chosen, answer, origin, entry)
            if answer.browser is None or not secrets.compare_digest(kept["browser"], fingerprint(answer.browser)):
                raise SignInRefused(cause="the sign-in was begun in another browser")
            if kept["provider"] != provider:
                raise SignInRefused(cause="the sign-in was begun with another provider")
            solicitation = Solicitation(in_response_to=kept["request"])
            assertion = await self._proven(chosen, answer.assertion, solicitation, entry)
            return await self._enter(assertion, kept["return_to"], entry)

    async def chosen(
        self, provider: str, assertion: UnverifiedAssertion, role_arn: str, return_to: str, origin: RequestOrigin
    ) -> Entered:
        """The click on the page of roles, which uses the assertion up, whether or not the role is given.

        Raises InvalidArn, IdentityError, RoleAssumptionDenied, ServiceError, recorded already.
        """
        with console_login(self._parts, origin, provider) as entry:
            chosen = self._unasked(provider)
            role = RoleArn.parse(role_arn)
            proven = await self._proven(chosen, assertion, UNSOLICITED, entry)
            if str(role) not in {one.arn for one in self._roles(proven, origin)}:
                await use_up(self._parts, proven)
                raise RoleAssumptionDenied(action=_DENIED, cause=f"the person may assume no role {role}")
            return await self._enter(proven, return_to, entry)

    async def farewell(self, session: PortalSession) -> Departure | None:
        """Where the browser goes to sign out at the provider too; None where there is no such place."""
        return await saml_logout.farewell(self._parts, session)

    async def logout_message(self, provider: str, sent: SentLogout, origin: RequestOrigin) -> Departure | None:
        """Do what the provider says of signing out; where the browser goes with our answer, None for nowhere.

        Raises IdentityError, ServiceError, recorded already.
        """
        return await saml_logout.taken(self._parts, provider, sent, origin)

    async def _offer(
        self, chosen: SamlProvider, answer: SamlAnswer, origin: RequestOrigin, entry: AuditEntry
    ) -> RoleOffer:
        proven = await self._proven(self._unasked(chosen.name), answer.assertion, UNSOLICITED, entry)
        return RoleOffer(person=proven.identity.username, roles=self._roles(proven, origin))

    async def _proven(
        self, chosen: SamlProvider, assertion: UnverifiedAssertion, asked: Solicitation, entry: AuditEntry
    ) -> ProvenAssertion:
        proven = await chosen.verify(assertion, asked)
        entry.details["certificateSha256"] = proven.certificate_sha256
        entry.details["sAMLAssertionID"] = proven.assertion_id
        return proven

    async def _enter(self, assertion: ProvenAssertion, return_to: str, entry: AuditEntry) -> Entered:
        await use_up(self._parts, assertion)
        session = await entered(self._parts, assertion.identity, entry)
        await saml_logout.remember(self._parts, assertion, session)
        return Entered(session=session, return_to=return_to)

    def _roles(self, assertion: ProvenAssertion, origin: RequestOrigin) -> Sequence[PersonsRole]:
        people = self._parts.people
        signed_in = SignedIn.begin(assertion.identity, self._parts.clock.now(), people.absolute)
        return roles.roles_of(self._parts, signed_in, origin)

    def _provider(self, name: str) -> SamlProvider:
        provider = self._parts.registry.saml(name)
        if provider is None:
            raise SignInRefused(cause="no provider of this name signs people in by SAML")
        return provider

    def _unasked(self, name: str) -> SamlProvider:
        provider = self._provider(name)
        if not provider.allows_idp_initiated:
            raise SignInRefused(
                cause="the sign-in was not begun here, is used or too old, and allow_idp_initiated is not set"
            )
        return provider
