"""One connection to a directory: bind and search by ldap3, the only place that knows it."""

import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from ldap3 import NONE, SYNC
from ldap3 import Connection as Ldap3Connection
from ldap3 import Server as Ldap3Server
from ldap3.core.exceptions import LDAPException
from pyasn1.error import PyAsn1Error

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap.filters import EVERYTHING
from gateway.connectors.ldap.request import BASE, PAGED_RESULTS, SUBTREE, SearchRequest, bind_request
from gateway.connectors.ldap.results import Answer, Code, Entry
from gateway.connectors.ldap.transport import GuardedSocket, Server, ServerFailed, connected

_PAGE: Final = 500
_EVERYTHING: Final = EVERYTHING.encoded({})
_MAXIMUM_PAGES: Final = 1_000
_RANGE: Final = ";range="
_MAXIMUM_VALUES: Final = 100_000
# What ldap3 and pyasn1 raise for bytes that are no LDAP: their decoders index, look up and recurse unguarded.
_BROKEN: Final = (
    LDAPException,
    PyAsn1Error,
    OSError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
    OverflowError,
    MemoryError,
)
# Only carries a host's name for ldap3's messages: sockets are made by `transport`.
_NO_SERVER: Final = Ldap3Server("ldap://directory.invalid", get_info=NONE)


class Session:
    """A connection, used by one thread at a time. After ServerFailed it is of no more use."""

    __slots__ = ("_connection", "_response_seconds", "_socket", "server")

    def __init__(self, server: Server, socket: GuardedSocket, *, response_seconds: float) -> None:
        self.server: Final = server
        self._socket = socket
        self._response_seconds = response_seconds
        connection = Ldap3Connection(
            _NO_SERVER,
            client_strategy=SYNC,
            # RFC 4511 4.1.10: a referral names any host; the password would go there.
            auto_referrals=False,
            auto_range=False,
            check_names=False,
            read_only=True,
            return_empty_attributes=False,
            auto_escape=False,
        )
        # In place of ldap3's own opening of sockets.
        connection.socket = socket
        connection.closed = False
        connection.strategy._outstanding = {}  # noqa: SLF001
        connection.strategy._start_listen()  # noqa: SLF001
        self._connection: Any = connection

    @classmethod
    def opened(
        cls,
        server: Server,
        context: ssl.SSLContext,
        *,
        connect_seconds: float,
        response_seconds: float,
        deadline: Deadline,
    ) -> "Session":
        """Connect, with TLS where the server's settings ask for it. Raises ServerFailed, TimeoutError."""
        until = Deadline(deadline.left(connect_seconds))
        return cls(server, connected(server, context, until), response_seconds=response_seconds)

    def bind(self, name: str, password: str, deadline: Deadline) -> Answer:
        """What the server says to a simple bind, any policy's control included.

        Raises ServerFailed, TimeoutError; ValueError where name or password is empty.
        """
        if not name or not password:
            # RFC 4513 5.1.1, 5.1.2: the server would say yes, and mean nobody.
            raise ValueError("a bind without name or password proves nothing")
        return self._exchanged(lambda message_id: bind_request(message_id, name, password), deadline)

    def read(self, dn: str, attributes: Iterable[str], deadline: Deadline, *, query: bytes = _EVERYTHING) -> Answer:
        """The one entry at `dn`, or none where there is none, or `query` is not true of it.

        Attributes that the server gives in ranges are read to their end.
        """
        answer = self._exchanged(
            SearchRequest(base=dn, scope=BASE, query=query, attributes=attributes).encoded, deadline
        )
        if not any(_RANGE in name for entry in answer.entries for name in entry.attributes):
            return answer
        return replace(answer, entries=tuple(self._completed(entry, deadline) for entry in answer.entries))

    def search(self, base: str, query: bytes, attributes: Iterable[str], deadline: Deadline, *, most: int) -> Answer:
        """At most `most` entries under `base`; the code says SIZE_LIMIT_EXCEEDED where there are more."""
        request = SearchRequest(base=base, scope=SUBTREE, query=query, attributes=attributes, most=most)
        return self._exchanged(request.encoded, deadline)

    def search_all(self, base: str, query: bytes, attributes: Iterable[str], deadline: Deadline) -> Answer:
        """All entries under `base`, page by page (RFC 2696): servers cut longer answers."""
        request = SearchRequest(base=base, scope=SUBTREE, query=query, attributes=attributes, page=_PAGE)
        entries: list[Entry] = []
        for _ in range(_MAXIMUM_PAGES):
            answer = self._exchanged(request.encoded, deadline)
            entries.extend(answer.entries)
            cookie = _cookie_of(answer)
            if not cookie:
                return Answer(code=answer.code, message=answer.message, entries=tuple(entries))
            request = replace(request, cookie=cookie)
        raise ServerFailed(f"{self.server}: the answer has no end")

    @property
    def is_stale(self) -> bool:
        return bool(self._connection.closed) or self._socket.is_stale

    def close(self) -> None:
        self._socket.close()

    def _completed(self, entry: Entry, deadline: Deadline) -> Entry:
        """The entry with all values of attributes given as `NAME;range=FIRST-LAST` ([MS-ADTS] 3.1.1.3.1.3.3)."""
        whole = {name: values for name, values in entry.attributes.items() if _RANGE not in name}
        for ranged, first in [item for item in entry.attributes.items() if _RANGE in item[0]]:
            name, last = _name_and_last(ranged)
            values = list(first)
            while last is not None:
                if len(values) > _MAXIMUM_VALUES:
                    raise ServerFailed(f"{self.server}: {name} of {entry.dn} has no end")
                wanted = (f"{name};range={last + 1}-*",)
                request = SearchRequest(base=entry.dn, scope=BASE, query=_EVERYTHING, attributes=wanted)
                more = self._exchanged(request.encoded, deadline)
                found = [item for one in more.entries for item in one.attributes.items() if _RANGE in item[0]]
                last = _name_and_last(found[0][0])[1] if found and found[0][1] else None
                values.extend(found[0][1] if found else ())
            whole[name] = tuple(values)
        return Entry(dn=entry.dn, attributes=whole)

    def _exchanged(self, encoded: Callable[[int], bytes], deadline: Deadline) -> Answer:
        """What the server says to a request. Raises ServerFailed, TimeoutError."""
        self._begin(deadline)
        connection = self._connection
        message_id = connection.server.next_message_id()
        try:
            # ldap3 would build the request from pyasn1's objects, which takes longer than the server's answer.
            connection.strategy._outstanding[message_id] = {}  # noqa: SLF001
            self._socket.sendall(encoded(message_id))
            found, result = connection.get_response(message_id)
            return _answer(result, found, self)
        except _BROKEN as fault:
            raise self._failed(fault) from None

    def _begin(self, deadline: Deadline) -> None:
        self._socket.begin(Deadline(deadline.left(self._response_seconds)))

    def _failed(self, fault: BaseException) -> ServerFailed:
        self.close()
        if self._socket.hung:
            return ServerFailed(f"{self.server}: it does not answer in time", hung=True)
        passing = isinstance(fault, LDAPException | OSError)
        return ServerFailed(f"{self.server}: the connection broke ({type(fault).__name__})", passing=passing)


