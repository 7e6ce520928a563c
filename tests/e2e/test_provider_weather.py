"""A real provider that turns its keys, goes down and comes back, under a running gateway."""

import pytest

from tests.e2e.openid_provider import OpenIdProvider, StartProvider, header_of
from tests.e2e.process import until
from tests.e2e.server import Gateway, StartGateway, error_of, request_id_of

Running = tuple[OpenIdProvider, Gateway]


@pytest.fixture
def running(start_provider: StartProvider, start_gateway: StartGateway) -> Running:
    """A provider and its gateway, which has taken one token already."""
    provider = start_provider()
    gateway = start_gateway(provider)
    assert gateway.assume(provider.id_token()).status_code == 200
    return provider, gateway


def test_tokens_of_a_turned_key_are_taken_at_once_and_those_of_the_old_one_still(running: Running) -> None:
    provider, gateway = running
    old = provider.id_token()

    keys = provider.rotate()
    new = provider.id_token()

    assert header_of(new)["kid"] in keys
    assert header_of(old)["kid"] not in keys
    assert gateway.assume(new).status_code == 200
    assert gateway.assume(old).status_code == 200


def test_the_last_good_keys_serve_while_the_provider_is_down(running: Running) -> None:
    provider, gateway = running
    token = provider.id_token()

    provider.stop()

    assert gateway.assume(token).status_code == 200


def test_a_provider_that_comes_back_with_other_keys_is_believed_again(
    running: Running, start_provider: StartProvider
) -> None:
    first, gateway = running
    first.stop()
    # The same issuer, with keys that the gateway has never seen, is up for one sign-in only.
    with start_provider(port=first.port) as second:
        unknown = second.id_token()

    answer = gateway.assume(unknown)

    assert error_of(answer) == (400, "IDPCommunicationError")
    assert gateway.audit(request_id_of(answer))["additionalEventData"]["fault"] == "provider_unreachable"
    third = start_provider(port=first.port)
    token = third.id_token()
    until(lambda: gateway.assume(token).status_code == 200, "the gateway takes tokens of the provider that is back")


def test_a_gateway_starts_and_is_ready_without_its_provider(
    start_provider: StartProvider, start_gateway: StartGateway
) -> None:
    provider = start_provider()
    token = provider.id_token()
    provider.stop()

    gateway = start_gateway(provider)

    assert error_of(gateway.assume(token)) == (400, "IDPCommunicationError")
