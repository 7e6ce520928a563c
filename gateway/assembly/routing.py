"""Which path belongs to which door; the hot ones are found by one look into a dictionary."""

from collections.abc import Mapping
from typing import Final

from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.responses import TEXT, Answer, send_answer

_NOT_FOUND: Final = Answer(
    status=404, body=b"There is nothing at this path. STS answers at / and the portal at /portal.\n", headers=TEXT
)


class Router:
    """Dispatches by the path as it came, undecoded, so that no two spellings of a path mean one door."""

    __slots__ = ("_doors",)

    def __init__(self, doors: Mapping[str, Application]) -> None:
        """`doors`: path to application."""
        self._doors = {path.encode("ascii"): door for path, door in doors.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = self._doors.get(scope["raw_path"])
        if door is not None:
            await door(scope, receive, send)
        else:
            await send_answer(send, _NOT_FOUND)
