"""SRV records: which servers a domain has (RFC 2782), asked of DNS by dnspython."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.connectors.ldap.transport import ServerFailed

_SERVICE: Final = "_ldap._tcp"
_RANDOM: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class SrvRecord:
    """One server of a domain. The lowest priority comes first; within one, chance by weight."""

    host: str
    port: int
    priority: int = 0
    weight: int = 0


ResolveSrv = Callable[[str, float], Sequence[SrvRecord]]
"""The records of a name, asked for at most so many seconds. Raises ServerFailed."""


def resolve_srv(name: str, seconds: float) -> Sequence[SrvRecord]:
    """Ask the system's DNS servers. Raises ServerFailed."""
    import dns.exception  # noqa: PLC0415  only who writes ldap+srv:// needs it
    import dns.resolver  # noqa: PLC0415

    try:
        answer = dns.resolver.resolve(name, "SRV", lifetime=seconds)
    except (dns.exception.DNSException, OSError) as fault:
        raise ServerFailed(f"DNS has no servers under {name} ({type(fault).__name__})") from None
    return [
        SrvRecord(host=str(one.target), port=int(one.port), priority=int(one.priority), weight=int(one.weight))
        for one in answer
    ]


def servers_of(domain: str, resolve: ResolveSrv, seconds: float) -> Sequence[SrvRecord]:
    """The domain's servers in the order in which they are to be tried. Raises ServerFailed.

    Without DNSSEC anybody on the way can answer for the domain, so that a server counts only inside it: its
    certificate then has to name a host of the domain that settings name (RFC 6125 6.2.1).
    """
    found = resolve(f"{_SERVICE}.{domain}", seconds)
    plain = [
        SrvRecord(host=one.host.rstrip(".").lower(), port=one.port, priority=one.priority, weight=one.weight)
        for one in found
    ]
    inside = [one for one in plain if one.host == domain or one.host.endswith(f".{domain}")]
    if not inside:
        outside = f"; {plain[0].host} is outside the domain" if plain and plain[0].host else ""
        raise ServerFailed(f"DNS names no server of {domain}{outside}")
    # Weighted choice without replacement: the least of exponential variates of these rates comes first.
    return sorted(inside, key=lambda one: (one.priority, _RANDOM.expovariate(one.weight or 0.01)))
