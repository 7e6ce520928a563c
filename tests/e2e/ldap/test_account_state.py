"""Accounts that may not sign in, at a real OpenLDAP with a password policy."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from gateway.connectors.ldap.account_state import EXPIRED, MUST_CHANGE, TOO_OLD
from gateway.domain.errors import RejectedLogin
from tests.e2e.ldap.conftest import Connect
from tests.servers.slapd import SUFFIX, Slapd, changes, member, person, record

TODAY = datetime.now(UTC)
DAY = int(TODAY.timestamp()) // 86_400
AGING = f"cn=aging,ou=policies,{SUFFIX}"

STATES = {
    "reset": MUST_CHANGE,
    "old": TOO_OLD,
    "shadow-expired": EXPIRED,
    "shadow-old": TOO_OLD,
    "shadow-new": MUST_CHANGE,
}


def data() -> str:
    return "".join(
        [
            record(AGING, "device", "pwdPolicy", cn="aging", pwdAttribute="userPassword", pwdMaxAge=3600),
            person("alice", "secret"),
            person("lisa", "secret"),
            person("reset", "secret"),
            person("old", "secret"),
            person("shadow-expired", "secret", "shadowAccount", shadowExpire=DAY - 1),
            person("shadow-old", "secret", "shadowAccount", shadowLastChange=DAY - 100, shadowMax=90),
            person("shadow-new", "secret", "shadowAccount", shadowLastChange=0),
        ]
    )


@pytest.fixture
def server(start_openldap: Callable[..., Slapd]) -> Slapd:
    running = start_openldap(data=data())
    last_week = f"{TODAY - timedelta(days=7):%Y%m%d%H%M%SZ}"
    running.ldapmodify(changes(member("reset"), pwdReset="TRUE"))
    running.ldapmodify(changes(member("old"), pwdPolicySubentry=AGING, pwdChangedTime=last_week))
    return running


async def refused(connect: Connect, server: Slapd, name: str, password: str) -> RejectedLogin:
    with pytest.raises(RejectedLogin) as refused:
        await connect(server).authenticate(name, password)
    return refused.value


@pytest.mark.parametrize(("name", "sentence"), STATES.items())
async def test_the_person_is_told_after_the_right_password_and_nobody_before(
    server: Slapd, connect: Connect, name: str, sentence: str
) -> None:
    right = await refused(connect, server, name, "secret")
    wrong = await refused(connect, server, name, "wrong")
    unknown = await refused(connect, server, "nobody", "wrong")

    assert right.account_state == sentence
    assert (wrong.account_state, unknown.account_state) == (None, None)
    # Over the API all three are one.
    assert str(right) == str(wrong) == str(unknown)
    assert len({right.cause, wrong.cause, unknown.cause}) == 3


async def test_a_locked_account_is_refused_and_nobody_is_told(server: Slapd, connect: Connect) -> None:
    for _ in range(3):
        assert (await refused(connect, server, "lisa", "wrong")).cause == "the password is wrong"

    locked = await refused(connect, server, "lisa", "secret")

    # OpenLDAP says so before it looks at the password: a sentence would tell that there is such an account.
    assert (locked.cause, locked.account_state) == ("the account is locked", None)


async def test_an_account_in_order_signs_in(server: Slapd, connect: Connect) -> None:
    assert (await connect(server).authenticate("alice", "secret")).username == "alice"
