"""Whom a typed name means: exactly one entry, read with what the gateway needs of it, or nobody."""

import re
from dataclasses import dataclass
from typing import Final

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap import account_state
from gateway.connectors.ldap.anybody import for_anybody
from gateway.connectors.ldap.directory import DirectoryDown
from gateway.connectors.ldap.facts import FactFinder
from gateway.connectors.ldap.filters import USERNAME, all_of, any_of, compares, equal
from gateway.connectors.ldap.results import Answer, Code, Entry, guid_bytes, guid_text
from gateway.connectors.ldap.session import Session
from gateway.connectors.ldap.settings import UserSettings
from gateway.connectors.ldap.typed import is_computer_name, throttle_key
from gateway.domain.directory_names import NotADistinguishedName, comparable, folded, parsed, values_of

# The first that an entry has says who the person is, whatever the name: entryUUID (RFC 4530), 389-ds, FreeIPA.
_UNIQUE_TEXTS: Final = ("entryUUID", "nsUniqueId", "ipaUniqueID")
_UNIQUE_GUIDS: Final = ("objectGUID",)
_OWN_ATTRIBUTES: Final = frozenset(
    {*_UNIQUE_TEXTS, *_UNIQUE_GUIDS, "objectClass", "memberOf", "objectSid", "primaryGroupID", "sAMAccountName"}
)
_TELLING: Final = frozenset({*_UNIQUE_TEXTS, *_UNIQUE_GUIDS, "objectClass", "sAMAccountName", "userAccountControl"})
"""What tells who somebody is. Whoever is only named costs as much with a thousand groups as without."""
_MAXIMUM_USERNAME: Final = 255
_ATTRIBUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*(?:;[A-Za-z0-9-]+)*|[0-9]+(?:\.[0-9]+)+", re.ASCII)
_READ: Final = frozenset({Code.SUCCESS, Code.NO_SUCH_OBJECT})
_MISPLACED: Final = frozenset({Code.NO_SUCH_OBJECT, Code.REFERRAL, Code.INSUFFICIENT_ACCESS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One entry that may sign in. `subject` stays when the name changes; `key` is one for all spellings of the name."""

    entry: Entry
    username: str
    subject: str

    @property
    def key(self) -> str:
        return throttle_key(self.username)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nobody:
    """No entry, several, or one that nobody signs in as; why, for the audit log."""

    cause: str


class People:
    """Looks entries up as the settings of one provider say."""

    def __init__(self, settings: UserSettings, attributes: frozenset[str], facts: FactFinder) -> None:
        """`attributes`: what mappings, tags and trust policies name beside the gateway's own."""
        self._settings = settings
        self._filter = settings.query
        self._of_anybody = for_anybody(settings.query)
        self._finds_by_username = compares(settings.query, settings.username, USERNAME)
        self._facts = facts
        self.attributes: Final = frozenset(
            {
                settings.username,
                settings.email,
                # A claim of a mapping may have a name that no attribute has: nobody is asked for it.
                *(name for name in attributes if _ATTRIBUTE.fullmatch(name) is not None),
                *_OWN_ATTRIBUTES,
                *account_state.ATTRIBUTES,
            }
        )

    def find(self, session: Session, name: str, deadline: Deadline) -> Person | Nobody:
        """The one person whom a typed name means; of the entry no more is read than tells who it is.

        Raises DirectoryDown: the base is not there for the service account. ServerFailed, TimeoutError.
        """
        base = self._settings.base or ""
        query = self._filter.encoded({USERNAME: self._account(session, name, deadline)})
        # Two are enough to know that there is not one.
        answer = session.search(base, query, _TELLING | {self._settings.username}, deadline, most=2)
        if answer.code == Code.SIZE_LIMIT_EXCEEDED or len(answer.entries) > 1:
            return Nobody(cause="the name means several entries")
        return self._person(self._succeeded(session, answer))

    def read(self, session: Session, dn: str, deadline: Deadline) -> Person | Nobody:
        """The person whose entry is at `dn` now.

        Raises DirectoryDown: it cannot be read. ServerFailed, TimeoutError.
        """
        return self._person(_readable(session, dn, session.read(dn, self.attributes, deadline)))

    def same(self, session: Session, before: Person, typed: str, deadline: Deadline) -> Person | Nobody:
        """`before`, whom `typed` found and whose password was right since, as the directory has them now.

        Nobody where their DN has become somebody else's in between, or somebody else has their user name: both would be
        one in session names, policies and groups of names. Raises as `find`.
        """
        now, dn = self.read(session, before.entry.dn, deadline), before.entry.dn
        if not isinstance(now, Person) or (now.subject, now.key) != (before.subject, before.key):
            return Nobody(cause=f"{dn} was renamed or replaced while its password was checked")
        # Then the one whom `typed` found was the only one already.
        if self._finds_by_username and throttle_key(typed) == now.key:
            return now
        return self._alone(session, now, deadline)

    def _alone(self, session: Session, person: Person, deadline: Deadline) -> Person | Nobody:
        """`person`, or nobody where somebody else has their user name too. Raises as `find`."""
        named = equal(self._settings.username, person.username.encode()).encoded({})
        query = all_of((self._of_anybody.encoded({}), named))
        answer = session.search(self._settings.base or "", query, (), deadline, most=2)
        if answer.code == Code.SIZE_LIMIT_EXCEEDED or len(answer.entries) > 1:
            return Nobody(cause=f"other entries than {person.entry.dn} have its {self._settings.username}")
        self._succeeded(session, answer)
        return person

    def again(self, session: Session, subject: str, dn: str, deadline: Deadline) -> Person | Nobody:
        """The person of this subject, whose entry was at `dn`, where it is still one that `users.filter` finds.

        Nobody too where they have somebody else's user name by now, as in `same`.

        Raises DirectoryDown: the base is not there for the service account. ServerFailed, TimeoutError.
        """
        query = self._of_anybody.encoded({})
        there = self._person(session.read(dn, self.attributes, deadline, query=query))
        if isinstance(there, Person) and there.subject == subject:
            return self._alone(session, there, deadline)
        # Moved or renamed, or somebody else's by now: the id tells.
        base = self._settings.base or ""
        answer = session.search(base, all_of((query, _of_subject(subject))), self.attributes, deadline, most=2)
        for entry in self._succeeded(session, answer).entries:
            # Read as everybody is: a search has only the beginning of what the server gives in ranges.
            whole = session.read(entry.dn, self.attributes, deadline, query=query)
            moved = self._person(_readable(session, entry.dn, whole))
            if isinstance(moved, Person) and moved.subject == subject:
                return self._alone(session, moved, deadline)
        return Nobody(cause="the person's entry is gone, or users.filter leaves it out")

    def _succeeded(self, session: Session, answer: Answer) -> Answer:
        """Raises DirectoryDown."""
        if answer.code in _MISPLACED:
            base = self._settings.base or ""
            raise DirectoryDown(f"{session.server}: users.base {base} cannot be searched: {answer.told}")
        if not answer.succeeded:
            raise DirectoryDown(f"{session.server}: the search for people fails: {answer.told}")
        return answer

    def _person(self, answer: Answer) -> Person | Nobody:
        if not answer.entries:
            return Nobody(cause="no entry has the name")
        entry = answer.entries[0]
        username = self._username(entry)
        if username is None:
            return Nobody(cause=f"{entry.dn} has not one printable {self._settings.username}, or it may not be read")
        computers = (username, *entry.texts("sAMAccountName"))
        if account_state.is_computer(entry) or any(is_computer_name(name) for name in computers):
            return Nobody(cause=f"{entry.dn} is a computer account")
        return Person(entry=entry, username=username, subject=_subject(entry))

    def _account(self, session: Session, name: str, deadline: Deadline) -> str:
        r"""What the filter is filled with: of `CORP\alice`, where CORP is this very domain, `alice`; else all of it."""
        domain, backslash, account = name.partition("\\")
        if not backslash or not account:
            return name
        own = self._facts.facts(session, deadline).domain
        return account if own is not None and folded(own) == folded(domain) else name

    def _username(self, entry: Entry) -> str | None:
        """The person's one name: the attribute's value, or of several the one in the DN."""
        attribute = self._settings.username
        values = entry.texts(attribute)
        if len(values) > 1:
            values = tuple(value for value in values if folded(value) in _named(entry.dn, attribute))
        if len(values) != 1 or not 1 <= len(values[0]) <= _MAXIMUM_USERNAME or not values[0].isprintable():
            return None
        return values[0] if values[0].strip() else None


def _readable(session: Session, dn: str, answer: Answer) -> Answer:
    """Raises DirectoryDown."""
    if answer.code not in _READ:
        raise DirectoryDown(f"{session.server}: {dn} cannot be read: {answer.told}")
    return answer


def _named(dn: str, attribute: str) -> tuple[str, ...]:
    try:
        return values_of(parsed(dn)[0], attribute)
    except (NotADistinguishedName, IndexError):
        return ()


def _of_subject(subject: str) -> bytes:
    """The filter of entries that have this id; an attribute that the server does not know is true of none."""
    asked = [equal(name, subject.encode()).encoded({}) for name in _UNIQUE_TEXTS]
    guid = guid_bytes(subject)
    return any_of(asked if guid is None else [*asked, *(equal(name, guid).encoded({}) for name in _UNIQUE_GUIDS)])


def _subject(entry: Entry) -> str:
    for name in _UNIQUE_TEXTS:
        text = entry.text(name)
        if text:
            return text.lower()
    for name in _UNIQUE_GUIDS:
        for value in entry.raw(name)[:1]:
            guid = guid_text(value)
            if guid is not None:
                return guid
    return comparable(entry.dn)
