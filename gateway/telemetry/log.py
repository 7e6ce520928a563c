"""The log: one JSON object a line, without secrets, safe to show on a terminal."""

import asyncio
import json
import logging
import os
import re
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from select import PIPE_BUF
from types import TracebackType
from typing import Any, Final, NamedTuple, TextIO

from gateway.domain.clock import second_text
from gateway.domain.errors import GatewayError
from gateway.telemetry.audit import line_of

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""The id of the request that is being answered; every line that is logged meanwhile carries it."""

_QUIET: Final = {
    "uvicorn": logging.WARNING,
    "asyncio": logging.WARNING,
    # They log whole URLs, whose queries hold tokens.
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
}
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_CAUSES: Final = 5
_FRAMES: Final = 20
_MOMENT: Final = 0.002
"""Seconds."""
# Texts that are the same in JSON and on every terminal.
_PLAIN: Final = re.compile(r"[ !#-\[\]-~]*", re.ASCII).fullmatch


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every logger's lines to `stream`, as JSON; None: standard error. Replaces what was configured before."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)
    for name, threshold in _QUIET.items():
        logging.getLogger(name).setLevel(threshold)
    logging.captureWarnings(True)


class JsonLines(logging.Formatter):
    """`time`, `level`, `logger`, `message`, `request_id` within a request, what `extra` adds, and an error's way."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _written(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        request_id = REQUEST_ID.get()
        if request_id is not None:
            line["request_id"] = request_id
        line |= {name: value for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _told(record.exc_info[1])
            line["trace"] = _trace(record.exc_info[1].__traceback__)
        return rendered(line)


class AccessLine(NamedTuple):
    """An answered request. `client`: its address, None where that is not known; `path`: without the query."""

    request_id: str
    client: str | None
    method: str
    path: str
    status: int
    milliseconds: float


class AccessLines:
    """The access log. Lines of one moment are written together: a write for each would cost as much as a small page."""

    __slots__ = ("_descriptor", "_waiting")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: list[tuple[float, AccessLine]] = []

    def write(self, line: AccessLine) -> None:
        """Call it on a running loop."""
        if not self._waiting:
            asyncio.get_running_loop().call_later(_MOMENT, self.flush)
        self._waiting.append((time.time(), line))

    def flush(self) -> None:
        """Write what waits. What cannot be written is lost: an access log must not stop the service."""
        waiting, self._waiting = self._waiting, []
        for lines in _unmixed([_access_line(at, line) for at, line in waiting]):
            with suppress(OSError):
                os.write(self._descriptor, lines)


def _unmixed(lines: Iterable[bytes]) -> Iterator[bytes]:
    """As many lines at once as a pipe that other workers write to keeps together (pipe(7), PIPE_BUF)."""
    together = b""
    for line in lines:
        if together and len(together) + len(line) > PIPE_BUF:
            yield together
            together = b""
        together += line
    yield together


def _access_line(at: float, line: AccessLine) -> bytes:
    head = f'{{"time":"{_written(at)}","level":"INFO","logger":"gateway.access"'
    request_id, client, method, path, status, milliseconds = line
    if client is None or _PLAIN(f"{request_id}{client}{method}{path}") is None:
        return head.encode("ascii") + b"," + line_of(line._asdict())[1:]
    return (
        f'{head},"request_id":"{request_id}","client":"{client}","method":"{method}","path":"{path}",'
        f'"status":{status},"milliseconds":{milliseconds}}}\n'
    ).encode("ascii")


def rendered(line: Mapping[str, Any]) -> str:
    """One line of ASCII: no control, bidi or zero-width character of any claim can move a cursor or forge a line."""
    return json.dumps(line, ensure_ascii=True, separators=(",", ":"), default=_type_name).replace("\x7f", "\\u007f")


def _type_name(value: object) -> str:
    # An unknown object's text may show what it holds.
    return type(value).__name__


def _written(timestamp: float) -> str:
    second = int(timestamp)
    return f"{second_text(second)[:-1]}.{int((timestamp - second) * 1000):03d}Z"


def _told(error: BaseException) -> str:
    """The error and what caused it, by type. Only texts that are known to quote no input are shown."""
    told: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(told) < _CAUSES:
        told.append(_described(cause))
        cause = cause.__cause__ or cause.__context__
    return " < ".join(told)


def _described(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, GatewayError):
        return f"{name}: {error.cause}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    return name


def _trace(found: TracebackType | None) -> list[str]:
    """Where the error was raised, innermost last: places in the code, no values."""
    places = [(frame.f_code, line) for frame, line in traceback.walk_tb(found)]
    return [f"{code.co_filename}:{line} {code.co_name}" for code, line in places[-_FRAMES:]]
