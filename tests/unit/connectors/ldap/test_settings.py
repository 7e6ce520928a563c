"""Settings of `type: ldap`: the contract's keys and defaults, and every fault with its mend."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.connectors.ldap.settings import LdapSettings, is_loopback
from tests.unit.connectors.told import check_told_once

CANARY = "canary-bind-password"
HONEST: dict[str, Any] = {
    "type": "ldap",
    "servers": ["ldaps://dc1.corp.example"],
    "bind_dn": "cn=sts,dc=corp,dc=example",
    "bind_password": CANARY,
    "users": {"base": "ou=people,dc=corp,dc=example"},
}
GROUPS = {"base": "ou=groups,dc=corp,dc=example"}


def settings(**changes: Any) -> LdapSettings:
    return LdapSettings.model_validate({name: value for name, value in (HONEST | changes).items() if value is not ...})


def test_the_defaults_are_those_of_the_contract() -> None:
    made = settings(groups=GROUPS)
    assert (made.start_tls, made.allow_plaintext, made.ca_file, made.user_dn_template) == (False, False, None, None)
    assert made.timeouts.model_dump() == {"connect": 3, "response": 5, "login": 10}
    assert (made.users.filter, made.users.username, made.users.email) == ("(uid={username})", "uid", "mail")
    assert made.groups is not None
    assert made.groups.model_dump() == GROUPS | {"filter": "(member={dn})", "name": "cn", "nested": "walk", "depth": 20}
    assert settings().groups is None


def test_every_key_of_the_contract_is_taken() -> None:
    made = settings(
        servers=["ldap://dc1.corp.example:3389", "ldap://[2001:db8::1]", "ldap+srv://corp.example"],
        start_tls="true",
        ca_file="/ca.pem",
        allow_plaintext=False,
        timeouts={"connect": "1s", "response": 2, "login": "1m"},
        users=HONEST["users"]
        | {"filter": "(|(sAMAccountName={username})(mail={username}))", "username": "sAMAccountName"},
        groups=GROUPS
        | {"filter": "(&(objectClass=group)(member={dn}))", "nested": "in_chain", "depth": "5", "name": "cn"},
    )
    assert made.ca_file == Path("/ca.pem")
    assert [(url.host, url.port, url.lookup) for url in made.server_urls] == [
        ("dc1.corp.example", 3389, False),
        ("2001:db8::1", 389, False),
        ("corp.example", 0, True),
    ]
    assert (made.timeouts.connect, made.timeouts.login) == (1, 60)


def test_people_may_bind_by_themselves() -> None:
    made = settings(bind_dn=..., bind_password=..., users=..., user_dn_template="uid={username},dc=x")
    assert made.user_dn_template == "uid={username},dc=x"


@pytest.mark.parametrize(
    "changes",
    [
        {"servers": ["ldap://localhost"]},
        {"servers": ["ldap://127.0.0.1:389", "ldap://[::1]"]},
        {"servers": ["ldap://dc1.corp.example"], "start_tls": True},
        {"servers": ["ldap://dc1.corp.example"], "allow_plaintext": True},
        {"servers": ["ldap+srv://corp.example"]},
    ],
)
def test_ldap_without_s_is_taken_where_nobody_can_listen_or_somebody_said_so(changes: dict[str, Any]) -> None:
    settings(**changes)


FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no server": ({"servers": []}, "servers", "name at least one"),
    "servers as text": ({"servers": "ldaps://dc1"}, "servers", "write [ldaps://dc1]"),
    "a server twice": ({"servers": ["ldaps://a", "LDAPS://A/"]}, "servers", "stands twice"),
    "another scheme": ({"servers": ["https://a"]}, "servers.0", "write ldaps://HOST"),
    "no scheme": ({"servers": ["dc1.corp.example"]}, "servers.0", "write ldaps://HOST"),
    "a bad port": ({"servers": ["ldaps://a:x"]}, "servers.0", "not a URL"),
    "a base in the URL": ({"servers": ["ldaps://a/dc=x"]}, "servers.0", "more than host and port"),
    "a user in the URL": ({"servers": ["ldaps://u:p@a"]}, "servers.0", "more than host and port"),
    "a question in the URL": ({"servers": ["ldaps://a?x"]}, "servers.0", "more than host and port"),
    "a host that is none": ({"servers": ["ldaps://a_b-"]}, "servers.0", "no host's name"),
    "a domain with a port": ({"servers": ["ldap+srv://corp.example:389"]}, "servers.0", "takes a domain alone"),
    "in the clear": ({"servers": ["ldap://dc1.corp.example"]}, "", "in the clear; write ldaps://"),
    "in the clear, second": ({"servers": ["ldaps://a", "ldap://b"]}, "", "ldap://b would carry passwords"),
    "loopback's twin": ({"servers": ["ldap://localhost.evil.example"]}, "", "in the clear"),
    "StartTLS over TLS": ({"start_tls": True}, "", "start_tls does not go with ldaps://"),
    "a bind without password": ({"bind_password": ...}, "", "bind_password is missing or empty"),
    "a bind with an empty one": ({"bind_password": ""}, "", "bind_password is missing or empty"),
    "a bind with a blank one": ({"bind_password": "  "}, "", "bind_password is missing or empty"),
    "no way to bind": ({"bind_dn": ..., "bind_password": ...}, "", "either bind_dn"),
    "two ways to bind": ({"user_dn_template": "uid={username},dc=x"}, "", "either bind_dn"),
    "a password without bind": ({"bind_dn": ..., "user_dn_template": "uid={username},dc=x"}, "", "without bind_dn"),
    "a template without name": ({"user_dn_template": "uid=x,dc=x"}, "user_dn_template", "needs {username}"),
    "no users": ({"users": ...}, "", "users.base is missing"),
    "a base that is no DN": ({"users": {"base": "people"}}, "users.base", "not a DN"),
    "a filter without name": (
        {"users": {"base": "dc=x", "filter": "(uid=x)"}},
        "users.filter",
        "does not name {username}",
    ),
    "a filter of groups here": ({"users": {"base": "dc=x", "filter": "(a={dn})"}}, "users.filter", "{dn} has no value"),
    "an attribute that is none": ({"users": {"base": "dc=x", "username": "u d"}}, "users.username", "attribute's name"),
    "groups without base": ({"groups": {"name": "cn"}}, "groups.base", "Field required"),
    "a chain without link": (
        {"groups": GROUPS | {"nested": "in_chain", "filter": "(memberUid={username})"}},
        "groups",
        "in_chain needs (ATTRIBUTE={dn})",
    ),
    "a depth of none": ({"groups": GROUPS | {"depth": 0}}, "groups.depth", "1 to 100"),
    "a depth too deep": ({"groups": GROUPS | {"depth": 101}}, "groups.depth", "1 to 100"),
    "a depth in words": ({"groups": GROUPS | {"depth": "deep"}}, "groups.depth", "1 to 100"),
    "nesting of another kind": ({"groups": GROUPS | {"nested": "yes"}}, "groups.nested", "walk"),
    "no time": ({"timeouts": {"login": "0s"}}, "timeouts.login", "1s to 120s"),
    "too much time": ({"timeouts": {"connect": "1h"}}, "timeouts.connect", "1s to 120s"),
    "yes": ({"start_tls": "yes"}, "start_tls", "not true or false"),
    "an unknown key": ({"base": "dc=x"}, "base", "not permitted"),
    "an unknown key of users": ({"users": {"base": "dc=x", "scope": "one"}}, "users.scope", "not permitted"),
}


@pytest.mark.parametrize(("changes", "key", "mend"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_at_its_key_with_the_mend(changes: dict[str, Any], key: str, mend: str) -> None:
    check_told_once(lambda: settings(**changes), key=key, mend=mend, secret=CANARY)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.9.9.9", True), ("::1", True), ("127.0.0.1.example", False), ("10.0.0.1", False)],
)
def test_loopback_is_judged_without_asking_dns(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_settings_are_read_without_loading_ldap3() -> None:
    asked = (
        "import sys\nfrom pathlib import Path\nfrom gateway.settings.load import load\n"
        "import gateway.assembly.compose\nload(Path(sys.argv[1]), environment={})\n"
        "print([name for name in sys.modules if name.split('.')[0] in {'ldap3', 'pyasn1', 'dns'}])"
    )
    example = Path(__file__).parents[4] / "config" / "minimal.yaml"
    done = subprocess.run([sys.executable, "-c", asked, example], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
