"""A crash writes no secrets to a disk."""

import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.client.core_files import leave_no_core_file
from gateway.sidecar import serve as sidecar
from gateway.sidecar.guard import UnusableAuthorization

CRASH = """
import os, resource, signal
from gateway.client.core_files import leave_no_core_file
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
leave_no_core_file()
if os.fork() == 0:
    os.kill(os.getpid(), signal.SIGSEGV)
os.wait()
os.kill(os.getpid(), signal.SIGSEGV)
"""


def test_a_crash_leaves_no_core_file(tmp_path: Path) -> None:
    crashed = subprocess.run([sys.executable, "-c", CRASH], cwd=tmp_path, check=False, timeout=60)

    assert crashed.returncode < 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("hard", "soft"), [(resource.RLIM_INFINITY, 1), (4096, 1), (0, 0)])
def test_the_limit_is_one_that_pipes_heed_too(monkeypatch: pytest.MonkeyPatch, hard: int, soft: int) -> None:
    made: list[Any] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (0, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: made.append(limits))

    leave_no_core_file()

    assert made == [(soft, hard)]


def test_the_sidecar_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(sidecar, "leave_no_core_file", lambda: asked.append(True))
    listening = sidecar.Listening(addresses=(), port=0, imds=False, probe_port=None)

    with pytest.raises(UnusableAuthorization):
        sidecar.serve([], listening, {}, lambda: None)

    assert asked == [True]
