"""Active Directory's own ways, at a real Samba domain controller."""

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap.account_state import DISABLED, EXPIRED, MUST_CHANGE
from gateway.connectors.ldap.connector import LdapConnector
from gateway.connectors.ldap.session import Session
from gateway.connectors.ldap.transport import Server, tls_context
from gateway.domain.directory_names import comparable
from gateway.domain.errors import ProviderUnreachable, RejectedLogin
from tests.e2e.ldap.conftest import Connect, names_of
from tests.servers.samba import GROUPS, PEOPLE, ROOT, SERVICE_PASSWORD, Samba

LONG_AGO = "116444736010000000"
UMLAUT = "gr\u00fcn\u00b2\u00b4\u00bd\u00a0\ufb01x"


def dn(name: str, base: str = PEOPLE) -> str:
    return f"CN={name},{base}"


@pytest.fixture(scope="module")
def server(samba: Samba) -> Iterator[Samba]:
    for name in ("alice", "disabled", "expired", "locked", "primary", "spoofed", "nested"):
        samba.user(name, f"{name}-Secret1", f"--mail-address={name}@mail.example.test")
    samba.user("umlaut", UMLAUT)
    samba.user("new", "new-Secret1", "--must-change-at-next-login")
    samba.user("spoofer", "spoofer-Secret1")
    samba.tool("user", "disable", "disabled")
    samba.tool("computer", "create", "PC1")
    samba.group("devs", "alice")
    samba.group("eng", "devs")
    samba.group("all", "eng")
    samba.group("only-primary", "primary")
    samba.group("over-primary", "only-primary")
    change = samba.change
    change(f"dn: {dn('expired')}\nchangetype: modify\nreplace: accountExpires\naccountExpires: {LONG_AGO}\n")
    change(f"dn: {dn('spoofer')}\nchangetype: modify\nreplace: mail\nmail: spoofed\n")
    change(f"dn: {dn('PC1', f'CN=Computers,{ROOT}')}\nchangetype: modify\nreplace: mail\nmail: pc1@mail.example.test\n")
    samba.tool("user", "setprimarygroup", "primary", "only-primary")
    return samba


async def refused(connector: LdapConnector, username: str, password: str) -> RejectedLogin:
    with pytest.raises(RejectedLogin) as refused:
        await connector.authenticate(username, password)
    return refused.value


@pytest.mark.parametrize(
    "typed",
    [
        "alice",
        "ALICE ",
        "EXAMPLE\\alice",
        "example\\Alice",
        "alice@example.test",
        "Alice@EXAMPLE.TEST",
        "alice@mail.example.test",
    ],
)
async def test_one_person_is_one_principal_however_typed(server: Samba, connect: Connect, typed: str) -> None:
    connector = connect(server)

    located = await connector.locate(typed, "alice-Secret1")
    identity = await connector.prove(located)

    assert (located.principal_key, identity.username) == ("alice", "alice")
    assert identity.subject.count("-") == 4
    assert names_of(identity.groups) == {"devs", "eng", "all"}


async def test_a_password_of_letters_that_have_plainer_forms_goes_as_it_was_typed(
    server: Samba, connect: Connect
) -> None:
    assert (await connect(server).authenticate("umlaut", UMLAUT)).username == "umlaut"


@pytest.mark.parametrize("typed", ["OTHER\\alice", "alice\\alice", "EXAMPLE\\", "alice@other.test", "\\alice"])
async def test_names_of_other_domains_are_nobody(server: Samba, connect: Connect, typed: str) -> None:
    await refused(connect(server), typed, "alice-Secret1")


async def test_the_chain_and_the_walk_find_the_same(server: Samba, connect: Connect) -> None:
    chained = await connect(server).authenticate("alice", "alice-Secret1")
    walked = await connect(server, groups={"base": GROUPS, "nested": "walk"}).authenticate("alice", "alice-Secret1")
    direct = await connect(server, groups={"base": GROUPS, "nested": "none"}).authenticate("alice", "alice-Secret1")

    assert {comparable(group) for group in chained.groups} == {comparable(group) for group in walked.groups}
    assert names_of(direct.groups) == {"devs"}


@pytest.mark.parametrize("nested", ["in_chain", "walk"])
async def test_the_primary_group_counts_and_what_it_is_in(server: Samba, connect: Connect, nested: str) -> None:
    identity = await connect(server, groups={"base": GROUPS, "nested": nested}).authenticate(
        "primary", "primary-Secret1"
    )

    assert names_of(identity.groups) == {"only-primary", "over-primary"}


async def test_a_primary_group_outside_the_base_counts_by_its_dn(server: Samba, connect: Connect) -> None:
    identity = await connect(server).authenticate("alice", "alice-Secret1")

    assert comparable(dn("Domain Users")) in {comparable(group) for group in identity.groups}
    assert "Domain Users" not in identity.groups


