"""How providers fare, as an administrator is told, from what each knows already."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.connectors.ldap.connector import LdapConnector
from gateway.connectors.ldap.settings import LdapSettings
from gateway.connectors.ldap.transport import Server
from gateway.connectors.registry import Registry
from gateway.domain.identity import ProviderType
from gateway.exchange.provider_health import provider_health
from tests.fakes.gateway_world import MovableClock


class Plain:
    provider_type = ProviderType.OIDC
    browser_login = None

    def __init__(self, name: str, last_error: str | None = None) -> None:
        self.name = name
        self.issuer = f"https://{name}.example"
        self.last_error = last_error


class Telling(Plain):
    def health(self) -> Mapping[str, str | datetime]:
        return {"Metadata": "of today"}


def registry(*connectors: Any) -> Registry:
    return Registry(connectors)


def test_providers_stand_by_name_each_with_its_last_error() -> None:
    found = provider_health(registry(Plain("b", last_error="nobody answers"), Plain("a")))
    assert [(one.name, one.error) for one in found] == [("a", None), ("b", "nobody answers")]
    assert found[0].authority == "https://a.example"
    assert found[0].facts == {}


def test_a_connector_that_can_tell_more_does() -> None:
    (found,) = provider_health(registry(Telling("a")))
    assert found.facts == {"Metadata": "of today"}


def test_a_directory_tells_its_servers_those_set_aside_and_its_pool() -> None:
    connector = LdapConnector(name="corp", settings=_settings(), clock=MovableClock(), monotonic=lambda: 100.0)
    servers = connector._directory.servers
    servers.failed(Server(host="dc1.corp.example", port=636, tls=True, start_tls=False), "nobody answers")
    (found,) = provider_health(registry(connector))
    assert found.signs_in == "by a form for name and password"
    assert found.facts == {
        "Servers": "ldaps://dc1.corp.example, ldaps://dc2.corp.example",
        "Set aside after failures": "ldaps://dc1.corp.example:636 for 1 s more",
        "Connections ready": "0",
    }


def _settings() -> LdapSettings:
    return LdapSettings.model_validate(
        {
            "type": "ldap",
            "servers": ["ldaps://dc1.corp.example", "ldaps://dc2.corp.example"],
            "user_dn_template": "uid={username},ou=people,dc=corp,dc=example",
            "users": {"base": "ou=people,dc=corp,dc=example"},
            "groups": {"base": "ou=groups,dc=corp,dc=example"},
        }
    )
