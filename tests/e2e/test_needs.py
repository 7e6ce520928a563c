"""What the end-to-end tests need beyond Python is installed by needs.sh, the same everywhere."""

import json
import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def test_the_lock_file_holds_versions_and_hashes_and_no_places() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]

    packages = {name: package for name, package in lock["packages"].items() if name}
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if not package["integrity"].startswith("sha512-")] == []


def test_a_second_run_has_nothing_to_do_and_says_nothing() -> None:
    ended = subprocess.run([HERE / "needs.sh"], capture_output=True, text=True, timeout=10, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
