"""From the address in `gateway.state` to a store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.domain.clock import Clock
from gateway.state.memory import MemoryStore
from gateway.state.redis_address import read_address
from gateway.state.store import Store, UnusableStore


def open_state(url: str, clock: Clock) -> Store:
    """The store at an address, which is connected to at its first call. Raises UnusableStore."""
    return _backend(url).open(url, clock)


def check_address(url: str) -> None:
    """Raises UnusableStore where an address cannot be read; nothing is opened or imported."""
    _backend(url).check(url)


@dataclass(frozen=True, slots=True)
class _Backend:
    check: Callable[[str], object]
    open: Callable[[str, Clock], Store]


def _backend(url: str) -> _Backend:
    backend = _BACKENDS.get(url.partition(":")[0])
    if backend is None:
        raise UnusableStore(
            "not a state store; write memory:, sqlite:////PATH, redis://HOST, rediss://HOST "
            "or redis+sentinel://HOST,HOST/NAME"
        )
    return backend


def _check_memory(url: str) -> None:
    if url != "memory:":
        raise UnusableStore("memory has no address; write memory:")


def _memory(url: str, clock: Clock) -> Store:
    _check_memory(url)
    return MemoryStore(clock)


def _sqlite_path(url: str) -> Path:
    prefix = "sqlite:///"
    path = Path(url[len(prefix) :])
    if not url.startswith(prefix) or not path.is_absolute() or "\0" in url:
        raise UnusableStore("not a file for SQLite; write sqlite://// and the rest of an absolute path")
    return path


def _sqlite(url: str, clock: Clock) -> Store:
    from gateway.state.sqlite import SqliteStore  # noqa: PLC0415  `check` reads addresses and opens nothing

    return SqliteStore(_sqlite_path(url), clock)


def _redis(url: str, clock: Clock) -> Store:
    from gateway.state.redis import RedisStore  # noqa: PLC0415  60 ms that others need not wait

    return RedisStore(read_address(url), clock)


_BACKENDS: Final[Mapping[str, _Backend]] = {
    "memory": _Backend(_check_memory, _memory),
    "sqlite": _Backend(_sqlite_path, _sqlite),
    "redis": _Backend(read_address, _redis),
    "rediss": _Backend(read_address, _redis),
    "redis+sentinel": _Backend(read_address, _redis),
}
