"""How much of a request body is read, and what ends the reading."""

from gateway.domain.errors import BodyTooLarge
from gateway.web.asgi import Receive


class ClientDisconnected(Exception):
    """The client went away, or was cut off for being too slow: there is nobody to answer."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body, of at most `limit` bytes; reading stops where it grows beyond them.

    How long a body may take is the connection's bound (`bounded_protocol`). Raises BodyTooLarge, ClientDisconnected.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        _check_size(len(body), limit)
        return body
    parts = bytearray()
    while message["type"] == "http.request":
        parts += message.get("body", b"")
        _check_size(len(parts), limit)
        if not message.get("more_body", False):
            return bytes(parts)
        message = await receive()
    raise ClientDisconnected


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise BodyTooLarge(limit=limit)
