"""Servers that end, hang, and come back, under load."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

import pytest

from gateway.connectors.ldap.connector import LdapConnector
from gateway.domain.errors import GatewayError, ProviderUnreachable, RejectedLogin
from gateway.domain.identity import Identity
from tests.e2e.ldap.conftest import Connect
from tests.servers.slapd import ALICE_ID, GROUPS, SUFFIX, Slapd, group, member, person, record

DATA = person("alice", "alice-secret", entryUUID=ALICE_ID) + group("analysts", member("alice"))
IMPATIENT = {"timeouts": {"connect": 1, "response": 1, "login": 4}}
IN_FLIGHT = 200
SLACK = 1.0
"""Seconds that two hundred answers take to be looked at, on a busy machine."""


@pytest.fixture
def server(start_openldap: Callable[..., Slapd]) -> Slapd:
    return start_openldap(data=DATA)


@pytest.fixture
def two(start_openldap: Callable[..., Slapd]) -> tuple[Slapd, Slapd]:
    """Two servers of one directory, with one authority."""
    first = start_openldap(data=DATA)
    return first, start_openldap(data=DATA, authority=first.authority)


async def outcome(login: Awaitable[Identity]) -> Identity | GatewayError:
    try:
        return await login
    except GatewayError as fault:
        return fault


async def two_hundred(connector: LdapConnector) -> list[Identity | GatewayError]:
    """Half with the right password, half with a wrong name; all at once."""
    names = ["alice", "nobody"] * (IN_FLIGHT // 2)
    return await asyncio.gather(*(outcome(connector.authenticate(name, "alice-secret")) for name in names))


def assert_none_is_wrong(outcomes: list[Identity | GatewayError]) -> None:
    for number, one in enumerate(outcomes):
        right = one.subject == ALICE_ID if isinstance(one, Identity) else number % 2 == 1
        assert isinstance(one, ProviderUnreachable) or (right and isinstance(one, Identity | RejectedLogin)), one


async def test_two_hundred_logins_at_once_are_all_answered_right(server: Slapd, connect: Connect) -> None:
    outcomes = await two_hundred(connect(server))

    assert_none_is_wrong(outcomes)
    assert not any(isinstance(one, ProviderUnreachable) for one in outcomes)


async def test_a_server_killed_and_restarted_amid_the_load_gives_no_wrong_answer(
    server: Slapd, connect: Connect
) -> None:
    connector = connect(server, **IMPATIENT)
    await two_hundred(connector)
    begun = time.monotonic()
    load = asyncio.gather(*(two_hundred(connector) for _ in range(3)))
    await asyncio.sleep(0.1)
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(0.2)
    await asyncio.to_thread(server.start)

    for outcomes in await load:
        assert_none_is_wrong(outcomes)

    assert time.monotonic() - begun < 4 + SLACK


async def test_a_restart_between_logins_fails_none(server: Slapd, connect: Connect) -> None:
    connector = connect(server)
    for _ in range(3):
        await two_hundred(connector)
        server.kill()
        server.start()
        outcomes = await two_hundred(connector)
        assert not any(isinstance(one, ProviderUnreachable) for one in outcomes)
        assert_none_is_wrong(outcomes)


async def test_a_short_outage_is_bridged(server: Slapd, connect: Connect) -> None:
    connector = connect(server)
    server.kill()
    login = asyncio.ensure_future(connector.authenticate("alice", "alice-secret"))
    await asyncio.sleep(0.4)
    server.start()

    assert (await login).subject == ALICE_ID


async def test_a_server_that_hangs_ends_two_hundred_logins_inside_the_deadline_and_delays_nobody_else(
    server: Slapd, connect: Connect, start_openldap: Callable[..., Slapd]
) -> None:
    connector = connect(server, **IMPATIENT)
    other = connect(start_openldap(data=DATA))
    await other.authenticate("alice", "alice-secret")
    server.freeze()
    begun = time.monotonic()
    hanging = asyncio.ensure_future(two_hundred(connector))
    slowest = 0.0
    while time.monotonic() - begun < 2:
        asked = time.monotonic()
        await asyncio.sleep(0)
        await other.authenticate("alice", "alice-secret")
        # The default pool is what everything else would use.
        await asyncio.to_thread(lambda: None)
        slowest = max(slowest, time.monotonic() - asked)

    outcomes = await hanging

    assert time.monotonic() - begun < 4 + SLACK
    assert all(isinstance(one, ProviderUnreachable) for one in outcomes)
    assert slowest < 0.5


async def test_a_second_server_takes_over_from_one_that_is_gone_and_gives_back(
    two: tuple[Slapd, Slapd], connect: Connect
) -> None:
    first, second = two
    connector = connect(first, servers=[first.url, second.url], **IMPATIENT)
    await connector.authenticate("alice", "alice-secret")
    assert second.count("BIND dn=.cn=svc") == 0

    first.kill()
    outcomes = await two_hundred(connector)

    assert not any(isinstance(one, ProviderUnreachable) for one in outcomes)
    assert_none_is_wrong(outcomes)
    first.start()
    seen = first.count("BIND")
    async with asyncio.timeout(10):
        while first.count("BIND") == seen:
            await connector.authenticate("alice", "alice-secret")
            await asyncio.sleep(0.05)


async def test_a_second_server_takes_over_from_one_that_hangs(two: tuple[Slapd, Slapd], connect: Connect) -> None:
    first, second = two
    connector = connect(first, servers=[first.url, second.url], **IMPATIENT)
    await connector.authenticate("alice", "alice-secret")
    first.freeze()

    assert (await connector.authenticate("alice", "alice-secret")).subject == ALICE_ID
    begun = time.monotonic()
    outcomes = await two_hundred(connector)

    assert not any(isinstance(one, ProviderUnreachable) for one in outcomes)
    assert_none_is_wrong(outcomes)
    # At most the one login that probes the first server waits for it.
    assert time.monotonic() - begun < 2.5


async def test_where_all_are_set_aside_all_are_tried(two: tuple[Slapd, Slapd], connect: Connect) -> None:
    first, second = two
    connector = connect(first, servers=[first.url, second.url], **IMPATIENT)
    first.kill()
    second.kill()
    for _ in range(3):
        with pytest.raises(ProviderUnreachable) as refused:
            await connector.authenticate("alice", "alice-secret")
        assert str(first.tls_port) in refused.value.cause
        assert str(second.tls_port) in refused.value.cause
    second.start()

    assert (await connector.authenticate("alice", "alice-secret")).subject == ALICE_ID


async def test_a_server_that_closes_idle_connections_fails_no_login(
    start_openldap: Callable[..., Slapd], connect: Connect
) -> None:
    server = start_openldap(data=DATA, idle_seconds=1)
    connector = connect(server)
    for _ in range(3):
        assert (await connector.authenticate("alice", "alice-secret")).subject == ALICE_ID
        await asyncio.sleep(1.3)


async def test_service_connections_are_few_and_are_used_again(server: Slapd, connect: Connect) -> None:
    connector = connect(server)
    before = server.count(f'BIND dn="cn=svc,{SUFFIX}" method=128')

    for _ in range(3):
        await two_hundred(connector)

    assert server.count(f'BIND dn="cn=svc,{SUFFIX}" method=128') - before <= 40
    # Each of the binds of people is on a connection of its own.
    assert server.count(f'BIND dn="{member("alice")}" method=128') == 300


async def test_closing_ends_idle_connections(server: Slapd, connect: Connect) -> None:
    connector = connect(server)
    await connector.authenticate("alice", "alice-secret")
    closed = server.count("closed")

    await connector.aclose()

    async with asyncio.timeout(5):
        while server.count("closed") == closed:
            await asyncio.sleep(0.02)


async def test_plain_text_beyond_this_machine_is_told_aloud(
    connect: Connect, server: Slapd, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await connect(server, servers=["ldap://dc1.corp.example"], allow_plaintext=True).start()
    assert "passwords go to ldap://dc1.corp.example in the clear" in caplog.text
    caplog.clear()
    await connect(server, servers=["ldap://localhost"]).start()
    await connect(server).start()
    assert caplog.text == ""


async def test_a_group_that_changes_counts_at_the_next_login(server: Slapd, connect: Connect) -> None:
    connector = connect(server)
    assert "analysts" in (await connector.authenticate("alice", "alice-secret")).groups

    server.ldapmodify(
        record(f"cn=new,{GROUPS}", "groupOfNames", cn="new", member=member("alice")).replace(
            "\n", "\nchangetype: add\n", 1
        )
    )
    server.ldapmodify(f"dn: cn=analysts,{GROUPS}\nchangetype: delete\n")

    assert {"new"} == {one for one in (await connector.authenticate("alice", "alice-secret")).groups if "=" not in one}
