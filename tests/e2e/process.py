"""Programs that run while tests do: started with their output in files, waited for, ended, and never left behind."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Self, TypeVar

T = TypeVar("T")
PATIENCE = 20
"""Seconds that anything is waited for; on an idle machine all of it takes less than two."""


class Process:
    """A running program. Its standard output and error go to two files in `folder`."""

    running: ClassVar[list["Process"]] = []
    """Those that were started and not yet ended: what a failed test shows the logs of."""

    def __init__(
        self, name: str, command: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.folder = folder
        self._files = (folder / f"{name}.out", folder / f"{name}.err")
        with self._files[0].open("ab") as out, self._files[1].open("ab") as err:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
        self.running.append(self)

    @property
    def out(self) -> str:
        return self._files[0].read_text(errors="replace")

    @property
    def err(self) -> str:
        return self._files[1].read_text(errors="replace")

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    def send(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """What `look` gives, once it gives something; a program that ends before, or takes too long, fails the test."""

        def look_at_a_living_one() -> T | None:
            found = look()
            if not found and not self.alive:
                raise AssertionError(f"{self.name} ended with {self._child.returncode} before {what}\n{self.told()}")
            return found

        return until(look_at_a_living_one, f"{self.name}: {what}")

    def ended(self) -> int:
        """Wait for the end that was asked for; the exit code. The whole session is ended where it does not come."""
        try:
            return self._child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {PATIENCE} seconds\n{self.told()}") from None
        finally:
            self.kill()

    def stop(self) -> int:
        """End it, frozen or not; the exit code."""
        if self.alive:
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
        return self.ended()

    def told(self, lines: int = 60) -> str:
        """The ends of both its outputs, for a person who looks for a fault."""
        ends = ["\n".join(text.splitlines()[-lines:]) for text in (self.out, self.err)]
        return f"--- {self.name}: standard output\n{ends[0]}\n--- {self.name}: standard error\n{ends[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def kill(self) -> None:
        """End it and all that it started, asking nobody."""
        if self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
        if self in self.running:
            self.running.remove(self)


def until(look: Callable[[], T | None], what: str) -> T:
    """What `look` gives, once it gives something that counts."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"still waiting after {PATIENCE} seconds for {what}")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
