"""Listening sockets: bound before anything else is started, and shared by all workers."""

import ctypes
import errno
import select
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

_BACKLOG: Final = 2048
# asm-generic/socket.h, which Python does not name.
_ATTACH_FILTER: Final = 26
_DETACH_FILTER: Final = 27
_INSTRUCTION: Final = 8
# BPF over a segment from its TCP header on: the flags; ACK takes it; the first of a handshake (SYN alone) is dropped.
_NO_SYN: Final = b"".join(
    struct.pack("HBBI", code, when, otherwise, value)
    for code, when, otherwise, value in (
        (0x30, 0, 0, 13),
        (0x45, 1, 0, 0x10),
        (0x06, 0, 0, 0),
        (0x06, 0, 0, 0xFFFFFFFF),
    )
)


_MENDS: Final = {
    errno.EADDRINUSE: "; another process listens there: end it, or name another port",
    errno.EACCES: "; ports below 1024 need the capability CAP_NET_BIND_SERVICE: give it, or name a higher port",
    errno.EADDRNOTAVAIL: "; this machine has no such address: name one of its own, or 0.0.0.0 or [::] for all",
}


class AddressUnavailable(Exception):
    """The address cannot be listened on; the message names it and the reason."""

    def __init__(self, message: str, host: str, port: int) -> None:
        super().__init__(message)
        self.host = host
        self.port = port


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """The sockets of a server: `internal` are those for proxies, probes and metrics, without TLS."""

    public: list[socket.socket]
    internal: list[socket.socket] = field(default_factory=list)

    @property
    def all(self) -> list[socket.socket]:
        return [*self.public, *self.internal]


def listen(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of `host`; port 0 takes one free port for all. Raises AddressUnavailable."""
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            sockets.append(_bound(family, (address[0], port_of(sockets) if sockets else port, *address[2:])))
    except OSError as error:
        close_all(sockets)
        mend = _MENDS.get(error.errno or 0, "")
        raise AddressUnavailable(f"cannot listen on {host}:{port}: {error.strerror}{mend}", host, port) from None
    return sockets


def _bound(family: int, address: tuple[object, ...]) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A restart must not wait for the last process's connections to be forgotten.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError:
        bound.close()
        raise
    bound.setblocking(False)
    return bound


def port_of(sockets: list[socket.socket]) -> int:
    port: int = sockets[0].getsockname()[1]
    return port


def take_newcomers(sockets: list[socket.socket]) -> None:
    """Undo `refuse_newcomers`: another worker that shares the sockets may have ended before."""
    for one in sockets:
        with suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, _DETACH_FILTER, 0)


def refuse_newcomers(sockets: list[socket.socket]) -> None:
    """Let no connection begin any more: what would be reset at the close is refused or tried again instead.

    Those that have begun are finished, and wait to be accepted.
    """
    filtered = ctypes.create_string_buffer(_NO_SYN, len(_NO_SYN))
    program = struct.pack("HL", len(_NO_SYN) // _INSTRUCTION, ctypes.addressof(filtered))
    for one in sockets:
        one.listen(0)
        # A queue of none still takes one. Where no filter can be set that one is the risk.
        with suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)


def are_queues_empty(sockets: list[socket.socket]) -> bool:
    """Whether no connection waits to be accepted."""
    return not select.select(sockets, (), (), 0)[0]


def close_all(sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()