def _answer(result: Mapping[str, Any] | None, found: Iterable[Mapping[str, Any]], session: Session) -> Answer:
    if not result or "result" not in result:
        session.close()
        raise ServerFailed(f"{session.server}: its answer cannot be read")
    answer = Answer(
        code=int(result["result"]),
        message=str(result.get("message") or ""),
        controls={oid: told.get("value") for oid, told in (result.get("controls") or {}).items()},
        # What is no entry refers to another server, which is not asked.
        entries=tuple(_entry(one) for one in found if one.get("type") == "searchResEntry"),
    )
    if answer.code in UNUSABLE:
        session.close()
        # As one that is starting or ending says.
        passing = answer.code in {Code.BUSY, Code.UNAVAILABLE}
        raise ServerFailed(f"{session.server}: it says {answer.told}", passing=passing)
    return answer


def _entry(found: Mapping[str, Any]) -> Entry:
    attributes: dict[str, tuple[bytes, ...]] = {}
    for name, values in found["raw_attributes"].items():
        # RFC 4511 4.1.7: an attribute may come without any value, which ldap3 tells as None.
        attributes[name.lower()] = tuple(bytes(value) for value in values or ())
    return Entry(dn=str(found["dn"]), attributes=attributes)


def _name_and_last(ranged: str) -> tuple[str, int | None]:
    """The attribute, and the index of the last value given; None where that was the last of all."""
    name, _, bounds = ranged.partition(_RANGE)
    last = bounds.partition("-")[2]
    return name, int(last) if last.isascii() and last.isdigit() else None


def _cookie_of(answer: Answer) -> bytes | None:
    paged = answer.controls.get(PAGED_RESULTS)
    return paged.get("cookie") if isinstance(paged, dict) else None


UNUSABLE: Final = frozenset({Code.BUSY, Code.UNAVAILABLE, Code.OPERATIONS_ERROR, Code.PROTOCOL_ERROR, Code.OTHER})
"""Answers that say something of the server and nothing of what was asked."""
