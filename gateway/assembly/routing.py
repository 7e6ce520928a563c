"""Which path belongs to which door; the hot ones are found by one look into a dictionary."""

from collections.abc import Awaitable, Mapping
from typing import Final

from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.listeners import is_internal
from gateway.web.responses import TEXT, Answer, send_answer

_NOT_FOUND: Final = Answer(
    status=404, body=b"There is nothing at this path. STS answers at / and the portal at /portal.\n", headers=TEXT
)

_BELOW: Final = b"/*"


class Router:
    """Dispatches by the path as it came, undecoded, so that no two spellings of a path mean one door."""

    __slots__ = ("_below", "_doors")

    def __init__(self, doors: Mapping[str, Application]) -> None:
        """`doors`: path to application; one that ends in `/*` has its path and every one below."""
        paths = {path.encode("ascii"): door for path, door in doors.items()}
        self._doors = {path.removesuffix(_BELOW): door for path, door in paths.items()}
        self._below = tuple((path[:-1], door) for path, door in paths.items() if path.endswith(_BELOW))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        path = scope["raw_path"]
        door = self._doors.get(path) or next((door for above, door in self._below if path.startswith(above)), None)
        return send_answer(send, _NOT_FOUND) if door is None else door(scope, receive, send)


class ByListener:
    """Two applications: what the internal listener answers is not what the public one does."""

    __slots__ = ("_internal", "_public")

    def __init__(self, *, public: Application, internal: Application) -> None:
        self._public = public
        self._internal = internal

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return (self._internal if is_internal(scope) else self._public)(scope, receive, send)
