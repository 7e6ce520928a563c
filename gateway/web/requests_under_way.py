"""How much of requests is held at once: over all connections of a process, whatever each of them may take."""

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

T = TypeVar("T")

AT_MOST: Final = 64 * 1024 * 1024
"""Bytes."""


class RequestsUnderWay(Generic[T]):
    """Bytes of large requests, by connection. Where there are too many, whoever began first gives way.

    An honest request is whole within moments; those that fill a memory are there for as long as they are let.
    """

    __slots__ = ("_at_most", "_sizes", "_total")

    def __init__(self, at_most: int = AT_MOST) -> None:
        self._at_most = at_most
        self._sizes: dict[T, int] = {}
        self._total = 0

    def grown(self, connection: T, size: int) -> Iterator[T]:
        """Count that a request has `size` bytes by now; the connections that must give it up."""
        self._total += size - self._sizes.get(connection, 0)
        self._sizes[connection] = size
        while self._total > self._at_most:
            first = next(iter(self._sizes))
            self.ended(first)
            yield first

    def ended(self, connection: T) -> None:
        self._total -= self._sizes.pop(connection, 0)
