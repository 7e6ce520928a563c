"""Which hosts and addresses a provider's documents may come from, so that nobody reaches inner hosts through us.

An issuer stands in settings: its own host is meant. The `jwks_uri` of its discovery document is not in settings, and
large providers keep keys on another host (accounts.google.com at www.googleapis.com), cluster API servers name their
bare address. So another host is taken where TLS vouches for it, and never one that only this machine or this network
segment knows; a bare address only where `ca_file` says whose certificates count.
"""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Link-local, where clouds answer with credentials, and the places outside it where they do the same.
_METADATA_NETWORKS: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "169.254.0.0/16",
        "fe80::/10",
        "fd00:ec2::/32",
        "fd20:ce::254/128",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
    )
)
# Behind these is the IPv4 address of the last four bytes (RFC 6052 2.1, RFC 8215, RFC 4291 2.5.5.1).
_TRANSLATED: Final = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))
_INNER_SUFFIXES: Final = (".localhost", ".internal", ".local")


def address_of(host: str) -> Address | None:
    """The address that `host` is, an IPv4 one written as IPv6 unwrapped; None for a name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_loopback(host: str) -> bool:
    """Whether `host` (of a URL, brackets removed) can only be this machine: 127.0.0.0/8, ::1 or `localhost`."""
    address = address_of(host)
    return host == "localhost" if address is None else address.is_loopback


def keys_url_fault(url: str, *, issuer: str, own_ca: bool) -> str | None:
    """Why the `jwks_uri` of a discovery document is not fetched; None where it may be.

    `own_ca`: settings name the CA, so that any host it certifies is one that the operator means.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    issuer_host = urlsplit(issuer).hostname or ""
    if not host or not url.isascii() or not url.isprintable() or "@" in parts.netloc or "#" in url:
        return "is not a plain URL with a host"
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host) and is_loopback(issuer_host)):
        return "is not https"
    if host == issuer_host:
        return None
    # With a dot at its end a name is the same name (RFC 1034 3.1).
    host = host.removesuffix(".")
    address = address_of(host)
    if is_loopback(issuer_host):
        return None if is_loopback(host) else "leads from a loopback issuer to another machine"
    if is_loopback(host):
        return "leads to this machine"
    if address is not None:
        return address_fault(address, meant=False) if own_ca else "is a bare address, and no ca_file vouches for it"
    if not own_ca and ("." not in host or host.endswith(_INNER_SUFFIXES)):
        return "names an inner host, and no ca_file vouches for it"
    return None


def address_fault(address: Address, *, meant: bool) -> str | None:
    """Why no connection is made to `address`, to which a host's name leads; None where it may be.

    `meant`: the name is the issuer's own, which settings state; it may lead to this machine.
    """
    if isinstance(address, ipaddress.IPv6Address) and address.sixtofour is not None:
        address = address.sixtofour
    # `::` and `::1` are addresses of their own.
    if int(address) > 1 and any(address in network for network in _TRANSLATED):
        address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if any(address in network for network in _METADATA_NETWORKS):
        return "is link-local or a metadata service"
    if address.is_unspecified or address.is_multicast:
        return "is no host's address"
    if address.is_loopback and not meant:
        return "is this machine"
    return None
