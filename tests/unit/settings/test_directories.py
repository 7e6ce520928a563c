"""Providers of `type: ldap` in the configuration: loaded, converted, and told of at their place."""

import pytest

from gateway.connectors.ldap.settings import LdapSettings
from gateway.domain.identity import ProviderType
from tests.unit.settings.written import SECTIONS, Written, marked_line, provider_files

CORP = """
corp-ad:
  type: ldap
  servers: [ldaps://dc1.corp.example]
  ca_file: ./ca.pem
  bind_dn: cn=sts,dc=corp
  bind_password: ${file:./secret}
  users: {base: "ou=people,dc=corp"}
  groups: {base: "ou=groups,dc=corp"}
"""


@pytest.fixture
def directory(written: Written) -> Written:
    provider_files(written.folder)
    written.write("canary-bind-password\n", "secret")
    return written


def test_a_directory_stands_beside_other_providers(directory: Written) -> None:
    configuration = directory.load(environment={}, providers=SECTIONS["providers"].rstrip() + "\n" + _indented(CORP))

    settings = configuration.providers["corp-ad"]
    assert isinstance(settings, LdapSettings)
    assert settings.ca_file == directory.folder / "ca.pem"
    assert settings.bind_password is not None
    assert settings.bind_password.get_secret_value() == "canary-bind-password"
    assert configuration.issuers["corp-ad"] == "ldap-provider/corp-ad"
    assert configuration.issuers["workforce"] == "https://login.example.com"
    assert configuration.provider_types["corp-ad"] is ProviderType.LDAP
    assert configuration.provider_types["workforce"] is ProviderType.OIDC
    assert directory.folder / "secret" in configuration.sources


@pytest.mark.parametrize(
    ("line", "wrong", "key", "told"),
    [
        ("servers: [ldaps://dc1.corp.example]", "servers: [ldap://dc1.corp.example]", "", "in the clear"),
        ('groups: {base: "ou=groups,dc=corp"}', 'groups: {basis: "dc=corp"}', ".groups.basis", "unknown key"),
        ("bind_dn: cn=sts,dc=corp", "bind_dm: cn=sts,dc=corp", ".bind_dm", "unknown key; did you mean"),
        ('users: {base: "ou=people,dc=corp"}', 'users: {base: "people"}', ".users.base", "not a DN"),
        ("ca_file: ./ca.pem", "ca_file: ./missing.pem", ".ca_file", "there is no such file"),
    ],
)
def test_a_fault_is_told_at_its_place(directory: Written, line: str, wrong: str, key: str, told: str) -> None:
    providers = SECTIONS["providers"].rstrip() + "\n" + _indented(CORP.replace(line, f"{wrong}  # HERE"))

    refused = directory.refused(providers=providers)

    found = {fault.key: (fault.line, fault.message) for fault in refused.faults}
    line_number, message = found[f"providers.corp-ad{key}"]
    assert told in message
    # A fault of several keys together is told where the provider begins.
    assert line_number == (marked_line(directory.text(providers=providers)) if key else line_number)
    assert "canary" not in str(refused)


def test_two_providers_may_not_differ_only_in_case(directory: Written) -> None:
    providers = SECTIONS["providers"].rstrip() + "\n" + _indented(CORP + CORP.replace("corp-ad", "Corp-AD"))

    refused = directory.refused(providers=providers)

    assert [(fault.key, "differ only in case" in fault.message) for fault in refused.faults] == [
        ("providers.Corp-AD", True)
    ]


def _indented(text: str) -> str:
    return "\n".join(f"        {line}" for line in text.strip().splitlines())
