"""The use cases of programs that act in a person's name, by name: Identity Center's own API."""

import contextlib
from collections.abc import Sequence
from typing import Final

from gateway.domain.assumption import AssumedRole
from gateway.domain.errors import (
    AuditUnavailable,
    AuthorizationPending,
    GrantError,
    NotSignedIn,
    PolledTooFast,
    StateUnavailable,
)
from gateway.domain.origin import RequestOrigin
from gateway.exchange import audit_identities
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.parts import Parts
from gateway.exchange.password_login import password_identity
from gateway.exchange.people import clients, code_grant, device_grant, roles, sign_ins, tokens
from gateway.exchange.people.clients import Client, Registration
from gateway.exchange.people.context import OAUTH_SOURCE, PORTAL_SOURCE, may_begin
from gateway.exchange.people.device_grant import DeviceCodes
from gateway.exchange.people.following import begin, current
from gateway.exchange.people.roles import PersonsRole
from gateway.exchange.people.signed_in import SignedIn
from gateway.exchange.people.tokens import IssuedTokens, Program
from gateway.wire.identity_center_faults import FAULTS
from gateway.wire.identity_center_requests import (
    CodeGrant,
    DeviceGrant,
    PasswordGrant,
    RefreshGrant,
    TokenRequest,
)

_UNRECORDED: Final = (AuthorizationPending, PolledTooFast)
"""Every client hears these many times while its person reads a page: nothing has happened yet."""

_OWN_NAME: Final = "sts-gateway"
"""Of a program that asks with a password and has not registered."""


