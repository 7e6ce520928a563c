"""From a configuration to a gateway: every part made once, from the keyring to the application."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.assembly.compose import exchange_of
from gateway.assembly.front import InForce, front_of
from gateway.assembly.observation import Observer
from gateway.assembly.people import CookieKeys
from gateway.assembly.readiness import StateProbe
from gateway.connectors.registry import Registry
from gateway.domain.clock import Clock
from gateway.domain.errors import KeyringUnavailable
from gateway.doors.authz.hosts import Hosts
from gateway.exchange.exchange import Exchange
from gateway.exchange.recent_refusals import RecentRefusals
from gateway.sealing.key_file import UnusableKeyring
from gateway.sealing.keyring import Keyring
from gateway.sealing.live_keyring import LiveKeyring
from gateway.sessions.revocation import Revocations
from gateway.settings.configuration import Configuration
from gateway.state.open import open_state
from gateway.telemetry.audit import AuditSink
from gateway.telemetry.meters import Meters
from gateway.telemetry.tracing import Tracing
from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.cookies import SignedCookies
from gateway.web.edge import AccessLog

NO_KEY: Final = "keyring"
NO_STATE: Final = "state"
NO_REVOCATIONS: Final = "revocations"
_LEAVE_AFTER: Final = 60.0

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
        meters: Meters | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        """`more_doors`: path to application, beside the gateway's own; `meters` None counts for itself alone.

        Raises UnusableKeyring, and ValueError for a provider's file that cannot be used.
        """
        self.configuration = configuration
        self._clock = clock
        self._audit = audit
        self._tracing = tracing
        self._meters = meters = meters or Meters.alone()
        self._keyring = LiveKeyring(
            configuration.gateway.keyring, on_change=_log_keyring, on_fault=lambda fault: _tell_fault(fault, meters)
        )
        self._state = open_state(configuration.gateway.state, clock)
        self._state_probe = StateProbe(self._state)
        self._revocations = Revocations(self._state, clock)
        self._refusals = RecentRefusals()
        self._leaving: set[asyncio.Task[None]] = set()
        self._hosts = Hosts(configuration.services)
        self.exchange, self._registry = self._compose(configuration)
        self._observer = self._observing()
        front = front_of(
            configuration.gateway,
            InForce(exchange=lambda: self.exchange, hosts=lambda: self._hosts, unready=self.unready),
            cookies=self._cookies(),
            meters=meters,
            access_log=access_log,
            tracing=tracing,
            more_doors=more_doors,
        )
        self.at_once: Final = front.at_once
        self.below: Final = front.below
        self.below_internal: Final = front.below_internal
        self.app: Application = _Lifespan(self, front.app)

    async def start(self) -> None:
        """Begin background work; whatever store and providers do, it returns within seconds."""
        await self._revocations.start()
        await self._registry.start()
        self._observer.start()

    async def aclose(self) -> None:
        for leaving in self._leaving:
            leaving.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await self._observer.aclose()
        await self._revocations.aclose()
        await self._registry.aclose()
        await self._state_probe.aclose()
        await self._state.aclose()
        if self._tracing is not None:
            await asyncio.to_thread(self._tracing.close)

    async def take(self, configuration: Configuration) -> None:
        """Serve another configuration from now on: built whole, then swapped in.

        A request that has begun ends on what it began with. What the process was made with stays: see
        `last_good.FIXED`. Raises ValueError: then nothing has changed.
        """
        exchange, registry = await asyncio.to_thread(self._compose, configuration)
        await registry.start()
        leaving, self._registry = self._registry, registry
        self.exchange, self.configuration = exchange, configuration
        self._hosts = Hosts(configuration.services)
        task = asyncio.create_task(_closed_later(leaving), name="connectors of the configuration before")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def follow_keyring(self) -> None:
        """Look at the keyring's file now."""
        self._keyring.follow()

    def _compose(self, configuration: Configuration) -> tuple[Exchange, Registry]:
        return exchange_of(
            configuration,
            self._keyring,
            clock=self._clock,
            audit=self._audit,
            state=self._state,
            revocations=self._revocations,
            meters=self._meters,
            refusals=self._refusals,
        )

    def _observing(self) -> Observer:
        return Observer(
            self._meters,
            clock=self._clock,
            keyring=self._keyring.followed,  # an idle replica shall show, and have, the newest keys too
            verifiers=lambda: self._registry.web_identity_verifiers,
            saml=lambda: self._registry.saml_providers,
            revocation_lag=self._revocations.lag,
        )

    def _cookies(self) -> SignedCookies:
        """Cookies of people's browsers, by the keyring in force."""
        url = self.configuration.gateway.public_url
        keys = CookieKeys(lambda: self._keyring.keyring, url, self._clock)
        return SignedCookies(keys, self._clock, secure=url.startswith("https://"))

    async def unready(self) -> Sequence[str]:
        """What keeps this gateway from serving: the keyring that may not seal yet, the store that does not answer."""
        try:
            self._keyring.sealing_key(self._clock.now().timestamp())
        except KeyringUnavailable:
            return (NO_KEY,)
        if not await self._state_probe.answers():
            return (NO_STATE,)
        return (NO_REVOCATIONS,) if self._revocations.is_blind else ()


async def _closed_later(registry: Registry) -> None:
    """Close connectors once the requests that began with them must have ended."""
    try:
        await asyncio.sleep(_LEAVE_AFTER)
    finally:
        await registry.aclose()


def _log_keyring(keyring: Keyring) -> None:
    _LOG.info("the keyring has changed", extra={"key_ids": [key.key_id.hex() for key in keyring.keys]})


def _tell_fault(fault: UnusableKeyring, meters: Meters) -> None:
    meters.keyring.fault()
    _LOG.error("the keyring has changed and is not taken: %s", fault)


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
