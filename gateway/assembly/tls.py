"""The server's own TLS: certificate and key become a context, or one sentence that says why not."""

import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.assembly.file_state import state_of

_LOG: Final = logging.getLogger("gateway.tls")
_ENCRYPTED: Final = b"ENCRYPTED"
_HEAD: Final = 4096


class UnusableTls(Exception):
    """Certificate and key cannot be used; the message names the files and the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files of the certificate chain and its key, which has no passphrase."""

    certificate: Path
    private_key: Path


class Certificate:
    """A server's certificate that is replaced on disk while it serves: handshakes from then on show the new one."""

    def __init__(self, files: TlsFiles, context: ssl.SSLContext, tell: Callable[[float], None]) -> None:
        """`tell` is given the end of what is in use, in seconds since the epoch."""
        self._files = files
        self._context = context
        self._tell = tell
        self._seen = self._look()
        self._tell_end()

    def follow(self) -> None:
        """Take a changed pair of files; one that does not fit together is told, and looked at again next time."""
        seen = self._look()
        if seen == self._seen:
            return
        try:
            server_context(self._files)  # on a context of its own: a half-written pair must not reach the live one
            self._context.load_cert_chain(self._files.certificate, self._files.private_key, password="")
        except (UnusableTls, OSError) as fault:
            _LOG.error("the changed certificate is not taken: %s", fault)
            return
        self._seen = seen
        self._tell_end()
        _LOG.info("the certificate has changed")

    def _tell_end(self) -> None:
        from cryptography.x509 import load_pem_x509_certificates  # for those alone who serve TLS here

        # OpenSSL, which serves it, is less strict than what reads it here.
        with suppress(OSError, ValueError):
            own = load_pem_x509_certificates(self._files.certificate.read_bytes())[0]
            self._tell(own.not_valid_after_utc.timestamp())

    def _look(self) -> tuple[object, ...]:
        return tuple(state_of(path) for path in (self._files.certificate, self._files.private_key))


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """TLS 1.2 and newer, HTTP/1.1. Raises UnusableTls."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # The empty password keeps OpenSSL from asking for one on the terminal.
        context.load_cert_chain(files.certificate, files.private_key, password="")
    except OSError as error:  # ssl.SSLError is one
        raise UnusableTls(
            f"{files.certificate}, {files.private_key}: not a certificate and its key: {_reason(error, files)}"
        ) from None
    return context


def _reason(error: OSError, files: TlsFiles) -> str:
    if not isinstance(error, ssl.SSLError):
        return error.strerror or type(error).__name__
    if error.reason == "KEY_VALUES_MISMATCH":
        return "the key is another certificate's"
    if _has_passphrase(files.private_key):
        return "the key has a passphrase; write it without one by `openssl pkey -in KEY -out NEW`"
    return error.reason or "not PEM, or the two are swapped"


def _has_passphrase(private_key: Path) -> bool:
    try:
        with private_key.open("rb") as file:
            return _ENCRYPTED in file.read(_HEAD)
    except OSError:
        return False
