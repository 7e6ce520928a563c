"""A socket to one directory server: connected, TLS proven before anything is said over it, bounded in bytes and time.

TLS is ours and not ldap3's, whose default accepts any certificate and whose own comparison of host names, in use from
Python 3.12 on, knows no addresses.
"""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.connectors.blocking import Deadline

# RFC 4511 4.14: ExtendedRequest with message id 1 and the object identifier of StartTLS.
_START_TLS: Final = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + b"1.3.6.1.4.1.1466.20037"
_HEAD_OF_ANSWER: Final = b"\x02\x01\x01\x78"
_SUCCESS: Final = b"\x0a\x01\x00"
_MAXIMUM_START_TLS_ANSWER: Final = 4_096
_CHUNK: Final = 65_536
_MOST_REMEMBERED: Final = 1_000
MAXIMUM_ANSWER: Final = 16 * 1024 * 1024
"""Bytes that one answer may have: many times the largest page of entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server. `host` is what its certificate must name."""

    host: str
    port: int
    tls: bool
    start_tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'ldaps' if self.tls else 'ldap'}://{host}:{self.port}"


class ServerFailed(Exception):
    """The server cannot be used now: another may. `str` says why, and holds no secret.

    `hung`: it has not answered in time, which a fresh connection to it would not change. `passing`: it refused or ended
    the connection, as one does that is being restarted.
    """

    def __init__(self, message: str, *, hung: bool = False, passing: bool = False) -> None:
        super().__init__(message)
        self.hung = hung
        self.passing = passing


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificate and host name verified, against the CAs of `ca_file` alone where it is given.

    Raises ValueError with the mend.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as fault:
        raise ValueError(
            f"ca_file {ca_file} cannot be used ({fault.strerror or fault}); name a PEM file of CA certificates"
        ) from None
    return context


class GuardedSocket:
    """What ldap3 reads and writes: within `begin`'s deadline, and no more than MAXIMUM_ANSWER bytes since then.

    A server that drips a byte a second, or announces an answer of two gigabytes, is given up.
    """

    __slots__ = ("_deadline", "_received", "_socket", "hung")

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._deadline = Deadline(0)
        self._received = 0
        self.hung = False
        """Whether the server kept us waiting until the deadline."""

    def begin(self, deadline: Deadline) -> None:
        """One request and its answers begin."""
        self._deadline = deadline
        self._received = 0

    def recv(self, _size: int) -> bytes:
        try:
            self._socket.settimeout(self._deadline.left())
            received = self._socket.recv(_CHUNK)
        except TimeoutError:
            self.hung = True
            raise
        self._received += len(received)
        if self._received > MAXIMUM_ANSWER:
            raise OSError(f"the answer is larger than {MAXIMUM_ANSWER} bytes")
        return received

    def sendall(self, message: bytes) -> None:
        try:
            self._socket.settimeout(self._deadline.left())
            self._socket.sendall(message)
        except TimeoutError:
            self.hung = True
            raise

    @property
    def is_stale(self) -> bool:
        """Whether the server has closed, or says something that nobody asked for."""
        self._socket.settimeout(0)
        try:
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True
        return True

    def shutdown(self, how: int) -> None:
        self._socket.shutdown(how)

    def close(self) -> None:
        self._socket.close()


def connected(server: Server, context: ssl.SSLContext, deadline: Deadline) -> GuardedSocket:
    """A socket over which passwords may go, TLS included, within `deadline`. Raises ServerFailed."""
    try:
        plain = _opened(server, deadline)
    except (OSError, UnicodeError) as fault:
        raise ServerFailed(f"{server}: cannot connect ({_told(fault)})", **_kind(fault)) from None
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server.start_tls:
            _start_tls(plain, deadline)
        if not (server.tls or server.start_tls):
            return GuardedSocket(plain)
        plain.settimeout(deadline.left())
        return GuardedSocket(context.wrap_socket(plain, server_hostname=server.host))
    except ssl.SSLCertVerificationError as fault:
        plain.close()
        raise ServerFailed(f"{server}: its certificate is not accepted ({fault.verify_message})") from None
    except (OSError, ValueError) as fault:
        plain.close()
        raise ServerFailed(f"{server}: cannot start TLS ({_told(fault)})", **_kind(fault)) from None


def _opened(server: Server, deadline: Deadline) -> socket.socket:
    """A socket to the first address of the server's name that takes one.

    Each but the last has half of the time that is left: one that never answers leaves the next its turn, and TLS after
    it, as the waiting of `socket.create_connection` for each anew would not. Raises OSError, UnicodeError.
    """
    found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    # First the one that once stood in for others: a controller's name may have addresses of networks that lead nowhere.
    found.sort(key=lambda one: one[4] != _taken_by.get(server))
    fault: OSError | None = None
    for left, (family, kind, protocol, _, address) in zip(reversed(range(len(found))), found, strict=True):
        try:
            plain = _at((family, kind, protocol), address, deadline.left() / (2 if left else 1))
        except OSError as failed:
            fault = failed
            continue
        if fault is not None:
            _remember(server, address)
        return plain
    raise fault or OSError("its name has no address")


def _at(sort: tuple[int, int, int], address: Any, seconds: float) -> socket.socket:
    """A socket of this family, kind and protocol to `address`. Raises OSError."""
    plain = socket.socket(*sort)
    try:
        plain.settimeout(seconds)
        plain.connect(address)
    except OSError:
        plain.close()
        raise
    return plain


def _remember(server: Server, address: Any) -> None:
    if len(_taken_by) >= _MOST_REMEMBERED:
        _taken_by.clear()
    _taken_by[server] = address


_taken_by: Final[dict[Server, Any]] = {}


def _start_tls(plain: socket.socket, deadline: Deadline) -> None:
    """Ask for TLS, and read exactly the one answer: whatever a man in the middle put behind it meets the handshake.

    Raises OSError.
    """
    plain.settimeout(deadline.left())
    plain.sendall(_START_TLS)
    tag, length = _exactly(plain, 2, deadline)
    if length & 0x80:
        length = int.from_bytes(_exactly(plain, length & 0x7F, deadline))
    if tag != 0x30 or not 0 < length <= _MAXIMUM_START_TLS_ANSWER:
        raise OSError("the server's answer to StartTLS is no LDAP message")
    answer = _exactly(plain, length, deadline)
    # The content of the answer begins behind its own length, whose form is the server's choice.
    body = answer[len(_HEAD_OF_ANSWER) + 1 :]
    if len(body) and answer[len(_HEAD_OF_ANSWER)] & 0x80:
        body = body[answer[len(_HEAD_OF_ANSWER)] & 0x7F :]
    if not answer.startswith(_HEAD_OF_ANSWER) or not body.startswith(_SUCCESS):
        raise OSError("the server refuses StartTLS")


def _exactly(plain: socket.socket, count: int, deadline: Deadline) -> bytes:
    received = b""
    while len(received) < count:
        plain.settimeout(deadline.left())
        more = plain.recv(count - len(received))
        if not more:
            raise OSError("the server closed the connection")
        received += more
    return received


def _kind(fault: Exception) -> dict[str, bool]:
    return {"hung": isinstance(fault, TimeoutError), "passing": isinstance(fault, ConnectionError)}


def _told(fault: Exception) -> str:
    if isinstance(fault, TimeoutError):
        return "it does not answer in time"
    return getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
