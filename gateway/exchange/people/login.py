"""Signing in on a provider's own pages.

A transaction stands in the store under its state, for ten minutes and one use, and is bound to the browser that began
it and to the provider that it was begun with: an attacker's answer in another's browser is nobody's (RFC 6749 10.12).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from gateway.connectors.connector import Arrived, BrowserLogin, LoginCallback, LoginTransaction
from gateway.domain.errors import SignInRefused
from gateway.exchange.parts import Parts
from gateway.exchange.people.context import drawn, fingerprint

_KIND: Final = "login_transaction"
_LIFE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    arrived: Arrived
    return_to: str = field(repr=False)


async def begin(parts: Parts, login: BrowserLogin, provider: str, return_to: str, browser: str) -> str:
    """The address of the provider's page. `browser`: the random id that this browser's cookie holds.

    Raises ProviderUnreachable, StateUnavailable.
    """
    transaction = LoginTransaction(
        redirect_uri=redirect_uri_of(parts.public_url, provider), state=drawn(), nonce=drawn(), code_verifier=drawn()
    )
    address = await login.begin(transaction)
    content = {
        "provider": provider,
        "browser": fingerprint(browser),
        "return_to": return_to,
        "nonce": transaction.nonce,
        "code_verifier": transaction.code_verifier,
    }
    await parts.people.records.put(_KIND, transaction.state, content, parts.clock.now() + _LIFE)
    return address


async def complete(
    parts: Parts, login: BrowserLogin, provider: str, callback: Mapping[str, str], browser: str | None
) -> Completed:
    """Raises SignInRefused, InvalidIdentityToken, ExpiredIdentityToken, ProviderUnreachable, StateUnavailable."""
    state = callback.get("state")
    if not state:
        raise SignInRefused(cause="the callback has no state")
    # Taken before anything is judged: whatever comes of it, no answer brings this state a second time.
    kept = await parts.people.records.take(_KIND, state)
    if kept is None:
        raise SignInRefused(cause="the state is unknown, used or too old")
    if browser is None or not secrets.compare_digest(kept["browser"], fingerprint(browser)):
        raise SignInRefused(cause="the sign-in was begun in another browser")
    if kept["provider"] != provider:
        raise SignInRefused(cause="the sign-in was begun with another provider")
    transaction = LoginTransaction(
        redirect_uri=redirect_uri_of(parts.public_url, provider),
        state=state,
        nonce=kept["nonce"],
        code_verifier=kept["code_verifier"],
    )
    told = LoginCallback(code=callback.get("code"), issuer=callback.get("iss"), error=callback.get("error"))
    return Completed(arrived=await login.complete(transaction, told), return_to=kept["return_to"])


def redirect_uri_of(public_url: str, provider: str) -> str:
    return f"{public_url}/oidc/{provider}/callback"
