"""The way to a Redis: pools whose every attempt is short, and calls that try again until their time is over.

The client library's own trying again is switched off everywhere. Its settings do not reach the pools of Sentinel or one
made by hand, and it counts attempts where a failover takes time.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ConnectionError,  # noqa: A004  the library's name
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004  the library's name
)

from gateway.domain.errors import StateUnavailable
from gateway.state.redis_address import RedisAddress

DEADLINE: Final = 5.0
"""Seconds for one call: above a restart of Redis, a stall of 3 s and a quick failover, below a login's 10 s."""
_ATTEMPT_SECONDS: Final = 1.0
_SENTINEL_SECONDS: Final = 0.5
_CONNECTIONS: Final = 20
_REPLICA_MILLIS: Final = 100
_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.3

_AGAIN: Final = (ConnectionError, TimeoutError, BusyLoadingError, ReadOnlyError, OSError)
# ConnectionErrors to the library, and no better for trying again.
_NEVER_AGAIN: Final = (AuthenticationError, AuthorizationError)

T = TypeVar("T")


class RedisConnection:
    """`client` sends commands; each goes through `call`. Belongs to one event loop."""

    def __init__(self, address: RedisAddress) -> None:
        """Connects at the first call."""
        self._sentinels: tuple[Redis, ...] = ()
        self.client = self._direct(address) if address.service is None else self._by_sentinel(address, address.service)
        self._turns = asyncio.Semaphore(_CONNECTIONS)
        self.has_replicas = address.service is not None

    async def write(self, command: Callable[[Redis], Awaitable[Any]]) -> Any:
        """What the command answers, given the client to send it by. Raises StateUnavailable.

        Behind Sentinel a replica has it too by then, where one answers: a master that dies would take what it had
        already acknowledged with it, and a once-only id that is forgotten is a replay.
        """
        if self.has_replicas:
            return await self.call(lambda: self._replicated(command))
        return await self.call(lambda: command(self.client))

    async def _replicated(self, command: Callable[[Redis], Awaitable[Any]]) -> Any:
        async with self.client.pipeline(transaction=False) as pipe:
            await command(pipe)
            # On the same connection, since WAIT is about what went over its own. Without a replica it gives up.
            pipe.execute_command("WAIT", 1, _REPLICA_MILLIS)
            # Not raised there, where the library names the whole command in the error.
            answer = (await pipe.execute(raise_on_error=False))[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def call(self, command: Callable[[], Awaitable[T]]) -> T:
        """What the command answers, however often it must be sent. Raises StateUnavailable."""
        last: list[Exception] = []
        try:
            async with asyncio.timeout(DEADLINE), self._turns:
                return await _until_answered(command, last)
        except RedisError as error:
            raise StateUnavailable(cause=f"Redis refuses: {error}") from error
        # asyncio's, not the library's, which is caught above.
        except OSError:
            told = f": {last[-1]}" if last else ""
            raise StateUnavailable(cause=f"Redis gave no answer within {DEADLINE:g} seconds{told}") from None

    async def aclose(self) -> None:
        for client in (self.client, *self._sentinels):
            await client.aclose()

    def _direct(self, address: RedisAddress) -> Redis:
        ((host, port),) = address.hosts
        pool = BlockingConnectionPool(
            max_connections=_CONNECTIONS,
            timeout=DEADLINE,
            connection_class=SSLConnection if address.tls else Connection,
            host=host,
            port=port,
            **_login(address),
            **_tls(address),
        )
        return Redis.from_pool(pool)

    def _by_sentinel(self, address: RedisAddress, service: str) -> Redis:
        switch: dict[str, Any] = {"ssl": True} if address.tls else {}
        sentinel = Sentinel(  # type: ignore[no-untyped-call]
            list(address.hosts),
            sentinel_kwargs={
                "username": address.sentinel_username,
                "password": address.sentinel_password,
                **_timeouts(_SENTINEL_SECONDS),
                **switch,
                **_tls(address),
            },
        )
        self._sentinels = tuple(sentinel.sentinels)
        master: Redis = sentinel.master_for(service, **_login(address), **switch, **_tls(address))
        return master


async def _until_answered(command: Callable[[], Awaitable[T]], failures: list[Exception]) -> T:
    pause = _FIRST_PAUSE
    while True:
        try:
            return await command()
        except _NEVER_AGAIN:
            raise
        except _AGAIN as error:
            failures[:] = [error]
        except ResponseError as error:
            # A master without replicas that takes no write which would be lost with it (min-replicas-to-write).
            if not str(error).startswith("NOREPLICAS"):
                raise
            failures[:] = [error]
        # Replicas that lost one Redis together do not come back together.
        await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311  no secret
        pause = min(pause * 2, _LONGEST_PAUSE)


def _login(address: RedisAddress) -> dict[str, Any]:
    return {
        "db": address.database,
        "username": address.username,
        "password": address.password,
        "client_name": "sts-gateway",
        **_timeouts(_ATTEMPT_SECONDS),
    }


def _timeouts(seconds: float) -> dict[str, Any]:
    return {
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "retry": Retry(NoBackoff(), 0),
        # Not to try again there, but to leave the connection: it leads to a master that was one.
        "retry_on_error": [ReadOnlyError],
    }


def _tls(address: RedisAddress) -> dict[str, Any]:
    if not address.tls:
        return {}
    return {
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
        "ssl_ca_certs": None if address.ca_file is None else str(address.ca_file),
    }
