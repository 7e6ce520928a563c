"""Reading a body: whole, bounded, or nobody there."""

from collections.abc import Iterable

import pytest

from gateway.domain.errors import BodyTooLarge
from gateway.web.asgi import Message
from gateway.web.limits import ClientDisconnected, read_body


class Body:
    """What a server hands over, message by message; `left` is what nobody asked for."""

    def __init__(self, parts: Iterable[bytes], *, ends: bool = True) -> None:
        parts = list(parts)
        last = len(parts) - 1
        self.left: list[Message] = [
            {"type": "http.request", "body": part, "more_body": not ends or at < last} for at, part in enumerate(parts)
        ]
        self.left.append({"type": "http.disconnect"})

    async def receive(self) -> Message:
        return self.left.pop(0)


@pytest.mark.parametrize("parts", [[b""], [b"abcdef"], [b"abc", b"def"], [b"", b"abcdef", b""]])
async def test_a_body_is_read_whole(parts: list[bytes]) -> None:
    body = await read_body(Body(parts).receive, 6)

    assert body == b"".join(parts)
    assert type(body) is bytes


async def test_a_message_may_leave_its_parts_out() -> None:
    async def receive() -> Message:
        return {"type": "http.request"}

    assert await read_body(receive, 6) == b""


@pytest.mark.parametrize("parts", [[b"abcdefg"], [b"abc", b"defg"], [b"abcdef", b"g", b"never", b"read"]])
async def test_a_larger_body_is_refused_and_read_no_further(parts: list[bytes]) -> None:
    body = Body(parts)

    with pytest.raises(BodyTooLarge) as caught:
        await read_body(body.receive, 6)

    assert caught.value.limit == 6
    assert {"type": "http.disconnect"} in body.left
    assert [part["body"] for part in body.left[:-1]] == parts[2:]


@pytest.mark.parametrize("parts", [[], [b"abc"]], ids=["before", "within"])
async def test_a_client_that_leaves_is_told_apart(parts: list[bytes]) -> None:
    with pytest.raises(ClientDisconnected):
        await read_body(Body(parts, ends=False).receive, 6)
