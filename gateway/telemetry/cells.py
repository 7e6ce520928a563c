"""Numbers in memory that a server's workers share: each writes its own page, whoever is asked reads all of them.

The pages are one anonymous mapping, made before the workers are forked. A worker that dies, however it dies, leaves its
page; the next one in its place goes on with it, so that no sum ever goes down.
"""

import logging
import mmap
import os
from collections.abc import Iterator
from typing import Final

_CELLS: Final = 16_384
_SCRATCH: Final = 64
_NAMES_BYTES: Final = 1024 * 1024
_WORD: Final = 8
_OWNER, _NAMES_LENGTH, _HEADER_WORDS = 0, 1, 2
_CELLS_START: Final = _HEADER_WORDS * _WORD
_NAMES_START: Final = _CELLS_START + _CELLS * _WORD
_PAGE_BYTES: Final = -(-(_NAMES_START + _NAMES_BYTES) // mmap.PAGESIZE) * mmap.PAGESIZE

_LOG: Final = logging.getLogger("gateway.metrics")


class Board:
    """The pages of one server. Memory is taken only for what is written."""

    def __init__(self, pages: int = 1) -> None:
        self._memory = mmap.mmap(-1, pages * _PAGE_BYTES)
        self.pages: Final = tuple(
            Page(memoryview(self._memory)[start : start + _PAGE_BYTES])
            for start in range(0, pages * _PAGE_BYTES, _PAGE_BYTES)
        )


class Page:
    """Named runs of cells. One process writes, from one thread; any process that has the board reads.

    A cell is eight aligned bytes, written at once: a reader never sees half of a number.
    """

    def __init__(self, memory: memoryview) -> None:
        self._header = memory[:_CELLS_START].cast("Q")
        self.cells: Final = memory[_CELLS_START:_NAMES_START].cast("d")
        self._names = memory[_NAMES_START:]
        self._at: dict[str, int] = {}
        self._used = 0
        self._is_full = False

    def claim(self) -> None:
        """Make this process the page's writer; it goes on with the numbers of the one before."""
        self._at.clear()
        self._used = 0
        for name, width in self._directory():
            self._at[name] = self._used
            self._used += width
        self._header[_OWNER] = os.getpid()

    @property
    def is_alive(self) -> bool:
        """Whether the process that writes this page is there."""
        owner = self._header[_OWNER]
        if not owner:
            return False
        try:
            os.kill(owner, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def reserve(self, name: str, width: int) -> int:
        """Where in `cells` the run of this name begins, zeros at first; one name always has one width."""
        at = self._at.get(name)
        return self._append(name, width) if at is None else at

    def read(self) -> Iterator[tuple[str, tuple[float, ...]]]:
        """Every run: its name and its numbers."""
        at = 0
        for name, width in self._directory():
            yield name, tuple(self.cells[at : at + width])
            at += width

    def _append(self, name: str, width: int) -> int:
        line = f"{width} {name}\n".encode()
        length = self._header[_NAMES_LENGTH]
        if self._used + width > _CELLS - _SCRATCH or length + len(line) > _NAMES_BYTES:
            return self._scratch(name)
        self._names[length : length + len(line)] = line
        self._header[_NAMES_LENGTH] = length + len(line)  # last: from now on readers see the name
        self._at[name] = self._used
        self._used += width
        return self._at[name]

    def _scratch(self, name: str) -> int:
        """Cells that nobody reads: a service must not stop because it has too much to count."""
        if not self._is_full:
            self._is_full = True
            _LOG.error("there is no room for more metrics; the first that is left out: %s", name)
        return _CELLS - _SCRATCH

    def _directory(self) -> Iterator[tuple[str, int]]:
        written = bytes(self._names[: self._header[_NAMES_LENGTH]]).decode()
        for line in written.split("\n")[:-1]:
            width, _, name = line.partition(" ")
            yield name, int(width)
