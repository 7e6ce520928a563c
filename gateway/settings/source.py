"""Files of a configuration: which there are, and their text, read with a bound."""

import os
import stat
from pathlib import Path
from typing import Final

DOCUMENT_LIMIT: Final = 4 * 1024 * 1024
VALUE_LIMIT: Final = 1024 * 1024
FILE_COUNT_LIMIT: Final = 1000
_SUFFIX: Final = ".yaml"


class Unreadable(Exception):
    """`reason` is one clause that holds nothing of the file's content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_text(path: Path, limit: int) -> str:
    """The UTF-8 text of a regular file of at most `limit` bytes, without byte order mark. Raises Unreadable."""
    try:
        content = _read(path, limit)
    except ValueError:  # a NUL inside the path
        raise Unreadable("not a path") from None
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from None
    if len(content) > limit:
        raise Unreadable(f"larger than {limit // 1024} KiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"not UTF-8 in line {line}, at byte {error.start}") from None


def _read(path: Path, limit: int) -> bytes:
    # Without O_NONBLOCK the open of a FIFO waits for ever; a device or FIFO is refused before a byte is read.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable("not a regular file")
        return file.read(limit + 1)


def documents_of(path: Path) -> tuple[Path, ...]:
    """The file itself, or a folder's `*.yaml` sorted by name; hidden files are left out. Raises Unreadable."""
    try:
        if not path.is_dir():
            return (path,)
        found = sorted(entry for entry in path.iterdir() if entry.suffix == _SUFFIX and not entry.name.startswith("."))
    except ValueError:
        raise Unreadable("not a path") from None
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from None
    if not found:
        raise Unreadable(f"a folder without any *{_SUFFIX} file")
    if len(found) > FILE_COUNT_LIMIT:
        raise Unreadable(f"a folder of more than {FILE_COUNT_LIMIT} *{_SUFFIX} files")
    return tuple(found)


def overlooked(path: Path) -> tuple[Path, ...]:
    """Files of a configuration folder that look like configuration and are not read: `*.yml`, `*.json`."""
    if not path.is_dir():
        return ()
    return tuple(sorted(entry for entry in path.iterdir() if entry.suffix in {".yml", ".json"}))
