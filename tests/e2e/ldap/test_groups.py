"""The groups of a person at a real OpenLDAP: right whatever they are called and however they hold each other."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.connectors.ldap.templates import escaped
from gateway.domain.directory_names import comparable
from gateway.domain.identity import Identity
from tests.e2e.ldap.conftest import Connect, names_of
from tests.servers.slapd import GROUPS, SUFFIX, Slapd, group, member, person, record

OTHER = f"ou=other,{SUFFIX}"
A, B = f"ou=a,{GROUPS}", f"ou=b,{GROUPS}"


def dn(cn: str, base: str = GROUPS) -> str:
    return f"cn={cn},{base}"


def data() -> str:
    units = "".join(record(at, "organizationalUnit", ou=at[3:].partition(",")[0]) for at in (OTHER, A, B))
    people = "".join(person(name, f"{name}-secret") for name in ("alice", "bob", "carol", "dave", "posix", "fay"))
    groups = [
        group("devs", member("alice")),
        group("eng", dn("devs")),
        group("all", dn("eng")),
        # A loop, which alice is in, too.
        group("ring1", member("alice"), dn("ring2")),
        group("ring2", dn("ring1")),
        # Bob is in one of two groups of one name, Carol in both.
        group("dup", member("bob"), member("carol"), base=A),
        group("DUP", member("carol"), base=B),
        # Dave is in a group outside the base, which is in one inside.
        group("outside", member("dave"), base=OTHER),
        group("inside", dn("outside", OTHER)),
        record(dn("posixes"), "posixGroup", cn="posixes", gidNumber=1, memberUid="posix"),
        record(
            f"cn=Team\\, \\22Ünïcode\\22 \\2B \\\\ co,{GROUPS}",
            "groupOfNames",
            cn='Team, "Ünïcode" + \\ co',
            member=member("fay"),
        ),
        record(
            dn(escaped(dn("devs"))),
            "groupOfNames",
            cn=dn("devs"),
            member=member("fay"),
        ),
        record(
            dn(escaped(dn("devs").replace("=", "\uff1d")), A),
            "groupOfNames",
            cn=dn("devs").replace("=", "\uff1d"),
            member=member("fay"),
        ),
        record(f"cn=main,{GROUPS}", "groupOfNames", cn=["main", "all"], member=member("fay")),
    ]
    return units + people + "".join(groups)


@pytest.fixture(scope="module", params=[True, False], ids=["memberOf", "no memberOf"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Slapd(tmp_path_factory.mktemp("groups") / "slapd", data=data(), member_of=request.param) as running:
        running.has_member_of = request.param  # type: ignore[attr-defined]
        yield running


async def signed_in(connect: Connect, server: Slapd, name: str, **groups: Any) -> Identity:
    return await connect(server, groups={"base": GROUPS} | groups).authenticate(name, f"{name}-secret")


async def test_groups_of_groups_are_walked_and_loops_end(server: Slapd, connect: Connect) -> None:
    identity = await signed_in(connect, server, "alice")

    assert names_of(identity.groups) == {"devs", "eng", "all", "ring1", "ring2"}
    assert dn("all") in identity.groups
    assert identity.notes == ()


async def test_without_nesting_only_the_groups_that_hold_the_person_count(server: Slapd, connect: Connect) -> None:
    assert names_of((await signed_in(connect, server, "alice", nested="none")).groups) == {"devs", "ring1"}


async def test_a_walk_ends_at_its_depth_and_says_so(server: Slapd, connect: Connect) -> None:
    identity = await signed_in(connect, server, "alice", depth=1)

    # Where memberOf names the first level, the first query finds the second one too.
    assert {"devs", "ring1"} <= names_of(identity.groups)
    assert "all" not in names_of(identity.groups)
    assert identity.notes == ("groups nested deeper than 1 levels are left out",)


async def test_in_chain_means_nothing_here_and_is_walked_instead(server: Slapd, connect: Connect) -> None:
    identity = await signed_in(connect, server, "alice", nested="in_chain")

    assert names_of(identity.groups) == {"devs", "eng", "all", "ring1", "ring2"}
    assert "is not Active Directory" in identity.notes[0]


async def test_a_name_that_two_groups_have_counts_for_neither_and_their_dns_do(server: Slapd, connect: Connect) -> None:
    one = await signed_in(connect, server, "bob")
    both = await signed_in(connect, server, "carol")

    assert (names_of(one.groups), one.notes) == ({"dup"}, ())
    assert names_of(both.groups) == set()
    assert {comparable(name) for name in both.groups} == {dn("dup", A), dn("dup", B)}
    (note,) = both.notes
    assert "does not count" in note
    assert dn("dup", A) in note


async def test_outside_the_base_only_dns_count_and_lead_on(server: Slapd, connect: Connect) -> None:
    identity = await signed_in(connect, server, "dave")

    if server.has_member_of:  # type: ignore[attr-defined]
        assert identity.groups == {"inside", dn("inside"), dn("outside", OTHER)}
    else:
        # Nobody can tell of it: it is not searched there, and no attribute names it.
        assert identity.groups == frozenset()


async def test_posix_groups_hold_names_and_not_dns(server: Slapd, connect: Connect) -> None:
    identity = await signed_in(connect, server, "posix", filter="(&(objectClass=posixGroup)(memberUid={username}))")

    assert names_of(identity.groups) == {"posixes"}


async def test_names_with_commas_quotes_and_letters_of_all_kinds_are_read_whole(
    server: Slapd, connect: Connect
) -> None:
    identity = await signed_in(connect, server, "fay")

    assert 'Team, "Ünïcode" + \\ co' in identity.groups


async def test_a_name_that_looks_like_anothers_dn_does_not_count(server: Slapd, connect: Connect) -> None:
    identity = await signed_in(connect, server, "fay")

    assert dn("devs") not in {comparable(group) for group in identity.groups}
    assert sum("looks like a DN and does not count" in note for note in identity.notes) == 2


async def test_of_several_names_the_one_in_the_dn_counts(server: Slapd, connect: Connect) -> None:
    names = {name for name in (await signed_in(connect, server, "fay")).groups if name in {"main", "all"}}

    assert names == {"main"}


async def test_without_groups_in_settings_only_the_dns_of_member_of_count(server: Slapd, connect: Connect) -> None:
    identity = await connect(server, groups=None).authenticate("alice", "alice-secret")

    assert identity.groups == ({dn("devs"), dn("ring1")} if server.has_member_of else set())  # type: ignore[attr-defined]


def wide(levels: int, width: int) -> str:
    groups = []
    for level in range(levels):
        for number in range(width):
            below = member("alice") if level == 0 else dn(f"g{level - 1}-{number}")
            groups.append(group(f"g{level}-{number}", below))
    return "".join(groups)


def group_searches(server: Slapd) -> int:
    return server.count(f'SRCH base="{GROUPS}"')


async def test_five_hundred_groups_on_ten_levels_cost_one_query_a_level(
    start_openldap: Callable[..., Slapd], connect: Connect
) -> None:
    server = start_openldap(bulk=person("alice", "alice-secret") + wide(10, 50), member_of=False)
    connector = connect(server)
    before = group_searches(server)

    identity = await connector.authenticate("alice", "alice-secret")

    assert len(names_of(identity.groups)) == 500
    assert group_searches(server) - before == 11


async def test_ten_thousand_groups_are_all_found_page_by_page(
    start_openldap: Callable[..., Slapd], connect: Connect
) -> None:
    server = start_openldap(bulk=person("alice", "alice-secret") + wide(1, 10_000), member_of=False)
    connector = connect(server, groups={"base": GROUPS, "nested": "none"})
    before = group_searches(server)

    identity = await connector.authenticate("alice", "alice-secret")

    assert len(names_of(identity.groups)) == 10_000
    assert group_searches(server) - before == 20


async def test_a_walk_over_ten_thousand_groups_ends_inside_the_deadline(
    start_openldap: Callable[..., Slapd], connect: Connect
) -> None:
    server = start_openldap(bulk=person("alice", "alice-secret") + wide(1, 10_000), member_of=False)

    identity = await connect(server, timeouts={"login": 60}).authenticate("alice", "alice-secret")

    assert len(names_of(identity.groups)) == 10_000
