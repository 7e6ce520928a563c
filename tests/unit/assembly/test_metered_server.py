"""The numbers of a server: those of all its workers, whatever becomes of each, on the internal listener alone."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.fakes.prometheus import Scrape
from tests.unit.web.serving import answer, eventually, is_closed, request, status

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).with_name("metered_program.py")
TREE = Path(__file__).parents[3]


class Metered:
    """The program, and how to ask both of its listeners."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._log.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def told(self, message: str) -> int:
        return sum(line["message"] == message for line in self.lines)

    def connect(self, *, inside: bool = False) -> socket.socket:
        (line,) = [line for line in self.lines if line["message"] == "listening"]
        port = line["internal_port"] if inside else str(line["url"]).rpartition(":")[2]
        return socket.create_connection(("127.0.0.1", int(str(port))), timeout=10)

    def ask(self, target: bytes, *, inside: bool = False) -> bytes:
        with self.connect(inside=inside) as connection:
            connection.sendall(request(target=target))
            return answer(connection)

    def pid(self) -> int:
        return int(self.ask(b"/pid").rpartition(b"\r\n")[2])

    def scrape(self) -> Scrape:
        return Scrape(self.ask(b"/metrics", inside=True).partition(b"\r\n\r\n")[2].decode())

    def counted(self) -> float:
        """How often any worker was asked for its pid."""
        return self.scrape().value("sts_gateway_requests_total", action="Pid", outcome="ok", code="")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[int], Metered]]:
    with ExitStack() as running:
        yield lambda workers: running.enter_context(started(workers, tmp_path / "log"))


@contextmanager
def started(workers: int, log: Path) -> Iterator[Metered]:
    with log.open("wb") as written:
        process = subprocess.Popen([sys.executable, str(PROGRAM), str(workers)], stderr=written, cwd=TREE)
    program = Metered(process, log)
    try:
        assert eventually(lambda: program.told("listening") == 1, 15)
        assert workers == 1 or eventually(lambda: program.told("worker ready") == workers, 15)
        yield program
    finally:
        process.kill()
        process.wait()
        print(log.read_text())


def test_metrics_are_answered_inside_and_nothing_else_is(start: Callable[[int], Metered]) -> None:
    program = start(1)

    assert status(program.ask(b"/metrics")) == 404
    assert status(program.ask(b"/metrics", inside=True)) == 200
    assert status(program.ask(b"/pid")) == 200
    assert status(program.ask(b"/pid", inside=True)) == 404
    for inside in (False, True):
        assert status(program.ask(b"/readyz", inside=inside)) == 200
        assert status(program.ask(b"/healthz", inside=inside)) == 200


def test_both_listeners_say_that_the_server_ends_and_then_end(start: Callable[[int], Metered]) -> None:
    program = start(1)
    with program.connect(inside=True) as kept:
        program.process.send_signal(signal.SIGTERM)

        assert eventually(lambda: status(program.ask(b"/readyz")) == 503, 1)
        assert status(program.ask(b"/readyz", inside=True)) == 503
        assert is_closed(kept, 5)
    assert program.process.wait(10) == 0


def test_the_answers_of_all_workers_are_added_up(start: Callable[[int], Metered]) -> None:
    program = start(2)
    asked = {program.pid() for _ in range(40)}

    assert len(asked) == 2
    assert [program.counted() for _ in range(10)] == [40.0] * 10
    assert program.scrape().value("sts_gateway_worker_starts_total") == 2


def test_nothing_that_a_killed_worker_counted_is_lost(start: Callable[[int], Metered]) -> None:
    program = start(2)
    asked = 0
    for replaced in range(1, 4):
        pids = [program.pid() for _ in range(10)]
        asked += len(pids)
        assert program.counted() == asked

        os.kill(pids[0], signal.SIGKILL)

        assert eventually(lambda: program.told("worker ready") == 2 + replaced, 10)  # noqa: B023
        assert [program.counted() for _ in range(5)] == [float(asked)] * 5
    assert program.scrape().value("sts_gateway_worker_starts_total") == 5


def test_open_connections_are_those_of_living_workers(start: Callable[[int], Metered]) -> None:
    program = start(2)

    def connections() -> float:
        return program.scrape().value("sts_gateway_http_connections")

    def held(count: int) -> list[socket.socket]:
        return [running.enter_context(program.connect()) for _ in range(count)]

    with ExitStack() as running:
        held(20)
        assert eventually(lambda: connections() == 21)  # and the one that asks
        for pid in {program.pid() for _ in range(20)}:
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: program.told("worker ready") == 4, 10)
        assert eventually(lambda: connections() == 1)


def test_what_http_refuses_is_counted(start: Callable[[int], Metered]) -> None:
    program = start(1)
    with program.connect() as connection:
        connection.sendall(request(headers=b"".join(b"x-%d: 1\r\n" % number for number in range(200))))
        assert status(answer(connection)) == 431

    assert program.scrape().value("sts_gateway_http_requests_refused_total", status="431") == 1
