"""Real directories, started once, and connectors to them."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from gateway.connectors.ldap.connector import LdapConnector
from gateway.connectors.ldap.settings import LdapSettings
from gateway.domain.clock import SteadyClock
from tests.servers import samba as samba_server
from tests.servers.samba import Samba
from tests.servers.slapd import ALICE_ID, PEOPLE, SUFFIX, Slapd, changes, group, member, person, record

PATIENT = f"cn=patient,ou=policies,{SUFFIX}"
BY_MAIL_TOO = {"base": PEOPLE, "filter": "(|(uid={username})(mail={username}))"}


class Configured(Protocol):
    def settings(self, **changes: Any) -> dict[str, Any]: ...


Connect = Callable[..., LdapConnector]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Make a connector to a server, with changed settings."""
    made: list[LdapConnector] = []

    def make(
        server: Configured, *, attributes: frozenset[str] = frozenset(), having: Any = None, **changed: Any
    ) -> LdapConnector:
        settings = LdapSettings.model_validate(server.settings(**changed))
        made.append(
            LdapConnector(name="corp", settings=settings, clock=SteadyClock(), attributes=attributes, **(having or {}))
        )
        return made[-1]

    yield make
    for connector in made:
        await connector.aclose()


def patient(*uids: str) -> str:
    """These people may try as often as they like."""
    return "".join(changes(member(uid), pwdPolicySubentry=PATIENT) for uid in uids)


def people() -> str:
    return "".join(
        [
            person(
                "alice",
                "alice-secret",
                entryUUID=ALICE_ID,
                departmentNumber="7",
                employeeType=["a", "b"],
                cn="Ünïcode * \\ (Ops)",
            ),
            person("bob", "bob-secret"),
            person("carol", "carol-secret", uid=["carol", "caz"]),
            person("twin1", "twin-secret", mail="twins@example.test"),
            person("twin2", "twin-secret", mail="twins@example.test"),
            person("mallory", "mallory-secret", mail="bob"),
            record(
                f"cn=weird,{PEOPLE}",
                "inetOrgPerson",
                cn="weird",
                sn="w",
                uid="we*i(r)d\\2a,+=",
                userPassword="weird-secret",
            ),
            record(
                f"cn=two,{PEOPLE}", "inetOrgPerson", cn="two", sn="t", uid=["one1", "one2"], userPassword="two-secret"
            ),
            record(
                f"cn=host,{PEOPLE}",
                "inetOrgPerson",
                cn="host",
                sn="h",
                uid="host1$",
                mail="host1@example.test",
                userPassword="host-secret",
            ),
            group("analysts", member("alice")),
            group("everybody", member("alice"), member("bob")),
        ]
    )


@pytest.fixture(scope="session")
def openldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """The directory that all share; nobody in it is locked out, except who wants to be."""
    with Slapd(tmp_path_factory.mktemp("openldap") / "slapd", data=people()) as server:
        server.ldapmodify(patient("alice", "bob"))
        yield server


@pytest.fixture
def start_openldap(tmp_path: Path) -> Iterator[Callable[..., Slapd]]:
    """Start a directory of the test's own."""
    running: list[Slapd] = []

    def start(**options: Any) -> Slapd:
        running.append(Slapd(tmp_path / f"slapd-{len(running)}", **options))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture(scope="session")
def samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samba]:
    """Active Directory, as Samba does it."""
    if os.geteuid() != 0:
        pytest.skip("Samba's ports are below 1024, which root alone may take")
    if not samba_server.available():
        pytest.fail("Samba is not installed; tests/e2e/needs.sh does it")
    with Samba(tmp_path_factory.mktemp("samba") / "dc") as controller:
        yield controller


def names_of(groups: frozenset[str]) -> set[str]:
    """The groups that are told by name."""
    return {group for group in groups if "=" not in group}
