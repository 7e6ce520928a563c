"""The product as a user installs it: its wheel, built from this tree, in a virtual environment that has nothing else."""

import os
import re
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A virtual environment with the installed wheel. Commands run in `home`, outside of the source tree."""

    folder: Path
    home: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def command(self) -> Path:
        return self.folder / "bin" / "sts-gateway"

    @property
    def packages(self) -> Path:
        """The `gateway` that is installed in it."""
        return self.folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages" / "gateway"

    def environment(self, **more: str) -> dict[str, str]:
        """Variables for its programs: nothing of this machine's but how it prints and finds certificates."""
        return {"PATH": f"{self.folder / 'bin'}:{os.defpath}", "HOME": str(self.home), "LANG": "C.UTF-8", **more}

    def run(
        self, *words: str | Path, timeout: float = 60, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `sts-gateway WORDS` to its end."""
        return self.run_program(self.command, *words, timeout=timeout, environment=environment)

    def run_program(
        self,
        *command: str | Path,
        timeout: float = 60,
        environment: dict[str, str] | None = None,
        directory: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=directory or self.home,
            env=self.environment(**(environment or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


def build_wheel(folder: Path) -> Path:
    _pip("wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    (wheel,) = folder.glob("sts_gateway-*.whl")
    return wheel


def install(wheel: Path, folder: Path, *, extra: str | None = None) -> Installation:
    """Install the wheel and what its own metadata asks for, in the versions of requirements.lock."""
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    home = folder / "home"
    home.mkdir()
    installation = Installation(folder=folder / "venv", home=home)
    # Constraints name no hashes: pip wants one of each requirement then, and a wheel of now has none.
    pins = re.findall(r"^[\w.-]+==\S+", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(pins))
    wanted = wheel if extra is None else f"sts-gateway[{extra}] @ {wheel.as_uri()}"
    _pip("--python", installation.python, "install", "--constraint", constraints, wanted)
    return installation


def _pip(*words: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *map(str, words)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stdout}{ended.stderr}"
