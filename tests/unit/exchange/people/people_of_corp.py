"""People of a directory, and programs in their names, at the use cases: no browser in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.assumption import AssumedRole
from gateway.domain.authentication import RevocationRequest, Revoked
from gateway.domain.origin import RequestOrigin
from gateway.domain.principal import Principal
from gateway.domain.revocation import RevocationKind
from gateway.exchange.people.people import People
from gateway.exchange.people.portal_sessions import PortalSession
from gateway.exchange.people.programs import Programs
from gateway.exchange.people.tokens import IssuedTokens
from gateway.exchange.proof import SignedCall
from gateway.wire.identity_center_requests import DeviceGrant, PasswordGrant, RefreshGrant
from tests.fakes.gateway_world import sha256
from tests.fakes.people_world import Directory, PeopleWorld, people_world

HERE = RequestOrigin(request_id="r-1", source_ip="192.0.2.7", user_agent="Mozilla/5.0 (X11)", secure_transport=True)
AWAY = RequestOrigin(request_id="r-2", source_ip="198.51.100.9", user_agent="curl/8", secure_transport=True)
ACCOUNT = "111122223333"
OPERATOR = ("AKIAEXAMPLEEXAMPLE33", "abcdefghij0123456789")
SECTIONS = {
    "users": f"lake/operator: {{access_keys: [{{id: {OPERATOR[0]}, secret: {OPERATOR[1]}}}], policies: [everything]}}",
    "policies": 'read-lake: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}\n'
    'all-s3: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}\n'
    'everything: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}',
    "providers": "workforce: {type: oidc, issuer: 'http://127.0.0.1:9', audiences: [sts.amazonaws.com], "
    "jwks_file: ./jwks.json}\n"
    "corp: {type: ldap, servers: ['ldap://127.0.0.1:9'], bind_dn: 'cn=gateway,dc=corp', bind_password: x, "
    "users: {base: 'ou=people,dc=corp'}}",
    "mappings": "- {provider: corp, groups: [analysts], roles: [lake/Analyst]}",
}


@dataclass
class Corp:
    world: PeopleWorld
    directory: Directory

    @property
    def people(self) -> People:
        return self.world.gateway.exchange.people

    @property
    def programs(self) -> Programs:
        return self.world.gateway.exchange.programs

    def moves(self, **by: float) -> None:
        self.world.clock.move(**by)

    async def enters(self, origin: RequestOrigin = HERE) -> PortalSession:
        return await self.people.sign_in_with_password("corp", "alice", "right", origin)

    async def again(self, session: PortalSession) -> PortalSession:
        """The session as the next page finds it."""
        return await self.people.session(session.session_id, HERE)

    async def takes(self, session: PortalSession, role: str = "Analyst") -> AssumedRole:
        return await self.people.credentials(session, ACCOUNT, role, HERE, None)

    def signs(self, assumed: AssumedRole) -> Principal:
        """Whom the gateway takes a request with these credentials for."""
        body = b"Action=GetCallerIdentity&Version=2011-06-15"
        http = self.world.base.signed(assumed.credentials, body=body)
        call = SignedCall(http=http, body_sha256=sha256(body), origin=HERE)
        return self.world.gateway.exchange.caller_identity(call)

    async def approves(self, session: PortalSession, name: str = "aws-cli") -> DeviceGrant:
        """A program that waits for a code and is approved; its next poll."""
        client = self.programs.register(name, [])
        codes = await self.programs.start_device(client.client_id, client.client_secret, AWAY)
        await self.people.approve_device(session, codes.user_code, HERE)
        return DeviceGrant(
            client_id=client.client_id, client_secret=client.client_secret, device_code=codes.device_code
        )

    async def lets_in(self, session: PortalSession, name: str = "aws-cli") -> tuple[IssuedTokens, RefreshGrant]:
        """A program that got its tokens, and the request for its next ones."""
        grant = await self.approves(session, name)
        issued = await self.programs.issue(grant, AWAY)
        following = RefreshGrant(
            client_id=grant.client_id, client_secret=grant.client_secret, refresh_token=issued.refresh_token
        )
        return issued, following

    async def revokes(self, kind: RevocationKind, value: str) -> Revoked:
        """What an operator is told."""
        http = self.world.base.signed(OPERATOR, method="POST", path="/v1/revocations", service="gateway")
        call = SignedCall(http=http, body_sha256=sha256(b""), origin=AWAY)
        return await self.world.gateway.exchange.revoke(RevocationRequest(kind=kind, value=value), call)

    async def by_password(self, origin: RequestOrigin = AWAY) -> IssuedTokens:
        grant = PasswordGrant(provider="corp", username="alice", password="right")
        return await self.programs.issue(grant, origin)


@contextmanager
def corp(folder: Path) -> Iterator[Corp]:
    with people_world(folder, **SECTIONS) as world:
        yield Corp(world, world.with_directory())