STATES = {"disabled": DISABLED, "expired": EXPIRED, "new": MUST_CHANGE}


@pytest.mark.parametrize(("name", "sentence"), STATES.items())
async def test_the_person_is_told_after_the_right_password_and_nobody_before(
    server: Samba, connect: Connect, name: str, sentence: str
) -> None:
    connector = connect(server)

    right = await refused(connector, name, f"{name}-Secret1")
    wrong = await refused(connector, name, "wrong")

    assert (right.account_state, wrong.account_state) == (sentence, None)
    assert str(right) == str(wrong)
    assert "data 52e" in wrong.cause


async def test_a_locked_account_is_refused_and_nobody_is_told(server: Samba, connect: Connect) -> None:
    server.tool("domain", "passwordsettings", "set", "--account-lockout-threshold=3")
    try:
        connector = connect(server)
        for _ in range(3):
            await refused(connector, "locked", "wrong")
        locked = await refused(connector, "locked", "locked-Secret1")
    finally:
        server.tool("domain", "passwordsettings", "set", "--account-lockout-threshold=0")

    assert (locked.cause, locked.account_state) == ("the account is locked (data 775)", None)


@pytest.mark.parametrize(
    "typed", ["PC1$", "PC1", "EXAMPLE\\PC1$", "pc1@mail.example.test", "pc1$@example.test", "DC1$"]
)
async def test_a_computer_is_nobody_by_any_name(server: Samba, connect: Connect, typed: str) -> None:
    await refused(connect(server), typed, "anything")


async def test_an_address_that_is_anothers_account_name_opens_neither(server: Samba, connect: Connect) -> None:
    connector = connect(server)

    for password in ("spoofer-Secret1", "spoofed-Secret1"):
        assert (await refused(connector, "spoofed", password)).cause == "the name means several entries"
    assert (await connector.authenticate("spoofer", "spoofer-Secret1")).username == "spoofer"


async def test_five_hundred_nested_groups_are_one_query(server: Samba, connect: Connect, monkeypatch: Any) -> None:
    records = []
    for number in range(500):
        below = dn("nested") if number == 0 else dn(f"n{(number - 1) // 2}", GROUPS)
        records.append(
            f"dn: {dn(f'n{number}', GROUPS)}\nchangetype: add\nobjectClass: group\nsAMAccountName: n{number}\nmember: {below}\n"
        )
    server.change("\n".join(records))
    connector = connect(server, timeouts={"login": 60, "response": 60})
    await connector.authenticate("alice", "alice-Secret1")
    asked: list[str] = []
    search_all = Session.search_all
    monkeypatch.setattr(
        Session, "search_all", lambda self, base, *rest: asked.append(base) or search_all(self, base, *rest)
    )

    identity = await connector.authenticate("nested", "nested-Secret1")

    assert len(names_of(identity.groups)) == 500
    assert asked == [GROUPS]


async def test_an_attribute_given_in_ranges_is_read_to_its_end(server: Samba) -> None:
    deadline = Deadline(20)
    with_tls = Server(host=server.address, port=636, tls=True, start_tls=False)
    session = Session.opened(
        with_tls, tls_context(server.authority.file), connect_seconds=3, response_seconds=5, deadline=deadline
    )
    assert session.bind("svc@example.test", SERVICE_PASSWORD, deadline).succeeded
    whole = session.read(dn("n0", GROUPS), ("member",), deadline).entries[0].texts("member")
    parents = session.read(dn("n1", GROUPS), ("memberOf",), deadline).entries[0].texts("memberOf")

    for attribute, name, values in (("member", "n0", whole), ("memberOf", "n1", parents)):
        ranged = session.read(dn(name, GROUPS), (f"{attribute};range=0-0",), deadline).entries[0]
        assert ranged.texts(attribute) == values
    session.close()


async def test_a_bind_in_the_clear_is_told_as_what_it_lacks(server: Samba, connect: Connect) -> None:
    with pytest.raises(ProviderUnreachable) as refused:
        await connect(server, servers=[f"ldap://{server.address}"]).authenticate("alice", "alice-Secret1")

    assert "the server wants TLS: write ldaps:// or start_tls: true" in refused.value.cause


async def test_start_tls_is_enough_for_it(server: Samba, connect: Connect) -> None:
    connector = connect(server, servers=[f"ldap://{server.address}"], start_tls=True)

    assert (await connector.authenticate("alice", "alice-Secret1")).username == "alice"


async def test_people_may_bind_by_a_template(server: Samba, connect: Connect) -> None:
    users = server.settings()["users"]
    changed = {"bind_dn": None, "bind_password": None, "user_dn_template": f"CN={{username}},{PEOPLE}", "users": users}

    identity = await connect(server, **changed).authenticate("Alice", "alice-Secret1")

    assert identity.username == "alice"
    assert {"devs", "eng", "all"} <= identity.groups
