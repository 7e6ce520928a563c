"""Finds one request's record in the audit log's file, from its end backwards, as far as a person would wait."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

_BLOCK: Final = 256 * 1024
_FARTHEST: Final = 64 * 1024 * 1024
"""Bytes from the end that are looked at: some hundred thousand requests."""


def record_of(path: Path, request_id: str) -> Mapping[str, Any] | None:
    """The last record of the request; None where it is not in the file's end, or the file cannot be read. Blocks."""
    wanted = f'"requestID":"{request_id}"'.encode()
    try:
        for line in _lines_backwards(path):
            if wanted in line:
                record: Mapping[str, Any] = msgspec.json.decode(line, type=dict)
                return record
    except (OSError, msgspec.DecodeError):
        return None
    return None


def _lines_backwards(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        end = at = file.seek(0, os.SEEK_END)
        rest = b""
        while at > max(0, end - _FARTHEST):
            begin = max(0, at - _BLOCK)
            file.seek(begin)
            rest, *lines = (file.read(at - begin) + rest).split(b"\n")
            yield from reversed(lines)
            at = begin
        yield rest
