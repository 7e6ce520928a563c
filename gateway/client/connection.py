"""The gateway's address, and one bounded HTTP exchange with it: what every client of it is built on."""

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import SplitResult, urlsplit

_URL: Final = re.compile(
    r"https?://(?:(?:[a-z0-9-]{1,63}\.)*[a-z0-9-]{1,63}\.?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?/?",
    re.ASCII | re.IGNORECASE,
)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ANSWER_STEPS: Final = 3
"""Timeouts that a whole answer may take: one that comes in drops would else hold its reader for ever."""
_SHOWN: Final = 400
_CERTIFICATE_MENDS: Final = {
    **dict.fromkeys((18, 19, 20, 21), "; name its CA by --ca-file"),
    **dict.fromkeys((62, 64), "; ask it by a name that stands there"),
}
"""OpenSSL's codes: of a signer that nobody knows, and of another host."""

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


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
        # As a public_url is: what is kept under an address, and signed for it, is found again however it is typed.
        parts = urlsplit(url.rstrip("/").lower())
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
                connection.response_class = _PunctualResponse
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


class _PunctualFile(io.RawIOBase):
    """What a connection receives, up to a moment of the monotonic clock."""

    def __init__(self, connection: socket.socket, *, timeout: float, until: float) -> None:
        self._connection = connection
        # It keeps the connection open until it is closed itself, as a response expects of its file.
        self._file = connection.makefile("rb", buffering=0)
        self._timeout = timeout
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer comes too slowly")
        self._connection.settimeout(min(left, self._timeout))
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


class _PunctualResponse(http.client.HTTPResponse):
    """A response that is there as a whole within some timeouts of its connection."""

    def __init__(self, sock: socket.socket, *words: Any, **more: Any) -> None:
        super().__init__(sock, *words, **more)
        timeout = sock.gettimeout()
        if timeout is not None:
            self.fp.close()
            until = time.monotonic() + _ANSWER_STEPS * timeout
            self.fp = io.BufferedReader(_PunctualFile(sock, timeout=timeout, until=until))


def shown(text: str) -> str:
    """What a gateway tells, as part of one line of a terminal or a log."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_SHOWN])


def _reason(error: OSError | http.client.HTTPException) -> str:
    """The system's own words where there are some; else the kind of fault, which may be all that is known."""
    if isinstance(error, ssl.SSLCertVerificationError):
        mend = _CERTIFICATE_MENDS.get(error.verify_code, "")
        return f"its certificate: {error.verify_message.removesuffix('.')}{mend}"
    if isinstance(error, ConnectionRefusedError):
        return "Connection refused; does it run, and is this its address?"
    words = error.strerror if isinstance(error, OSError) else None
    return words or shown(f"{type(error).__name__}: {error}".removesuffix(": "))


def _has_a_port(url: str) -> bool:
    """Whether the port, where one is written, can be one."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False
