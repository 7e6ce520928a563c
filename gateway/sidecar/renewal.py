"""The thread that keeps one role's credentials fresh, and what it tells of it."""

import threading
from collections.abc import Callable
from typing import Final

from gateway.client.connection import GatewayUnreachable
from gateway.client.held import AlreadyEnded, HeldCredentials
from gateway.client.sts import SessionKeys, StsRefusal
from gateway.client.token_file import UnusableToken
from gateway.sidecar.instants import written

Fetching = Callable[[], SessionKeys]
"""Raises StsRefusal, GatewayUnreachable, UnusableToken."""

_LOOK: Final = 30.0
"""Seconds after which the clock is looked at again: a machine that slept tells nobody."""


class Renewal:
    """`tell` writes a line of the log; `died` is called when the thread ends without having been asked to."""

    def __init__(
        self,
        shown: str,
        held: HeldCredentials,
        fetch: Fetching,
        *,
        tell: Callable[[str], None],
        died: Callable[[], None],
    ) -> None:
        self._shown = shown
        self._held = held
        self._fetch = fetch
        self._tell = tell
        self._died = died
        self._hurried = threading.Event()
        self._failures = 0
        # A daemon: a gateway that does not answer must not hold up the end of the process.
        self._thread = threading.Thread(target=self._run, name=f"renewal of {shown}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def hurry(self) -> None:
        """Look at once whether it is time."""
        self._hurried.set()

    def attempt(self) -> None:
        """Ask once, and hold what came."""
        try:
            keys = self._fetch()
            self._held.take(keys)
        except StsRefusal as refusal:
            self._held.refused(refusal.code, str(refusal))
            self._tell_failure(f"{refusal.code}: {refusal}")
        except UnusableToken as fault:
            self._held.unreachable("TokenUnavailable", str(fault))
            self._tell_failure(str(fault))
        except GatewayUnreachable as fault:
            self._held.unreachable("GatewayUnreachable", str(fault))
            self._tell_failure(str(fault))
        except AlreadyEnded as fault:
            self._tell_failure(str(fault))
        else:
            self._failures = 0
            self._tell(f"{self._shown}: credentials until {written(keys.expires)}")

    def _run(self) -> None:
        try:
            while True:
                self._hurried.wait(min(self._held.wait(), _LOOK))
                self._hurried.clear()
                if self._held.wait() == 0:
                    self.attempt()
        finally:
            self._died()

    def _tell_failure(self, message: str) -> None:
        self._failures += 1
        # The 1st, 2nd, 4th, 8th of them: an outage of hours is not told a thousand times.
        if self._failures & (self._failures - 1) == 0:
            self._tell(f"{self._shown}: not renewed, attempt {self._failures}: {message}")
