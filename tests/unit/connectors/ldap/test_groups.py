"""Groups at a directory that cannot answer: no groups is an answer too, and would be a wrong one."""

from typing import Any, cast

import pytest

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap.directory import DirectoryDown
from gateway.connectors.ldap.facts import FactFinder, Facts
from gateway.connectors.ldap.groups import Groups
from gateway.connectors.ldap.people import Person
from gateway.connectors.ldap.results import Answer, Code, Entry
from gateway.connectors.ldap.session import Session
from gateway.connectors.ldap.settings import GroupSettings

DOMAIN = bytes.fromhex("010500000000000515000000" + "01000000" * 3)
PERSON = Person(
    entry=Entry(
        dn="cn=alice,dc=corp", attributes={"objectsid": (DOMAIN + b"\x01\x00\x00\x00",), "primarygroupid": (b"513",)}
    ),
    username="alice",
    subject="alice",
)


ANALYSTS = "cn=analysts,ou=groups,dc=corp"


class FakeFacts(FactFinder):
    def facts(self, session: Session, deadline: Deadline) -> Facts:
        return Facts(is_active_directory=True, root="dc=corp")


class FakeSession:
    server = "ldaps://dc1:636"

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)

    def search(self, *_: Any, **__: Any) -> Answer:
        return self.answers.pop(0)


@pytest.mark.parametrize("code", [Code.TIME_LIMIT_EXCEEDED, Code.ADMIN_LIMIT_EXCEEDED, Code.INSUFFICIENT_ACCESS])
def test_a_primary_group_that_cannot_be_looked_up_is_not_left_out_and_asked_for_again(code: Code) -> None:
    users = Entry(dn="cn=Domain Users,dc=corp", attributes={})
    session = FakeSession(Answer(code=code), Answer(code=Code.SUCCESS, entries=(users,)))
    groups = Groups(None, FakeFacts())

    with pytest.raises(DirectoryDown, match="the primary group cannot be looked up"):
        groups.of(cast("Session", session), PERSON, Deadline(5))

    assert groups.of(cast("Session", session), PERSON, Deadline(5)).groups == {users.dn}


class NoFacts(FactFinder):
    def facts(self, session: Session, deadline: Deadline) -> Facts:
        return Facts(is_active_directory=False)


class NamedSession:
    """Alice is in one group, of this name, which somebody made who may make groups."""

    server = "ldaps://dc1:636"

    def __init__(self, name: str) -> None:
        entry = Entry(dn="gidNumber=7,ou=sport,ou=groups,dc=corp", attributes={"cn": (name.encode(),)})
        self.answer = Answer(code=Code.SUCCESS, entries=(entry,))

    def search_all(self, *_: Any, **__: Any) -> Answer:
        return self.answer


@pytest.mark.parametrize(
    "name",
    [
        ANALYSTS,
        " CN = Analysts, OU=groups,dc=corp",
        "cn\uff1danalysts,ou\uff1dgroups,dc\uff1dcorp",
        "\uff43\uff4e=analysts\uff0cou=groups\uff0cdc=corp",
        "cn\u207canalysts,ou=groups,dc=corp",
        "cn=analysts,ou=groups,anything",
        "anything,ou=groups,dc=corp",
    ],
)
def test_a_group_called_as_anothers_dn_is_not_taken_for_it(name: str) -> None:
    person = Person(entry=Entry(dn="uid=alice,dc=corp", attributes={}), username="alice", subject="alice")
    groups = Groups(GroupSettings(base="ou=groups,dc=corp", nested="none"), NoFacts())

    membership = groups.of(cast("Session", NamedSession(name)), person, Deadline(5))

    assert membership.groups == {"gidNumber=7,ou=sport,ou=groups,dc=corp"}
    assert "looks like a DN and does not count" in membership.notes[0]


@pytest.mark.parametrize(
    "settings", [None, GroupSettings(base="ou=groups,dc=corp")], ids=["memberOf alone", "searched"]
)
def test_of_member_of_dns_count_alone(settings: GroupSettings | None) -> None:
    values = (b"analysts", b"cn\xef\xbc\x9danalysts,ou=groups,dc=corp", ANALYSTS.encode())
    entry = Entry(dn="uid=alice,dc=corp", attributes={"memberof": values})
    session = NamedSession("sport")
    session.answer = Answer(code=Code.SUCCESS)

    membership = Groups(settings, NoFacts()).of(
        cast("Session", session), Person(entry=entry, username="alice", subject="alice"), Deadline(5)
    )

    assert membership.groups == {ANALYSTS}