class Programs:
    """The use cases over one configuration."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def register(self, name: str, redirect_uris: Sequence[str]) -> Registration:
        """Nothing is stored, so no record is kept. Raises InvalidRedirect."""
        return clients.register(name, redirect_uris, self._parts.clock.now())

    async def start_device(self, client_id: str, client_secret: str, origin: RequestOrigin) -> DeviceCodes:
        """Raises InvalidClient, PolledTooFast, StateUnavailable."""
        client = self._proven(client_id, client_secret)
        await may_begin(self._parts.people, origin)
        return await device_grant.start(self._parts.people, client, origin, self._parts.clock.now())

    async def issue(self, request: TokenRequest, origin: RequestOrigin) -> IssuedTokens:
        """CreateToken. Raises GrantError, RejectedLogin, ServiceError, recorded already."""
        waiting: GrantError
        with self._entry("CreateToken", origin, OAUTH_SOURCE) as entry:
            entry.read_only = False
            try:
                return await self._issued(request, origin, entry)
            except _UNRECORDED as told:
                waiting = told
        raise waiting

    async def _issued(self, request: TokenRequest, origin: RequestOrigin, entry: AuditEntry) -> IssuedTokens:
        parts, now = self._parts.people, self._parts.clock.now()
        entry.request_parameters = {"grantType": request.grant_type}
        if isinstance(request, PasswordGrant):
            return self._told(await self._by_password(request, origin, entry), entry)
        client = self._proven(request.client_id, request.client_secret)
        entry.details["clientName"] = client.name
        if isinstance(request, RefreshGrant):
            return await self._by_refresh_token(request, client, origin, entry)
        if isinstance(request, DeviceGrant):
            answered = await device_grant.approved(parts, request.device_code, client, now)
            signed_in, family = await current(self._parts, answered.sign_in_id, origin), answered.family
            await device_grant.redeem(parts, request.device_code, answered)
        else:
            sign_in_id, family = await self._by_code(request, client)
            signed_in = await current(self._parts, sign_in_id, origin)
        program = Program(client_id=client.client_id, name=client.name)
        return self._told(await tokens.issue(parts, signed_in, program, now, family), entry)

    async def _by_refresh_token(
        self, request: RefreshGrant, client: Client, origin: RequestOrigin, entry: AuditEntry
    ) -> IssuedTokens:
        parts, now = self._parts.people, self._parts.clock.now()
        shown = await tokens.presented(parts, request.refresh_token, client.client_id)
        issued = await tokens.rotate(parts, shown, await current(self._parts, shown.sign_in_id, origin), now)
        try:
            return self._told(issued, entry)
        except AuditUnavailable:
            # SDKs try again by themselves, and would be taken for somebody with a copy.
            with contextlib.suppress(StateUnavailable):
                await tokens.give_back(parts, shown)
            raise

    def _told(self, issued: IssuedTokens, entry: AuditEntry) -> IssuedTokens:
        """The tokens, once they are in the record. Raises AuditUnavailable."""
        self._concerns(issued.signed_in, entry)
        entry.succeeded()
        return issued

    async def _by_code(self, request: CodeGrant, client: Client) -> tuple[str, str]:
        return await code_grant.redeem(
            self._parts.people,
            request.code,
            request.redirect_uri,
            request.code_verifier,
            client,
            self._parts.clock.now(),
        )

    async def _by_password(self, request: PasswordGrant, origin: RequestOrigin, entry: AuditEntry) -> IssuedTokens:
        name = self._proven(request.client_id, request.client_secret).name if request.client_id else _OWN_NAME
        entry.user_identity = audit_identities.unverified_person()
        connector = self._parts.registry.password(request.provider)
        identity = await password_identity(self._parts, connector, request.username, request.password, origin, entry)
        signed_in = await begin(self._parts, identity, origin)
        program = Program(client_id=request.client_id, name=name)
        return await tokens.issue(self._parts.people, signed_in, program, self._parts.clock.now())

    async def roles(self, access_token: str, origin: RequestOrigin) -> Sequence[PersonsRole]:
        """What the token's person may assume now. Raises NotSignedIn, StateUnavailable."""
        return roles.roles_of(self._parts, await self._bearer(access_token, origin), origin)

    async def credentials(self, access_token: str, account: str, role: str, origin: RequestOrigin) -> AssumedRole:
        """GetRoleCredentials. Raises NotSignedIn, RoleAssumptionDenied, ServiceError, recorded already."""
        with self._entry("GetRoleCredentials", origin, PORTAL_SOURCE) as entry:
            signed_in = await self._bearer(access_token, origin)
            return await roles.credentials(self._parts, signed_in, account, role, origin, entry)

    async def sign_out(self, access_token: str, origin: RequestOrigin) -> None:
        """End the token's family; the browser's session stays. Raises NotSignedIn, ServiceError, recorded already."""
        with self._entry("Logout", origin, PORTAL_SOURCE) as entry:
            entry.read_only = False
            sign_in_id, family = await tokens.bearer(self._parts.people, access_token, self._parts.clock.now())
            record = await sign_ins.read(self._parts.people, sign_in_id)
            if record is None:
                raise NotSignedIn(cause="the sign-in has ended")
            self._concerns(record.signed_in, entry)
            await tokens.end_family(self._parts.people, family)
            entry.succeeded()

    async def _bearer(self, access_token: str, origin: RequestOrigin) -> SignedIn:
        sign_in_id, _ = await tokens.bearer(self._parts.people, access_token, self._parts.clock.now())
        return await current(self._parts, sign_in_id, origin)

    def _proven(self, client_id: str, client_secret: str) -> Client:
        return clients.proven_client(client_id, client_secret, self._parts.clock.now())

    def _concerns(self, signed_in: SignedIn, entry: AuditEntry) -> None:
        entry.user_identity = audit_identities.identity(signed_in.identity, None)
        entry.session_id = signed_in.sign_in_id
        entry.details |= {"provider": signed_in.identity.provider, "userName": signed_in.identity.username}

    def _entry(self, name: str, origin: RequestOrigin, source: str) -> AuditEntry:
        return self._parts.trail.entry(origin, source=source, name=name, codes=FAULTS, metered=name)
