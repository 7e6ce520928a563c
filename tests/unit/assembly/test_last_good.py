"""What a process begins with: the files' last good content, with what cannot change while others run."""

from pathlib import Path

import pytest

from gateway.assembly.last_good import LastGood
from gateway.settings.configuration import Configuration
from gateway.settings.load import load
from tests.fakes.gateway_world import GatewayWorld


def longest(configuration: Configuration) -> dict[str, int]:
    return {role.name: role.maximum_duration for role in configuration.roles}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    GatewayWorld(tmp_path)
    return tmp_path / "gateway.yaml"


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    written = file.with_suffix(".new")
    written.write_text(text.replace(old, new))
    written.replace(file)


def test_what_changed_since_is_taken(file: Path) -> None:
    last_good = LastGood(file, load)
    change(file, "max_session_duration: 4h", "max_session_duration: 2h")

    last_good.follow()

    assert longest(last_good.configuration)["lake/Analyst"] == 7_200


def test_files_that_stay_are_read_once(file: Path) -> None:
    reads: list[Path] = []

    def counted(path: Path) -> Configuration:
        reads.append(path)
        return load(path)

    last_good = LastGood(file, counted)
    last_good.follow()
    change(file, "mappings:", "mappings: [")
    for _ in range(3):
        last_good.follow()

    assert reads == [file, file]


def test_a_broken_file_leaves_the_last_good_one(file: Path) -> None:
    last_good = LastGood(file, load)
    change(file, "max_session_duration: 4h", "max_session_duration: 2h")
    last_good.follow()
    good = last_good.seen
    change(file, "max_session_duration: 2h", "max_session_duration: never")

    last_good.follow()

    assert longest(last_good.configuration)["lake/Analyst"] == 7_200
    assert last_good.seen == good  # so that the worker looks at the broken one itself, and tells


def test_what_other_workers_were_made_with_stays(file: Path) -> None:
    last_good = LastGood(file, load)
    change(file, "https://sts.example.com", "https://other.example.com")

    last_good.follow()

    assert last_good.configuration.gateway.public_url == "https://sts.example.com"


def test_a_file_that_changes_while_it_is_read_is_unlike_what_is_seen_next(file: Path) -> None:
    def overtaken(path: Path) -> Configuration:
        configuration = load(path)
        change(file, "max_session_duration: 4h", "max_session_duration: 2h")
        return configuration

    last_good = LastGood(file, overtaken)
    assert longest(last_good.configuration)["lake/Analyst"] == 14_400
    last_good._load = load

    last_good.follow()

    assert longest(last_good.configuration)["lake/Analyst"] == 7_200
