"""From a configuration to a gateway: every part made once, from the keyring to the application."""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.assembly.routing import Router
from gateway.connectors.connector import Connector
from gateway.connectors.oidc.connector import OidcConnector
from gateway.connectors.registry import Registry
from gateway.domain.clock import Clock
from gateway.domain.errors import InternalFault, KeyringUnavailable
from gateway.doors.operations import probes
from gateway.doors.sts.dialects import XML_DIALECT, fault_answer
from gateway.doors.sts.door import StsDoor
from gateway.exchange import refusal_message
from gateway.exchange.auditing import AuditTrail
from gateway.exchange.exchange import Exchange
from gateway.exchange.live_policies import LivePolicies
from gateway.exchange.parts import Parts
from gateway.exchange.refusal_message import RefusalMessages
from gateway.roles.catalog import Catalog
from gateway.sealing.envelope import Sealer
from gateway.sealing.key_file import UnusableKeyring
from gateway.sealing.keyring import Keyring, KeySource
from gateway.sealing.live_keyring import LiveKeyring
from gateway.sessions.authenticator import Authenticator
from gateway.sessions.issuer import SessionIssuer
from gateway.sessions.session_token import PURPOSE
from gateway.sessions.users import Users
from gateway.settings.configuration import Configuration
from gateway.sigv4.signing_key import SigningKeys
from gateway.telemetry.audit import AuditSink
from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.edge import AccessLog, Edge
from gateway.web.responses import Answer

NOT_READY: Final = "keyring"
_SIGNING_KEYS: Final = 10_000

_LOG: Final = logging.getLogger("gateway.keyring")


class Gateway:
    """One running gateway: `app` is its ASGI application, whose lifespan starts and closes the connectors."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        clock: Clock,
        audit: AuditSink,
        access_log: AccessLog | None = None,
        more_doors: Mapping[str, Application] | None = None,
    ) -> None:
        """`more_doors`: path to application, beside the gateway's own.

        Raises UnusableKeyring, and ValueError for a provider's file that cannot be used.
        """
        self.configuration: Final = configuration
        self._clock = clock
        self._keyring = LiveKeyring(configuration.gateway.keyring, on_change=_log_keyring, on_fault=_log_fault)
        self.exchange, self._registry = exchange_of(configuration, self._keyring, clock=clock, audit=audit)
        doors: dict[str, Application] = {
            "/": StsDoor(lambda: self.exchange),
            **probes.routes(self.unready),
            **(more_doors or {}),
        }
        self.app: Application = _Lifespan(
            self,
            Edge(
                Router(doors),
                render_fault=_rendered,
                trusted_proxies=configuration.gateway.trusted_proxies,
                public_url=configuration.gateway.public_url,
                access_log=access_log,
            ),
        )

    async def start(self) -> None:
        """Begin background work; returns at once, whatever the providers do."""
        await self._registry.start()

    async def aclose(self) -> None:
        await self._registry.aclose()

    async def unready(self) -> Sequence[str]:
        """What keeps this gateway from serving: nothing, or the keyring that may not seal yet."""
        try:
            self._keyring.sealing_key(self._clock.now().timestamp())
        except KeyringUnavailable:
            return (NOT_READY,)
        return ()


def exchange_of(
    configuration: Configuration, keyring: KeySource, *, clock: Clock, audit: AuditSink
) -> tuple[Exchange, Registry]:
    """The use cases of a configuration, and the connectors that somebody has to start and close.

    Raises ValueError for a provider's file that cannot be used.
    """
    settings = configuration.gateway
    sealer = Sealer(keyring, purpose=PURPOSE, realm=settings.public_url)
    messages = Sealer(keyring, purpose=refusal_message.PURPOSE, realm=settings.public_url)
    users = Users(configuration.users)
    registry = Registry(_connectors(configuration, clock))
    catalog = Catalog.compile(
        roles=configuration.roles,
        mappings=configuration.mappings,
        issuers={name: provider.issuer for name, provider in configuration.providers.items()},
        policies=configuration.policies,
    )
    parts = Parts(
        catalog=catalog,
        registry=registry,
        issuer=SessionIssuer(sealer),
        authenticator=Authenticator(sealer, users),
        policies=LivePolicies(catalog, configuration.users),
        users=users,
        messages=RefusalMessages(messages),
        signing_keys=SigningKeys(capacity=_SIGNING_KEYS),
        trail=AuditTrail(audit, region=settings.region, clock=clock),
        clock=clock,
        region=settings.region,
    )
    return Exchange(parts), registry


def _connectors(configuration: Configuration, clock: Clock) -> Sequence[Connector]:
    return [
        OidcConnector(name=name, settings=provider, clock=clock) for name, provider in configuration.providers.items()
    ]


def _log_keyring(keyring: Keyring) -> None:
    _LOG.info("the keyring has changed", extra={"key_ids": [key.key_id.hex() for key in keyring.keys]})


def _log_fault(fault: UnusableKeyring) -> None:
    _LOG.error("the keyring has changed and is not taken: %s", fault)


def _rendered(fault: InternalFault, request_id: str) -> Answer:
    return fault_answer(XML_DIALECT, fault, request_id)


class _Lifespan:
    """ASGI's lifespan protocol in front of the application."""

    def __init__(self, gateway: Gateway, app: Application) -> None:
        self._gateway = gateway
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        await receive()
        await self._gateway.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._gateway.aclose()
        await send({"type": "lifespan.shutdown.complete"})
