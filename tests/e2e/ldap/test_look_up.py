"""Who a person is now, asked without their password, at a real OpenLDAP and a real Active Directory (Samba)."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.domain.errors import ProviderUnreachable, RejectedLogin
from gateway.domain.identity import Identity
from tests.e2e.ldap.conftest import Connect, names_of
from tests.servers.samba import ROOT, Samba
from tests.servers.slapd import GROUPS, PEOPLE, SUFFIX, Slapd, changes, group, member, person

DAY = int(datetime.now(UTC).timestamp()) // 86_400


@pytest.fixture
def server(start_openldap: Callable[..., Slapd]) -> Slapd:
    people = "".join(person(name, "secret", "shadowAccount") for name in ("alice", "bob"))
    return start_openldap(data=people + group("analysts", member("alice"), member("bob")))


def added(records: str) -> str:
    return records.replace("\n", "\nchangetype: add\n", 1)


def plain(identity: Identity) -> Identity:
    return replace(identity, authenticated_at=None)


async def test_nothing_changed(server: Slapd, connect: Connect) -> None:
    connector = connect(server, attributes=frozenset({"mail"}))
    before = await connector.authenticate("alice", "secret")
    binds = server.count('BIND dn="uid=alice')
    assert plain(await connector.look_up(before)) == plain(before)
    assert server.count('BIND dn="uid=alice') == binds


async def test_groups_are_todays(server: Slapd, connect: Connect) -> None:
    connector = connect(server)
    before = await connector.authenticate("alice", "secret")
    server.ldapmodify(
        added(group("engineers", member("alice")))
        + f"dn: cn=analysts,{GROUPS}\nchangetype: modify\ndelete: member\nmember: {member('alice')}\n\n"
    )
    assert names_of((await connector.look_up(before)).groups) == {"engineers"}


async def test_a_person_who_was_renamed_or_moved_is_found_by_their_id(server: Slapd, connect: Connect) -> None:
    connector = connect(server)
    before = await connector.authenticate("alice", "secret")
    server.ldapmodify(
        f"dn: ou=far,{PEOPLE}\nchangetype: add\nobjectClass: organizationalUnit\nou: far\n\n"
        f"dn: {member('alice')}\nchangetype: modrdn\nnewrdn: uid=alicia\ndeleteoldrdn: 1\nnewsuperior: ou=far,{PEOPLE}\n\n"
    )
    after = await connector.look_up(before)
    assert (after.username, after.subject) == ("alicia", before.subject)
    assert after.claims["dn"] == f"uid=alicia,ou=far,{PEOPLE}"


async def refused(connector: object, identity: Identity) -> str:
    with pytest.raises(RejectedLogin) as refusal:
        await connector.look_up(identity)  # type: ignore[attr-defined]
    return refusal.value.cause


async def test_a_person_who_is_gone_is_refused_and_whoever_has_the_name_now_is_not_them(
    server: Slapd, connect: Connect
) -> None:
    connector = connect(server)
    before = await connector.authenticate("alice", "secret")
    server.ldapmodify(f"dn: {member('alice')}\nchangetype: delete\n\n")
    assert "gone" in await refused(connector, before)
    server.ldapmodify(added(person("alice", "secret", entryUUID=str(uuid.uuid4()))))
    assert "gone" in await refused(connector, before)


STATES = {
    "must change": (changes(member("alice"), pwdReset="TRUE"), "changed first"),
    "locked for good": (changes(member("alice"), pwdAccountLockedTime="000001010000Z"), "locked"),
    "expired": (changes(member("alice"), shadowExpire=str(DAY - 1)), "expired"),
}


@pytest.mark.parametrize(("change", "cause"), STATES.values(), ids=STATES)
async def test_an_account_that_may_not_sign_in_any_more_is_refused(
    server: Slapd, connect: Connect, change: str, cause: str
) -> None:
    connector = connect(server)
    before = await connector.authenticate("alice", "secret")
    server.ldapmodify(change)
    assert cause in await refused(connector, before)


async def test_a_person_whom_the_filter_leaves_out_is_refused(server: Slapd, connect: Connect) -> None:
    users = {"base": PEOPLE, "filter": "(&(uid={username})(!(employeeType=left)))"}
    connector = connect(server, users=users)
    before = await connector.authenticate("alice", "secret")
    server.ldapmodify(changes(member("alice"), employeeType="left"))
    assert "users.filter" in await refused(connector, before)


async def test_a_directory_that_is_away_is_told_as_such(server: Slapd, connect: Connect) -> None:
    connector = connect(server)
    before = await connector.authenticate("alice", "secret")
    server.kill()
    with pytest.raises(ProviderUnreachable):
        await connector.look_up(before)
    server.start()
    assert plain(await connector.look_up(before)) == plain(before)


async def test_without_a_service_account_nobody_is_looked_up(server: Slapd, connect: Connect) -> None:
    by_template = {"bind_dn": None, "bind_password": None, "users": {}, "groups": None}
    template = f"uid={{username}},ou=people,{SUFFIX}"
    assert connect(server, user_dn_template=template, **by_template).account_look_up is None
    assert connect(server).account_look_up is not None


async def test_active_directory_finds_moved_people_and_refuses_disabled_ones(samba: Samba, connect: Connect) -> None:
    samba.user("lena", "lena-Secret1")
    samba.group("lookers", "lena")
    connector = connect(samba)
    before = await connector.authenticate("lena", "lena-Secret1")
    assert plain(await connector.look_up(before)) == plain(before)
    samba.tool("ou", "add", f"OU=Far,{ROOT}")
    samba.tool("user", "move", "lena", f"OU=Far,{ROOT}")
    after = await connector.look_up(before)
    assert (after.subject, after.claims["dn"]) == (before.subject, f"CN=lena,OU=Far,{ROOT}")
    assert "lookers" in names_of(after.groups)
    samba.tool("user", "disable", "lena")
    assert "disabled" in await refused(connector, before)
