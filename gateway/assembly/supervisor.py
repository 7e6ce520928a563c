"""Several workers on one set of sockets: started, replaced when they die, ended together."""

import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.assembly.listening import close_all

START_FAILED: Final = 3
"""What a worker that could not start exits with: the first ones end everything, since the next would fail alike."""

_LOG: Final = logging.getLogger("gateway.supervisor")
_SIGNALS: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP})
_SETTLED: Final = 1.0
"""A worker that lived less than so many seconds is replaced only after as many, not at once."""

_LOOK: Final = 0.5


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker is told of itself.

    `lifeline`: a descriptor that ends when the supervisor does. `number`: which of the places it fills, from 0.
    """

    lifeline: int
    number: int


def supervise(
    sockets: list[socket.socket], *, workers: int, patience: float, refresh: Callable[[], None]
) -> "Worker | int":
    """Fork `workers` processes and look after them until a signal ends all.

    Returns a Worker inside each of them, which goes on to serve; in the supervisor the exit code, when all have ended.
    refresh: brings up to date what the next worker begins with; called every half second and before each start.
    patience: seconds after the signal until a worker that is still there is killed.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    return _Supervisor(sockets, patience, refresh).run(workers)


class _Supervisor:
    def __init__(self, sockets: list[socket.socket], patience: float, refresh: Callable[[], None]) -> None:
        self._sockets = sockets
        self._patience = patience
        self._refresh = refresh
        self._lifeline, self._held = os.pipe()
        self._started_at: dict[int, float] = {}
        self._numbers: dict[int, int] = {}
        self._due: list[float] = []
        self._first: set[int] = set()
        self._killed_at: float | None = None
        self._code = 0

    def run(self, workers: int) -> Worker | int:
        self._due = [0.0] * workers
        while self._started_at or self._due:
            self._refresh()
            number = self._start_due()
            if number is not None:
                return Worker(self._lifeline, number)
            self._first = self._first or set(self._started_at)
            found = signal.sigtimedwait(_SIGNALS, _LOOK)
            if found is not None and found.si_signo == signal.SIGHUP:
                self._pass_on(signal.SIGHUP)
            elif found is not None and found.si_signo != signal.SIGCHLD:
                self._end(signal.Signals(found.si_signo))
            self._reap()
            self._kill_late()
        return self._code

    def _start_due(self) -> int | None:
        """Start what is due; inside a new worker the number of its place."""
        now = time.monotonic()
        for _ in [moment for moment in self._due if moment <= now]:
            taken = set(self._numbers.values())
            number = next(number for number in range(len(taken) + 1) if number not in taken)
            pid = os.fork()
            if pid == 0:
                self._become_worker()
                return number
            self._started_at[pid] = now
            self._numbers[pid] = number
            _LOG.info("worker started", extra={"pid": pid})
        self._due = [moment for moment in self._due if moment > now]
        return None

    def _become_worker(self) -> None:
        os.setpgid(0, 0)  # Ctrl-C at a terminal reaches the supervisor alone, which tells its workers once
        os.close(self._held)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the application follows its configuration
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def _reap(self) -> None:
        while self._started_at:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._ended(pid, os.waitstatus_to_exitcode(status))

    def _ended(self, pid: int, code: int) -> None:
        lived = time.monotonic() - self._started_at.pop(pid)
        del self._numbers[pid]
        ending = self._killed_at is not None
        _LOG.log(logging.INFO if ending else logging.ERROR, "worker ended", extra={"pid": pid, "code": code})
        if ending:
            return
        if code == START_FAILED and pid in self._first:
            self._code = 1
            self._end(signal.SIGTERM)
            return
        self._due.append(time.monotonic() + (0.0 if lived > _SETTLED else _SETTLED))

    def _end(self, sig: signal.Signals) -> None:
        if self._killed_at is None:
            self._killed_at = time.monotonic() + self._patience
            self._due = []
            close_all(self._sockets)  # the workers' own copies decide when nobody listens any more
        if sig == signal.SIGINT:
            self._code = 128 + sig
        self._pass_on(sig)

    def _pass_on(self, sig: signal.Signals) -> None:
        for pid in self._started_at:
            os.kill(pid, sig)

    def _kill_late(self) -> None:
        if self._killed_at is not None and time.monotonic() > self._killed_at:
            for pid in self._started_at:
                os.kill(pid, signal.SIGKILL)
