"""`sts-gateway check --live` at a real directory, and at a real OpenID Connect provider from the installed wheel."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.main import main
from tests.e2e.installation import Installation
from tests.e2e.server import Gateway
from tests.servers.slapd import GROUPS, SERVICE_PASSWORD, SUFFIX, Slapd, group, member, person

Check = Callable[..., int]
ROLES = """\
roles:
  a/Analyst: {}
  a/Admin: {}
mappings:
  - {provider: corp, groups: [analysts], roles: [a/Analyst], session_tags: {department: "{claims.departmentNumber}"}}
  - {provider: corp, groups: [admins], roles: [a/Admin]}
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    data = [
        person("alice", "alice-secret", departmentNumber="7"),
        person("bob", "bob-secret"),
        person("gone", "gone-secret", "shadowAccount", shadowExpire=1),
        group("analysts", member("alice"), member("gone")),
    ]
    with Slapd(tmp_path_factory.mktemp("live") / "slapd", data="".join(data)) as server:
        yield server


@pytest.fixture
def check(tmp_path: Path, directory: Slapd) -> Check:
    def run(*words: str, **changed: Any) -> int:
        path = tmp_path / "c.yaml"
        path.write_text(
            f'gateway: {{public_url: "https://sts.example.com", keyring: ./keyring.json}}\naccounts: {{a: "111122223333"}}\n'
            f"providers:\n  corp: {json.dumps(directory.settings(**changed))}\n{ROLES}"
        )
        return main(["check", "--config", str(path), "--live", *words])

    return run


def test_a_persons_groups_and_roles_are_told_without_a_password(
    check: Check, directory: Slapd, capsys: pytest.CaptureFixture[str]
) -> None:
    logins = directory.count(r'BIND dn="uid=')

    assert check("--user", "corp/Alice") == 0

    told = capsys.readouterr()
    assert f"corp: ldaps://localhost:{directory.tls_port}" in told.out
    assert "alice of corp" in told.out
    assert f"groups: analysts, cn=analysts,{GROUPS}" in told.out
    assert "granted: a/Analyst by mappings[0]\n  session tag department = 7" in told.out
    assert "refused: a/Admin" in told.out
    assert SERVICE_PASSWORD not in told.out + told.err
    assert directory.count(r'BIND dn="uid=') == logins


def test_who_may_not_sign_in_is_a_fault_and_the_roles_are_told_still(
    check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("--user", "corp/gone") == 1

    told = capsys.readouterr()
    assert "corp: error: gone may not sign in: the account has expired (shadowExpire)" in told.err
    assert "granted: a/Analyst" in told.out


def test_nobody_is_a_fault(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("--user", "corp/nobody") == 1
    assert "corp: error: nobody: no entry has the name" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "code"), [([], 0), (["--strict"], 1)])
def test_who_would_be_granted_nothing_is_a_warning(
    check: Check, capsys: pytest.CaptureFixture[str], words: list[str], code: int
) -> None:
    assert check("--user", "corp/bob", *words) == code
    assert "corp: warning: no role follows for bob; add a mapping" in capsys.readouterr().out


FAULTS = {
    "a wrong password": ({"bind_password": "wrong-canary"}, "INVALID_CREDENTIALS", "correct bind_dn, bind_password"),
    "no server": ({"servers": ["ldaps://localhost:9"]}, "cannot connect", "start it, or correct servers"),
    "no CA": ({"ca_file": None}, "its certificate is not accepted", "correct servers and ca_file"),
    "no such base": ({"users": {"base": "ou=nowhere,dc=example,dc=test"}}, "NO_SUCH_OBJECT", "correct it, or let"),
}


@pytest.mark.parametrize(("changed", "fault", "mend"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_the_mend(
    check: Check, capsys: pytest.CaptureFixture[str], changed: dict[str, Any], fault: str, mend: str
) -> None:
    assert check(**changed) == 1

    told = capsys.readouterr().err
    assert "corp: error: " in told
    assert fault in told
    assert mend in told
    assert "canary" not in told


def test_servers_are_asked_where_people_bind_by_themselves(
    check: Check, directory: Slapd, capsys: pytest.CaptureFixture[str]
) -> None:
    template = {"bind_dn": None, "bind_password": None, "user_dn_template": f"uid={{username}},ou=people,{SUFFIX}"}

    assert check(**template, servers=[directory.url, "ldaps://localhost:9"]) == 1

    told = capsys.readouterr()
    assert f"corp: ldaps://localhost:{directory.tls_port}" in told.out
    assert "corp: warning: people bind by user_dn_template" in told.out
    assert "corp: error: ldaps://localhost:9: cannot connect" in told.err


def test_a_server_that_never_answers_is_given_up_at_its_deadline(
    check: Check, directory: Slapd, capsys: pytest.CaptureFixture[str]
) -> None:
    directory.freeze()
    try:
        assert check(timeouts={"connect": 1, "response": 1, "login": 2}) == 1
    finally:
        directory.thaw()
    assert "corp: error: " in capsys.readouterr().err


def test_the_installed_command_asks_an_openid_connect_provider(installed: Installation, gateway: Gateway) -> None:
    told = installed.run("check", "--config", gateway.configuration, "--live", environment=gateway.environment)

    assert "workforce: http://127.0.0.1:" in told.stdout
    assert "has keys for RS256, ES256, EdDSA" in told.stdout
    assert "state: it answers" in told.stdout
    assert told.returncode == 0, told.stderr
