"""A real provider is asked about people who are away, by the refresh tokens that it gave."""

import secrets
from dataclasses import replace

import pytest

from gateway.connectors.connector import Arrived, LoginCallback, LoginTransaction
from gateway.connectors.oidc.connector import OidcConnector
from gateway.connectors.oidc.settings import OidcSettings
from gateway.domain.clock import SteadyClock
from gateway.domain.errors import SignInRefused
from tests.e2e.openid_provider import OpenIdProvider

CLIENT = "steady"
REDIRECT = "https://app.example.test/callback"


def connector(provider: OpenIdProvider, *scopes: str) -> OidcConnector:
    settings = {
        "type": "oidc",
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "client_secret": provider.client_secret,
        "scopes": ["openid", "groups", *scopes],
    }
    return OidcConnector(name="workforce", settings=OidcSettings.model_validate(settings), clock=SteadyClock())


async def arrived(provider: OpenIdProvider, made: OidcConnector) -> Arrived:
    login = made.browser_login
    assert login is not None
    state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
    asked = LoginTransaction(redirect_uri=REDIRECT, state=state, nonce=nonce, code_verifier=verifier)
    answer = provider.called_back(await login.begin(asked), REDIRECT)
    told = LoginCallback(code=answer["code"], issuer=answer["iss"], error=None)
    return await login.complete(asked, told)


async def test_a_person_is_asked_about_again_and_again_until_the_provider_takes_it_back(
    provider: OpenIdProvider,
) -> None:
    made = connector(provider, "offline_access")
    login = made.browser_login
    assert login is not None
    person = await arrived(provider, made)
    first = person.refresh_token
    assert first is not None
    again = await login.refresh(first, person.identity)
    assert again.identity is not None
    assert (again.identity.subject, again.identity.groups) == ("alice", frozenset({"analysts", "everybody"}))
    # A new one at each use, and each is good once.
    second = again.refresh_token
    assert second not in {None, first}
    third = (await login.refresh(second or "", person.identity)).refresh_token or ""
    with pytest.raises(SignInRefused):
        await login.refresh(third, replace(person.identity, subject="bob"))
    last = (await arrived(provider, made)).refresh_token or ""
    provider.revoke(last, CLIENT)
    with pytest.raises(SignInRefused):
        await login.refresh(last, person.identity)
    with pytest.raises(SignInRefused):
        await login.refresh(first, person.identity)
    await made.aclose()


async def test_a_refresh_token_that_was_not_asked_for_is_left_alone(provider: OpenIdProvider) -> None:
    made = connector(provider)
    assert (await arrived(provider, made)).refresh_token is None
    await made.aclose()
