"""A server under signals: nobody is cut off, nobody is answered by a worker that stands still."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.assembly.worker import ServerSettings
from tests.unit.web.serving import answer, eventually, is_closed, request, served, status

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).with_name("program.py")
TREE = Path(__file__).parents[3]


@dataclass
class Running:
    """The program's process. `lines` is its log so far."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.told("listening")[0]["url"].rpartition(":")[2])

    def told(self, message: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines if f'"message":"{message}"' in line]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def ask(self, target: str = "/0") -> bytes:
        with self.connect() as connection:
            connection.sendall(request(target=target.encode()))
            return answer(connection)

    def pid(self) -> int:
        return int(self.ask().rpartition(b"\r\n")[2])

    def end(self, sig: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(sig)

    def code(self) -> int:
        return self.process.wait(20)


@contextmanager
def running(
    *, workers: int = 1, drain: float = 0.5, patience: float = 10, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), "0", str(workers), str(drain), str(patience)],
        stderr=subprocess.PIPE, text=True, cwd=TREE, start_new_session=True, env={**os.environ, **(environment or {})},
    )  # fmt: skip
    program = Running(process)
    assert process.stderr is not None
    reader = threading.Thread(target=lambda: program.lines.extend(process.stderr or ()), daemon=True)
    reader.start()
    try:
        yield program
    finally:
        process.kill()
        process.wait()
        reader.join(5)
        process.stderr.close()
        print("".join(program.lines))


@contextmanager
def ready(**more: Any) -> Iterator[Running]:
    with running(**more) as program:
        assert eventually(lambda: bool(program.told("listening")), 15), program.lines
        workers = more.get("workers", 1)
        assert workers == 1 or eventually(lambda: len(program.told("worker ready")) == workers, 15)
        yield program


def test_one_line_tells_that_it_listens_and_where() -> None:
    with ready() as program:
        (line,) = program.told("listening")

        assert line["url"].startswith("http://127.0.0.1:")
        assert status(program.ask("/healthz")) == 200
        assert len(program.lines) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_no_process_that_serves_leaves_a_core_file(workers: int) -> None:
    with ready(workers=workers) as program:
        for process in (program.process.pid, program.pid()):
            soft, hard = resource.prlimit(process, resource.RLIMIT_CORE)
            assert soft == (0 if hard == 0 else 1)


def test_sigterm_is_told_to_probes_and_clients_while_newcomers_are_still_served() -> None:
    with ready(drain=2) as program, program.connect() as kept:
        kept.sendall(request())
        assert b"connection: close" not in answer(kept)
        assert status(program.ask("/readyz")) == 200
        program.end()
        assert eventually(lambda: status(program.ask("/readyz")) == 503, 0.5)

        time.sleep(1)
        assert b"draining" in program.ask("/readyz")
        assert status(program.ask("/healthz")) == 200
        kept.sendall(request())
        assert b"\r\nconnection: close\r\n" in answer(kept)
        assert is_closed(kept, 1)
        assert status(program.ask()) == 200
        assert program.code() == 0
        assert "application ended\n" in program.lines


def test_an_answer_that_begins_during_the_drain_tells_the_end_though_its_request_came_before() -> None:
    with ready(drain=5) as program, program.connect() as connection:
        connection.sendall(request(target=b"/0.8"))
        time.sleep(0.2)
        program.end()

        assert b"\r\nconnection: close\r\n" in answer(connection)
        assert is_closed(connection, 1)
        assert status(program.ask("/readyz")) == 503


def test_a_connection_that_is_open_when_nobody_listens_any_more_may_still_ask() -> None:
    with served(ServerSettings(drain=0.2, linger=2)) as program, program.connect() as silent:
        program.server.drain()
        assert eventually(lambda: _is_refused(program.port))
        silent.sendall(request())

        received = answer(silent)

        assert status(received) == 200
        assert b"\r\nconnection: close\r\n" in received


def _is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except ConnectionRefusedError:
        return True
    except TimeoutError:
        return False
    return False


def test_an_interrupt_does_not_wait_for_silent_connections() -> None:
    with served(ServerSettings(drain=60, linger=60)) as program, program.connect():
        began = time.monotonic()
        program.server.handle_exit(signal.SIGINT, None)
        program.thread.join(10)

        assert not program.thread.is_alive()
        assert time.monotonic() - began < 3


def test_what_runs_when_the_drain_ends_is_finished() -> None:
    with ready(drain=0.2) as program, program.connect() as connection:
        connection.sendall(request(target=b"/1.5"))
        time.sleep(0.2)
        program.end()

        received = answer(connection)

        assert status(received) == 200
        assert b"\r\nconnection: close\r\n" in received
        assert program.code() == 0


def test_what_runs_for_too_long_does_not_keep_the_server() -> None:
    with ready(drain=0.1) as program, program.connect() as connection:
        connection.sendall(request(target=b"/60"))
        time.sleep(0.2)
        began = time.monotonic()
        program.end()

        assert program.code() == 0
        assert time.monotonic() - began < 9


