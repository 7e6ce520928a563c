"""The use cases of programs that act in a person's name, by name: Identity Center's own API."""

from collections.abc import Sequence
from typing import Final

from gateway.domain.assumption import AssumedRole
from gateway.domain.errors import AuthorizationPending, GrantError, PolledTooFast
from gateway.domain.origin import RequestOrigin
from gateway.exchange import audit_identities
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.parts import Parts
from gateway.exchange.password_login import password_identity
from gateway.exchange.people import clients, code_grant, device_grant, roles, tokens
from gateway.exchange.people.clients import Client, Registration
from gateway.exchange.people.context import OAUTH_SOURCE, PORTAL_SOURCE, may_begin
from gateway.exchange.people.device_grant import DeviceCodes
from gateway.exchange.people.revoked import check_sign_in
from gateway.exchange.people.roles import PersonsRole
from gateway.exchange.people.signed_in import SignedIn
from gateway.exchange.people.tokens import IssuedTokens
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


class Programs:
    """The use cases over one configuration."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def register(self, name: str, redirect_uris: Sequence[str]) -> Registration:
        """Nothing is stored, so no record is kept. Raises InvalidRedirect, KeyringUnavailable."""
        return clients.register(self._parts.people.clients, name, redirect_uris, self._parts.clock.now())

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
                issued = await self._issued(request, origin, entry)
            except _UNRECORDED as told:
                waiting = told
            else:
                self._concerns(check_sign_in(self._parts, issued.signed_in), entry)
                entry.succeeded()
                return issued
        raise waiting

    async def _issued(self, request: TokenRequest, origin: RequestOrigin, entry: AuditEntry) -> IssuedTokens:
        parts, now = self._parts.people, self._parts.clock.now()
        entry.request_parameters = {"grantType": request.grant_type}
        if isinstance(request, PasswordGrant):
            if request.client_id:
                self._proven(request.client_id, request.client_secret)
            signed_in = await self._by_password(request, origin, entry)
            return await tokens.issue(parts, signed_in, request.client_id, now)
        client = self._proven(request.client_id, request.client_secret)
        entry.details["clientName"] = client.name
        if isinstance(request, RefreshGrant):
            return await tokens.refresh(parts, request.refresh_token, client.client_id, now)
        if isinstance(request, DeviceGrant):
            signed_in, family = await device_grant.redeem(parts, request.device_code, client, now)
        else:
            signed_in, family = await self._by_code(request, client)
        return await tokens.issue(parts, signed_in, client.client_id, now, family)

    async def _by_code(self, request: CodeGrant, client: Client) -> tuple[SignedIn, str]:
        return await code_grant.redeem(
            self._parts.people,
            request.code,
            request.redirect_uri,
            request.code_verifier,
            client,
            self._parts.clock.now(),
        )

    async def _by_password(self, request: PasswordGrant, origin: RequestOrigin, entry: AuditEntry) -> SignedIn:
        entry.user_identity = audit_identities.unverified_person()
        connector = self._parts.registry.password(request.provider)
        identity = await password_identity(self._parts, connector, request.username, request.password, origin, entry)
        return SignedIn.begin(identity, self._parts.clock.now(), self._parts.people.absolute)

    async def roles(self, access_token: str, origin: RequestOrigin) -> Sequence[PersonsRole]:
        """What the token's person may assume now. Raises NotSignedIn, StateUnavailable."""
        return roles.roles_of(self._parts, await self._bearer(access_token), origin)

    async def credentials(self, access_token: str, account: str, role: str, origin: RequestOrigin) -> AssumedRole:
        """GetRoleCredentials. Raises NotSignedIn, RoleAssumptionDenied, ServiceError, recorded already."""
        with self._entry("GetRoleCredentials", origin, PORTAL_SOURCE) as entry:
            signed_in = await self._bearer(access_token)
            return roles.credentials(self._parts, signed_in, account, role, origin, entry)

    async def sign_out(self, access_token: str, origin: RequestOrigin) -> None:
        """End the token's family; the browser's session stays. Raises NotSignedIn, ServiceError, recorded already."""
        with self._entry("Logout", origin, PORTAL_SOURCE) as entry:
            entry.read_only = False
            signed_in, family = await tokens.bearer(self._parts.people, access_token, self._parts.clock.now())
            self._concerns(signed_in, entry)
            await tokens.end_family(self._parts.people, family)
            entry.succeeded()

    async def _bearer(self, access_token: str) -> SignedIn:
        signed_in, _ = await tokens.bearer(self._parts.people, access_token, self._parts.clock.now())
        return check_sign_in(self._parts, signed_in)

    def _proven(self, client_id: str, client_secret: str) -> Client:
        return clients.proven_client(self._parts.people.clients, client_id, client_secret, self._parts.clock.now())

    def _concerns(self, signed_in: SignedIn, entry: AuditEntry) -> None:
        entry.user_identity = audit_identities.identity(signed_in.identity, None)
        entry.session_id = signed_in.sign_in_id
        entry.details |= {"provider": signed_in.identity.provider, "userName": signed_in.identity.username}

    def _entry(self, name: str, origin: RequestOrigin, source: str) -> AuditEntry:
        return self._parts.trail.entry(origin, source=source, name=name, codes=FAULTS, metered=name)
