"""Requests that are answered in the turn in which they came: without a coroutine, a task, or messages between them.

Most of what the gateway is asked, a form posted to `/` that came whole, needs no wait; a scope, a task and two messages
would cost as much as its cryptography. Whatever is declined here has caused nothing, and goes the application's way.

What a form brings is decided as it comes, and answered at the turn's end: all that the turn decided is recorded in one
write by then.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from gateway.domain.origin import RequestOrigin
from gateway.web.responses import Answer, Headers

RequestHeaders = Sequence[tuple[bytes, bytes]]

DoorAtOnce = Callable[[RequestHeaders, bytes, RequestOrigin], Callable[[], Answer] | None]
"""What a door decides about headers and body of a POST of `/` without a query; None: it is for the application's way.

Called in the same turn, once, it gives the answer.
"""


class Ready(NamedTuple):
    """An answer whose length and request id are still to be written: `before` and `after` stand around the length.

    `block` and `after_block`: `before` and `after` as they go over the wire, where somebody has them.
    """

    status: int
    before: Headers
    body: bytes
    after: Headers
    request_id: str
    block: bytes | None = None
    after_block: bytes | None = None


AtOnce = Callable[[str | None, bool, RequestHeaders, bytes], Callable[[], Ready] | None]
"""What brings the whole answer to a POST of `/`: the peer's address, whether it came by TLS, headers, body; as above.
"""

DoorBelow = Callable[[str, bytes, bytes, RequestHeaders, RequestOrigin], Answer | None]
"""A door's answer to method, path and query, undecoded, and headers of a request without a body; None as above."""


class Below(NamedTuple):
    """The same for requests without a body below `paths`: the peer's address, whether by TLS, method, URL, headers."""

    paths: tuple[bytes, ...]
    answer: Callable[[str | None, bool, bytes, bytes, RequestHeaders], Ready | None]


@runtime_checkable
class Prompt(Protocol):
    """An ASGI application that has such ways: at `/`, below a path, and that of the internal listener."""

    at_once: AtOnce | None
    below: Below | None
    below_internal: Below | None
