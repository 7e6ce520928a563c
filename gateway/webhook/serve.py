"""The webhook as a process: certificate, API client and server put together, until a signal ends it."""

import asyncio
import logging
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from gateway.client.kubernetes import KubernetesApi
from gateway.webhook.application import Application
from gateway.webhook.certificate import FollowedCertificate
from gateway.webhook.meters import WebhookMeters
from gateway.webhook.reviewer import LookUp, Reviewer
from gateway.webhook.server import WebhookServer
from gateway.webhook.settings import WebhookSettings

LOOK_UP_TIMEOUT: Final = 1.5
"""Seconds for each step of a look-up; one that finds its connection dead is made twice."""
LOOK_UPS: Final = 16
_CERTIFICATE_EVERY: Final = 2.0
_DRAIN: Final = 5.0
"""Seconds for which newcomers are still served after SIGTERM: until no API server thinks of this pod any more."""
_LOG: Final = logging.getLogger("gateway.webhook")


def serve(settings: WebhookSettings, api: KubernetesApi) -> int:
    """Serve until SIGTERM or SIGINT; 0. Raises UnusableCertificate, OSError where the address is taken."""
    certificate = FollowedCertificate(settings.certificate, settings.private_key)
    return asyncio.run(_serve(settings, api, certificate))


async def _serve(settings: WebhookSettings, api: KubernetesApi, certificate: FollowedCertificate) -> int:
    meters = WebhookMeters()
    with ThreadPoolExecutor(max_workers=LOOK_UPS, thread_name_prefix="look-up") as threads:
        reviewer = Reviewer(settings=settings, look_up=_look_up(api, threads), meters=meters)
        application = Application(reviewer=reviewer, is_ready=lambda: not server.is_draining)
        server = WebhookServer(application.answered, certificate.context)
        port = await server.start(settings.host, settings.port)
        _LOG.info("listening on %s:%d", settings.host, port)
        following = asyncio.create_task(_follow(certificate, meters))
        await _ended(server)
        following.cancel()
        await server.close()
    api.close()
    return 0


def _look_up(api: KubernetesApi, threads: ThreadPoolExecutor) -> LookUp:
    async def look_up(namespace: str, name: str) -> Mapping[str, str] | None:
        asked = partial(api.service_account_annotations, namespace, name)
        return await asyncio.get_running_loop().run_in_executor(threads, asked)

    return look_up


async def _follow(certificate: FollowedCertificate, meters: WebhookMeters) -> None:
    """Look at the files as long as the server runs. The same fault is counted each time: it stays one."""
    while True:
        if not certificate.follow():
            meters.certificate_faults.inc()
        meters.certificate_expires.set(certificate.ends.timestamp())
        await asyncio.sleep(_CERTIFICATE_EVERY)


async def _ended(server: WebhookServer) -> None:
    """Wait for the first signal, tell readiness, and serve on until the drain is over or a second signal comes."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()
    asked.clear()
    server.is_draining = True
    _LOG.info("draining")
    try:
        async with asyncio.timeout(_DRAIN):
            await asked.wait()
    except TimeoutError:
        pass
