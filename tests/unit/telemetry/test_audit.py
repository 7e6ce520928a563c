"""The audit log: whole lines, appended at once, that nobody can forge and that a full disk does not lose silently."""

import json
import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.domain.errors import AuditUnavailable
from gateway.telemetry.audit import AuditLog, Receipt, line_of

FORGERIES = {
    "newline": "alice\n{}",
    "escape sequence": "\x1b[2J",
    "delete": "\x7f",
    "C1 control": "\x9b31m",
    "right-to-left override": "\u202egpj.exe",
    "isolate": "\u2066x\u2069",
    "line separator": "a\u2028b",
    "zero width": "a\u200bb",
    "byte order mark": "\ufeff",
    "tag character": "\U000e0041",
    "letter outside ASCII and override": "Zoë\u202e",
}


@pytest.mark.parametrize("text", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_claim_cannot_forge_a_line_or_move_a_terminal(text: str) -> None:
    line = line_of({"userName": text})

    shown = line.decode().removesuffix("\n")
    assert shown.isprintable()
    assert json.loads(shown) == {"userName": text}


def test_readable_letters_stay_readable() -> None:
    assert "Zoë" in line_of({"userName": "Zoë"}).decode()


def test_lines_are_appended_to_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    first = AuditLog.open(path, refuse=True)
    second = AuditLog.open(path, refuse=True)

    first.write({"n": 1})
    second.write({"n": 2})
    first.write({"n": 3})

    assert [json.loads(line)["n"] for line in path.read_text().splitlines()] == [1, 2, 3]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first.close()
    second.close()


def test_standard_output_is_the_default(capfd: pytest.CaptureFixture[str]) -> None:
    log = AuditLog.open(None, refuse=True)

    log.write({"n": 1})
    log.close()
    log.write({"n": 2})

    assert capfd.readouterr().out == '{"n":1}\n{"n":2}\n'


def test_a_full_disk_refuses_the_request() -> None:
    log = AuditLog(os.open("/dev/full", os.O_WRONLY), refuse=True)

    with pytest.raises(AuditUnavailable) as refused:
        log.write({"n": 1})

    assert "No space left" in refused.value.cause
    assert log.dropped == 0
    log.close()


def test_a_full_disk_drops_and_counts_where_that_is_wanted() -> None:
    log = AuditLog(os.open("/dev/full", os.O_WRONLY), refuse=False)

    log.write({"n": 1})
    log.write({"n": 2})

    assert log.dropped == 2
    log.close()


def test_a_line_that_was_cut_off_does_not_swallow_the_next(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    log = AuditLog.open(path, refuse=False)
    real, calls = os.write, []

    def short_then_full(descriptor: int, content: bytes) -> int:
        calls.append(content)
        if len(calls) == 1:
            return real(descriptor, content[:4])
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return real(descriptor, content)

    monkeypatch.setattr(os, "write", short_then_full)
    log.write({"number": 1})
    log.write({"number": 2})

    assert path.read_text().splitlines() == ['{"nu', '{"number":2}']
    assert log.dropped == 1
    log.close()


class Writes:
    """The system's `write`, of which the first `whole` calls take all, one takes `taken` bytes, and all others none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, whole: int = 1_000, taken: int = 0) -> None:
        self.calls: list[bytes] = []
        self._real, self._whole, self._taken = os.write, whole, taken
        monkeypatch.setattr(os, "write", self._write)

    def _write(self, descriptor: int, content: bytes) -> int:
        self.calls.append(content)
        beyond = len(self.calls) - self._whole
        if beyond > 1 or (beyond == 1 and not self._taken):
            raise OSError(28, "No space left on device")
        return self._real(descriptor, content[: self._taken] if beyond == 1 else content)


def outcome(receipt: Receipt) -> str:
    try:
        receipt.settle()
    except AuditUnavailable as unavailable:
        return unavailable.cause
    return "kept"


def test_lines_of_one_moment_share_a_write_as_the_first_of_them_is_settled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log, writes = AuditLog.open(tmp_path / "audit.log", refuse=True), Writes(monkeypatch)

    receipts = [log.take(b"%d\n" % number) for number in range(3)]
    assert writes.calls == []
    receipts[1].settle()
    assert writes.calls == [b"0\n1\n2\n"]

    assert [outcome(receipt) for receipt in receipts] == ["kept"] * 3
    assert len(writes.calls) == 1
    log.close()


def test_a_line_written_at_once_comes_behind_those_that_wait(tmp_path: Path) -> None:
    log = AuditLog.open(tmp_path / "audit.log", refuse=True)

    log.take(b"1\n")
    log.write_line(b"2\n")
    log.take(b"3\n")
    log.close()

    assert (tmp_path / "audit.log").read_text() == "1\n2\n3\n"


@pytest.mark.parametrize(
    ("taken", "kept", "next_line"),
    [
        pytest.param(0, 0, b"next\n", id="nothing"),
        pytest.param(3, 0, b"\nnext\n", id="half of the first"),
        pytest.param(6, 1, b"next\n", id="the first"),
        pytest.param(7, 1, b"\nnext\n", id="the first and some of the second"),
        pytest.param(12, 2, b"next\n", id="two"),
    ],
)
def test_of_lines_that_share_a_write_those_that_a_full_disk_took_are_kept_and_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, taken: int, kept: int, next_line: bytes
) -> None:
    log, failures = AuditLog.open(tmp_path / "audit.log", refuse=True), list[int]()
    log.on_failure = lambda: failures.append(1)
    receipts = [log.take(b"line%d\n" % number) for number in range(3)]

    with monkeypatch.context() as full:
        Writes(full, whole=0, taken=taken)
        outcomes = [outcome(receipt) for receipt in receipts]
    writes = Writes(monkeypatch)
    log.write_line(b"next\n")

    lost = "the audit log cannot be written: No space left on device"
    assert outcomes == ["kept"] * kept + [lost] * (3 - kept)
    assert len(failures) == 3 - kept
    assert writes.calls == [next_line]
    assert [outcome(receipt) for receipt in receipts] == outcomes
    log.close()


def test_of_lines_that_share_a_write_the_lost_ones_are_counted_where_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = AuditLog.open(tmp_path / "audit.log", refuse=False)
    receipts = [log.take(b"line%d\n" % number) for number in range(3)]

    Writes(monkeypatch, whole=0, taken=6)

    assert [outcome(receipt) for receipt in receipts] == ["kept"] * 3
    assert log.dropped == 2
    log.close()


def test_a_pipe_gets_each_line_in_a_write_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several workers write to one; more than PIPE_BUF at once would be cut by another's."""
    reading, writing = os.pipe()
    log, writes = AuditLog(writing, refuse=True), Writes(monkeypatch, whole=2)

    receipts = [log.take(b"%d\n" % number) for number in range(3)]
    outcomes = [outcome(receipt) for receipt in receipts]

    assert writes.calls == [b"0\n", b"1\n", b"2\n"]
    assert outcomes[:2] == ["kept", "kept"]
    assert "No space left" in outcomes[2]
    assert os.read(reading, 100) == b"0\n1\n"
    log.close()
    os.close(reading)


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    log = AuditLog.open(path, refuse=True)
    log.write({"n": 1})
    path.rename(tmp_path / "audit.log.1")
    log.write({"n": 2})

    log.reopen()
    log.write({"n": 3})

    assert (tmp_path / "audit.log.1").read_text() == '{"n":1}\n{"n":2}\n'
    assert path.read_text() == '{"n":3}\n'
    log.close()


def test_where_the_new_file_cannot_be_opened_the_old_one_is_written_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    log = AuditLog.open(folder / "audit.log", refuse=True)
    folder.rename(tmp_path / "moved")

    log.reopen()
    log.write({"n": 1})

    assert (tmp_path / "moved" / "audit.log").read_text() == '{"n":1}\n'
    assert "cannot be opened anew" in caplog.text
    log.close()


def test_standard_output_is_not_opened_anew(capfd: pytest.CaptureFixture[str]) -> None:
    log = AuditLog.open(None, refuse=True)

    log.reopen()
    log.write({"n": 1})

    assert capfd.readouterr().out == '{"n":1}\n'


@pytest.mark.parametrize("refuse", [True, False])
def test_each_line_that_cannot_be_written_is_told_to_whoever_counts(refuse: bool) -> None:
    log = AuditLog(os.open("/dev/full", os.O_WRONLY), refuse=refuse)
    told: list[int] = []
    log.on_failure = lambda: told.append(1)

    for _ in range(2):
        with suppress(AuditUnavailable):
            log.write({"a": 1})
    log.close()

    assert told == [1, 1]


def test_opening_anew_what_was_not_renamed_goes_on_at_its_end(tmp_path: Path) -> None:
    log = AuditLog.open(tmp_path / "audit.log", refuse=True)
    log.write({"n": 1})

    log.reopen()
    log.write({"n": 2})

    assert (tmp_path / "audit.log").read_text() == '{"n":1}\n{"n":2}\n'
    log.close()


def test_opening_anew_keeps_one_descriptor_that_no_other_program_inherits(tmp_path: Path) -> None:
    log = AuditLog.open(tmp_path / "audit.log", refuse=True)
    held = len(list(Path("/proc/self/fd").iterdir()))

    log.reopen()

    assert len(list(Path("/proc/self/fd").iterdir())) == held
    assert not os.get_inheritable(log._descriptor)
    log.close()


def test_a_line_cut_off_in_the_renamed_file_leaves_no_blank_line_in_the_new_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "audit.log"
    log = AuditLog.open(path, refuse=False)
    real, calls = os.write, []

    def short_then_full(descriptor: int, content: bytes) -> int:
        calls.append(content)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return real(descriptor, content[:4] if len(calls) == 1 else content)

    monkeypatch.setattr(os, "write", short_then_full)
    log.write({"n": 1})
    path.rename(tmp_path / "audit.log.1")
    log.reopen()
    log.write({"n": 2})

    assert path.read_text() == '{"n":2}\n'
    log.close()


@pytest.mark.parametrize("broken", ["write", "count"])
def test_a_write_that_breaks_off_in_an_unforeseen_way_settles_none_that_shared_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, broken: str
) -> None:
    log = AuditLog.open(tmp_path / "audit.log", refuse=True)
    receipts = [log.take(b"%d\n" % number) for number in range(3)]

    def fail(*_: object) -> int:
        raise MemoryError if broken == "write" else OSError(28, "No space left on device")

    def count() -> None:
        raise MemoryError

    log.on_failure = count
    with monkeypatch.context() as fault:
        fault.setattr(os, "write", fail)
        with pytest.raises(MemoryError):
            receipts[0].settle()

    assert ["cannot be written" in outcome(receipt) for receipt in receipts[1:]] == [True, True]
    assert (tmp_path / "audit.log").read_bytes() == b""
    log.close()
