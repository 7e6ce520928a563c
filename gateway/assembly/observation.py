"""Looks once a second at what has no moment of its own to be counted, and tells the metrics: states, ages, lag."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from gateway.connectors.connector import SamlProvider, WebIdentityVerifier
from gateway.domain.clock import Clock, SteadyClock
from gateway.sealing.keyring import Keyring
from gateway.telemetry.background import Background
from gateway.telemetry.meters import Meters

INTERVAL: Final = 1.0


class Observer:
    """Watches one gateway. Keyring and verifiers are asked for anew each time: a reload makes others."""

    def __init__(
        self,
        meters: Meters,
        *,
        clock: Clock,
        keyring: Callable[[], Keyring],
        verifiers: Callable[[], Iterable[WebIdentityVerifier]],
        saml: Callable[[], Iterable[SamlProvider]] = tuple,
        revocation_lag: Callable[[], timedelta | None],
    ) -> None:
        self._meters = meters
        self._clock = clock
        self._keyring = keyring
        self._verifiers = verifiers
        self._saml = saml
        self._revocation_lag = revocation_lag
        self._background = Background("the telling of metrics", self._observe)

    def start(self) -> None:
        """Look at once, and again each second; on the running loop."""
        self.look()
        self._background.start()

    async def aclose(self) -> None:
        """Stop looking. May be called without `start`."""
        await self._background.aclose()

    def look(self) -> None:
        """Tell how things are now."""
        meters = self._meters
        keys = self._keyring().keys
        meters.keyring.tell([(key.created_at, key.seals_from) for key in keys], self._clock.now())
        verifiers = list(self._verifiers())
        for one in verifiers:
            meters.provider(one.name).tell(
                fetched_at=one.keys_fetched_at, is_failing=one.last_error is not None, failures=one.key_failures
            )
        meters.keep_providers(one.name for one in verifiers)
        self._look_at_saml()
        lag = self._revocation_lag()
        if lag is not None:
            meters.revocation_lag.set(lag.total_seconds())
        if isinstance(self._clock, SteadyClock):
            meters.clock_drift.set(self._clock.drift().total_seconds())

    def _look_at_saml(self) -> None:
        providers = list(self._saml())
        for one in providers:
            self._meters.saml_provider(one.name).tell(
                fetched_at=one.metadata_fetched_at,
                valid_until=one.metadata_valid_until,
                is_failing=one.last_error is not None,
                failures=one.metadata_failures,
            )
        self._meters.keep_saml_providers(one.name for one in providers)

    async def _observe(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + INTERVAL
            await asyncio.sleep(INTERVAL)
            self._meters.loop_lag(max(0.0, loop.time() - due))
            self.look()
