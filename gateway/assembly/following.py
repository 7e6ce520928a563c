"""A gateway that follows its configuration while it serves: by looking at the files, and by SIGHUP."""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from typing import Final

from gateway.assembly.build import Gateway
from gateway.assembly.last_good import LastGood, fixed_settings, kept
from gateway.assembly.reload import Reloader
from gateway.settings.configuration import Configuration
from gateway.settings.load import load
from gateway.telemetry.background import Background
from gateway.web.asgi import Application, Receive, Scope, Send

_LOG: Final = logging.getLogger("gateway.reload")


def following(
    gateway: Gateway,
    begun: LastGood,
    *,
    on_hangup: Sequence[Callable[[], None]] = (),
    at_end: Callable[[], None] = lambda: None,
) -> Application:
    """The gateway's application, which from its start to its end follows the configuration's files.

    `begun`: what the gateway was made of. `on_hangup`: what else is done at SIGHUP, such as opening the audit log's
    file anew after it was moved away. `at_end`: what is done last, once every request has been answered.
    """
    return _Following(gateway, begun, on_hangup, at_end)


class _Following:
    def __init__(
        self,
        gateway: Gateway,
        begun: LastGood,
        on_hangup: Sequence[Callable[[], None]],
        at_end: Callable[[], None],
    ) -> None:
        self._gateway = gateway
        self._begun = begun
        self._on_hangup = on_hangup
        self._at_end = at_end
        self.at_once: Final = gateway.at_once
        self.below: Final = gateway.below
        self.below_internal: Final = gateway.below_internal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._gateway.app(scope, receive, send)
            return
        reloader = Reloader(self._begun, load=load, take=self._take)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._hung_up, reloader)
        background = Background("the following of the configuration", reloader.run)
        background.start()
        try:
            await self._gateway.app(scope, receive, send)
        finally:
            loop.remove_signal_handler(signal.SIGHUP)
            await background.aclose()
            self._at_end()

    async def _take(self, configuration: Configuration) -> None:
        for setting in fixed_settings(self._gateway.configuration, configuration):
            _LOG.warning("gateway.%s has changed and counts from the next start on", setting)
        await self._gateway.take(kept(self._gateway.configuration, configuration))

    def _hung_up(self, reloader: Reloader) -> None:
        self._gateway.follow_keyring()
        for call in self._on_hangup:
            call()
        reloader.soon()
