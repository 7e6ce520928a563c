"""What people do in a browser, by name: sign in and out, answer requests of programs, take credentials.

Each sign-in, refusal, vending and sign-out is one line of the audit log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.assumption import AssumedRole
from gateway.domain.errors import FormRefused, InvalidParameter, PolledTooFast, SignInRefused
from gateway.domain.origin import RequestOrigin
from gateway.exchange import audit_identities
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.parts import Parts
from gateway.exchange.password_login import password_identity
from gateway.exchange.people import code_grant, device_grant, login, portal_sessions, roles, seen
from gateway.exchange.people.context import PORTAL_SOURCE, SIGN_IN_SOURCE, may_begin
from gateway.exchange.people.device_grant import DeviceRequest
from gateway.exchange.people.entering import Entered, console_login, entered
from gateway.exchange.people.portal_sessions import PortalSession
from gateway.exchange.people.roles import PersonsRole
from gateway.exchange.people.seen import SeenSignIn
from gateway.wire.identity_center_faults import FAULTS

_MAXIMUM_ID: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInOffer:
    """A provider by which people sign in, on its own pages or by a form of ours."""

    provider: str
    by_form: bool


class People:
    """The use cases over one configuration."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @property
    def absolute(self) -> int:
        """Seconds after which a person signs in again in any case."""
        return self._parts.people.absolute

    @property
    def offers(self) -> Sequence[SignInOffer]:
        """Every provider by which people sign in."""
        registry = self._parts.registry
        pages = (*registry.browser_logins, *(one.name for one in registry.saml_providers))
        by_page = [SignInOffer(provider=name, by_form=False) for name in pages]
        return (*by_page, *(SignInOffer(provider=name, by_form=True) for name in registry.password_logins))

    async def begin_sign_in(self, provider: str, return_to: str, browser: str, origin: RequestOrigin) -> str:
        """The provider's address. Raises SignInRefused, PolledTooFast, ProviderUnreachable, ServiceError."""
        chosen = self._parts.registry.browser_login(provider)
        if chosen is None:
            raise SignInRefused(cause="no provider of this name signs people in on its pages")
        await may_begin(self._parts.people, origin)
        return await login.begin(self._parts, chosen, provider, return_to, browser)

    async def complete_sign_in(
        self, provider: str, callback: Mapping[str, str], browser: str | None, origin: RequestOrigin
    ) -> Entered:
        """Raises IdentityError, ServiceError, recorded already."""
        with console_login(self._parts, origin, provider) as entry:
            chosen = self._parts.registry.browser_login(provider)
            if chosen is None:
                raise SignInRefused(cause="no provider of this name signs people in on its pages")
            completed = await login.complete(self._parts, chosen, provider, callback, browser)
            arrived = completed.arrived
            session = await entered(self._parts, arrived.identity, entry, provider_token=arrived.refresh_token)
            return Entered(session=session, return_to=completed.return_to)

    async def sign_in_with_password(
        self, provider: str, username: str, password: str, origin: RequestOrigin
    ) -> PortalSession:
        """Raises RejectedLogin, ProviderUnreachable, InvalidParameter, ServiceError, recorded already."""
        with console_login(self._parts, origin, provider) as entry:
            entry.user_identity = audit_identities.unverified_person()
            connector = self._parts.registry.password(provider)
            identity = await password_identity(self._parts, connector, username, password, origin, entry)
            return await entered(self._parts, identity, entry)

    async def session(self, session_id: str, origin: RequestOrigin) -> PortalSession:
        """The session, its person as the provider knows them now. Raises NotSignedIn, ServiceError."""
        return await portal_sessions.portal_session(self._parts, session_id, origin)

    async def sign_out(self, session: PortalSession, origin: RequestOrigin) -> None:
        """Raises ServiceError, recorded already."""
        with self._entry("Logout", origin, source=SIGN_IN_SOURCE) as entry:
            self._concerns(session, entry)
            await portal_sessions.end_portal_session(self._parts.people, session.session_id)
            entry.succeeded()

    async def sign_ins(self, session: PortalSession) -> Sequence[SeenSignIn]:
        """All of the person's that live, the newest first. Raises StateUnavailable."""
        return await seen.sign_ins_of(self._parts, session)

    async def end_sign_in(self, session: PortalSession, sign_in_id: str, origin: RequestOrigin) -> None:
        """End one of the person's own, with all that came of it.

        Raises InvalidParameter, ServiceError, recorded already.
        """
        with self._entry("EndSignIn", origin, source=SIGN_IN_SOURCE) as entry:
            self._concerns(session, entry)
            entry.request_parameters = {"sessionIds": [sign_in_id[:_MAXIMUM_ID]]}
            await seen.end_own(self._parts, session, sign_in_id)
            entry.succeeded()

    async def end_other_sign_ins(self, session: PortalSession, origin: RequestOrigin) -> int:
        """End all of the person's own but this one; how many there were. Raises ServiceError, recorded already."""
        with self._entry("EndSignIn", origin, source=SIGN_IN_SOURCE) as entry:
            self._concerns(session, entry)
            ended = await seen.end_others(self._parts, session)
            entry.request_parameters = {"sessionIds": list(ended)}
            entry.succeeded()
            return len(ended)

    def refused_form(self, page: str, origin: RequestOrigin, refusal: FormRefused) -> None:
        """Record a form that is none of ours (CSRF). `page`: a path's pattern. Raises AuditUnavailable."""
        entry = self._entry("SubmitForm", origin, source=SIGN_IN_SOURCE)
        entry.read_only = False
        entry.request_parameters = {"page": page}
        entry.refused(refusal)

    def check_form(self, session: PortalSession, token: str) -> None:
        """Raises FormRefused where a form did not come from a page of this session."""
        if not portal_sessions.is_form_of(session, token):
            raise FormRefused(cause="the form's token is not this session's")

    def roles(self, session: PortalSession, origin: RequestOrigin) -> Sequence[PersonsRole]:
        """What the person may assume now."""
        return roles.roles_of(self._parts, session.signed_in, origin)

    async def credentials(
        self, session: PortalSession, account: str, role: str, origin: RequestOrigin, duration: int | None
    ) -> AssumedRole:
        """`duration`: seconds, None: the role's own. Raises RoleAssumptionDenied, ServiceError, recorded already."""
        with self._entry("GetRoleCredentials", origin, source=PORTAL_SOURCE) as entry:
            signed_in = session.signed_in
            return await roles.credentials(self._parts, signed_in, account, role, origin, entry, duration=duration)

    async def device_request(self, user_code: str, origin: RequestOrigin) -> DeviceRequest:
        """What a page asks the person about. Raises InvalidParameter, PolledTooFast, StateUnavailable."""
        await self._guess(origin)
        found = await device_grant.waiting_request(self._parts.people, user_code, self._parts.clock.now())
        return await self._known(found, origin)

    async def approve_device(self, session: PortalSession, user_code: str, origin: RequestOrigin) -> DeviceRequest:
        """Raises InvalidParameter, PolledTooFast, ServiceError, recorded already."""
        return await self._answer_device("ApproveDevice", session, user_code, origin)

    async def decline_device(self, session: PortalSession, user_code: str, origin: RequestOrigin) -> DeviceRequest:
        """Raises InvalidParameter, PolledTooFast, ServiceError, recorded already."""
        return await self._answer_device("DeclineDevice", session, user_code, origin)

    def authorization_request(self, sent: Mapping[str, str]) -> code_grant.AuthorizationRequest:
        """Raises InvalidClient, InvalidRedirect, InvalidParameter."""
        return code_grant.read_request(sent, self._parts.clock.now())

    async def give_code(
        self, session: PortalSession, request: code_grant.AuthorizationRequest, origin: RequestOrigin
    ) -> str:
        """A code for the client that asked, whom the person approved. Raises ServiceError, recorded already."""
        with self._entry("Authorize", origin, source=SIGN_IN_SOURCE) as entry:
            self._concerns(session, entry)
            entry.request_parameters = {"clientName": request.client.name, "redirectUri": request.redirect_uri}
            code = await code_grant.give_code(self._parts.people, request, session.signed_in, self._parts.clock.now())
            entry.succeeded()
            return code

    async def _answer_device(
        self, name: str, session: PortalSession, user_code: str, origin: RequestOrigin
    ) -> DeviceRequest:
        with self._entry(name, origin, source=SIGN_IN_SOURCE) as entry:
            self._concerns(session, entry)
            await self._guess(origin)
            signed_in = session.signed_in if name == "ApproveDevice" else None
            answered = await device_grant.answer(self._parts.people, user_code, signed_in, self._parts.clock.now())
            known = await self._known(answered, origin)
            entry.request_parameters = {"clientName": known.client_name, "sourceIPAddress": known.source_ip}
            entry.succeeded()
            return known

    async def _guess(self, origin: RequestOrigin) -> None:
        # RFC 8628 5.1: a code of eight letters is short; who types wrong ones has to wait.
        if await self._parts.people.codes.refused(origin.neighbourhood):
            raise PolledTooFast

    async def _known(self, found: DeviceRequest | None, origin: RequestOrigin) -> DeviceRequest:
        if found is None:
            await self._parts.people.codes.failed(origin.neighbourhood)
            raise InvalidParameter("No request waits under this code; check it, or begin again", parameter="user_code")
        return found

    def _concerns(self, session: PortalSession, entry: AuditEntry) -> None:
        entry.read_only = False
        entry.user_identity = audit_identities.identity(session.signed_in.identity, None)
        entry.session_id = session.signed_in.sign_in_id
        entry.details["provider"] = session.signed_in.identity.provider

    def _entry(self, name: str, origin: RequestOrigin, *, source: str) -> AuditEntry:
        return self._parts.trail.entry(origin, source=source, name=name, codes=FAULTS, metered=name)
