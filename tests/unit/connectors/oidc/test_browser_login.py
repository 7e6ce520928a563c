"""How a provider is asked for its pages by however many who begin to sign in; what they then do, tests/unit/doors has."""

import asyncio
import json

import pytest

from gateway.connectors.connector import BrowserLogin, LoginTransaction
from gateway.domain.errors import ProviderUnreachable
from tests.fakes.identity_provider import Answer, IdentityProvider, slow
from tests.unit.connectors.presenting import Connect

DISCOVERY = IdentityProvider.CONFIGURATION
TRANSACTION = LoginTransaction(
    redirect_uri="https://sts.example.com/oidc/workforce/callback", state="state", nonce="nonce", code_verifier="v" * 43
)


class Time:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def login(provider: IdentityProvider, connect: Connect, time: Time | None = None) -> BrowserLogin:
    provider.configuration |= {
        "authorization_endpoint": f"{provider.issuer}/authorize",
        "token_endpoint": f"{provider.issuer}/token",
    }
    having = {"deadline": 0.5, "monotonic": time or Time()}
    found = connect(provider, client_id="sts-gateway", having=having).browser_login
    assert found is not None
    return found


async def sent_to(browser_login: BrowserLogin) -> str:
    return (await browser_login.begin(TRANSACTION)).partition("?")[0]


async def test_of_many_who_begin_at_once_one_has_the_provider_asked(
    provider: IdentityProvider, connect: Connect
) -> None:
    browser_login = login(provider, connect)
    document = {"issuer": provider.issuer, "jwks_uri": provider.issuer + "/jwks"} | provider.configuration
    provider.at[DISCOVERY] = Answer(body=json.dumps(document).encode(), delay=0.1)

    addresses = await asyncio.gather(*(sent_to(browser_login) for _ in range(100)))

    assert set(addresses) == {f"{provider.issuer}/authorize"}
    assert provider.seen(DISCOVERY) == 1


async def test_a_provider_that_hangs_is_asked_once_by_a_crowd_that_never_ends(
    provider: IdentityProvider, connect: Connect
) -> None:
    browser_login = login(provider, connect)
    provider.at[DISCOVERY] = slow(30)
    begun = []
    for _ in range(100):
        begun.append(asyncio.create_task(browser_login.begin(TRANSACTION)))
        await asyncio.sleep(0.01)

    outcomes = await asyncio.gather(*begun, return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {ProviderUnreachable}
    assert provider.seen(DISCOVERY) == 1


async def test_who_gives_up_ends_nobody_elses_asking(provider: IdentityProvider, connect: Connect) -> None:
    browser_login = login(provider, connect)
    document = {"issuer": provider.issuer, "jwks_uri": provider.issuer + "/jwks"} | provider.configuration
    provider.at[DISCOVERY] = Answer(body=json.dumps(document).encode(), delay=0.1)
    first, second = (asyncio.create_task(sent_to(browser_login)) for _ in range(2))
    await asyncio.sleep(0.02)

    first.cancel()

    assert await second == f"{provider.issuer}/authorize"


async def test_a_provider_that_is_back_is_asked_again_after_a_second(
    provider: IdentityProvider, connect: Connect
) -> None:
    time = Time()
    browser_login = login(provider, connect, time)
    for _ in range(3):
        provider.at[DISCOVERY] = Answer(status=500)
        for _ in range(2):
            with pytest.raises(ProviderUnreachable, match="could not be reached"):
                await browser_login.begin(TRANSACTION)
        del provider.at[DISCOVERY]
        time.now += 1.1

        assert await sent_to(browser_login) == f"{provider.issuer}/authorize"
        time.now += 301
    assert provider.seen(DISCOVERY) == 6


async def test_what_is_known_of_a_provider_is_asked_for_again_after_five_minutes(
    provider: IdentityProvider, connect: Connect
) -> None:
    time = Time()
    browser_login = login(provider, connect, time)
    for seconds in (0, 299, 2):
        time.now += seconds
        await sent_to(browser_login)

    assert provider.seen(DISCOVERY) == 2
