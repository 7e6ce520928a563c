"""The store of many replicas: Redis 7 or newer, or Valkey, by itself or behind Sentinel.

An answer that was lost makes the command be sent again, so every command carries an id drawn by its call and is right
when it arrives twice. Ends are counted by the server's clock, from the life that the call gave.
"""

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Sequence
from datetime import datetime
from typing import Any, Final

from gateway.domain.clock import Clock
from gateway.domain.errors import StateUnavailable
from gateway.state import redis_scripts as scripts
from gateway.state.cursor import START, Cursor, Place, place_after
from gateway.state.naming import checked, digest_of, kind_of
from gateway.state.redis_address import RedisAddress
from gateway.state.redis_connection import RedisConnection
from gateway.state.store import COUNT_LIMIT, FEED_LIMIT, Events

_PREFIX: Final = "sts-gateway"
_SHORTEST: Final = 1000
_PAGE: Final = 2000
_OPEN_LIMIT: Final = 10_000


class RedisStore:
    """A Store in Redis."""

    def __init__(self, address: RedisAddress, clock: Clock) -> None:
        self._redis = RedisConnection(address)
        self._clock = clock
        self._scripts = {text: self._redis.client.register_script(text) for text in _SCRIPTS}
        self._open: OrderedDict[bytes, bytes] = OrderedDict()

    async def put_once(self, kind: str, key: str, until: datetime) -> bool:
        name = _name("once", kind, key)
        # A call that failed or was cancelled may have left its mark, and nobody was served by it: the next call of this
        # process goes on with the same id.
        mark = self._open.pop(name, None) or _id()
        life = max(self._life(until), _SHORTEST)
        try:
            held = await self._redis.write(lambda client: client.set(name, mark, nx=True, get=True, px=life))
        except BaseException:
            self._remember_open(name, mark)
            raise
        return held is None or held == mark

    async def count(self, kind: str, key: str, window: int) -> int:
        count: int = await self._script(scripts.COUNT, [_name("count", kind, key)], [_id(), window * 1000, COUNT_LIMIT])
        return count

    async def counted(self, kind: str, key: str) -> int:
        name = _name("count", kind, key)
        count: int = await self._redis.call(lambda: _awaited(self._redis.client.scard(name)))
        return count

    async def clear(self, kind: str, key: str) -> None:
        name = _name("count", kind, key)
        await self._redis.write(lambda client: _awaited(client.delete(name)))

    async def put(self, kind: str, key: str, value: bytes, until: datetime) -> None:
        life = max(self._life(until), 1)
        await self._script(scripts.PUT, [_name("record", kind, key)], [_id(), checked(value), life])

    async def get(self, kind: str, key: str) -> bytes | None:
        name = _name("record", kind, key)
        held: bytes | None = await self._redis.call(lambda: _awaited(self._redis.client.get(name)))
        if held is None or not held.startswith(scripts.KEPT):
            return None
        return held[scripts.CONTENT :]

    async def take(self, kind: str, key: str) -> bytes | None:
        content: bytes | None = await self._script(scripts.TAKE, [_name("record", kind, key)], [_id()])
        return content

    async def replace(self, kind: str, key: str, old: bytes, new: bytes) -> bool:
        return bool(await self._script(scripts.REPLACE, [_name("record", kind, key)], [_id(), old, checked(new)]))

    async def swap(self, kind: str, key: str, old: bytes | None, new: bytes, until: datetime) -> bool:
        expected = (b"0", b"") if old is None else (b"1", old)
        values = [_id(), *expected, checked(new), max(self._life(until), 1)]
        return bool(await self._script(scripts.SWAP, [_name("record", kind, key)], values))

    async def delete(self, kind: str, key: str) -> None:
        await self._script(scripts.DELETE, [_name("record", kind, key)], [_id()])

    async def append(self, feed: str, event: bytes, until: datetime) -> None:
        values = [secrets.token_hex(8), _millis(self._clock.now()), FEED_LIMIT, _millis(until), checked(event)]
        if not await self._script(scripts.APPEND, _feed(feed), values):
            raise StateUnavailable(cause=f"the feed {feed} holds {FEED_LIMIT} events; it is full")

    async def events(self, feed: str, since: str | None) -> Events:
        end, _ = await self._page(feed, START, 1)
        after = place_after(since, end)
        place, found, now = after or START, list[bytes](), _millis(self._clock.now())
        while place < end.place:
            end, page = await self._page(feed, (place[0], place[1] + 1), _PAGE)
            found += [event for _, until, event in page if until > now]
            # Events of the page that came after `end` was asked for are in it: the next call begins behind them.
            place = page[-1][0] if len(page) == _PAGE else end.place
        return Events(cursor=str(end), reset=after is None, events=tuple(found))

    async def ping(self) -> None:
        # A write: a replica, or a server without memory or disk left, answers PING and serves nobody.
        await self._redis.call(lambda: self._redis.client.set(f"{_PREFIX}:ping", b"", px=_SHORTEST))

    async def cautions(self) -> tuple[str, ...]:
        """Nothing where the server does not tell its settings, as managed ones do not."""
        try:
            told = await self._redis.call(lambda: _awaited(self._redis.client.config_get("*")))
        except StateUnavailable:
            return ()
        settings = {_text(name): _text(value) for name, value in told.items()}
        return tuple(_cautions(settings, has_replicas=self._redis.has_replicas))

    async def aclose(self) -> None:
        await self._redis.aclose()

    def _life(self, until: datetime) -> int:
        return _millis(until) - _millis(self._clock.now())

    async def _script(self, text: str, keys: Sequence[bytes], values: Sequence[Any]) -> Any:
        script = self._scripts[text]
        return await self._redis.write(lambda client: script(keys=list(keys), args=list(values), client=client))

    async def _page(self, feed: str, first: Place, most: int) -> tuple[Cursor, list[tuple[Place, int, bytes]]]:
        """Where the feed ends, and at most so many events from `first` on: place, end of life, event."""
        values = [secrets.token_hex(8), f"{first[0]}-{first[1]}", most]
        epoch, last, entries = await self._script(scripts.EVENTS, _feed(feed), values)
        page = [(_place(place), int(fields[1]), fields[3]) for place, fields in entries]
        return Cursor(epoch=epoch.decode(), place=_place(last)), page

    def _remember_open(self, name: bytes, mark: bytes) -> None:
        self._open[name] = mark
        if len(self._open) > _OPEN_LIMIT:
            self._open.popitem(last=False)


