"""What `serve` would find on this machine: keyring, certificate, and folders for the audit log and the state."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.settings.configuration import Configuration, GatewaySettings, TlsSettings

_SQLITE: Final = "sqlite:///"


def absent(configuration: "Configuration") -> Iterator[str]:
    """What is not there, a sentence each: no fault, since a configuration is also checked where it does not run."""
    gateway = configuration.gateway
    if not may_be_there(gateway.keyring):
        make = f"sts-gateway keys generate --keyring {gateway.keyring}"
        yield f"there is no keyring at {gateway.keyring}; make it with `{make}`"
    for what, file in _written(gateway):
        if not may_be_there(file.parent):
            yield f"there is no folder for {what} at {file.parent}; make it, for the gateway's user to write"


def unusable(configuration: "Configuration") -> Iterator[str]:
    """What is there, and would keep this user's `serve` from starting; a sentence with the mend each."""
    from gateway.sealing.key_file import UnusableKeyring, read

    gateway = configuration.gateway
    if may_be_there(gateway.keyring):
        try:
            read(gateway.keyring)
        except UnusableKeyring as fault:
            yield str(fault)
    if gateway.tls is not None:
        yield from _unusable_certificate(gateway.tls)
    for what, file in _written(gateway):
        there = may_be_there(file)
        if there and os.path.isdir(file):  # noqa: PTH112  Path's own raises where a folder may not be entered
            yield f"{what} at {file} is a folder; name a file"
        elif may_be_there(file.parent) and not os.access(file if there else file.parent, os.W_OK):
            yield f"{what} at {file} cannot be written by this user; let the gateway's user write it"


def _unusable_certificate(tls: "TlsSettings") -> Iterator[str]:
    from cryptography.x509 import load_pem_x509_certificates

    from gateway.assembly.tls import TlsFiles, UnusableTls, server_context
    from gateway.domain.clock import SteadyClock

    try:
        server_context(TlsFiles(certificate=tls.certificate, private_key=tls.private_key))
    except UnusableTls as fault:
        yield str(fault)
        return
    try:
        end = load_pem_x509_certificates(tls.certificate.read_bytes())[0].not_valid_after_utc
    except ValueError:  # OpenSSL, which will serve it, is less strict
        return
    if end < SteadyClock().now():
        yield f"{tls.certificate}: the certificate ended at {end:%Y-%m-%dT%H:%M:%SZ}; renew it"


def may_be_there(path: Path) -> bool:
    """False only where it surely is not: a folder that this user may not enter tells nothing."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _written(gateway: "GatewaySettings") -> Iterator[tuple[str, Path]]:
    if gateway.audit.path is not None:
        yield "the audit log", gateway.audit.path
    if gateway.state.startswith(_SQLITE):
        yield "the state", Path(gateway.state.removeprefix(_SQLITE))
