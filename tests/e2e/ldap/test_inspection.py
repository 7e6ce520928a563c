"""What an operator is told before people come."""

from collections.abc import Callable

import pytest

from gateway.domain.errors import RejectedLogin
from tests.e2e.ldap.conftest import Connect, names_of
from tests.e2e.ldap.test_logins import BY_TEMPLATE
from tests.servers.slapd import GROUPS, PEOPLE, SUFFIX, Slapd, person


async def test_a_directory_in_order_has_no_faults_and_shows_the_persons_groups(
    openldap: Slapd, connect: Connect
) -> None:
    found = await connect(openldap).inspect("Alice")

    assert (found.servers, found.faults, found.lacks) == ((f"ldaps://localhost:{openldap.tls_port}",), (), ())
    assert found.person is not None
    assert found.membership is not None
    assert found.person.username == "alice"
    assert names_of(found.membership.groups) == {"analysts", "everybody"}


async def test_each_server_is_asked_and_not_only_the_first(openldap: Slapd, connect: Connect) -> None:
    found = await connect(openldap, servers=[openldap.url, "ldaps://localhost:9"]).inspect()

    assert found.servers == (f"ldaps://localhost:{openldap.tls_port}",)
    assert len(found.faults) == 1
    assert "ldaps://localhost:9: cannot connect" in found.faults[0]


FAULTS = {
    "a wrong password": ({"bind_password": "canary"}, "the service account cn=svc"),
    "no people there": ({"users": {"base": GROUPS}}, "no entry with uid under it can be read"),
    "no such base": ({"users": {"base": f"ou=x,{SUFFIX}"}}, "cannot be searched: NO_SUCH_OBJECT"),
    "no groups there": ({"groups": {"base": f"ou=policies,{SUFFIX}", "name": "uid"}}, "no entry with uid under it"),
    "no such base of groups": ({"groups": {"base": f"ou=x,{SUFFIX}"}}, f"groups.base ou=x,{SUFFIX} cannot be searched"),
}


@pytest.mark.parametrize(("changed", "told"), FAULTS.values(), ids=FAULTS)
async def test_what_keeps_people_out_is_told_with_the_mend(
    openldap: Slapd, connect: Connect, changed: dict[str, object], told: str
) -> None:
    found = await connect(openldap, **changed).inspect("alice")

    assert told in found.faults[0]
    assert "canary" not in found.faults[0]
    assert found.person is None


async def test_what_the_service_account_cannot_read_is_told(
    start_openldap: Callable[..., Slapd], connect: Connect
) -> None:
    hidden = "to attrs=entryUUID by * none"
    server = start_openldap(data=person("alice", "alice-secret"), access=hidden)

    found = await connect(server, groups=None).inspect("alice")

    assert found.faults == ()
    assert ["entryUUID" in found.lacks[0], "groups is not set" in found.lacks[1]] == [True, True]


async def test_a_name_that_means_nobody_is_told_exactly(openldap: Slapd, connect: Connect) -> None:
    connector = connect(openldap, users={"base": PEOPLE, "filter": "(|(uid={username})(mail={username}))"})

    assert (await connector.inspect("nobody")).faults == ("nobody: no entry has the name",)
    assert (await connector.inspect("twins@example.test")).faults == (
        "twins@example.test: the name means several entries",
    )
    with pytest.raises(RejectedLogin):
        await connector.inspect("dc1$")


async def test_where_people_bind_by_themselves_nobody_can_be_looked_up(openldap: Slapd, connect: Connect) -> None:
    assert (
        "without a password nobody can be looked up"
        in (await connect(openldap, **BY_TEMPLATE).inspect("alice")).lacks[0]
    )
