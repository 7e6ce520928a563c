"""Log lines: their fields, what they leave out, and that nothing in them can move a terminal."""

import asyncio
import io
import json
import logging
import os
import select
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidIdentityToken
from gateway.telemetry.log import REQUEST_ID, AccessLine, AccessLines, configure, rendered

LOG = logging.getLogger("gateway.tests")
DANGEROUS = "".join(map(chr, [*range(32), *range(0x7F, 0xA0), 0x061C, *range(0x200B, 0x2010), *range(0x2028, 0x2030)]))


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What a configured log wrote; the loggers are as before afterwards."""
    handlers, level = logging.root.handlers[:], logging.root.level
    written = io.StringIO()
    configure(written)
    yield written
    logging.captureWarnings(False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_time_level_logger_and_message(stream: io.StringIO) -> None:
    LOG.warning("%s of %d", "one", 2, extra={"pid": 7})

    (line,) = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {"level": "WARNING", "logger": "gateway.tests", "message": "one of 2", "pid": 7}


def test_lines_within_a_request_carry_its_id(stream: io.StringIO) -> None:
    token = REQUEST_ID.set("the id")
    LOG.info("within")
    REQUEST_ID.reset(token)
    LOG.info("outside")

    assert [line.get("request_id") for line in lines(stream)] == ["the id", None]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(KeyError("canary"), "KeyError", id="foreign text is left out"),
        pytest.param(OSError(28, "No space left on device", "canary"), "OSError: No space left on device", id="OSError"),
        pytest.param(InvalidIdentityToken("m", cause="wrong aud"), "InvalidIdentityToken: wrong aud", id="own error"),
    ],
)  # fmt: skip
def test_an_error_is_told_by_its_type_and_way(error: Exception, told: str, stream: io.StringIO) -> None:
    try:
        raise error
    except type(error):
        LOG.exception("it broke")

    (line,) = lines(stream)
    assert line["error"] == told
    assert line["trace"][-1].split("/")[-1].startswith("test_log.py:")
    assert "canary" not in stream.getvalue()


def test_the_causes_of_an_error_are_told(stream: io.StringIO) -> None:
    try:
        try:
            raise KeyError("canary")
        except KeyError as error:
            raise ValueError("canary") from error
    except ValueError:
        LOG.exception("it broke")

    assert lines(stream)[0]["error"] == "ValueError < KeyError"
    assert "canary" not in stream.getvalue()


def test_an_object_that_is_no_text_shows_its_type_only() -> None:
    class Secret:
        def __repr__(self) -> str:
            return "canary"

    assert rendered({"what": Secret()}) == '{"what":"Secret"}'


def test_libraries_that_log_urls_or_every_step_are_quiet(stream: io.StringIO) -> None:
    for name in ("httpx", "httpcore.http11", "uvicorn.error", "asyncio"):
        logging.getLogger(name).info("GET https://idp.example.com/?code=canary")

    assert stream.getvalue() == ""


def test_warnings_of_python_are_lines_too(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", stacklevel=1)

    assert lines(stream)[0]["logger"] == "py.warnings"


@given(st.text() | st.just(DANGEROUS) | st.just("\ud800 \U000e0041"))
def test_a_line_is_printable_ascii_and_reads_back(text: str) -> None:
    line = rendered({"claim": text, text: 1})

    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == {"claim": text} | {text: 1}


LINE = AccessLine(request_id="an-id", client="192.0.2.7", method="GET", path="/portal", status=200, milliseconds=0.125)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(LINE, id="a usual one"),
        pytest.param(LINE._replace(client=None), id="of nobody known"),
        pytest.param(LINE._replace(path="/\x1b[2J"), id="that would clear the terminal"),
        pytest.param(LINE._replace(path='/","status":500,"x":"'), id="that would say otherwise"),
        pytest.param(LINE._replace(path="/a\\"), id="that would go on"),
        pytest.param(LINE._replace(path="/\u202e\u00e9\x7f\n"), id="that would turn the direction"),
    ],
)
async def test_access_lines_go_to_their_descriptor_whole(line: AccessLine) -> None:
    read, write = os.pipe()
    AccessLines(write).write(line)
    await asyncio.sleep(0.05)
    os.close(write)

    with os.fdopen(read, "rb") as pipe:
        written = pipe.read()
    assert not any(byte in range(32) or byte == 0x7F for byte in written[:-1])
    told = json.loads(written)
    assert told.pop("time").endswith("Z")
    assert told == {"level": "INFO", "logger": "gateway.access", **line._asdict()}


async def test_an_access_line_that_cannot_be_written_is_lost_quietly() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        AccessLines(full.fileno()).write(LINE)
        await asyncio.sleep(0.05)


async def test_access_lines_of_one_moment_are_written_in_their_order() -> None:
    read, write = os.pipe()
    lines = AccessLines(write)
    for status in (200, 403, 500):
        lines.write(LINE._replace(status=status))
    await asyncio.sleep(0.05)
    os.close(write)

    with os.fdopen(read, "rb") as pipe:
        assert [json.loads(line)["status"] for line in pipe] == [200, 403, 500]


async def test_access_lines_that_wait_are_written_at_the_end() -> None:
    read, write = os.pipe()
    lines = AccessLines(write)
    lines.write(LINE)
    lines.flush()
    lines.flush()
    await asyncio.sleep(0.05)
    os.close(write)

    with os.fdopen(read, "rb") as pipe:
        assert len(pipe.readlines()) == 1


async def test_no_write_of_access_lines_is_more_than_a_pipe_keeps_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other workers write to it too."""
    writes: list[bytes] = []
    monkeypatch.setattr("gateway.telemetry.log.os.write", lambda _descriptor, written: writes.append(written))
    lines, long = AccessLines(-1), "/" + "a" * 900
    for number in range(200):
        lines.write(LINE._replace(status=number, path=long if number % 7 == 0 else "/"))
    lines.flush()

    assert [json.loads(line)["status"] for line in b"".join(writes).splitlines()] == list(range(200))
    assert all(len(written) <= select.PIPE_BUF and written.endswith(b"\n") for written in writes)
    assert len(writes) < 40
