"""The wheel: all that the command needs is in it, and what it depends on is said in its metadata."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.e2e.installation import ROOT, Installation

SOURCE = ROOT / "gateway"


def _files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    packed = {
        name.removeprefix("gateway/") for name in zipfile.ZipFile(wheel).namelist() if name.startswith("gateway/")
    }

    assert packed == _files(SOURCE)
    assert "py.typed" in packed
    assert any(name.endswith(".css") for name in packed)


def test_the_wheel_brings_nothing_but_the_package_and_its_metadata(wheel: Path) -> None:
    folders = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {folder.partition(".")[0] if folder.endswith(".dist-info") else folder for folder in folders} == {
        "gateway",
        "sts_gateway-0",
    }


def test_the_package_is_the_installed_one(installed: Installation) -> None:
    told = installed.run_program(installed.python, "-c", "import gateway; print(gateway.__file__)")

    assert Path(told.stdout.strip()).parent == installed.packages


OPTIONAL = ("gateway.demo",)
"""Modules of the extras, which a plain installation does not have."""


def test_every_module_that_serves_can_be_imported(installed: Installation) -> None:
    """What a module needs and the metadata does not name is missing here, and here alone."""
    program = (
        "import importlib, pkgutil, gateway\n"
        "names = [module.name for module in pkgutil.walk_packages(gateway.__path__, 'gateway.')]\n"
        f"optional = {OPTIONAL!r}\n"
        "for name in names:\n"
        "    if name != 'gateway.__main__' and not name.startswith(optional): importlib.import_module(name)\n"
        "print(len(names))\n"
    )

    # ldap3 calls pyasn1's tables by their old names when it is imported.
    quiet = ("-W", "error", "-W", "ignore:tagMap", "-W", "ignore:typeMap")
    told = installed.run_program(installed.python, *quiet, "-c", program)

    assert told.returncode == 0, told.stderr
    assert int(told.stdout) > 100


@pytest.mark.parametrize("way", ["command", "module"])
def test_the_command_and_the_module_are_one_program(installed: Installation, way: str) -> None:
    ways: dict[str, list[str | Path]] = {
        "command": [installed.command],
        "module": [installed.python, "-m", "gateway"],
    }

    version, told = (installed.run_program(*ways[way], word) for word in ("--version", "--help"))

    assert version.stdout.startswith("sts-gateway 0.")
    assert told.returncode == 0
    assert "serve" in told.stdout


@pytest.mark.parametrize("command", ["serve", "check", "keys", "explain", "access", "demo"])
def test_every_command_has_a_help_with_an_example(installed: Installation, command: str) -> None:
    told = installed.run(command, "--help")

    assert (told.returncode, told.stderr) == (0, "")
    assert "example:" in told.stdout
    assert f"sts-gateway {command}" in told.stdout


def test_keys_are_made_listed_and_turned_and_never_shown(installed: Installation, tmp_path: Path) -> None:
    keyring = tmp_path / "keyring.json"
    steps = ("generate", "rotate", "list", "generate")

    codes, told = zip(
        *((ended.returncode, ended.stdout + ended.stderr) for ended in (
            installed.run("keys", step, "--keyring", keyring) for step in steps
        )),
        strict=True,
    )  # fmt: skip

    assert codes == (0, 0, 0, 1), told
    assert keyring.stat().st_mode & 0o777 == 0o600
    secrets = [key["secret"] for key in json.loads(keyring.read_text())["keys"]]
    assert len(secrets) == 2
    assert [secret for secret in secrets if secret in "".join(told)] == []


def test_the_schema_of_the_settings_is_json(installed: Installation) -> None:
    told = installed.run("check", "--schema")

    assert "properties" in json.loads(told.stdout)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gateway: {public_url: 'http://127.0.0.1:1'", "error: not YAML"),
        ("gateway: {public_url: 'http://127.0.0.1:1', keyring: ./k.json, regoin: x}", "did you mean"),
    ],
    ids=["no YAML", "a setting that is none"],
)
def test_a_configuration_with_a_mistake_is_told_and_not_served(
    installed: Installation, tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(text)

    checked, served = (installed.run(command, "--config", path) for command in ("check", "serve"))

    assert (checked.returncode, served.returncode) == (1, 2), served.stderr
    assert told in checked.stdout + checked.stderr
    assert told in served.stderr
    assert "Traceback" not in checked.stderr + served.stderr
