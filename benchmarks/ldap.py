"""Logins a second, as a ratio to ldap3's bare bind and search on the same server, each over a fresh connection.

    python benchmarks/ldap.py

A login finds the person as the service account, binds as the person on a connection of its own, reads the entry again
and looks up groups. In the clear, where ldap3's share is largest, and over LDAPS, where ldap3 reads the CAs anew for
each connection. Interleaved rounds; medians of the rounds' ratios; bar 0.6 for both. Then a person in 500 groups on ten
levels: one query a level, members by fifties. Skipped where slapd is not installed.
"""

import asyncio
import ssl
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import ldap3

    from gateway.connectors.ldap.connector import LdapConnector

from gateway.connectors.ldap.settings import LdapSettings
from gateway.domain.clock import SteadyClock
from tests.servers.slapd import GROUPS, PEOPLE, Slapd, available, group, member, person

LOGINS = 100
ROUNDS = 9
AT_ONCE = 4
BAR = 0.6
LEVELS = 10
WIDTH = 50


def directory() -> str:
    nested = []
    for level in range(LEVELS):
        for number in range(WIDTH):
            below = member("nested") if level == 0 else f"cn=g{level - 1}-{number},{GROUPS}"
            nested.append(group(f"g{level}-{number}", below))
    people = person("alice", "alice-secret") + person("nested", "nested-secret")
    return people + group("analysts", member("alice")) + group("everybody", member("alice")) + "".join(nested)


def bare(target: ldap3.Server) -> None:
    connection = ldap3.Connection(target, f"uid=alice,{PEOPLE}", "alice-secret", auto_bind=True, auto_referrals=False)
    connection.search(f"uid=alice,{PEOPLE}", "(objectClass=*)", attributes=["uid", "mail", "memberOf"])
    assert len(connection.response) == 1
    connection.unbind()


def bare_round(target: ldap3.Server) -> float:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        started = time.perf_counter()
        list(threads.map(lambda _: bare(target), range(LOGINS)))
        return time.perf_counter() - started


async def login_round(connector: LdapConnector) -> float:
    turns = asyncio.Semaphore(AT_ONCE)

    async def login() -> None:
        async with turns:
            await connector.authenticate("alice", "alice-secret")

    started = time.perf_counter()
    await asyncio.gather(*(login() for _ in range(LOGINS)))
    return time.perf_counter() - started


async def measured(name: str, connector: LdapConnector, target: ldap3.Server) -> bool:
    await login_round(connector)
    bare_round(target)
    rounds = []
    for _ in range(ROUNDS):
        base = await asyncio.to_thread(bare_round, target)
        rounds.append((base, await login_round(connector)))
    ratio = statistics.median(base / taken for base, taken in rounds)
    floor = LOGINS / statistics.median(base for base, _ in rounds)
    print(f"{name:<13} bind and search {floor:6.0f}/s | login {ratio:4.2f} of that (bar {BAR})")
    return ratio >= BAR


async def all_measured(server: Slapd) -> bool:
    tls = ldap3.Tls(
        validate=ssl.CERT_REQUIRED, version=ssl.PROTOCOL_TLS_CLIENT, ca_certs_file=str(server.authority.file)
    )
    targets = {
        "in the clear": (server.plain_url, ldap3.Server("127.0.0.1", server.port, get_info=ldap3.NONE)),
        "LDAPS": (
            server.url,
            ldap3.Server("localhost", server.tls_port, use_ssl=True, tls=tls, get_info=ldap3.NONE),
        ),
    }
    good = []
    for name, (url, target) in targets.items():
        settings = LdapSettings.model_validate(server.settings(servers=[url]))
        connector = LdapConnector(name="bench", settings=settings, clock=SteadyClock())
        good.append(await measured(name, connector, target))
        if name == "LDAPS":
            good.append(await nested_login(connector, server))
        await connector.aclose()
    return all(good)


async def nested_login(connector: LdapConnector, server: Slapd) -> bool:
    queries: Callable[[], int] = lambda: server.count(f'SRCH base="{GROUPS}"')  # noqa: E731
    before, started = queries(), time.perf_counter()
    identity = await connector.authenticate("nested", "nested-secret")
    spent, asked = (time.perf_counter() - started) * 1e3, queries() - before
    names = {name for name in identity.groups if "=" not in name}
    print(f"{len(names)} nested groups over {LEVELS} levels: {asked} queries, {spent:.0f} ms")
    return len(names) == LEVELS * WIDTH and asked <= LEVELS + 1


def main() -> None:
    if not available():
        print("ldap: skipped, slapd is not installed")
        return
    with tempfile.TemporaryDirectory() as folder, Slapd(Path(folder) / "slapd", data=directory()) as server:
        if not asyncio.run(all_measured(server)):
            sys.exit("ldap: below the bar")


if __name__ == "__main__":
    main()
