"""A gateway that follows its configuration while it serves: by looking at the files, and by SIGHUP."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from gateway.assembly.build import Gateway
from gateway.assembly.reload import Reloader
from gateway.settings.configuration import Configuration
from gateway.settings.load import load
from gateway.web.asgi import Application, Receive, Scope, Send

_LOG: Final = logging.getLogger("gateway.reload")


def following(gateway: Gateway, path: Path, *, on_hangup: Sequence[Callable[[], None]] = ()) -> Application:
    """The gateway's application, which from its start to its end follows the configuration at `path`.

    `on_hangup`: what else is done at SIGHUP, such as opening the audit log's file anew after it was moved away.
    """
    return _Following(gateway, path, on_hangup)


class _Following:
    def __init__(self, gateway: Gateway, path: Path, on_hangup: Sequence[Callable[[], None]]) -> None:
        self._gateway = gateway
        self._path = path
        self._on_hangup = on_hangup

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._gateway.app(scope, receive, send)
            return
        reloader = Reloader(self._path, self._gateway.configuration, load=load, take=self._take)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._hung_up, reloader)
        task = asyncio.create_task(reloader.run(), name="configuration")
        try:
            await self._gateway.app(scope, receive, send)
        finally:
            loop.remove_signal_handler(signal.SIGHUP)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _take(self, configuration: Configuration) -> None:
        for setting in fixed_settings(self._gateway.configuration, configuration):
            _LOG.warning("gateway.%s has changed and counts from the next start on", setting)
        await self._gateway.take(kept(self._gateway.configuration, configuration))

    def _hung_up(self, reloader: Reloader) -> None:
        self._gateway.follow_keyring()
        for call in self._on_hangup:
            call()
        reloader.soon()


FIXED: Final = ("public_url", "keyring", "state", "trusted_proxies", "tls", "internal_listen", "audit")
"""Settings of `gateway` that a running process was made with; its sessions are sealed for its `public_url`."""


def fixed_settings(now: Configuration, then: Configuration) -> list[str]:
    """Those of FIXED that differ."""
    return [name for name in FIXED if getattr(now.gateway, name) != getattr(then.gateway, name)]


def kept(now: Configuration, then: Configuration) -> Configuration:
    """`then` with what cannot change while a process runs as it is `now`."""
    fixed = {name: getattr(now.gateway, name) for name in FIXED}
    return replace(then, gateway=replace(then.gateway, **fixed))
