"""`sts-gateway serve`: run the gateway until a signal ends it."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from gateway.assembly.last_good import LastGood
    from gateway.assembly.worker import ServerSettings
    from gateway.settings.configuration import Configuration, GatewaySettings, ListenAddress
    from gateway.telemetry.audit import AuditLog
    from gateway.telemetry.meters import Meters
    from gateway.web.asgi import Application

SUMMARY: Final = "run the gateway: the log goes to standard error, the audit log where the configuration says"
EXAMPLE: Final = """
sts-gateway serve --config config/minimal.yaml
sts-gateway serve --config /etc/sts-gateway --host 0.0.0.0 --port 8080 --workers 2
"""
DEFAULT_PORT: Final = 8080
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104  behind an https public_url the gateway is reached from other machines
_EVERY_HOST: Final = frozenset({EVERYWHERE, "::"})
_MEMORY: Final = "memory:"
_WORKERS: Final = 64


class UnusableFile(Exception):
    """A file of the configuration that cannot be used; the message names it and the reason."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer `--config`, `--host`, `--port` and `--workers`."""
    parser.add_argument("--config", type=Path, required=True, metavar="PATH", help="a YAML file, or a folder of *.yaml")
    parser.add_argument(
        "--host", metavar="H", help="address to listen on; default: 127.0.0.1 for a loopback public_url, else 0.0.0.0"
    )
    parser.add_argument(
        "--port", type=_port, metavar="P", help="default: public_url's port where it is http on loopback, else 8080"
    )
    parser.add_argument(
        "--workers", type=_workers, default=1, metavar="N", help="processes; more than one needs a shared state"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal. 0: ended in order; 1: the address is taken, or the start failed; 2: bad configuration.

    Raises ConfigurationError.
    """
    from gateway.assembly.last_good import LastGood
    from gateway.assembly.listening import AddressUnavailable
    from gateway.assembly.server import serve
    from gateway.assembly.tls import UnusableTls
    from gateway.sealing.key_file import UnusableKeyring, read
    from gateway.settings.load import load

    last_good = LastGood(arguments.config, load)
    configuration = last_good.configuration
    gateway = configuration.gateway
    if arguments.workers > 1 and gateway.state == _MEMORY:
        return _refused(2, f"--workers {arguments.workers} needs a state that workers share; set gateway.state")
    _begin_log(configuration)
    host, port = addresses(gateway.public_url)
    host, port = arguments.host or host, port if arguments.port is None else arguments.port
    if gateway.internal_listen is not None and _one_address(gateway.internal_listen, host, port):
        return _refused(2, f"gateway.internal_listen and the public listener both name {host}:{port}; change one")
    try:
        read(gateway.keyring)  # told before anything is bound or forked
        audit = _audit_log(gateway)
        return serve(
            lambda meters: _application(last_good, audit, meters),
            host=host,
            port=port,
            workers=arguments.workers,
            settings=_server_settings(gateway),
            internal=_internal(gateway),
            refresh=last_good.follow,
        )
    except (UnusableKeyring, UnusableTls, UnusableFile) as fault:
        return _refused(2, str(fault))
    except AddressUnavailable as fault:
        setting = "gateway.internal_listen" if (fault.host, fault.port) == _internal(gateway) else "--host, --port"
        return _refused(1, f"{fault} ({setting})")


def addresses(public_url: str) -> tuple[str, int]:
    """Host and port to listen on where the command line names none."""
    from gateway.settings.values import is_loopback

    parts = urlsplit(public_url)
    name = parts.hostname or ""
    if not is_loopback(name):
        return EVERYWHERE, DEFAULT_PORT
    host = name if ":" in name else "127.0.0.1"
    return host, (parts.port or 80) if parts.scheme == "http" else DEFAULT_PORT


def _one_address(listen: "ListenAddress", host: str, port: int) -> bool:
    return listen.port == port and (listen.host == host or not _EVERY_HOST.isdisjoint((listen.host, host)))


def _internal(gateway: "GatewaySettings") -> tuple[str, int] | None:
    listen = gateway.internal_listen
    return None if listen is None else (listen.host, listen.port)


def _application(last_good: "LastGood", audit: "AuditLog", meters: "Meters") -> "Application":
    from gateway import __version__
    from gateway.assembly.build import Gateway
    from gateway.assembly.following import following
    from gateway.domain.clock import SteadyClock
    from gateway.settings.configuration import AuditFailure
    from gateway.telemetry.log import AccessLines
    from gateway.telemetry.tracing import tracing_of

    configuration = last_good.configuration
    refusing = configuration.gateway.audit.on_failure is AuditFailure.REFUSE
    audit.on_failure = meters.audit_refused if refusing else meters.audit_dropped
    meters.tell_build(__version__)
    access = AccessLines(sys.stderr.fileno())
    tracing = tracing_of(os.environ, __version__)
    try:
        gateway = Gateway(
            configuration, clock=SteadyClock(), audit=audit, access_log=access.write, meters=meters, tracing=tracing
        )
    except ValueError as fault:
        raise UnusableFile(str(fault)) from None
    return following(gateway, last_good, on_hangup=[audit.reopen], at_end=access.flush)


def _audit_log(gateway: "GatewaySettings") -> "AuditLog":
    from gateway.settings.configuration import AuditFailure
    from gateway.telemetry.audit import AuditLog

    try:
        return AuditLog.open(gateway.audit.path, refuse=gateway.audit.on_failure is AuditFailure.REFUSE)
    except OSError as fault:
        raise UnusableFile(f"{gateway.audit.path}: the audit log cannot be written: {fault.strerror}") from None


def _server_settings(gateway: "GatewaySettings") -> "ServerSettings":
    from gateway.assembly.tls import TlsFiles
    from gateway.assembly.worker import ServerSettings

    tls = None
    if gateway.tls is not None:
        tls = TlsFiles(certificate=gateway.tls.certificate, private_key=gateway.tls.private_key)
    return ServerSettings(tls=tls, trusted_proxies=gateway.trusted_proxies)


def _begin_log(configuration: "Configuration") -> None:
    import logging

    from gateway.telemetry import log

    log.configure()
    for warning in configuration.warnings:
        logging.getLogger("gateway.settings").warning(warning.render("warning"))


def _refused(code: int, told: str) -> int:
    print(f"sts-gateway serve: {told}", file=sys.stderr)
    return code


def _port(text: str) -> int:
    return _number(text, 0, 65535, "a port")


def _workers(text: str) -> int:
    return _number(text, 1, _WORKERS, "a number of workers")


def _number(text: str, minimum: int, maximum: int, what: str) -> int:
    if not (text.isascii() and text.isdigit() and minimum <= int(text) <= maximum):
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}; write {minimum} to {maximum}")
    return int(text)