_SCRIPTS: Final = (
    scripts.COUNT,
    scripts.PUT,
    scripts.TAKE,
    scripts.REPLACE,
    scripts.SWAP,
    scripts.DELETE,
    scripts.APPEND,
    scripts.EVENTS,
)


def _name(what: str, kind: str, key: str) -> bytes:
    return f"{_PREFIX}:{what}:{kind_of(kind)}:".encode() + digest_of(key)


def _feed(feed: str) -> list[bytes]:
    """The keys of a feed; the braces keep both on one node of a cluster."""
    return [f"{_PREFIX}:feed:{{{kind_of(feed)}}}".encode(), f"{_PREFIX}:epoch:{{{feed}}}".encode()]


def _id() -> bytes:
    return secrets.token_bytes(scripts.ID_BYTES)


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _place(text: bytes) -> Place:
    major, _, minor = text.partition(b"-")
    return int(major), int(minor)


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


async def _awaited(answer: Awaitable[Any] | Any) -> Any:
    """The answer of a method that the library types for its two worlds at once."""
    return await answer


def _cautions(settings: dict[str, str], *, has_replicas: bool) -> list[str]:
    told = []
    if has_replicas and settings.get("min-replicas-to-write", "1") == "0":
        told.append(
            "Redis behind Sentinel takes writes without a replica: a failover may forget once-only ids and "
            "revocations; "
            "set min-replicas-to-write 1, with two replicas, so that one may be away"
        )
    policy = settings.get("maxmemory-policy", "noeviction")
    if policy != "noeviction":
        told.append(
            f"Redis evicts keys ({policy}), and an evicted once-only id is a replay; set maxmemory-policy noeviction"
        )
    if settings.get("appendonly") == "no":
        told.append(
            "Redis keeps no append-only file: a restart forgets once-only ids and revocations; set appendonly yes"
        )
    return told