@pytest.mark.parametrize("workers", [1, 2])
def test_no_request_is_reset_or_cut_while_a_busy_server_ends(workers: int) -> None:
    with ready(workers=workers, drain=1.0) as program:
        port = program.port
        faults: list[str] = []
        answered: list[int] = []
        clients = [
            threading.Thread(target=_ask_until_refused, args=(port, keep, faults, answered))
            for keep in (True, True, True, True, False, False, False, False)
        ]
        for client in clients:
            client.start()
        time.sleep(0.5)
        program.end()
        for client in clients:
            client.join(15)

        assert program.code() == 0
        assert faults == []
        assert len(answered) > 100


def _ask_until_refused(port: int, keep: bool, faults: list[str], answered: list[int]) -> None:
    """Ask as fast as is honest: a connection that announced its end is left, and a refused one ends the asking."""
    more = b"" if keep else b"Connection: close\r\n"
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=0.5)
        except (ConnectionRefusedError, TimeoutError):
            return
        with connection:
            connection.settimeout(10)
            while True:
                try:
                    connection.sendall(request(target=b"/0.005", headers=more))
                except ConnectionError as error:
                    faults.append(f"send: {error}")
                    break
                received = answer(connection)
                if status(received) != 200:
                    faults.append(f"answered {received!r}")
                    break
                answered.append(1)
                if b"\r\nconnection: close\r\n" in received:
                    break


def test_a_second_sigterm_ends_the_drain() -> None:
    with ready(drain=60) as program:
        program.end()
        assert eventually(lambda: status(program.ask("/readyz")) == 503, 2)
        program.end()

        assert program.code() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_ends_without_a_drain(workers: int) -> None:
    with ready(workers=workers, drain=60) as program:
        program.end(signal.SIGINT)

        assert program.code() == 130
        assert program.lines.count("application ended\n") == workers


def test_an_interrupt_from_the_terminal_reaches_each_worker_once() -> None:
    with ready(workers=2) as program, program.connect() as connection:
        connection.sendall(request(target=b"/1"))
        time.sleep(0.2)
        os.killpg(program.process.pid, signal.SIGINT)

        assert status(answer(connection)) == 200
        assert program.code() == 130


def test_a_second_interrupt_waits_for_nothing() -> None:
    with ready(drain=60) as program, program.connect() as connection:
        connection.sendall(request(target=b"/60"))
        time.sleep(0.2)
        program.end(signal.SIGINT)
        time.sleep(0.5)
        began = time.monotonic()
        program.end(signal.SIGINT)

        assert program.code() == 130
        assert time.monotonic() - began < 3


def test_an_event_loop_that_stands_still_ends_its_process() -> None:
    with ready(patience=1) as program:
        with program.connect() as connection:
            connection.sendall(request(target=b"/stuck"))

            assert program.code() == 70
        assert any("the event loop stands still" in line for line in program.lines)
        assert any("program.py" in line for line in program.lines)


def test_an_application_that_does_not_start_ends_with_1() -> None:
    with running(environment={"FAILING": "1"}) as program:
        assert program.code() == 1
        assert program.told("listening") == []


def test_workers_that_do_not_start_end_everything_with_1() -> None:
    with running(workers=2, environment={"FAILING": "1"}) as program:
        assert program.code() == 1


@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_ends_is_replaced_and_the_other_goes_on(sig: signal.Signals) -> None:
    with ready(workers=2, drain=0.2) as program:
        os.kill(program.pid(), sig)

        assert eventually(lambda: len(program.told("worker ready")) == 3)
        assert all(status(program.ask()) == 200 for _ in range(20))
        assert len({program.pid() for _ in range(60)} | {0}) >= 2
        assert len(program.told("worker ended")) == 1


def test_a_stuck_worker_is_replaced() -> None:
    with ready(workers=2, patience=1) as program, program.connect() as connection:
        connection.sendall(request(target=b"/stuck"))

        assert eventually(lambda: len(program.told("worker ready")) == 3, 10)
        assert program.told("worker ended")[0]["code"] == 70


def test_workers_end_when_their_supervisor_is_gone() -> None:
    with ready(workers=2, drain=0.1) as program:
        pids = {line["pid"] for line in program.told("worker started")}
        program.process.kill()

        assert eventually(lambda: program.lines.count("application ended\n") == 2)
        assert eventually(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in pids))


def test_idle_connections_are_kept_longer_than_proxies_keep_theirs_and_no_longer() -> None:
    assert ServerSettings().keep_alive > 60
    with served(ServerSettings(keep_alive=1)) as program, program.connect() as connection:
        connection.sendall(request())
        answer(connection)

        assert not is_closed(connection, 0.7)
        assert is_closed(connection, 1.5)


def test_a_server_in_a_thread_drains_when_it_is_told_to() -> None:
    with served(ServerSettings(drain=0.2, linger=0.2)) as program:
        assert status(program.exchange(request(target=b"/readyz"))) == 200

        program.server.drain()
        program.thread.join(5)

        assert not program.thread.is_alive()
        assert program.app.ended.is_set()
