"""From an entry to an Identity, and what a directory of several domains says of itself."""

from datetime import UTC, datetime
from typing import Any, cast

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap.facts import FactFinder
from gateway.connectors.ldap.groups import Membership
from gateway.connectors.ldap.identity import identity_of
from gateway.connectors.ldap.people import Person
from gateway.connectors.ldap.results import Answer, Code, Entry
from gateway.connectors.ldap.session import Session
from gateway.connectors.ldap.settings import UserSettings

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def entry(dn: str, **attributes: Any) -> Entry:
    given = {name.lower(): tuple(map(str.encode, [v] if isinstance(v, str) else v)) for name, v in attributes.items()}
    return Entry(dn=dn, attributes=given)


def test_a_password_is_no_claim_even_where_the_service_account_may_read_it() -> None:
    one = entry("uid=alice,dc=x", uid="alice", userPassword="{SSHA}x", unicodePwd="x", mail=["a@x", "b@x"], title="CEO")
    identity = identity_of(
        Person(entry=one, username="alice", subject="1"),
        Membership(groups=frozenset({"g"}), notes=("a note",)),
        provider="corp",
        settings=UserSettings(),
        attributes=frozenset({"userPassword", "UNICODEPWD", "title", "Mail"}),
        now=NOW,
    )

    assert identity.claims == {
        "dn": "uid=alice,dc=x", "uid": "alice", "mail": ("a@x", "b@x"), "Mail": ("a@x", "b@x"), "title": "CEO",
    }  # fmt: skip
    # Which of several addresses is meant nobody can tell.
    assert identity.email is None
    assert identity.notes == ("a note",)
    assert (identity.issuer, identity.audience) == ("ldap-provider/corp", "ldap-provider/corp")


class Forest:
    """What the root entry and the cross-references of a forest of two domains say; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def read(self, *_: Any) -> Answer:
        self.asked += 1
        root = entry(
            "", supportedCapabilities="1.2.840.113556.1.4.800", defaultNamingContext="DC=emea,DC=corp",
            configurationNamingContext="CN=Configuration,DC=corp",
        )  # fmt: skip
        return Answer(code=Code.SUCCESS, entries=(root,))

    def search(self, base: str, *_: Any, **__: Any) -> Answer:
        assert base == "CN=Partitions,CN=Configuration,DC=corp"
        domains = (
            entry("CN=CORP", nETBIOSName="CORP", nCName="DC=corp"),
            entry("CN=EMEA", nETBIOSName="EMEA", nCName="DC=emea,DC=corp"),
        )
        return Answer(code=Code.SUCCESS, entries=domains)


def test_of_a_forests_domains_the_servers_own_one_counts() -> None:
    forest, time = Forest(), [0.0]
    finder = FactFinder(lambda: time[0])

    facts = finder.facts(cast("Session", forest), Deadline(5))

    assert (facts.is_active_directory, facts.root, facts.domain) == (True, "DC=emea,DC=corp", "EMEA")
    finder.facts(cast("Session", forest), Deadline(5))
    assert forest.asked == 1
    time[0] = 601
    finder.facts(cast("Session", forest), Deadline(5))
    assert forest.asked == 2
