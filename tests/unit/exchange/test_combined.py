"""Readers of the revocations ask every five seconds: they have one audit line an hour."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.domain.errors import AuditUnavailable
from gateway.exchange.combined import CombinedLines
from tests.unit.resource.world import ResourceWorld

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def due(lines: CombinedLines, reader: str, now: datetime) -> int | None:
    answers = lines.due((reader,), now)
    if answers is not None:
        lines.written((reader,), now)
    return answers


def test_the_first_answer_has_a_line_and_an_hours_answers_have_the_next() -> None:
    lines = CombinedLines()
    assert due(lines, "a", NOW) == 1
    assert [due(lines, "a", NOW + at * SECOND) for at in (5, 3_599)] == [None, None]
    assert due(lines, "a", NOW + 3_600 * SECOND) == 3
    assert due(lines, "a", NOW + 3_605 * SECOND) is None


def test_each_reader_has_lines_of_its_own() -> None:
    lines = CombinedLines()
    assert [due(lines, reader, NOW) for reader in ("a", "b", "a")] == [1, 1, None]


def test_a_line_that_could_not_be_written_is_still_due() -> None:
    lines = CombinedLines()
    assert [lines.due(("a",), NOW), lines.due(("a",), NOW)] == [1, 2]


def test_readers_are_bounded() -> None:
    lines = CombinedLines(2)
    assert [due(lines, reader, NOW) for reader in ("a", "b", "c", "b", "a")] == [1, 1, 1, None, 1]


def test_readers_of_revocations_are_told_once_an_hour_and_refusals_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = ResourceWorld(tmp_path)
    world.audit.records.clear()
    for _ in range(3):
        world.api.revocations(None)
        world.clock.move(minutes=29)
    world.api.revocations(None)
    assert [record["additionalEventData"]["answers"] for record in world.audit.records] == [1, 3]
    assert {record["eventName"] for record in world.audit.records} == {"ListRevocations"}

    def full(_: object) -> None:
        raise AuditUnavailable(cause="the disk is full")

    world.clock.move(hours=1)
    monkeypatch.setattr(world.audit, "write", full)
    with pytest.raises(AuditUnavailable):
        world.api.revocations(None)
    monkeypatch.undo()
    world.api.revocations(None)
    assert world.audit.last["additionalEventData"]["answers"] == 2
