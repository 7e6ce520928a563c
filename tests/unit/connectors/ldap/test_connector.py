"""What an operator is told of a directory that cannot be asked; all else of connectors is tried at real directories."""

import socket

import pytest

from gateway.connectors.ldap.connector import LdapConnector
from gateway.connectors.ldap.settings import LdapSettings
from gateway.domain.clock import SteadyClock
from gateway.domain.errors import ProviderUnreachable


async def test_an_outage_is_told_once_in_the_log_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"ldap://127.0.0.1:{gone.getsockname()[1]}"
    settings = LdapSettings.model_validate(
        {
            "type": "ldap",
            "servers": [url],
            "bind_dn": "cn=svc,dc=corp",
            "bind_password": "canary-service-password",
            "users": {"base": "dc=corp"},
        }
    )
    connector = LdapConnector(name="corp", settings=settings, clock=SteadyClock())

    for _ in range(2):
        with pytest.raises(ProviderUnreachable):
            await connector.authenticate("alice", "canary-password")
    await connector.aclose()

    told = [one.getMessage() for one in caplog.records if one.name == "gateway.connectors.ldap.connector"]
    assert told == [f"provider corp: {url}: cannot connect (Connection refused)"]
    assert "canary" not in caplog.text
