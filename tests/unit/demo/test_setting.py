"""The names that script and pages use, held against the configuration that the gateway reads."""

from pathlib import Path

import pytest

from gateway.demo import setting, world
from gateway.demo.people import PEOPLE
from gateway.demo.portal.app import CLIENT_ID
from gateway.settings.configuration import Configuration
from gateway.settings.load import load

ENVIRONMENT = {
    "GATEWAY_URL": "http://127.0.0.1:1",
    "ISSUER_URL": "http://127.0.0.1:2",
    "LAKE_HOST": "127.0.0.1:3",
    "LAKE_PROXY_TOKEN": "t",
}


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    return load(Path(world.__file__).parent / "configuration.yaml", environment=ENVIRONMENT)


def test_the_roles_are_those_of_the_configuration(configuration: Configuration) -> None:
    of_account = {str(role.arn) for role in configuration.roles if role.arn.account == setting.ACCOUNT}
    assert of_account == {setting.ANALYST, setting.ENGINEER}
    assert set(setting.ROLE_OF) == set(PEOPLE)


def test_account_region_and_service_are_those_of_the_configuration(configuration: Configuration) -> None:
    assert configuration.accounts["data-platform"] == setting.ACCOUNT
    assert configuration.gateway.region == setting.REGION
    assert [service.name for service in configuration.services] == [setting.SERVICE]


def test_the_clients_are_those_that_the_configuration_accepts(configuration: Configuration) -> None:
    assert configuration.providers["demo"].accepted_parties == {world.CLI_CLIENT.client_id, CLIENT_ID}
