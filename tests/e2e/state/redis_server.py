"""Real Redis servers on free loopback ports, which tests freeze, kill and start again."""

import shutil
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pytest

from tests.e2e.process import Process, free_port

PATIENT = 0.5


class RedisServer:
    """A server that keeps what it is told in a file (AOF), so that its next start has it."""

    def __init__(self, folder: Path, *options: str, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._folder = folder
        self._options = options
        self._process: Process | None = None

    def start(self) -> None:
        settings = ("--port", str(self.port), "--appendonly", "yes", "--appendfsync", "always", "--save", "")
        settings += ("--repl-diskless-sync-delay", "0")
        self._run("redis", [_program(), "--bind", "127.0.0.1", "--dir", str(self._folder), *settings, *self._options])

    def start_sentinel(self, service: str, master: "RedisServer", quorum: int) -> None:
        """Watch a master; for one of three such."""
        self._folder.mkdir(parents=True)
        configuration = self._folder / "sentinel.conf"
        configuration.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self._folder}\n"
            f"sentinel monitor {service} 127.0.0.1 {master.port} {quorum}\n"
            f"sentinel down-after-milliseconds {service} 500\n"
            f"sentinel failover-timeout {service} 2000\n"
        )
        self._run("sentinel", [_program(), str(configuration), "--sentinel"])

    def kill(self) -> None:
        """End it as kill -9 does."""
        process, self._process = self._process, None
        if process is not None:
            process.send(signal.SIGKILL)
            process.ended()

    def freeze(self) -> None:
        self._running().send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running().send(signal.SIGCONT)

    def ask(self, *words: str) -> bytes:
        """Send a command beside every client library; what comes back, unread."""
        command = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words)
        with socket.create_connection(("127.0.0.1", self.port), PATIENT) as connection:
            connection.sendall(command)
            return connection.recv(65536)

    def __enter__(self) -> Self:
        if self._process is None:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _run(self, name: str, command: Sequence[str]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = Process(f"{name}-{self.port}", command, folder=self._folder)
        self._process.until(self._answers, "it answers")

    def _answers(self) -> bool:
        try:
            return self.ask("PING").startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False

    def _running(self) -> Process:
        assert self._process is not None
        return self._process


class Replicated:
    """A master with a replica, and three sentinels that watch it."""

    def __init__(self, folder: Path, *options: str) -> None:
        """`options`: of the master and the replica."""
        self._running = ExitStack()
        self.master = RedisServer(folder / "master", *options)
        of_master = ("--replicaof", "127.0.0.1", str(self.master.port))
        self.replica = RedisServer(folder / "replica", *options, *of_master)
        self.sentinels = [RedisServer(folder / f"sentinel-{at}") for at in range(3)]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/lake"

    def __enter__(self) -> Self:
        enter = self._running.enter_context
        enter(self.master)
        enter(self.replica)
        wait_for(lambda: b"master_link_status:up" in self.replica.ask("INFO", "replication"))
        for sentinel in self.sentinels:
            sentinel.start_sentinel("lake", self.master, quorum=2)
            enter(sentinel)
        wait_for(lambda: all(_knows_all(sentinel) for sentinel in self.sentinels))
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()


def wait_for(look: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not look():
        assert time.monotonic() < end, "still waiting"
        time.sleep(0.05)


def _knows_all(sentinel: RedisServer) -> bool:
    told = sentinel.ask("SENTINEL", "MASTER", "lake")
    return b"num-slaves\r\n$1\r\n1\r\n" in told and b"num-other-sentinels\r\n$1\r\n2\r\n" in told


def _program() -> str:
    program = shutil.which("redis-server")
    if program is None:
        pytest.fail("redis-server is missing: run `make test`, or tests/e2e/needs.sh, which installs it", pytrace=False)
    return program
