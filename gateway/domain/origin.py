"""Where a request came from, as far as the server may believe it."""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.domain.values import quickly_made

_V6_NEIGHBOURHOOD: Final = 64
_UNKNOWN: Final = "unknown"
_REMEMBERED: Final = 4_096


@lru_cache(maxsize=_REMEMBERED)
def neighbourhood(address: str) -> str:
    """Under which name the client at an address is counted.

    One customer of IPv6 has a whole /64: its addresses count as one, or they would be as many clients as it pleases.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(ipaddress.ip_network((found, _V6_NEIGHBOURHOOD), strict=False))


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOrigin:
    """One request's id and its client. What is not known is None, and absent for every condition and audit field.

    `request_id` is what the answer's `x-amzn-RequestId` says. `source_ip` is the client's address: the peer's, or what
    a trusted proxy forwards.
    """

    request_id: str
    source_ip: str | None = None
    user_agent: str | None = None
    secure_transport: bool | None = None

    @property
    def neighbourhood(self) -> str:
        """Under which name its client is counted; all whose address is not known have one."""
        return _UNKNOWN if self.source_ip is None else neighbourhood(self.source_ip)
