"""A bounded pool of threads for work that cannot be interrupted, in which what is stuck is set aside and replaced."""

import asyncio
import contextlib
import functools
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_LOG: Final = logging.getLogger(__name__)
_FAULTS_OF_A_LIFE: Final = 32


class Busy(Exception):
    """No turn came in time, since too much is under way or set aside."""


class Stuck(Exception):
    """The work did not end in time; its thread is set aside."""


class _Work:
    """One call on its way: what is called, who waits for it, and whether it still holds a turn."""

    __slots__ = ("call", "holds_turn", "is_set_aside", "loop", "timer", "waiter")

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call
        self.loop = asyncio.get_running_loop()
        self.waiter: asyncio.Future[Any] = self.loop.create_future()
        self.timer: asyncio.TimerHandle | None = None
        self.holds_turn = True
        self.is_set_aside = False


class Workers:
    """Runs blocking calls of one provider, `size` at a time, each with a deadline.

    No thread can be stopped. A call that overruns its deadline is no longer waited for, and another thread takes its
    place, so that what never ends keeps nobody from signing in. At most `spare` are replaced so; those beyond it take
    turns away for as long as they last. Threads are daemons: none keeps the process from ending. Each ends by itself
    after some calls that raised, and another takes its place: libxml2 keeps every name that it reads for as long as the
    thread lives, and a hostile document can bring thousands.
    """

    def __init__(
        self, name: str, *, size: int = 4, spare: int = 16, deadline: float = 5.0, patience: float = 5.0
    ) -> None:
        """`deadline`: seconds that a call may take; `patience`: seconds that it may wait for its turn."""
        self._name = name
        self._deadline = deadline
        self._patience = patience
        self._spare = spare
        self._turns = asyncio.Semaphore(size)
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._threads = 0
        self._outstanding = 0
        self._closed = False
        self.set_aside = 0
        """How many calls are stuck now."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `function` gives, or raises, called in a thread. Raises Busy, Stuck."""
        if self._turns.locked():
            await self._turn()
        else:
            # Does not wait, and so needs nothing that would wake it.
            await self._turns.acquire()
        if self._closed:
            raise Busy
        work = _Work(lambda: function(*args, **kwargs))
        # Not the caller's own timeout: a caller that goes away leaves its work behind, which may be what is stuck.
        work.timer = work.loop.call_later(self._deadline, self._overrun, work)
        self._begin(work)
        result: T = await work.waiter
        return result

    async def _turn(self) -> None:
        """Wait for one. Raises Busy."""
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError:
            raise Busy from None

    def close(self) -> None:
        """Let idle threads end. What is under way ends by itself."""
        self._closed = True
        for _ in range(self._threads):
            self._queue.put(None)

    def _begin(self, work: _Work) -> None:
        self._outstanding += 1
        self._begin_threads()
        self._queue.put(work)

    def _begin_threads(self) -> None:
        while self._threads < self._outstanding:
            self._threads += 1
            name = f"saml-{self._name}"
            threading.Thread(target=_serve, args=(self._queue, self._ended), name=name, daemon=True).start()

    def _overrun(self, work: _Work) -> None:
        work.is_set_aside = True
        self.set_aside += 1
        _LOG.error("provider %s: a SAML check does not end; %d are set aside now", self._name, self.set_aside)
        if self.set_aside <= self._spare:
            self._release(work)
        if not work.waiter.done():
            work.waiter.set_exception(Stuck())

    def _ended(self, work: _Work, result: Any, fault: BaseException | None, *, leaves: bool) -> None:
        """In the event loop: the thread is free again or leaves, whether anybody still waits or not."""
        self._outstanding -= 1
        if leaves:
            self._threads -= 1
            self._begin_threads()
        if work.is_set_aside:
            self.set_aside -= 1
        elif work.timer is not None:
            work.timer.cancel()
        self._release(work)
        if work.waiter.done():
            return
        if fault is None:
            work.waiter.set_result(result)
        else:
            work.waiter.set_exception(fault)

    def _release(self, work: _Work) -> None:
        if work.holds_turn:
            work.holds_turn = False
            self._turns.release()


def _serve(jobs: "queue.SimpleQueue[_Work | None]", ended: Callable[..., None]) -> None:
    """A thread's life: one call after the other, until it is told to end or has seen enough that went wrong."""
    faults = 0
    while faults < _FAULTS_OF_A_LIFE and (work := jobs.get()) is not None:
        result, fault = None, None
        try:
            result = work.call()
        except BaseException as raised:  # noqa: BLE001  it is raised again, where the caller waits
            fault = raised
            faults += 1
        told = functools.partial(ended, work, result, fault, leaves=faults == _FAULTS_OF_A_LIFE)
        # The loop may have been closed meanwhile; then nobody waits.
        with contextlib.suppress(RuntimeError):
            work.loop.call_soon_threadsafe(told)
        del work, result, fault, told
