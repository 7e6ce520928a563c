"""The worlds in which connectors are judged: for each kind a provider of its own, and evidence good and bad from it.

A kind of connector joins the conformance suite by one class here and one row of WORLDS.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pytest

from gateway.connectors.connector import Connector
from gateway.connectors.ldap.connector import LdapConnector
from gateway.connectors.ldap.settings import LdapSettings
from gateway.connectors.oidc.connector import OidcConnector
from gateway.connectors.oidc.provider_keys import Pace
from gateway.connectors.oidc.settings import OidcSettings
from gateway.connectors.registry import Registry
from gateway.connectors.saml.connector import SamlConnector
from gateway.connectors.saml.metadata_source import MetadataPace
from gateway.connectors.saml.settings import SamlSettings
from gateway.domain.assertion import UNSOLICITED, UnverifiedAssertion
from gateway.domain.clock import SteadyClock
from gateway.domain.identity import Identity, ProviderType
from tests.fakes.identity_provider import (
    Answer,
    IdentityProvider,
    failing,
    loopback_certificate,
    private_key,
    slow,
)
from tests.fakes.saml_identity_provider import Facts, SamlIdentityProvider, encoded
from tests.fakes.saml_world import metadata_xml
from tests.servers import slapd

Evidence = Callable[[], Awaitable[Identity]]
"""One presentation of evidence to a connector, made when called."""


IMPATIENT: dict[str, Any] = {"deadline": 0.5, "pace": Pace(first_pause=0.05)}
"""For worlds that need not wait out the real deadline once more."""


class World(Protocol):
    """One provider with one person, `alice` of the groups `analysts` and `everybody`, who has just signed in."""

    provider_type: ProviderType
    subject: ClassVar[str]
    """Who alice is to her provider, whatever she is called."""
    canaries: ClassVar[tuple[str, ...]]
    """Secrets that settings or evidence hold, and that nothing may show."""

    def connector(self, name: str) -> Connector: ...

    def honest(self, connector: Any) -> Evidence: ...

    def refused(self, connector: Any) -> dict[str, Evidence]:
        """Evidence that must not be believed: `expired`, `for somebody else`, `forged`, `not evidence` at least."""
        ...

    def goes_down(self) -> None: ...

    def hangs(self) -> None: ...

    def recovers(self) -> None: ...


class OidcWorld:
    provider_type = ProviderType.OIDC
    subject = "alice"
    canaries: ClassVar[tuple[str, ...]] = ("canary-client-secret", "canary-bearer-token", "canary-claim")

    def __init__(self, provider: IdentityProvider, having: dict[str, Any] | None = None, **settings: Any) -> None:
        """`having`: arguments of OidcConnector; `settings`: keys of its settings."""
        self._provider = provider
        self._having = {"clock": SteadyClock()} | (having or {})
        self._settings = settings

    def connector(self, name: str) -> OidcConnector:
        given = {
            "type": "oidc",
            "issuer": self._provider.issuer,
            "audiences": [self._provider.audience],
            "client_id": "gateway",
            "client_secret": self.canaries[0],
        }
        return OidcConnector(name=name, settings=OidcSettings(**given | self._settings), **self._having)

    def _presented(self, connector: OidcConnector, **token: Any) -> Evidence:
        async def present() -> Identity:
            verifier, unverified = Registry([connector]).web_identity(self._provider.token(**token))
            return await verifier.verify(unverified)

        return present

    def _claims(self, **changes: Any) -> dict[str, Any]:
        return self._provider.claims(
            groups=["analysts", "everybody"], auth_time=int(time.time()), secret=self.canaries[2], **changes
        )

    def honest(self, connector: OidcConnector) -> Evidence:
        return self._presented(connector, claims=self._claims())

    def refused(self, connector: OidcConnector) -> dict[str, Evidence]:
        now = int(time.time())
        return {
            "expired": self._presented(connector, claims=self._claims(iat=now - 7_200, exp=now - 3_600)),
            "not yet": self._presented(connector, claims=self._claims(nbf=now + 3_600)),
            "for somebody else": self._presented(connector, claims=self._claims(aud="other")),
            "of another issuer": self._presented(connector, claims=self._claims(iss="https://other.example")),
            "forged": self._presented(connector, claims=self._claims(), key=private_key("RSA", "evil")),
            "of an unknown key": self._presented(connector, claims=self._claims(), key_id="unknown"),
            "nobody's": self._presented(connector, claims=self._claims(sub="")),
            "not evidence": self._presented(connector, claims=b"canary-claim"),
        }

    def goes_down(self) -> None:
        self._provider.at = {self._provider.CONFIGURATION: failing(), self._provider.KEYS: failing()}

    def hangs(self) -> None:
        self._provider.at = {self._provider.CONFIGURATION: slow(60)}

    def recovers(self) -> None:
        self._provider.at = {}


@contextmanager
def oidc(_folder: Path) -> Iterator[OidcWorld]:
    with IdentityProvider().running() as provider:
        yield OidcWorld(provider)


@contextmanager
def oidc_of_a_cluster(folder: Path) -> Iterator[OidcWorld]:
    """An issuer with a CA of its own, whose discovery asks for a bearer token."""
    chain, key = loopback_certificate(folder)
    token = folder / "token"
    token.write_text(OidcWorld.canaries[1])
    with IdentityProvider().running(certificate=(chain, key)) as provider:
        yield OidcWorld(provider, IMPATIENT, ca_file=chain, bearer_token_file=token)


class LdapWorld:
    """A real OpenLDAP. Evidence is a name and a password."""

    provider_type = ProviderType.LDAP
    subject = slapd.ALICE_ID
    canaries: ClassVar[tuple[str, ...]] = (slapd.SERVICE_PASSWORD, "canary-alice-password", "canary-wrong-password")

    def __init__(self, server: slapd.Slapd) -> None:
        self._server = server

    def connector(self, name: str) -> LdapConnector:
        settings = self._server.settings(timeouts={"connect": 1, "response": 1, "login": 2})
        return LdapConnector(name=name, settings=LdapSettings.model_validate(settings), clock=SteadyClock())

    def _presented(self, connector: LdapConnector, username: str, password: str) -> Evidence:
        async def present() -> Identity:
            return await connector.authenticate(username, password)

        return present

    def honest(self, connector: LdapConnector) -> Evidence:
        return self._presented(connector, "alice", self.canaries[1])

    def refused(self, connector: LdapConnector) -> dict[str, Evidence]:
        alice, wrong = self.canaries[1:]
        return {
            "expired": self._presented(connector, "eve", alice),
            "for somebody else": self._presented(connector, "dc1$", alice),
            "nobody's": self._presented(connector, "nobody", alice),
            "forged": self._presented(connector, "alice", wrong),
            "not evidence": self._presented(connector, "alice", ""),
        }

    def goes_down(self) -> None:
        self._server.close()

    def hangs(self) -> None:
        self._server.freeze()

    def recovers(self) -> None:
        self._server.start()


@contextmanager
def openldap(folder: Path) -> Iterator[LdapWorld]:
    if not slapd.available():
        pytest.skip("slapd is not installed; tests/e2e/needs.sh does it")
    password, yesterday = LdapWorld.canaries[1], int(time.time()) // 86_400 - 1
    people = (
        slapd.person("alice", password, entryUUID=LdapWorld.subject),
        slapd.person("eve", password, "shadowAccount", shadowExpire=yesterday),
    )
    # The policy would lock alice out for the wrong passwords of these tests.
    patient = slapd.changes(slapd.member("alice"), pwdPolicySubentry=f"cn=patient,ou=policies,{slapd.SUFFIX}")
    groups = (slapd.group(name, slapd.member("alice")) for name in ("analysts", "everybody"))
    with slapd.Slapd(folder / "slapd", data="".join((*people, *groups))) as server:
        server.ldapmodify(patient)
        yield LdapWorld(server)


class SamlWorld:
    """A SAML identity provider whose metadata is fetched. Evidence is an assertion."""

    provider_type = ProviderType.SAML
    subject = "alice-7"
    canaries: ClassVar[tuple[str, ...]] = ("canary-attribute",)

    def __init__(self, server: IdentityProvider) -> None:
        self._server = server
        self._idp = SamlIdentityProvider()
        self.recovers()

    def connector(self, name: str) -> SamlConnector:
        settings = SamlSettings(type="saml", metadata=f"{self._server.issuer}/metadata")
        pace = MetadataPace(first_pause=0.05)
        return SamlConnector(
            name=name,
            settings=settings,
            public_url="https://sts.example.com",
            clock=SteadyClock(),
            pace=pace,
            deadline=2.0,
        )

    def _presented(
        self, connector: SamlConnector, provider: SamlIdentityProvider | None = None, **changes: Any
    ) -> Evidence:
        address = f"https://sts.example.com/saml/{connector.name}"
        facts = Facts(
            now=SteadyClock().now(),
            **{
                "name_id": self.subject,
                "recipient": f"{address}/acs",
                "destination": f"{address}/acs",
                "audiences": ((f"{address}/metadata",),),
                "attributes": {"uid": "alice", "memberOf": ("analysts", "everybody"), "secret": self.canaries[0]},
                **changes,
            },
        )

        async def present() -> Identity:
            assertion = encoded((provider or self._idp).response(facts))
            return (await connector.verify(assertion, UNSOLICITED)).identity

        return present

    def honest(self, connector: SamlConnector) -> Evidence:
        return self._presented(connector)

    def refused(self, connector: SamlConnector) -> dict[str, Evidence]:
        async def nonsense() -> Identity:
            return (await connector.verify(UnverifiedAssertion("canary-attribute"), UNSOLICITED)).identity

        other = (("https://other.example",),)
        return {
            "expired": self._presented(connector, not_on_or_after=-300, confirmed_until=-300),
            "for somebody else": self._presented(connector, audiences=other),
            "forged": self._presented(connector, SamlIdentityProvider(label="evil")),
            "nobody's": self._presented(connector, attributes={}),
            "not evidence": nonsense,
        }

    def goes_down(self) -> None:
        self._server.at["/metadata"] = failing()

    def hangs(self) -> None:
        self._server.at["/metadata"] = slow(60)

    def recovers(self) -> None:
        self._server.at["/metadata"] = Answer(body=metadata_xml(self._idp.certificate).encode())


@contextmanager
def saml(_folder: Path) -> Iterator[SamlWorld]:
    with IdentityProvider().running() as server:
        yield SamlWorld(server)


WORLDS: dict[str, Callable[[Path], AbstractContextManager[World]]] = {
    "oidc": oidc,
    "oidc of a cluster": oidc_of_a_cluster,
    "saml": saml,
    "openldap": openldap,
}
