"""A name and a password become an identity: throttled below the directory's own lock-out, whatever door they come by.

    address throttled? -> locate (who is meant, or an equal-work nobody) -> person throttled? -> prove -> count

A throttled attempt never reaches the directory's own counter, and the right password gets the same answer in the same
time as a wrong one. While the store of counters is down each process counts for itself.
"""

from gateway.connectors.connector import PasswordAuthenticator
from gateway.domain.errors import RejectedLogin
from gateway.domain.identity import Identity
from gateway.domain.origin import RequestOrigin
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.login_throttles import LoginThrottles
from gateway.exchange.parts import Parts


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
    if await throttles.per_address.refused(address):
        raise _throttled(throttles, address, f"too many failed logins from {address}")
    try:
        located = await connector.locate(username, password)
    except RejectedLogin as refusal:
        # No directory was asked: nothing that it would count, and nothing that tells who exists.
        raise _told(throttles, refusal) from None
    person, typed = (f"{connector.name}/{key}" for key in (located.principal_key, located.typed_key))
    async with throttles.per_user.turn(person):
        if await throttles.per_user.refused(person) or (typed != person and await throttles.per_user.refused(typed)):
            raise _throttled(throttles, located.principal_key, "too many failed logins of this name")
        try:
            identity = await connector.prove(located)
        except RejectedLogin as refusal:
            await throttles.per_user.failed(person)
            await throttles.per_address.failed(address)
            raise _told(throttles, refusal) from None
        await throttles.per_user.succeeded(person)
    return identity


def _told(throttles: LoginThrottles, refusal: RejectedLogin) -> RejectedLogin:
    return RejectedLogin(
        cause=refusal.cause,
        principal_key=refusal.principal_key,
        account_state=refusal.account_state,
        window_minutes=throttles.minutes,
    )


def _throttled(throttles: LoginThrottles, key: str, cause: str) -> RejectedLogin:
    return RejectedLogin(cause=cause, principal_key=key, window_minutes=throttles.minutes)
