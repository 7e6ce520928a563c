"""The exchange: every use case by name, each of which records its answer in the audit trail."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.domain.assumption import (
    AssumedRole,
    FederationRequest,
    IssuedToken,
    OpenedSession,
    PasswordRequest,
    RoleRequest,
    SamlRequest,
    SessionTokenRequest,
    WebIdentityRequest,
    WebIdentityTokenRequest,
)
from gateway.domain.authentication import Authenticated, RevocationPage, RevocationRequest, Revoked, ShownRequest
from gateway.domain.errors import GatewayError
from gateway.domain.origin import RequestOrigin
from gateway.domain.principal import Principal
from gateway.domain.service import Service, ServiceType
from gateway.exchange import (
    assume_role,
    assume_saml,
    assume_signed,
    authenticate,
    authorize,
    lookups,
    revoke,
    user_sessions,
    web_identity_token,
)
from gateway.exchange.administration import Administration
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.authorization import Authorization
from gateway.exchange.parts import Parts
from gateway.exchange.people.people import People
from gateway.exchange.people.portal import Portal
from gateway.exchange.people.programs import Programs
from gateway.exchange.people.saml import SamlPeople
from gateway.exchange.proof import SignedCall
from gateway.exchange.usual_authorization import UsualAuthorization, UsualRequest
from gateway.exchange.usual_caller import Rendering
from gateway.exchange.usual_login import UsualDecision, UsualLogin
from gateway.sigv4.request import HttpRequest
from gateway.telemetry.meters import AUTHORIZE, UNKNOWN
from gateway.wire import authenticate_faults, s3_faults, service_json, sts_faults
from gateway.wire.faults import FaultTable

_STS_SOURCE: Final = "sts.amazonaws.com"
_GATEWAY_SOURCE: Final = "gateway.amazonaws.com"


class Exchange:
    """The use cases over one configuration. Doors call these and decide nothing."""

    __slots__ = ("_parts", "_usual", "_usual_authorization", "administration", "people", "portal", "programs", "saml")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._usual = UsualLogin(parts)
        self._usual_authorization = UsualAuthorization(parts)
        self.people = People(parts)
        self.portal = Portal(parts)
        self.administration = Administration(parts)
        self.programs = Programs(parts)
        self.saml = SamlPeople(parts)

    def usual_login(self, body: bytes, origin: RequestOrigin) -> UsualDecision | None:
        """What is decided about a form that trades an ID token for a session in the usual way; None: ask as usual."""
        return self._usual.decided(body, origin)

    async def assume_role_with_web_identity(self, request: WebIdentityRequest, origin: RequestOrigin) -> AssumedRole:
        """Trade a provider's ID token for a session of a role.

        Raises GatewayError, recorded already.
        """
        with self._sts_entry("AssumeRoleWithWebIdentity", origin) as entry:
            return await assume_role.with_web_identity(self._parts, request, origin, entry)

    async def assume_role_with_saml(self, request: SamlRequest, origin: RequestOrigin) -> AssumedRole:
        """Trade a provider's assertion for a session of a role, once. Raises GatewayError, recorded already."""
        with self._sts_entry("AssumeRoleWithSAML", origin) as entry:
            return await assume_saml.with_saml(self._parts, request, origin, entry)

    async def assume_role_with_password(self, request: PasswordRequest, origin: RequestOrigin) -> AssumedRole:
        """Trade a directory's name and password for a session of a role. Raises GatewayError, recorded already."""
        with self._sts_entry("AssumeRoleWithLDAPIdentity", origin) as entry:
            return await assume_role.with_password(self._parts, request, origin, entry)

    def assume_role(self, request: RoleRequest, call: SignedCall) -> OpenedSession:
        """Open a session of a role for whoever signed. Raises GatewayError, recorded already."""
        with self._sts_entry("AssumeRole", call.origin) as entry:
            return assume_signed.assume_role(self._parts, request, call, entry)

    def session_token(self, request: SessionTokenRequest, call: SignedCall) -> OpenedSession:
        """Open a session of the user who signed. Raises GatewayError, recorded already."""
        with self._sts_entry("GetSessionToken", call.origin) as entry:
            return user_sessions.session_token(self._parts, request, call, entry)

    def federation_token(self, request: FederationRequest, call: SignedCall) -> OpenedSession:
        """Open a session of somebody whom the user who signed vouches for. Raises GatewayError, recorded already."""
        with self._sts_entry("GetFederationToken", call.origin) as entry:
            return user_sessions.federation_token(self._parts, request, call, entry)

    def web_identity_token(self, request: WebIdentityTokenRequest, call: SignedCall) -> IssuedToken:
        """Sign an ID token that says who signed. Raises GatewayError, recorded already."""
        with self._sts_entry("GetWebIdentityToken", call.origin) as entry:
            return web_identity_token.web_identity_token(self._parts, request, call, entry)

    def published_keys(self) -> Sequence[Mapping[str, str]]:
        """The public keys of the ID tokens above, as JWKs: for everybody, so no record is kept of who reads them."""
        return web_identity_token.published_keys(self._parts)

    def caller_identity(self, call: SignedCall) -> Principal:
        """Tell who signed a request of STS. Raises GatewayError, recorded already."""
        with self._sts_entry("GetCallerIdentity", call.origin) as entry:
            return lookups.caller_identity(self._parts, call, entry)

    def account_of_key(self, access_key_id: str, call: SignedCall) -> str:
        """Tell the account of an access key. Raises GatewayError, recorded already."""
        with self._sts_entry("GetAccessKeyInfo", call.origin) as entry:
            return lookups.account_of_key(self._parts, access_key_id, call, entry)

    def decoded_message(self, message: str, call: SignedCall) -> str:
        """Tell why a signed request was refused, as JSON text. Raises GatewayError, recorded already."""
        with self._sts_entry("DecodeAuthorizationMessage", call.origin) as entry:
            return lookups.decoded_message(self._parts, message, call, entry)

    def usual_authorization(self, request: UsualRequest, origin: RequestOrigin, render: Rendering) -> Any:
        """What `render` makes of whoever signed, where the usual request to a store is allowed; None: ask as usual.

        Raises AuditUnavailable.
        """
        return self._usual_authorization.answer(request, origin, render)

    def authorize(
        self, http: HttpRequest, service: Service, body: bytes | None, body_sha256: str | None, origin: RequestOrigin
    ) -> Authorization:
        """Decide a signed request to a resource server. Raises GatewayError, recorded already."""
        with self._service_entry(service, origin) as entry:
            call = SignedCall(http=http, body_sha256=body_sha256, origin=origin)
            return authorize.service_request(self._parts, call, service, body, entry)

    def refused_at_service(self, error: GatewayError, service: Service | None, origin: RequestOrigin) -> GatewayError:
        """As `refused`, of a request to a resource server; `service` None where it is for none."""
        self._service_entry(service, origin).refused(error)
        return error

    def authenticate(self, shown: ShownRequest, call: SignedCall) -> Authenticated:
        """Tell a resource server who signed a request that it received. Raises GatewayError, recorded already."""
        with self._gateway_entry("Authenticate", call.origin) as entry:
            return authenticate.authenticate(self._parts, shown, call, entry)

    async def revoke(self, request: RevocationRequest, call: SignedCall) -> Revoked:
        """End sessions before their time. Raises GatewayError, recorded already."""
        with self._gateway_entry("Revoke", call.origin) as entry:
            return await revoke.revoke(self._parts, request, call, entry)

    async def revocations(self, cursor: str | None, call: SignedCall) -> RevocationPage:
        """Tell a resource server what has been ended. Raises GatewayError, recorded already."""
        with self._gateway_entry("ListRevocations", call.origin) as entry:
            return await revoke.revocations(self._parts, cursor, call, entry)

    def refused_by_api(self, error: GatewayError, origin: RequestOrigin) -> GatewayError:
        """As `refused`, of a request to the gateway's own API."""
        self._gateway_entry(UNKNOWN, origin).refused(error)
        return error

    def refused(self, error: GatewayError, origin: RequestOrigin, action: str | None = None) -> GatewayError:
        """Record a refusal that a door made itself, before any use case; gives back what to answer.

        action: one that the gateway has, None where none was read.
        Raises AuditUnavailable.
        """
        self._sts_entry(action or UNKNOWN, origin).refused(error)
        return error

    def _service_entry(self, service: Service | None, origin: RequestOrigin) -> AuditEntry:
        source = _GATEWAY_SOURCE if service is None else f"{service.signing_name}.amazonaws.com"
        s3 = service is None or service.type is ServiceType.S3
        codes: FaultTable = s3_faults.FAULTS if s3 else service_json.FAULTS
        return self._parts.trail.entry(origin, source=source, name=UNKNOWN, codes=codes, metered=AUTHORIZE)

    def _gateway_entry(self, name: str, origin: RequestOrigin) -> AuditEntry:
        codes = authenticate_faults.FAULTS
        return self._parts.trail.entry(origin, source=_GATEWAY_SOURCE, name=name, codes=codes, metered=name)

    def _sts_entry(self, name: str, origin: RequestOrigin) -> AuditEntry:
        return self._parts.trail.entry(origin, source=_STS_SOURCE, name=name, codes=sts_faults.FAULTS, metered=name)
