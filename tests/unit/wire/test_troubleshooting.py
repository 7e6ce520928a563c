"""The troubleshooting page has every code that a client can see, with its status, and none besides."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from gateway.web import refusals
from gateway.web.refusals import Refusal
from gateway.wire import s3_faults, sts_faults
from gateway.wire.faults import Fault

PAGE = (Path(__file__).parents[3] / "docs" / "troubleshooting.md").read_text()
DIALECTS: dict[str, Iterable[Fault]] = {
    "Codes of STS": sts_faults.FAULTS.values(),
    "Codes of services of type `s3`": [*s3_faults.FAULTS.values(), *s3_faults.MALFORMED.values()],
}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    _, _, section = PAGE.partition(f"## {heading}\n")
    lines = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


@pytest.mark.parametrize(("heading", "faults"), DIALECTS.items(), ids=DIALECTS)
def test_every_code_of_a_dialect_stands_there_with_its_status(heading: str, faults: Iterable[Fault]) -> None:
    told = {(cells[0].strip("`"), int(cells[1])) for cells in rows(heading)}

    assert told == {(fault.code, fault.status) for fault in faults}


@pytest.mark.parametrize("heading", [*DIALECTS, "Answers of HTTP itself"])
def test_each_has_one_row_in_order_with_cause_and_mend(heading: str) -> None:
    names = [cells[0].strip("`") for cells in rows(heading)]

    assert names == sorted(set(names))
    assert [cells[0] for cells in rows(heading) if not all(cells)] == []


def test_every_refusal_of_http_stands_there() -> None:
    answered = {str(one.status) for one in vars(refusals).values() if isinstance(one, Refusal)}

    assert {cells[0] for cells in rows("Answers of HTTP itself")} == answered
