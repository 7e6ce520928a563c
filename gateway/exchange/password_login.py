"""A name and a password become an identity: throttled below the directory's own lock-out, whatever door they come by.

    address throttled? -> locate (who is meant, or an equal-work nobody) -> turn -> address, person throttled? -> prove
    -> count

A throttled attempt never reaches the directory's own counter, and the right password gets the same answer in the same
time as a wrong one. While the store of counters is down each process counts for itself.
"""

import asyncio
import time
from typing import Final

from gateway.connectors.connector import Located, PasswordAuthenticator
from gateway.domain.errors import RejectedLogin
from gateway.domain.identity import Identity
from gateway.domain.origin import RequestOrigin
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.login_throttles import LoginThrottles
from gateway.exchange.parts import Parts

_MOST_NAMES: Final = 4
"""By which a directory finds one person."""


async def password_identity(
    parts: Parts,
    connector: PasswordAuthenticator,
    username: str,
    password: str,
    origin: RequestOrigin,
    entry: AuditEntry,
) -> Identity:
    """Prove who `username` is. Raises RejectedLogin, ProviderUnreachable."""
    throttles = parts.throttles
    entry.details["provider"] = connector.name
    address = origin.neighbourhood
    await _check_address(throttles, address)
    try:
        located = await connector.locate(username, password)
    except RejectedLogin as refusal:
        # No directory was asked: nothing that it would count, and nothing that tells who exists.
        raise _told(throttles, refusal) from None
    identity = await _proven(throttles, connector, located, address)
    if identity is None:
        # At once, it would tell that two names, a mail address and another, are one person's, who then exists.
        await asyncio.sleep(throttles.refusals.drawn(connector.name))
        raise _throttled(throttles, located.principal_key, "too many failed logins of this name")
    return identity


async def _proven(
    throttles: LoginThrottles, connector: PasswordAuthenticator, located: Located, address: str
) -> Identity | None:
    """The identity; None where the person is throttled. Raises RejectedLogin, ProviderUnreachable."""
    person, typed = (f"{connector.name}/{key}" for key in (located.principal_key, located.typed_key))
    # Of names that look like one person's, `alice` and `alice@corp.example`, the second waits for the first, be there
    # such a person or not: the wait alone would tell that there is.
    account = located.typed_key.rpartition("\\")[2].partition("@")[0]
    patience = _MOST_NAMES * throttles.refusals.drawn(connector.name)
    alike = throttles.per_user.turn_or_patience(f"{connector.name}\\{account}", patience)
    # The address first: whoever waited for theirs with a person's turn would keep that person waiting everywhere.
    async with throttles.per_address.few_at_once(address), alike, throttles.per_user.turn(person):
        await _check_address(throttles, address)
        if await throttles.per_user.refused(person) or (typed != person and await throttles.per_user.refused(typed)):
            return None
        begun = time.monotonic()
        try:
            identity = await connector.prove(located)
        except RejectedLogin as refusal:
            throttles.refusals.remember(connector.name, time.monotonic() - begun)
            await throttles.per_user.failed(person)
            await throttles.per_address.failed(address)
            raise _told(throttles, refusal) from None
        await throttles.per_user.succeeded(person)
    return identity


async def _check_address(throttles: LoginThrottles, address: str) -> None:
    """Raises RejectedLogin."""
    if await throttles.per_address.refused(address):
        raise _throttled(throttles, address, f"too many failed logins from {address}")


def _told(throttles: LoginThrottles, refusal: RejectedLogin) -> RejectedLogin:
    return RejectedLogin(
        cause=refusal.cause,
        principal_key=refusal.principal_key,
        account_state=refusal.account_state,
        window_minutes=throttles.minutes,
    )


def _throttled(throttles: LoginThrottles, key: str, cause: str) -> RejectedLogin:
    return RejectedLogin(cause=cause, principal_key=key, window_minutes=throttles.minutes)
