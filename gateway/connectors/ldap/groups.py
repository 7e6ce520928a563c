"""The groups of a person: by memberOf, by search, over groups of groups, and Active Directory's primary group."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap.directory import DirectoryDown
from gateway.connectors.ldap.facts import FactFinder
from gateway.connectors.ldap.filters import DN, USERNAME, Filter, any_of, equal
from gateway.connectors.ldap.people import Person
from gateway.connectors.ldap.results import Code, Entry, sid_in_domain
from gateway.connectors.ldap.session import Session
from gateway.connectors.ldap.settings import GroupSettings
from gateway.domain.directory_names import (
    NotADistinguishedName,
    comparable,
    folded,
    is_below,
    is_distinguished_name,
    parsed,
    values_of,
)

_BATCH: Final = 50
_MAXIMUM_GROUPS: Final = 20_000
_PRIMARY_SECONDS: Final = 60.0
_MAXIMUM_PRIMARIES: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Names and DNs of a person's groups, and what the audit log should know of how they were found."""

    groups: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


class TooManyGroups(Exception):
    """The person is in more groups than anybody may have; what was found so far would be a wrong answer."""


class Groups:
    """Looks groups up as the settings of one provider say. Used by many threads."""

    def __init__(
        self, settings: GroupSettings | None, facts: FactFinder, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`settings` None: only memberOf counts, and DNs alone."""
        self._settings = settings
        self._facts = facts
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._primaries: dict[bytes, tuple[float, Sequence[Entry]]] = {}

    def of(self, session: Session, person: Person, deadline: Deadline) -> Membership:
        """All groups of a person. A name counts where it is one group's alone, under `groups.base`.

        Raises TooManyGroups; DirectoryDown: the base is not there for whoever asks; ServerFailed, TimeoutError.
        """
        primary = self._primary(session, person.entry, deadline)
        # A schema of one's own may have other texts in it: names count where they were looked up alone.
        told = filter(is_distinguished_name, person.entry.texts("memberOf"))
        direct = [*told, *(entry.dn for entry in primary)]
        if self._settings is None:
            return Membership(groups=frozenset(direct))
        search = _Search(session, self._settings, person, deadline)
        notes = self._searched(search, direct)
        names, more = _names({comparable(one.dn): one for one in (*primary, *search.found.values())}, self._settings)
        dns = {comparable(dn): dn for dn in direct} | {key: entry.dn for key, entry in search.found.items()}
        return Membership(groups=frozenset({*dns.values(), *names}), notes=(*notes, *more))

    def _searched(self, search: "_Search", direct: Sequence[str]) -> Sequence[str]:
        nested = search.settings.nested
        if nested == "none":
            search.level(search.query, [search.person.entry.dn])
            return ()
        if nested == "in_chain":
            if self._facts.facts(search.session, search.deadline).is_active_directory:
                search.level(search.query.in_chain(), [search.person.entry.dn, *direct])
                return ()
            return (
                "the directory is not Active Directory: in_chain means nothing to it; walked instead",
                *search.walk(direct),
            )
        return search.walk(direct)

    def _primary(self, session: Session, entry: Entry, deadline: Deadline) -> Sequence[Entry]:
        """The primary group, which no memberOf and no member holds ([MS-ADTS] 3.1.1.4.5.11); kept for a minute."""
        relative = entry.number("primaryGroupID")
        sid = sid_in_domain(entry.raw("objectSid")[0], relative) if relative and entry.raw("objectSid") else None
        if sid is None:
            return ()
        known = self._primaries.get(sid)
        if known is None or self._monotonic() - known[0] > _PRIMARY_SECONDS:
            known = (self._monotonic(), self._looked_up(session, sid, deadline))
            with self._lock:
                if len(self._primaries) >= _MAXIMUM_PRIMARIES:
                    self._primaries.clear()
                self._primaries[sid] = known
        return known[1]

    def _looked_up(self, session: Session, sid: bytes, deadline: Deadline) -> Sequence[Entry]:
        root = self._facts.facts(session, deadline).root
        if root is None:
            return ()
        wanted = () if self._settings is None else (self._settings.name,)
        answer = session.search(root, equal("objectSid", sid).encoded({}), wanted, deadline, most=1)
        if not (answer.succeeded or answer.entries):
            # Without it a Deny of the group would not be met.
            raise DirectoryDown(f"{session.server}: the primary group cannot be looked up: {answer.told}")
        return answer.entries


class _Search:
    """One person's search: what is found, and what has been asked about already."""

    __slots__ = ("_asked", "deadline", "found", "person", "query", "session", "settings")

    def __init__(self, session: Session, settings: GroupSettings, person: Person, deadline: Deadline) -> None:
        self.session = session
        self.settings = settings
        self.person = person
        self.deadline = deadline
        self.query = settings.query
        self.found: dict[str, Entry] = {}
        self._asked: set[str] = set()

    def walk(self, direct: Sequence[str]) -> Sequence[str]:
        """Level by level: groups that hold the person or a group of the level before, one query for fifty of these.

        What memberOf names is asked about along with the person: where it tells all, one query is enough.
        """
        members = self.level(self.query, [self.person.entry.dn, *direct])
        if DN not in self.query.places():
            return ()
        for _ in range(self.settings.depth - 1):
            if not members:
                return ()
            members = self.level(self.query, members)
        return (f"groups nested deeper than {self.settings.depth} levels are left out",) if members else ()

    def level(self, query: Filter, members: Sequence[str]) -> Sequence[str]:
        """The DNs of groups found that have not been asked about: the members of the next level.

        Raises TooManyGroups, DirectoryDown, ServerFailed, TimeoutError.
        """
        fresh = [dn for dn in members if comparable(dn) not in self._asked]
        self._asked.update(comparable(dn) for dn in fresh)
        for encoded in self._encoded(query, fresh):
            answer = self.session.search_all(self.settings.base, encoded, (self.settings.name,), self.deadline)
            if answer.code != Code.SUCCESS:
                raise DirectoryDown(
                    f"{self.session.server}: groups.base {self.settings.base} cannot be searched: {answer.told}"
                )
            self.found.update((comparable(entry.dn), entry) for entry in answer.entries)
            if len(self.found) > _MAXIMUM_GROUPS:
                raise TooManyGroups(f"more than {_MAXIMUM_GROUPS} groups")
        return [entry.dn for key, entry in self.found.items() if key not in self._asked]

    def _encoded(self, query: Filter, members: Sequence[str]) -> Iterator[bytes]:
        username = self.person.username
        if DN not in query.places():
            yield query.encoded({USERNAME: username})
            return
        for batch in _batches(members):
            yield any_of([query.encoded({DN: dn, USERNAME: username}) for dn in batch])


def _batches(members: Sequence[str]) -> Iterator[Sequence[str]]:
    remaining = iter(members)
    while batch := list(itertools.islice(remaining, _BATCH)):
        yield batch


def _names(groups: Mapping[str, Entry], settings: GroupSettings) -> tuple[Sequence[str], Sequence[str]]:
    """The names that count, and what is to be said of those that do not."""
    owners: dict[str, list[tuple[str, str]]] = {}
    notes = []
    for entry in groups.values():
        name = _name(entry, settings)
        if name is None:
            continue
        # A group called as another one's DN would be taken for that one, by a pattern one that is called nearly so.
        if "=" in folded(name):
            notes.append(f"the name of {entry.dn} looks like a DN and does not count")
            continue
        owners.setdefault(folded(name), []).append((name, entry.dn))
    names = [several[0][0] for several in owners.values() if len(several) == 1]
    notes += [
        f"the group name {several[0][0]} does not count: {' and '.join(sorted(dn for _, dn in several))} have it"
        for several in owners.values()
        if len(several) > 1
    ]
    return names, notes


def _name(entry: Entry, settings: GroupSettings) -> str | None:
    """The group's one name: the attribute's value, or of several the one in the DN."""
    try:
        if not is_below(entry.dn, settings.base):
            return None
        values = entry.texts(settings.name)
        if len(values) > 1:
            own = values_of(parsed(entry.dn)[0], settings.name)
            values = tuple(value for value in values if folded(value) in own)
    except NotADistinguishedName:
        return None
    return values[0] if len(values) == 1 and values[0].strip() else None
