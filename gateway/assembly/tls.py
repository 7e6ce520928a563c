"""The server's own TLS: certificate and key become a context, or one sentence that says why not."""

import ssl
from dataclasses import dataclass
from pathlib import Path


class UnusableTls(Exception):
    """Certificate and key cannot be used; the message names the files and the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files of the certificate chain and its key, which has no passphrase."""

    certificate: Path
    private_key: Path


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """TLS 1.2 and newer, HTTP/1.1. Raises UnusableTls."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # The empty password keeps OpenSSL from asking for one on the terminal.
        context.load_cert_chain(files.certificate, files.private_key, password="")
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror if not isinstance(error, ssl.SSLError) else (error.reason or "not PEM")
        raise UnusableTls(
            f"{files.certificate}, {files.private_key}: not a certificate and its key: {reason}"
        ) from None
    return context
