"""What `serve` would find on this machine: keyring, certificate, and folders for the audit log and the state."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.settings.configuration import Configuration, GatewaySettings, TlsSettings

_SQLITE: Final = "sqlite:///"
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_SOON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Sentences with the mend, by what they are for whoever asks."""

    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def seen(configuration: "Configuration", now: datetime) -> Seen:
    """Where a configuration is only looked at, as in a pipeline that has no secrets, and a placeholder for a key.

    A keyring that is there is a fault where it can be used by nobody, or by everybody; one that is absent is none.
    """
    return Seen(
        notes=(*_absent(configuration), *_unfit(configuration), *_unwritable(configuration)),
        warnings=(*_unusable(configuration), *_ending(configuration, now)),
        errors=tuple(_ended(configuration, now)),
    )


def seen_where_it_serves(configuration: "Configuration", now: datetime) -> Seen:
    """Where the configuration is to run, as the user that will run it."""
    return Seen(
        notes=tuple(_absent(configuration)),
        warnings=tuple(_ending(configuration, now)),
        errors=(
            *_unusable(configuration),
            *_unfit(configuration),
            *_unwritable(configuration),
            *_ended(configuration, now),
        ),
    )


def _absent(configuration: "Configuration") -> Iterator[str]:
    """What is not there."""
    gateway = configuration.gateway
    if not may_be_there(gateway.keyring):
        make = f"sts-gateway keys generate --keyring {gateway.keyring}"
        yield f"there is no keyring at {gateway.keyring}; make it with `{make}`"
    for what, file in _written(gateway):
        if not may_be_there(file.parent):
            yield f"there is no folder for {what} at {file.parent}; make it, for the gateway's user to write"


def _unwritable(configuration: "Configuration") -> Iterator[str]:
    """What `serve` could not write, run by this user."""
    for what, file in _written(configuration.gateway):
        there = may_be_there(file)
        if there and os.path.isdir(file):  # noqa: PTH112  Path's own raises where a folder may not be entered
            yield f"{what} at {file} is a folder; name a file"
        elif may_be_there(file.parent) and not os.access(file if there else file.parent, os.W_OK):
            yield f"{what} at {file} cannot be written by this user; let the gateway's user write it"


def _unusable(configuration: "Configuration") -> Iterator[str]:
    """A keyring that is there, and would keep this user's `serve` from starting."""
    from gateway.sealing.key_file import UnusableKeyring, read

    keyring = configuration.gateway.keyring
    if may_be_there(keyring):
        try:
            read(keyring)
        except UnusableKeyring as fault:
            yield f"gateway.keyring: {fault}"


def _unfit(configuration: "Configuration") -> Iterator[str]:
    """A certificate and a key that are none, or not one pair."""
    from gateway.assembly.tls import TlsFiles, UnusableTls, server_context

    tls = configuration.gateway.tls
    if tls is not None:
        try:
            server_context(TlsFiles(certificate=tls.certificate, private_key=tls.private_key))
        except UnusableTls as fault:
            yield f"gateway.tls: {fault}"


def _ended(configuration: "Configuration", now: datetime) -> Iterator[str]:
    """The gateway's own certificate, where clients take it no longer."""
    served = _served(configuration.gateway.tls)
    if served is not None and served.end <= now:
        yield f"gateway.tls.certificate: ended at {served.end:{_TIME}}, and no client takes it; renew it"


def _ending(configuration: "Configuration", now: datetime) -> Iterator[str]:
    """The gateway's own certificate, where somebody has to think of it: what renews them by itself has done so then."""
    served = _served(configuration.gateway.tls)
    if served is not None and now < served.end <= now + min(_SOON, (served.end - served.begin) / 3):
        yield f"gateway.tls.certificate: ends at {served.end:{_TIME}}; renew it before"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Life:
    begin: datetime
    end: datetime


def _served(tls: "TlsSettings | None") -> _Life | None:
    """The life of the certificate; None where there is none, or none that can be read."""
    if tls is None:
        return None
    from cryptography.x509 import load_pem_x509_certificates

    try:
        own = load_pem_x509_certificates(tls.certificate.read_bytes())[0]
        return _Life(begin=own.not_valid_before_utc, end=own.not_valid_after_utc)
    except (OSError, ValueError):  # OpenSSL, which will serve it, is less strict than what reads it here
        return None


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
