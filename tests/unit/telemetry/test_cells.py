"""Cells that workers share: nothing is lost with a process, and nobody else's numbers are touched."""

import os
import signal
import time

import pytest

from gateway.telemetry.cells import Board, Page


def counted(page: Page, name: str, width: int = 1) -> int:
    at = page.reserve(name, width)
    page.cells[at] += 1.0
    return at


def in_a_child(page: Page, names: list[str]) -> int:
    """Claim the page in another process, count each name once, and stay until somebody kills it; its pid."""
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        page.claim()
        for name in names:
            counted(page, name)
        os.write(told, b"x")
        time.sleep(60)
        os._exit(0)
    os.read(ready, 1)
    os.close(ready)
    os.close(told)
    return pid


def killed(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_names_keep_their_cells() -> None:
    (page,) = Board().pages
    page.claim()

    first, wide, again = counted(page, "a"), counted(page, "b c", 3), counted(page, "a")

    assert first == again
    assert wide != first
    assert list(page.read()) == [("a", (2.0,)), ("b c", (1.0, 0.0, 0.0))]


def test_names_may_hold_every_character_but_a_line_feed() -> None:
    (page,) = Board().pages
    page.claim()

    counted(page, "a\x0b\x85\u2028é")

    assert [name for name, _ in page.read()] == ["a\x0b\x85\u2028é"]


def test_what_a_killed_process_counted_stays_and_the_next_goes_on() -> None:
    board = Board(2)
    page = board.pages[1]
    for names in (["a", "b"], ["b", "c"]):
        pid = in_a_child(page, names)
        assert page.is_alive
        killed(pid)
        assert not page.is_alive

    assert dict(page.read()) == {"a": (1.0,), "b": (2.0,), "c": (1.0,)}
    assert list(board.pages[0].read()) == []


def test_a_page_that_nobody_claimed_is_not_alive() -> None:
    assert not Board().pages[0].is_alive


def test_a_full_page_counts_what_it_has_and_says_once_that_it_is_full(caplog: pytest.LogCaptureFixture) -> None:
    (page,) = Board().pages
    page.claim()
    first = counted(page, "kept")
    for number in range(20_000):
        counted(page, f"more-{number}")

    counted(page, "kept")

    assert page.cells[first] == 2.0
    assert sum(len(numbers) for _, numbers in page.read()) == 16_384 - 64
    assert [record.getMessage()[:30] for record in caplog.records] == ["there is no room for more metr"]


def test_a_name_too_long_for_what_is_left_is_left_out() -> None:
    (page,) = Board().pages
    page.claim()

    counted(page, "x" * 1024 * 1024)
    counted(page, "short")

    assert [name for name, _ in page.read()] == ["short"]
