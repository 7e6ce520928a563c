"""The sidecar as a whole: roles, renewals and servers, from its start to SIGTERM."""

import asyncio
import random
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from gateway.client.core_files import leave_no_core_file
from gateway.client.held import Clocks, HeldCredentials
from gateway.sidecar import container, imds
from gateway.sidecar.application import Application, only_probes
from gateway.sidecar.container import ContainerCredentials
from gateway.sidecar.guard import Authorization
from gateway.sidecar.imds import InstanceMetadata
from gateway.sidecar.journal import tell
from gateway.sidecar.listening import Address, Hosts, bound, bound_everywhere
from gateway.sidecar.probes import Probes
from gateway.sidecar.renewal import Fetching, Renewal
from gateway.sidecar.roles import Served
from gateway.sidecar.server import LocalServer

_ONE_HOP: Final = 1
DONE: Final = 0
DIED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A role and where its credentials come from. `name`: None for the one at `/v1/credentials` itself."""

    name: str | None
    account: str
    imds_name: str
    fetch: Fetching


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where it listens. `probe_port`: None for no listener of the probes alone."""

    addresses: Sequence[Address]
    port: int
    imds: bool
    probe_port: int | None


def _nothing() -> None:
    """What is told where nobody asks for the address."""


def serve(
    sources: Sequence[Source],
    listening: Listening,
    environment: Mapping[str, str],
    announce: Callable[[], None] = _nothing,
) -> int:
    """Serve until SIGTERM; the exit code. `announce` is called once the addresses are ours.

    Raises UnusableAuthorization, CannotListen.
    """
    leave_no_core_file()
    authorization = Authorization(environment, time.monotonic)
    hops = _ONE_HOP if listening.imds else None
    sockets = [bound(address, listening.port, hops=hops) for address in listening.addresses]
    probing = [] if listening.probe_port is None else [bound_everywhere(listening.probe_port)]
    announce()
    return asyncio.run(_serve(sources, listening, authorization, sockets, probing))


async def _serve(
    sources: Sequence[Source],
    listening: Listening,
    authorization: Authorization,
    sockets: Sequence[socket.socket],
    probing: Sequence[socket.socket],
) -> int:
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    renewals, roles = _renewed(sources, ended)
    probes = Probes(roles, imds.LEAST if listening.imds else container.LEAST)
    application = Application(
        hosts=Hosts(listening.addresses),
        credentials=ContainerCredentials(roles, authorization),
        metadata=InstanceMetadata(roles, time.monotonic) if listening.imds else None,
        probes=probes,
        steady=time.monotonic,
        tell=tell,
    )
    servers = LocalServer(application.answer), LocalServer(only_probes(probes))
    await servers[0].start(sockets)
    await servers[1].start(probing)
    for renewal in renewals:
        renewal.start()
    tell(f"listening on {', '.join(map(str, listening.addresses))} port {listening.port}")
    code = await ended
    for server in servers:
        await server.close()
    tell("ended")
    return code


def _renewed(sources: Sequence[Source], ended: "asyncio.Future[int]") -> tuple[list[Renewal], list[Served]]:
    loop = asyncio.get_running_loop()

    def end(code: int) -> None:
        if not ended.done():
            ended.set_result(code)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, DONE)

    def died() -> None:
        # A sidecar that no longer renews must not look alive: the kubelet starts another.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(end, DIED)

    pairs = [_role(source, died) for source in sources]
    return [renewal for renewal, _ in pairs], [role for _, role in pairs]


def _role(source: Source, died: Callable[[], None]) -> tuple[Renewal, Served]:
    held = HeldCredentials(clocks=Clocks(wall=time.time, steady=time.monotonic), draw=random.uniform)
    renewal = Renewal(source.name or "default", held, source.fetch, tell=tell, died=died)
    return renewal, Served(
        name=source.name,
        imds_name=source.imds_name,
        account=source.account,
        held=held,
        hurry=renewal.hurry,
    )
