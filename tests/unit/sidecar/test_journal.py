"""The log's lines: plain, one each, safe on a terminal."""

import errno
import io
import re
import sys

import pytest

from gateway.sidecar.instants import written
from gateway.sidecar.journal import tell


def test_a_line_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell("etl: \x1b[2J evil\n2026-01-01T00:00:00Z sidecar: forged\u202e")

    line = capsys.readouterr().err
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ sidecar: [ -~]*\n", line)


@pytest.mark.parametrize(
    ("timestamp", "text"), [(0.9, "1970-01-01T00:00:00Z"), (1_700_000_000, "2023-11-14T22:13:20Z")]
)
def test_a_moment_has_no_fraction_and_no_offset(timestamp: float, text: str) -> None:
    assert written(timestamp) == text


def test_a_log_that_cannot_be_written_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, or a reader that has gone: the thread that renews writes there too."""

    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Full())
    tell("lost")
