"""What cannot be seen by whoever asks: folders that another user alone may enter."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.live import _is_to_be_made
from gateway.cli.local_files import may_be_there
from gateway.settings.paths import _problem

NOBODY = 65534


@pytest.fixture
def hidden(tmp_path: Path) -> Iterator[Path]:
    """A file in a folder that this user may not enter."""
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "file").touch()
    was = os.geteuid()
    folder.chmod(0o000)
    if was == 0:  # whom modes do not stop
        os.seteuid(NOBODY)
    yield folder / "file"
    os.seteuid(was)
    folder.chmod(0o700)


def test_what_is_hidden_may_be_there(hidden: Path) -> None:
    assert may_be_there(hidden)
    assert not _is_to_be_made(f"sqlite:///{hidden}")


def test_a_file_that_is_hidden_is_told_as_such(hidden: Path) -> None:
    assert _problem(str(hidden)) == "permission denied; let the gateway's user enter its folder"


def test_what_is_not_there_is_not(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert not may_be_there(tmp_path / "other")
    assert not may_be_there(tmp_path / "file" / "below")
    assert may_be_there(tmp_path / "file")
