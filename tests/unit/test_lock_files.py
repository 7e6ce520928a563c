"""The lock files hold what every supported Python asks for, not only the one that they were made with."""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-test.lock", "deploy/container/requirements.lock")
# The first is the least that pyproject.toml allows; Debian 12, which the container image stands on, has 3.11.2.
PYTHONS = ("3.11.0", "3.11.2", "3.12.0", "3.13.0", "3.14.0")


def locked(lock: str) -> set[str]:
    found = re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(name) for name in found}


def asked_for(package: str, python: str) -> set[str]:
    """What an installed package needs on that Python, without its extras."""
    environment = {
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "sys_platform": "linux",
        "extra": "",
    }
    found = [Requirement(line) for line in requires(package) or ()]
    return {canonicalize_name(one.name) for one in found if one.marker is None or one.marker.evaluate(environment)}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_is_whole_for_every_supported_python(lock: str, python: str) -> None:
    packages = locked(lock)
    missing = set()
    for package in packages:
        try:
            missing |= {f"{package} needs {name}" for name in asked_for(package, python) - packages}
        except PackageNotFoundError:
            continue  # it is not of this platform
    assert missing == set()
