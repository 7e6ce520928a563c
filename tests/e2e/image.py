"""The container image, built from the Containerfile over a base made by Debian's own tools, and run without a daemon."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.installation import ROOT
from tests.e2e.process import Process

CONTAINERFILE = ROOT / "deploy" / "container" / "Containerfile"
LOCK = ROOT / "deploy" / "container" / "requirements.lock"
NEEDED = ("buildah", "mmdebstrap", "unshare", "setpriv")
_SUITE = "bookworm"
_BASE = "localhost/base"
_PATIENCE = 300
_CONTAIN = Path(__file__).with_name("contain.sh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A built image. `root`: its file system; `config`: what it says of how to run it (OCI)."""

    root: Path
    config: Mapping[str, Any]

    def command(
        self, configuration: Path, state: Path, environment: Mapping[str, str], *words: str | Path
    ) -> list[str | Path]:
        """Run WORDS as a container of the image would: its user, its environment, all read-only but state and /tmp."""
        variables = dict(one.split("=", 1) for one in self.config["Env"]) | dict(environment)
        return [
            *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
            *("sh", _CONTAIN, self.root, configuration, state, self.config["User"], self.config["WorkingDir"]),
            *(f"{name}={value}" for name, value in variables.items()),
            *words,
        ]


class Container(Process):
    """A running container: its first process is process 1 of its own process namespace."""

    def send(self, number: signal.Signals) -> None:
        # unshare itself leaves these signals alone, and waits for process 1, which is in its group.
        os.killpg(self._child.pid, number)


def build_image(wheel: Path, folder: Path) -> Image:
    """Build as the Containerfile's first lines say; packages and wheels come through this machine's own settings."""
    context = folder / "context"
    (context / "dist").mkdir(parents=True)
    shutil.copy(wheel, context / "dist")
    shutil.copytree(CONTAINERFILE.parent, context / "deploy" / "container")
    wheels = _wheels(folder / "wheels")
    buildah = Buildah(folder / "storage")
    buildah.import_base(_base(folder))
    buildah.run(
        *("build", "--isolation", "chroot", "--volume", f"{wheels}:/wheels:ro"),
        *(f"--build-arg={one}" for one in (f"BASE={_BASE}", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheels")),
        *_documented_words(),
        directory=context,
    )
    told = json.loads(buildah.run("inspect", "--type", "image", "sts-gateway"))
    container = buildah.run("from", "sts-gateway")
    return Image(root=Path(buildah.run("mount", container)), config=told["OCIv1"]["config"])


class Buildah:
    """buildah with a storage of its own, of plain folders: nothing stays mounted."""

    def __init__(self, storage: Path) -> None:
        self._words = ["buildah", "--root", storage / "root", "--runroot", storage / "run", "--storage-driver", "vfs"]

    def run(self, *words: str | Path, directory: Path | None = None) -> str:
        return _run(*self._words, *words, directory=directory)

    def import_base(self, archive: Path) -> None:
        self.run("from", "--name", "base", "scratch")
        self.run("add", "base", archive, "/")
        self.run("commit", "base", _BASE)
        self.run("rm", "base")


def _documented_words() -> list[str]:
    (line,) = re.findall(r"^#   buildah build (.+)$", CONTAINERFILE.read_text(), re.MULTILINE)
    words: list[str] = line.split()
    return words


def _base(folder: Path) -> Path:
    """What the slim image of the suite is: the least system that has apt, without manuals and translations."""
    archive = folder / "base.tar"
    left_out = (f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "info", "locale", "man"))
    _run("mmdebstrap", "--variant=minbase", "--dpkgopt=force-unsafe-io", *left_out, _SUITE, archive)
    return archive


def _wheels(folder: Path) -> Path:
    # Debian's Python, not this one, will run them.
    only = ("--no-deps", "--only-binary", ":all:", "--python-version", "3.11", "--implementation", "cp")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--require-hashes")
    _run(*pip, *only, "--requirement", LOCK, "--dest", folder)
    return folder


def _run(*command: str | Path, directory: Path | None = None) -> str:
    ended = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, timeout=_PATIENCE, check=False, stdin=subprocess.DEVNULL
    )
    assert ended.returncode == 0, f"{' '.join(map(str, command))}\n{ended.stdout[-4_000:]}{ended.stderr[-4_000:]}"
    return ended.stdout.strip()
