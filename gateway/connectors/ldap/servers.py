"""Which server is asked next: in the order of settings, those that failed set aside for a while, then tried again."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.connectors.ldap.settings import ServerUrl
from gateway.connectors.ldap.srv import ResolveSrv, servers_of
from gateway.connectors.ldap.transport import Server, ServerFailed

_LOG: Final = logging.getLogger(__name__)
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
_LOOKUP_SECONDS: Final = 2.0
_LOOKUP_AGE: Final = 60.0


@dataclass(slots=True, kw_only=True)
class _Health:
    failures: int = 0
    aside_until: float = 0.0
    probed: bool = False


class Servers:
    """The servers of one provider. Used by many threads."""

    def __init__(
        self,
        urls: Sequence[ServerUrl],
        *,
        provider: str,
        start_tls: bool,
        lookup_in_the_clear: bool,
        resolve: ResolveSrv,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._urls = tuple(urls)
        self._provider = provider
        self._start_tls = start_tls
        self._lookup_in_the_clear = lookup_in_the_clear
        self._resolve = resolve
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._health: dict[Server, _Health] = {}
        self._looked_up: dict[str, tuple[float, Sequence[Server]]] = {}

    def candidates(self) -> Iterator[Server]:
        """Servers to try, best first; ask for the next one only after this one failed.

        One that was set aside comes back to a single caller once its time is over, so that a server which still hangs
        delays one login and no other. When all else has failed, those set aside are tried too.

        Raises ServerFailed: no server is known, since DNS does not answer.
        """
        tried = set()
        servers = self.known()
        for server in servers:
            if self._claimed(server):
                tried.add(server)
                yield server
        yield from (server for server in servers if server not in tried)

    def known(self) -> Sequence[Server]:
        """All servers in order. Raises ServerFailed where DNS names some and answers for none."""
        servers: list[Server] = []
        fault: ServerFailed | None = None
        for url in self._urls:
            try:
                servers.extend(self._found(url) if url.lookup else (self._named(url),))
            except ServerFailed as failed:
                fault = failed
        if not servers and fault is not None:
            raise fault
        return list(dict.fromkeys(servers))

    def set_aside(self) -> Mapping[str, int]:
        """The servers that are not asked first now, each with the seconds until it may be tried again."""
        now = self._monotonic()
        with self._lock:
            left = {str(server): math.ceil(health.aside_until - now) for server, health in self._health.items()}
        return {server: seconds for server, seconds in left.items() if seconds > 0}

    def is_behind(self, server: Server) -> bool:
        """Whether a server that comes before `server` may be tried now: then the way back leads there."""
        now = self._monotonic()
        for before in self.known():
            if before == server:
                return False
            health = self._health.get(before)
            if health is None or health.aside_until <= now:
                return True
        return True

    def failed(self, server: Server, reason: str) -> None:
        """Set the server aside: for a second, and twice as long each time it fails again."""
        now = self._monotonic()
        with self._lock:
            health = self._health.setdefault(server, _Health())
            if now < health.aside_until and not health.probed:
                # Many logins meet one outage; it counts once.
                return
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(health.failures, 10))
            health.failures += 1
            health.aside_until = now + pause
            health.probed = False
        _LOG.warning(
            "provider %s: a server is set aside for %.0f s: %s",
            self._provider,
            pause,
            reason,
            extra={"server": str(server)},
        )

    def worked(self, server: Server) -> None:
        if self._health.get(server) is None:
            return
        with self._lock:
            self._health.pop(server, None)

    def _claimed(self, server: Server) -> bool:
        now = self._monotonic()
        with self._lock:
            health = self._health.get(server)
            if health is None:
                return True
            if now < health.aside_until:
                return False
            health.aside_until = now + _LONGEST_PAUSE
            health.probed = True
            return True

    def _named(self, url: ServerUrl) -> Server:
        return Server(host=url.host, port=url.port, tls=url.tls, start_tls=self._start_tls)

    def _found(self, url: ServerUrl) -> Sequence[Server]:
        """What DNS says, a minute old at most; older where DNS does not answer any more."""
        age, known = self._looked_up.get(url.host, (float("-inf"), ()))
        now = self._monotonic()
        if now - age < _LOOKUP_AGE:
            return known
        try:
            records = servers_of(url.host, self._resolve, _LOOKUP_SECONDS)
        except ServerFailed:
            if not known:
                raise
            # Every login would wait for it else, several times.
            self._looked_up[url.host] = (self._monotonic() - _LOOKUP_AGE + _LONGEST_PAUSE, known)
            return known
        # DNS is believed by nobody: what it names is spoken to over TLS.
        start_tls = not self._lookup_in_the_clear
        servers = [Server(host=one.host, port=one.port, tls=False, start_tls=start_tls) for one in records]
        self._looked_up[url.host] = (now, servers)
        return servers
