"""Following the configuration's files: what changes counts, what is broken does not, and is told once."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from gateway.assembly.last_good import LastGood
from gateway.assembly.reload import Reloader
from gateway.settings.configuration import Configuration
from gateway.settings.load import load
from tests.fakes.gateway_world import GatewayWorld


class Follower:
    """A configuration file that is followed, and what was taken of it."""

    def __init__(self, folder: Path, path: Path | None = None) -> None:
        self.world = GatewayWorld(folder)
        self.file = folder / "gateway.yaml"
        self.taken: list[Configuration] = []
        self.refuse: str | None = None
        begun = LastGood(path or self.file, load)
        self.reloader = Reloader(begun, load=load, take=self.take, interval=0.01)

    async def take(self, configuration: Configuration) -> None:
        if self.refuse is not None:
            raise ValueError(self.refuse)
        self.taken.append(configuration)

    def write(self, text: str) -> None:
        written = self.file.with_suffix(".new")
        written.write_text(text)
        written.replace(self.file)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.taken) < count:
                await asyncio.sleep(0.01)


@pytest.fixture
async def follower(tmp_path: Path) -> Any:
    follower = Follower(tmp_path)
    task = asyncio.create_task(follower.reloader.run())
    yield follower
    assert not task.done()
    task.cancel()


async def test_a_changed_file_is_taken(follower: Follower) -> None:
    follower.write(follower.file.read_text().replace("max_session_duration: 4h", "max_session_duration: 2h"))

    await follower.until(1)

    durations = {role.name: role.maximum_duration for role in follower.taken[0].roles}
    assert durations["lake/Analyst"] == 7_200


async def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    follower = Follower(tmp_path)
    short, whole = (follower.file.read_text().replace("4h", hours) for hours in ("2h", "3h"))

    def read_half(path: Path) -> Configuration:
        configuration = load(path)
        if "2h" in follower.file.read_text():
            follower.write(whole)
        return configuration

    reloader = Reloader(LastGood(follower.file, load), load=read_half, take=follower.take, interval=0.01)
    follower.write(short)
    task = asyncio.create_task(reloader.run())

    await follower.until(2)

    task.cancel()
    hours = [{role.maximum_duration for role in taken.roles} for taken in follower.taken]
    assert (7_200 in hours[0], 10_800 in hours[1]) == (True, True)


async def test_an_unchanged_file_is_left_alone_until_somebody_asks(follower: Follower) -> None:
    await asyncio.sleep(0.1)
    assert follower.taken == []

    follower.reloader.soon()

    await follower.until(1)


async def test_a_broken_file_is_told_once_and_a_mended_one_taken(
    follower: Follower, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    good = follower.file.read_text()
    follower.write(good.replace("policies: [read-lake]", "policies: [nope]"))
    async with asyncio.timeout(5):
        while "refused" not in caplog.text:
            await asyncio.sleep(0.01)
    follower.reloader.soon()
    await asyncio.sleep(0.1)
    assert follower.taken == []
    assert caplog.text.count("the last good one stays in force") == 1
    assert "gateway.yaml:" in caplog.text

    follower.write(good)

    await follower.until(1)
    async with asyncio.timeout(5):
        while "is in force" not in caplog.text:
            await asyncio.sleep(0.01)


async def test_what_the_file_refers_to_is_followed_too(follower: Follower) -> None:
    keys = follower.world.folder / "jwks.json"
    keys.write_text(keys.read_text() + "\n")
    os.utime(keys, ns=(1, 1))

    await follower.until(1)


async def test_a_provider_that_cannot_be_used_is_told_and_nothing_is_taken(
    follower: Follower, caplog: pytest.LogCaptureFixture
) -> None:
    follower.refuse = "jwks_file: no keys; write some"
    follower.reloader.soon()
    async with asyncio.timeout(5):
        while "no keys" not in caplog.text:
            await asyncio.sleep(0.01)

    follower.refuse = None
    follower.reloader.soon()

    await follower.until(1)


async def test_a_file_that_is_gone_for_a_moment_is_no_end(follower: Follower) -> None:
    good = follower.file.read_text()
    follower.file.unlink()
    await asyncio.sleep(0.1)
    assert follower.taken == []

    follower.write(good)

    await follower.until(1)


async def test_a_new_file_of_a_folder_counts(tmp_path: Path) -> None:
    follower = Follower(tmp_path, tmp_path)
    task = asyncio.create_task(follower.reloader.run())
    (tmp_path / "more.yaml").write_text("accounts: {second: '999988887777'}\n")

    await follower.until(1)

    assert follower.taken[0].accounts["second"] == "999988887777"
    task.cancel()
