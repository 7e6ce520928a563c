"""The use cases of one configuration: connectors, catalog, sessions and policies put together."""

from collections.abc import Collection, Sequence
from typing import Final

from gateway.assembly.people import people_of
from gateway.connectors.connector import Examinable
from gateway.connectors.ldap.settings import LdapSettings
from gateway.connectors.oidc.connector import OidcConnector
from gateway.connectors.oidc.settings import OidcSettings
from gateway.connectors.registry import Registry
from gateway.connectors.saml.settings import SamlSettings
from gateway.domain.clock import Clock
from gateway.exchange import refusal_message
from gateway.exchange.auditing import AuditTrail
from gateway.exchange.exchange import Exchange
from gateway.exchange.live_policies import LivePolicies
from gateway.exchange.login_throttles import LoginThrottles
from gateway.exchange.parts import Parts
from gateway.exchange.recent_refusals import RecentRefusals
from gateway.exchange.refusal_message import RefusalMessages
from gateway.roles.named_attributes import attributes_named
from gateway.sealing.envelope import Sealer
from gateway.sealing.keyring import Keyring
from gateway.sealing.live_keyring import LiveKeyring
from gateway.sessions.authenticator import Authenticator
from gateway.sessions.issuer import SessionIssuer
from gateway.sessions.revocation import Revocations
from gateway.sessions.session_token import PURPOSE
from gateway.sessions.users import Users
from gateway.settings.compiled import catalog_of
from gateway.settings.configuration import Configuration, ThrottleSettings
from gateway.sigv4.signing_key import SigningKeys
from gateway.state.store import Store
from gateway.state.throttle import Throttle
from gateway.telemetry.audit import AuditSink
from gateway.telemetry.meters import Meters

_SIGNING_KEYS: Final = 10_000


def exchange_of(
    configuration: Configuration,
    keyring: Keyring | LiveKeyring,
    *,
    clock: Clock,
    audit: AuditSink,
    state: Store,
    revocations: Revocations,
    meters: Meters,
    refusals: RecentRefusals | None = None,
) -> tuple[Exchange, Registry]:
    """The use cases of a configuration, and the connectors that somebody has to start and close.

    `refusals`: those of a moment ago, which outlive a reload; None: there are none yet.

    Raises ValueError for a provider's file that cannot be used.
    """
    settings = configuration.gateway
    sealer = Sealer(keyring, purpose=PURPOSE, realm=settings.public_url)
    messages = Sealer(keyring, purpose=refusal_message.PURPOSE, realm=settings.public_url)
    users = Users(configuration.users)
    registry = Registry(connectors_of(configuration, clock))
    catalog = catalog_of(configuration)
    parts = Parts(
        catalog=catalog,
        registry=registry,
        issuer=SessionIssuer(sealer),
        authenticator=Authenticator(sealer, users),
        policies=LivePolicies(catalog, configuration.users),
        users=users,
        messages=RefusalMessages(messages),
        signing_keys=SigningKeys(capacity=_SIGNING_KEYS),
        throttles=_throttles(settings.throttle, state, clock),
        issuer_keys=keyring,
        revocations=revocations,
        services={service.name: service for service in configuration.services},
        only_account=_only(configuration.accounts.values()),
        once=state,
        people=people_of(settings, keyring, state, clock),
        trail=AuditTrail(
            audit, region=settings.region, clock=clock, meters=meters, refusals=refusals or RecentRefusals()
        ),
        audit_file=settings.audit.path,
        cautions=tuple(warning.render("warning") for warning in configuration.warnings),
        clock=clock,
        region=settings.region,
        public_url=settings.public_url,
    )
    return Exchange(parts), registry


def _only(accounts: Collection[str]) -> str | None:
    return next(iter(accounts)) if len(accounts) == 1 else None


def _throttles(settings: ThrottleSettings, state: Store, clock: Clock) -> LoginThrottles:
    user, address = settings.per_user, settings.per_address
    return LoginThrottles(
        per_user=Throttle(state, clock, kind="login_of_user", attempts=user.attempts, window=user.window),
        per_address=Throttle(state, clock, kind="login_from_address", attempts=address.attempts, window=address.window),
        window=user.window,
    )


def connectors_of(configuration: Configuration, clock: Clock) -> Sequence[Examinable]:
    """One of each configured provider. Raises ValueError for a provider's file that cannot be used."""
    return [_connector(name, provider, configuration, clock) for name, provider in configuration.providers.items()]


def _connector(
    name: str, provider: OidcSettings | SamlSettings | LdapSettings, configuration: Configuration, clock: Clock
) -> Examinable:
    if isinstance(provider, LdapSettings):
        return _ldap_connector(name, provider, configuration, clock)
    if isinstance(provider, SamlSettings):
        return _saml_connector(name, provider, configuration, clock)
    return OidcConnector(name=name, settings=provider, clock=clock)


def _saml_connector(name: str, settings: SamlSettings, configuration: Configuration, clock: Clock) -> Examinable:
    # lxml, xmlsec and python3-saml cost memory and time that who has no SAML provider shall not pay.
    from gateway.connectors.saml.connector import SamlConnector

    return SamlConnector(name=name, settings=settings, public_url=configuration.gateway.public_url, clock=clock)


def _ldap_connector(name: str, settings: LdapSettings, configuration: Configuration, clock: Clock) -> Examinable:
    # ldap3 costs a tenth of a second and ten megabytes, and who has no directory shall not pay for it.
    from gateway.connectors.ldap.connector import LdapConnector

    attributes = attributes_named(
        name,
        mappings=configuration.mappings,
        roles=configuration.roles,
        policies=configuration.policies.values(),
    )
    return LdapConnector(name=name, settings=settings, clock=clock, attributes=attributes)
