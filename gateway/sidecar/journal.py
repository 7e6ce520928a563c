"""The sidecar's log: plain lines on standard error, safe to show on a terminal."""

import sys
import time
from contextlib import suppress

from gateway.sidecar.instants import written


def tell(text: str) -> None:
    """One line. Who calls it gives no secret."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    # A disk that is full, or a reader that has gone, ends no pod's credentials.
    with suppress(OSError):
        sys.stderr.write(f"{written(time.time())} sidecar: {shown}\n")
        sys.stderr.flush()
