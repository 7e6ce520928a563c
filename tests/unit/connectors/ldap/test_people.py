"""Whom an id means later on, at a directory that gives long attributes in ranges, as Active Directory does."""

from collections.abc import Iterable
from typing import Any, cast

import pytest

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap.directory import DirectoryDown
from gateway.connectors.ldap.facts import FactFinder
from gateway.connectors.ldap.people import Nobody, People, Person
from gateway.connectors.ldap.results import Answer, Code, Entry
from gateway.connectors.ldap.session import Session
from gateway.connectors.ldap.settings import UserSettings

ALICE_ID = "11111111-2222-4333-8444-555555555555"
GROUPS = tuple(f"cn=g{number},dc=corp".encode() for number in range(4))
OLD, NEW = "uid=alice,ou=old,dc=corp", "uid=alice,ou=new,dc=corp"


class FakeSession:
    """Alice's entry is at NEW; a search has the first two of her groups, a read has all. Else nothing is read."""

    server = "ldaps://dc1:636"

    def __init__(
        self,
        subject: str = ALICE_ID,
        *,
        at: str = NEW,
        elsewhere: Code = Code.NO_SUCH_OBJECT,
        here: Code = Code.SUCCESS,
        namesakes: int = 0,
    ) -> None:
        self.subject = subject
        self.at = at
        self.namesakes = namesakes
        self.elsewhere = elsewhere
        self.here = here

    def read(self, dn: str, _attributes: Iterable[str], _deadline: Deadline, **_: Any) -> Answer:
        if dn != self.at:
            return Answer(code=self.elsewhere)
        return self._answer({"memberof": GROUPS}, self.subject) if self.here == Code.SUCCESS else Answer(code=self.here)

    def search(self, _base: str, query: bytes, *_: Any, **__: Any) -> Answer:
        if ALICE_ID.encode() not in query:
            names = (self.at, *(f"uid=alice,ou={number},dc=corp" for number in range(self.namesakes)))
            return Answer(code=Code.SUCCESS, entries=tuple(Entry(dn=dn, attributes={}) for dn in names))
        return self._answer({"memberof;range=0-1": GROUPS[:2]}, ALICE_ID)

    def _answer(self, groups: dict[str, tuple[bytes, ...]], subject: str) -> Answer:
        attributes = {"uid": (b"alice",), "entryuuid": (subject.encode(),), **groups}
        return Answer(code=Code.SUCCESS, entries=(Entry(dn=self.at, attributes=attributes),))


def people() -> People:
    return People(UserSettings(base="dc=corp"), frozenset(), FactFinder())


def again(session: FakeSession) -> Person | Nobody:
    return people().again(cast("Session", session), ALICE_ID, OLD, Deadline(5))


def test_whoever_is_only_named_costs_as_much_with_many_groups_as_without() -> None:
    asked: list[str] = []

    class Asked(FakeSession):
        def search(self, _base: str, query: bytes, *given: Any, **__: Any) -> Answer:
            asked.extend(given[0])
            return self._answer({}, ALICE_ID)

    found = people().find(cast("Session", Asked()), "alice", Deadline(5))

    assert isinstance(found, Person)
    assert {"uid", "entryUUID", "objectGUID", "userAccountControl"} <= set(asked)
    assert {"memberOf", "mail"}.isdisjoint(asked)


def test_a_person_who_was_moved_has_all_groups_where_a_search_has_only_the_first() -> None:
    found = again(FakeSession())

    assert isinstance(found, Person)
    assert found.entry.raw("memberOf") == GROUPS


def test_who_takes_the_place_between_search_and_read_is_somebody_else() -> None:
    assert isinstance(again(FakeSession("99999999-2222-4333-8444-555555555555")), Nobody)


@pytest.mark.parametrize("at", [OLD, NEW], ids=["there", "moved"])
def test_who_has_somebody_elses_user_name_since_they_signed_in_is_not_taken_for_them(at: str) -> None:
    found = again(FakeSession(at=at, namesakes=1))

    assert isinstance(found, Nobody)
    assert found.cause == f"other entries than {at} have its uid"


def test_an_entry_that_is_gone_is_nobodys() -> None:
    assert isinstance(people().read(cast("Session", FakeSession()), OLD, Deadline(5)), Nobody)


@pytest.mark.parametrize("code", [Code.TIME_LIMIT_EXCEEDED, Code.INSUFFICIENT_ACCESS, Code.REFERRAL])
def test_an_entry_that_cannot_be_read_is_no_wrong_password(code: Code) -> None:
    with pytest.raises(DirectoryDown, match=f"{OLD} cannot be read: {code.name}"):
        people().read(cast("Session", FakeSession(elsewhere=code)), OLD, Deadline(5))


def test_a_person_who_is_there_and_cannot_be_read_is_not_gone() -> None:
    with pytest.raises(DirectoryDown, match=f"{NEW} cannot be read: TIME_LIMIT_EXCEEDED"):
        again(FakeSession(here=Code.TIME_LIMIT_EXCEEDED))
