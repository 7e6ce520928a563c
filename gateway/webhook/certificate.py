"""The webhook's own certificate, which is renewed on disk while the API server goes on asking."""

import logging
import ssl
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509

_LOG: Final = logging.getLogger("gateway.webhook.certificate")


class UnusableCertificate(Exception):
    """Certificate and key cannot be used; the message names the files and the reason."""


class FollowedCertificate:
    """A certificate and its key. Each handshake gets the pair that was last seen to fit together.

    `context` is what the server listens with; it passes each handshake on to the context of the pair in force, so that
    no handshake ever meets a certificate of one pair and a key of another.
    """

    def __init__(self, certificate: Path, private_key: Path) -> None:
        """Raises UnusableCertificate."""
        self._certificate = certificate
        self._private_key = private_key
        self._seen = self._look()
        self._current, self.ends = self._loaded()
        self.context = _bare_context()
        self.context.sni_callback = self._pass_on

    def follow(self) -> bool:
        """Take changed files; whether the pair in force is what the files hold. Others are looked at again later."""
        seen = self._look()
        if seen == self._seen:
            return True
        try:
            self._current, self.ends = self._loaded()
        except UnusableCertificate as fault:
            _LOG.error("the changed certificate is not taken: %s", fault)
            return False
        self._seen = seen
        _LOG.info("the certificate has changed; it ends %s", self.ends.isoformat())
        return True

    def _pass_on(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._current

    def _loaded(self) -> tuple[ssl.SSLContext, datetime]:
        context = _bare_context()
        files = f"{self._certificate}, {self._private_key}"
        try:
            # The empty password keeps OpenSSL from asking for one on the terminal.
            context.load_cert_chain(self._certificate, self._private_key, password="")
            ends = x509.load_pem_x509_certificate(self._certificate.read_bytes()).not_valid_after_utc
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "not PEM"
            raise UnusableCertificate(f"{files}: not a certificate and its key: {reason}") from None
        return context, ends

    def _look(self) -> tuple[object, ...]:
        # A mounted Secret changes as a whole, when the link `..data` is turned: the files it leads to are others then.
        return tuple(_state_of(path) for path in (self._certificate, self._private_key))


def _bare_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _state_of(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except OSError:
        return ()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
