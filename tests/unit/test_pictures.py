"""The pictures of README and docs: each that a page shows is there and small, and the drawn one has every room."""

import re
from pathlib import Path

import pytest

from tools.architecture import drawn, floors

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
SHOWN = [
    (page, address)
    for page in PAGES
    for address in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("page", "address"), SHOWN, ids=lambda value: str(value).removeprefix(f"{ROOT}/"))
def test_a_picture_that_a_page_shows_is_there_and_small(page: Path, address: str) -> None:
    picture = page.parent / address
    assert picture.is_file(), f"{address}: make pictures"
    assert picture.stat().st_size < 120_000


def test_every_picture_is_shown_somewhere() -> None:
    shown = {(page.parent / address).resolve() for page, address in SHOWN}
    assert set((ROOT / "docs" / "images").iterdir()) - shown == set()


def test_every_room_of_the_package_is_in_the_drawing() -> None:
    rooms = {path.parent.name for path in (ROOT / "gateway").glob("*/__init__.py")}
    assert {room for floor in floors() for room in floor} == rooms
    assert all(f">{room}</text>" in drawn() for room in rooms)


def test_the_drawing_in_the_docs_is_of_now() -> None:
    assert (ROOT / "docs" / "images" / "architecture.svg").read_text() == drawn(), "make pictures"
