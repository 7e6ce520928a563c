"""Work beside requests: told where a bug ends it, and begun anew."""

import asyncio
import logging

import pytest

from gateway.telemetry.background import Background


class Work:
    """Fails as often as it is told to, then goes on."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.begun = 0
        self.ended = 0

    async def run(self) -> None:
        self.begun += 1
        if self.begun <= self.failures:
            raise KeyError("a secret")
        try:
            await asyncio.sleep(3_600)
        finally:
            self.ended += 1


async def test_work_that_a_bug_ends_is_begun_anew_and_told(caplog: pytest.LogCaptureFixture) -> None:
    work = Work(failures=2)
    background = Background("following", work.run, pause=0.01)
    background.start()
    await asyncio.sleep(0.1)

    assert work.begun == 3
    assert [record.levelno for record in caplog.records] == [logging.CRITICAL] * 2
    assert caplog.records[0].getMessage() == "following was ended by a bug; begun anew in 0.01 s"
    await background.aclose()
    assert work.ended == 1


async def test_work_that_waits_to_be_begun_anew_is_ended_too() -> None:
    work = Work(failures=9)
    background = Background("following", work.run, pause=0.05)
    background.start()
    await asyncio.sleep(0.01)

    await background.aclose()
    await asyncio.sleep(0.1)

    assert work.begun == 1


async def test_work_is_begun_once_and_its_end_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    work = Work(failures=0)
    background = Background("following", work.run)
    background.start()
    background.start()
    await asyncio.sleep(0)

    await background.aclose()
    await background.aclose()

    assert (work.begun, work.ended) == (1, 1)
    assert caplog.records == []


async def test_work_that_never_began_ends_all_the_same() -> None:
    await Background("following", Work(failures=0).run).aclose()
