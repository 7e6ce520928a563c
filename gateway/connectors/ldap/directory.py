"""A directory under all weather: a session to some server of it, as the service account or for somebody's own bind."""

import collections
import ssl
import threading
import time
from collections.abc import Callable
from typing import Final, Never, TypeVar

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap.results import Answer, Code
from gateway.connectors.ldap.servers import Servers
from gateway.connectors.ldap.session import Session
from gateway.connectors.ldap.settings import TimeoutSettings
from gateway.connectors.ldap.transport import Server, ServerFailed
from gateway.domain.errors import RejectedLogin

T = TypeVar("T")
Use = Callable[[Session], T]

_MOST_IDLE: Final = 8
_IDLE_SECONDS: Final = 60.0
_REFUSED_SECONDS: Final = 30.0
_FIRST_SECONDS: Final = 1.0
# A server that is restarted is back before a person has noticed; one that is down is told soon.
_BRIDGED_SECONDS: Final = 1.5
_PAUSE: Final = 0.1


class DirectoryDown(Exception):
    """No server answers, or the service account is refused. `str` says why, and holds no secret."""


class ServiceAccount:
    """Name and password of the account that looks people up."""

    __slots__ = ("name", "password")

    def __init__(self, name: str, password: str) -> None:
        self.name: Final = name
        self.password: Final = password

    def __repr__(self) -> str:
        return f"ServiceAccount({self.name!r})"


class Directory:
    """Used by many threads, each of which has at most one session: their number bounds that of connections."""

    def __init__(
        self,
        *,
        servers: Servers,
        context: ssl.SSLContext,
        service: ServiceAccount | None,
        timeouts: TimeoutSettings,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`service` None: people bind by themselves, and `as_service` is never asked."""
        self.servers: Final = servers
        self._context = context
        self._service = service
        self._timeouts = timeouts
        self._monotonic = monotonic
        self._idle: collections.deque[tuple[float, Session]] = collections.deque()
        self._lock = threading.Lock()
        self._closed = False
        self._refused = DirectoryDown()
        self._refused_until = float("-inf")
        self._first = threading.Lock()
        self._proven = threading.Event()

    def as_service(self, use: Use[T], deadline: Deadline) -> T:
        """What `use` gives with a session bound as the service account.

        An idle connection that turns out to be dead, since its server was restarted, costs no login: `use` is called
        again with a fresh one. Raises DirectoryDown, TimeoutError, and what `use` raises.
        """
        session = self._idle_session()
        if session is not None:
            try:
                return self._used(session, use)
            except ServerFailed as failed:
                if failed.hung:
                    self.servers.failed(session.server, str(failed))
        return self._over_servers(lambda server: self._used(self._bound(server, deadline), use), deadline)

    def unbound(self, use: Use[T], deadline: Deadline) -> T:
        """What `use` gives with a connection of its own, on which nobody has bound. Raises as `as_service`."""

        def once(server: Server) -> T:
            session = self._opened(server, deadline)
            try:
                return use(session)
            finally:
                session.close()

        return self._over_servers(once, deadline)

    @property
    def idle(self) -> int:
        """Connections that are open, bound as the service account, and not in use."""
        return len(self._idle)

    def close(self) -> None:
        """Close what is idle; what is in use is closed when its user is done."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, collections.deque()
        for _, session in idle:
            session.close()

    def opened_as_service(self, server: Server, deadline: Deadline) -> Session:
        """A session to this very server, for whoever examines it. Raises ServerFailed, DirectoryDown, TimeoutError."""
        return self._bound(server, deadline)

    def opened_as_nobody(self, server: Server, deadline: Deadline) -> Session:
        """The same, on which nobody has bound. Raises ServerFailed, TimeoutError."""
        return self._opened(server, deadline)

    def _over_servers(self, attempt: Callable[[Server], T], deadline: Deadline) -> T:
        """What `attempt` gives with the first server with which it does not fail; a short outage of all is bridged."""
        begun = self._monotonic()
        while True:
            faults: list[ServerFailed] = []
            try:
                for server in self.servers.candidates():
                    try:
                        result = attempt(server)
                    except ServerFailed as failed:
                        self.servers.failed(server, str(failed))
                        faults.append(failed)
                    except RejectedLogin:
                        # It answered, and is the one to ask again, whatever it had to say.
                        self.servers.worked(server)
                        raise
                    else:
                        self.servers.worked(server)
                        return result
            except ServerFailed as failed:
                faults.append(failed)
            passing = any(fault.passing for fault in faults) and not any(fault.hung for fault in faults)
            if not passing or self._monotonic() - begun > _BRIDGED_SECONDS:
                raise DirectoryDown("; ".join(dict.fromkeys(map(str, faults))))
            time.sleep(deadline.left(_PAUSE))

    def _used(self, session: Session, use: Use[T]) -> T:
        """A session goes back to the idle ones only from a use that has come to its end."""
        try:
            result = use(session)
        except BaseException:
            session.close()
            raise
        self._put_back(session)
        return result

    def _opened(self, server: Server, deadline: Deadline) -> Session:
        return Session.opened(
            server,
            self._context,
            connect_seconds=self._timeouts.connect,
            response_seconds=self._timeouts.response,
            deadline=deadline,
        )

    def _bound(self, server: Server, deadline: Deadline) -> Session:
        service = self._service
        if service is None:
            raise DirectoryDown("no service account is configured")
        if self._monotonic() < self._refused_until:
            raise DirectoryDown(str(self._refused))
        session = self._opened(server, deadline)
        try:
            self._bind(session, service, deadline)
        except BaseException:
            session.close()
            raise
        return session

    def _bind(self, session: Session, service: ServiceAccount, deadline: Deadline) -> None:
        """Raises ServerFailed, DirectoryDown, TimeoutError."""
        is_first = self._is_first_to_bind(deadline)
        try:
            if self._monotonic() < self._refused_until:
                raise DirectoryDown(str(self._refused))
            answer = session.bind(service.name, service.password, deadline)
            if answer.succeeded:
                self._proven.set()
            else:
                self._proven.clear()
                self._refuse(f"{session.server}: the service account {service.name} is refused: {answer.told}", answer)
        finally:
            if is_first:
                self._first.release()

    def _is_first_to_bind(self, deadline: Deadline) -> bool:
        """Whether it is for the caller to find out if the password holds. Others wait for that, if not for ever.

        Raises TimeoutError.
        """
        if self._proven.is_set() or not self._first.acquire(timeout=deadline.left(_FIRST_SECONDS)):
            return False
        if self._proven.is_set():
            self._first.release()
            return False
        return True

    def _refuse(self, reason: str, answer: Answer) -> Never:
        if answer.code in {Code.STRONGER_AUTH_REQUIRED, Code.CONFIDENTIALITY_REQUIRED}:
            raise DirectoryDown(f"{reason}; the server wants TLS: write ldaps:// or start_tls: true")
        # Tried again for each login, a mistyped password would lock the service account for everybody.
        self._refused, self._refused_until = DirectoryDown(reason), self._monotonic() + _REFUSED_SECONDS
        raise DirectoryDown(reason)

    def _idle_session(self) -> Session | None:
        """The connection used last, unless it is old, dead, or to a server that only stands in for another."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                since, session = self._idle.pop()
            young = self._monotonic() - since < _IDLE_SECONDS
            if young and not session.is_stale and not self.servers.is_behind(session.server):
                return session
            session.close()

    def _put_back(self, session: Session) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < _MOST_IDLE:
                self._idle.append((self._monotonic(), session))
                return
        session.close()
