"""`/metrics`: the counts and states of all workers, for Prometheus."""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.telemetry.exposition import CONTENT_TYPE
from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.responses import TEXT, Answer, send_answer

_METHODS: Final = ("GET", "HEAD")
_HEADERS: Final = ((b"content-type", CONTENT_TYPE.encode("ascii")),)
_METHOD_REFUSED: Final = Answer(
    status=405,
    body=b"Metrics are asked for with GET or HEAD\n",
    headers=(*TEXT, (b"allow", b"GET, HEAD")),
)


def routes(text: Callable[[], bytes]) -> Mapping[str, Application]:
    """Path to application. `text`: the metrics as they are now, in Prometheus' format."""

    async def metrics(scope: Scope, _: Receive, send: Send) -> None:
        known = scope["method"] in _METHODS
        answer = Answer(status=200, body=text(), headers=_HEADERS) if known else _METHOD_REFUSED
        await send_answer(send, answer)

    return {"/metrics": metrics}
