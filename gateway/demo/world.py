"""The demo world: issuer, gateway and lake on loopback, with one clock, their own configuration and audit log."""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from gateway.assembly.build import Gateway
from gateway.assembly.listening import listen
from gateway.demo.clock import DemoClock
from gateway.demo.issuer.app import issuer_app
from gateway.demo.issuer.clients import Client
from gateway.demo.lake.app import lake_app
from gateway.demo.portal.app import CALLBACK_PATH, CLIENT_ID, portal_doors
from gateway.demo.portal.commands import Addresses
from gateway.demo.servers import Served, Servers, url_of
from gateway.demo.setting import BUCKET, SERVICE, objects_at
from gateway.exchange.people.login import redirect_uri_of
from gateway.sealing import key_file
from gateway.settings.configuration import Configuration
from gateway.settings.load import load
from gateway.telemetry.audit import AuditLog
from gateway.web.asgi import Application

CLI_CLIENT: Final = Client(client_id="demo-cli", redirect_uris=("http://127.0.0.1/callback",))
GATEWAY_CLIENT: Final = "demo-gateway"
PROVIDER: Final = "demo"
_CONFIGURATION: Final = Path(__file__).parent / "configuration.yaml"
_LOOPBACK: Final = "127.0.0.1"
_AUDIT_LOG: Final = "audit.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A running world. `folder` holds the gateway's configuration, keyring and audit log, and ends with the world."""

    addresses: Addresses
    clock: DemoClock
    folder: Path

    def audit_record(self, request_id: str) -> Mapping[str, Any] | None:
        """The gateway's audit record of one request."""
        for line in (self.folder / _AUDIT_LOG).read_text(encoding="utf-8").splitlines():
            record: dict[str, Any] = json.loads(line)
            if record["requestID"] == request_id:
                return record
        return None


@contextmanager
def running(*, gateway_port: int = 0) -> Iterator[World]:
    """A world that answers until the context ends. `gateway_port` 0: any free port, as the other servers have.

    Raises AddressUnavailable, ServersFailed.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="sts-gateway-demo-")))
        gateway, issuer, lake = [stack.enter_context(*listen(_LOOPBACK, port)) for port in (gateway_port, 0, 0)]
        addresses = Addresses(gateway=url_of(gateway), issuer=url_of(issuer), lake=url_of(lake))
        world = World(addresses=addresses, clock=DemoClock(), folder=folder)
        audit = AuditLog.open(folder / _AUDIT_LOG, refuse=True)
        stack.callback(audit.close)
        built = Gateway(_configured(world), clock=world.clock, audit=audit, more_doors=portal_doors(addresses, _http))
        served = [
            Served(app=_issuer(world), listener=issuer),
            Served(app=built.app, listener=gateway, lifespan="on"),
            Served(app=_lake(world, built), listener=lake),
        ]
        stack.enter_context(Servers(served))
        yield world


def _issuer(world: World) -> Application:
    page = Client(client_id=CLIENT_ID, redirect_uris=(f"{world.addresses.gateway}{CALLBACK_PATH}",))
    callback = redirect_uri_of(world.addresses.gateway, PROVIDER)
    gateway = Client(client_id=GATEWAY_CLIENT, redirect_uris=(callback,))
    return issuer_app(issuer=world.addresses.issuer, clients=(CLI_CLIENT, page, gateway), clock=world.clock)


def _lake(world: World, built: Gateway) -> Application:
    return lake_app(
        exchange=built.exchange,
        service=next(service for service in built.configuration.services if service.name == SERVICE),
        clock=world.clock,
        url=world.addresses.lake,
        bucket=BUCKET,
        objects=objects_at(world.clock.now()),
    )


def _configured(world: World) -> Configuration:
    """The gateway's configuration, read as an operator's is: from a file, with a keyring beside it."""
    now = world.clock.now()
    key_file.create(world.folder / "keyring.json", key_file.new_keyring(now=now, in_force_from=now))
    path = world.folder / "sts-gateway.yaml"
    path.write_bytes(_CONFIGURATION.read_bytes())
    environment = {
        "GATEWAY_URL": world.addresses.gateway,
        "ISSUER_URL": world.addresses.issuer,
        "LAKE_HOST": world.addresses.lake.removeprefix("http://"),
        "LAKE_PROXY_TOKEN": secrets.token_urlsafe(32),
    }
    return load(path, environment=environment)


def _http() -> httpx.AsyncClient:
    # A proxy of the user's environment has no part in what happens on loopback.
    return httpx.AsyncClient(trust_env=False, timeout=5)
