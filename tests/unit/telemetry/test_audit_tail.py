"""Finding one request's record from the end of the audit log's file."""

from pathlib import Path

import pytest

from gateway.telemetry import audit_tail
from gateway.telemetry.audit_tail import record_of


def line(request_id: str, text: str = "") -> str:
    return f'{{"eventName":"{text or "E"}","requestID":"{request_id}"}}\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 20], ids=lambda size: f"blocks of {size}")
@pytest.mark.parametrize("wanted", ["r-0", "r-57", "r-199"])
def test_a_record_is_found_wherever_blocks_cut_its_line(
    block: int, wanted: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_tail, "_BLOCK", block)
    log.write_text("".join(line(f"r-{at}", f"E{at}") for at in range(200)))
    found = record_of(log, wanted)
    assert found is not None
    assert found["requestID"] == wanted
    assert record_of(log, "r-200") is None
    assert record_of(log, "r-5") is not None


def test_the_last_record_of_a_request_counts(log: Path) -> None:
    log.write_text(line("r", "first") + line("r", "last") + line("s"))
    found = record_of(log, "r")
    assert found is not None
    assert found["eventName"] == "last"


def test_what_is_farther_back_than_a_person_would_wait_is_not_looked_at(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_tail, "_BLOCK", 64)
    monkeypatch.setattr(audit_tail, "_FARTHEST", 1_000)
    log.write_text(line("old") + "".join(line(f"r-{at}") for at in range(200)))
    assert record_of(log, "old") is None
    assert record_of(log, "r-199") is not None


@pytest.mark.parametrize("content", ["", "\n\n", 'no json with "requestID":"r"', "\x00\xff"])
def test_a_file_that_holds_no_record_gives_none(content: str, log: Path) -> None:
    log.write_text(content)
    assert record_of(log, "r") is None


def test_a_file_that_is_not_there_gives_none(log: Path) -> None:
    assert record_of(log, "r") is None


def test_an_id_is_not_found_in_another_fields_text(log: Path) -> None:
    log.write_text('{"userAgent":"\\"requestID\\":\\"r\\"","requestID":"s"}\n')
    assert record_of(log, "r") is None
