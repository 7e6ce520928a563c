"""How many connections are open, from one address and in all."""

from collections import Counter
from collections.abc import Iterable

from gateway.domain.origin import neighbourhood
from gateway.web.origin import Network, address


class Admissions:
    """Counts open connections; a place that is refused stays uncounted. Trusted proxies have no limit of their own."""

    __slots__ = ("_limit", "_open", "_per_address", "_total", "_trusted")

    def __init__(self, *, total: int, per_address: int, trusted_proxies: Iterable[Network]) -> None:
        self._limit = total
        self._per_address = per_address
        self._trusted = tuple(trusted_proxies)
        self._open: Counter[str] = Counter()
        self._total = 0

    def admit(self, peer: str) -> str | None:
        """The name under which the connection is counted until it is released; None: there are too many."""
        key, bounded = self._place(peer)
        if self._total >= self._limit or (bounded and self._open[key] >= self._per_address):
            return None
        self._open[key] += 1
        self._total += 1
        return key

    @property
    def open(self) -> int:
        """How many connections there are."""
        return self._total

    def release(self, key: str) -> None:
        self._total -= 1
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]

    def _place(self, peer: str) -> tuple[str, bool]:
        found = address(peer)
        if found is None:
            return peer, False
        if any(found in network for network in self._trusted):
            return str(found), False
        return neighbourhood(str(found)), True
