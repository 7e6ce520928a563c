"""The gateway's address, and one bounded HTTP exchange with it: what every client of it is built on."""

import http.client
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

_URL: Final = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?", re.ASCII)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class UnusableAddress(ValueError):
    """A gateway's URL that nobody should send secrets or signed requests to."""


class GatewayUnreachable(Exception):
    """The gateway gave no answer, or one that is not its own; trying again may help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """What came back; `content` is whole."""

    status: int
    headers: Message
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a gateway is. `timeout`: seconds for each step of an exchange; `maximum`: bytes of an answer."""

    parts: SplitResult
    timeout: float
    maximum: int
    ca_file: str | None = None

    @classmethod
    def of(cls, url: str, *, timeout: float, maximum: int, ca_file: str | None = None) -> Self:
        """Raises UnusableAddress."""
        if not _URL.fullmatch(url) or not _has_a_port(url):
            raise UnusableAddress(f"{url}: write the gateway's address as https://HOST[:PORT]")
        parts = urlsplit(url.rstrip("/"))
        # What goes there are tokens and passwords, and what comes back are credentials.
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise UnusableAddress(f"{url}: use https; plain http is for this machine alone")
        return cls(parts=parts, timeout=timeout, maximum=maximum, ca_file=ca_file)

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return self.parts.geturl()

    def ask(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> HttpAnswer:
        """One request over a connection of its own; a redirect is an answer like any. Raises GatewayUnreachable."""
        try:
            connection = self._connection()
            try:
                connection.request(method, target, body, dict(headers))
                answer = connection.getresponse()
                content = answer.read(self.maximum + 1)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise GatewayUnreachable(f"{self.url} does not answer: {_reason(error)}") from None
        if len(content) > self.maximum:
            raise GatewayUnreachable(f"{self.url}: the answer is larger than {self.maximum} bytes")
        # A bounded read does not say by itself that the rest never came.
        if answer.length:
            raise GatewayUnreachable(f"{self.url}: the answer was cut off")
        return HttpAnswer(status=answer.status, headers=answer.headers, content=content)

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self.parts.hostname or "", self.parts.port
        if self.parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=self.timeout)
        # Read anew each time: a CA's file is replaced while the program runs.
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            told = f"the CA's file {self.ca_file} cannot be used: {error.strerror or 'it holds no PEM certificates'}"
            raise GatewayUnreachable(told) from None
        return http.client.HTTPSConnection(host, port, timeout=self.timeout, context=context)


def _reason(error: OSError | http.client.HTTPException) -> str:
    """The system's own words where there are some; else the kind of fault, which may be all that is known."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate: {error.verify_message}; name its CA by --ca-file"
    if isinstance(error, ConnectionRefusedError):
        return "Connection refused; does it run, and is this its address?"
    words = error.strerror if isinstance(error, OSError) else None
    return words or f"{type(error).__name__}: {error}".removesuffix(": ")


def _has_a_port(url: str) -> bool:
    """Whether the port, where one is written, can be one."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False
