"""Where the sidecar listens: loopback unless told otherwise, and IMDS nowhere that another machine could reach."""

import errno
import ipaddress
import os
import re
import socket
from collections.abc import Sequence
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SERVICES: Final = frozenset(
    map(ipaddress.ip_address, ("169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"))
)
"""AWS's own addresses for metadata and credentials; link-local or of the instance, never routed."""

_MENDS: Final = {
    errno.EADDRINUSE: "; another process listens there: end it, or name another port",
    errno.EACCES: "; ports below 1024 need the capability CAP_NET_BIND_SERVICE: name a higher port",
    errno.EADDRNOTAVAIL: "; this machine has no such address",
}

_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::[0-9]{1,5})?", re.ASCII)


class UnusableListening(ValueError):
    """An address that the sidecar must not listen on."""


class CannotListen(Exception):
    """An address that is taken, or not this machine's."""


def listening_on(texts: Sequence[str], *, imds: bool) -> tuple[Address, ...]:
    """The addresses that are written. Raises UnusableListening."""
    try:
        addresses = tuple(map(ipaddress.ip_address, texts))
    except ValueError as error:
        raise UnusableListening(f"--listen takes addresses of this machine, as 127.0.0.1: {error}") from None
    # IMDS has no caller authentication: whoever reaches it has the role.
    if imds and not all(address.is_loopback or address in _SERVICES for address in addresses):
        raise UnusableListening("--imds listens on loopback or 169.254.169.254 alone: it asks its callers for nothing")
    return addresses


def bound(address: Address, port: int, *, hops: int | None = None) -> socket.socket:
    """A socket that listens there. `hops`: so many routers its answers pass, 1 for none. Raises CannotListen."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        made = socket.create_server((str(address), port), family=family, backlog=128)
    except OSError as error:
        # Python adds the address to the system's words, and it is told here already.
        told = os.strerror(error.errno) if error.errno else error.strerror
        raise CannotListen(
            f"cannot listen on {address} port {port}: {told}{_MENDS.get(error.errno or 0, '')}"
        ) from None
    if hops is not None:
        level, option = _HOPS[address.version]
        made.setsockopt(level, option, hops)
    return made


def bound_everywhere(port: int) -> socket.socket:
    """A socket that listens on every address of either family: the kubelet asks the pod's. Raises CannotListen."""
    try:
        return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    except (OSError, ValueError):
        return bound(ipaddress.IPv4Address("0.0.0.0"), port)  # noqa: S104  for probes, which hold nothing of value


_HOPS: Final = {4: (socket.IPPROTO_IP, socket.IP_TTL), 6: (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS)}


class Hosts:
    """Which `Host` headers are ours. A name that an attacker's DNS turns to loopback (rebinding) is not."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self._addresses = frozenset(addresses) | _SERVICES
        # Bound to every address: any address may be ours, and rebinding needs a name.
        self._anywhere = any(address.is_unspecified for address in addresses)

    def know(self, header: str | None) -> bool:
        """Whether a request with this header is meant for us."""
        found = _HOST.fullmatch(header or "")
        if found is None:
            return False
        name = found[1] or found[2]
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name.lower() == "localhost"
        return self._anywhere or address.is_loopback or address in self._addresses
